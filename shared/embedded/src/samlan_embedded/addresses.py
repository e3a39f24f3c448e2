"""Where a broker and a datastore are, and how each user reaches them."""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from samlan_embedded.passwords import Passwords

AMQP_PORT = 5672
MANAGEMENT_PORT = 15672


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """A RabbitMQ server with its administrator."""

    host: str
    port: int
    management_url: str
    admin: str
    admin_password: str = field(repr=False)
    passwords: Passwords = field(repr=False)
    scheme: str = "amqp"
    vhost: str | None = None

    def password(self, user: str) -> str:
        """The password this user has, or is to be given."""
        return self.admin_password if user == self.admin else self.passwords.of("rabbitmq", user)

    def url(self, user: str, vhost: str) -> str:
        """The AMQP URL of a user on a virtual host."""
        login = f"{quote(user, safe='')}:{quote(self.password(user), safe='')}"
        return f"{self.scheme}://{login}@{self.host}:{self.port}/{quote(vhost, safe='')}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Datastore:
    """A MongoDB-compatible server with its administrator; without one, nobody logs in."""

    location: str
    admin: str | None
    admin_password: str = field(default="", repr=False)
    options: str = ""
    scheme: str = "mongodb"
    passwords: Passwords = field(repr=False)

    @property
    def admin_url(self) -> str:
        """The administrator's URL."""
        return self._url(self.admin, self.admin_password)

    def password(self, user: str) -> str:
        """The password this user has, or is to be given."""
        return self.passwords.of("mongodb", user)

    def url(self, user: str) -> str:
        """The URL of a user; where nobody logs in, the server's."""
        return self._url(user if self.admin else None, self.password(user))

    def _url(self, user: str | None, password: str) -> str:
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user else ""
        return f"{self.scheme}://{login}{self.location}/?{self.options}"


def running_broker(url: str, management_url: str | None, passwords: Passwords) -> Broker:
    """The broker behind an administrator's `RABBITMQ_URL`; management is beside it unless told."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    return Broker(
        scheme=parts.scheme, host=host, port=parts.port or AMQP_PORT,
        management_url=management_url or f"http://{host}:{MANAGEMENT_PORT}",
        admin=unquote(parts.username or "guest"), admin_password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path.removeprefix("/")) or None, passwords=passwords,
    )  # fmt: skip


def running_datastore(url: str, passwords: Passwords) -> Datastore:
    """The datastore behind an administrator's `MONGODB_URL`; its options are kept."""
    parts = urlsplit(url)
    login, _, location = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    return Datastore(
        scheme=parts.scheme, location=location, options=parts.query,
        admin=unquote(user) or None, admin_password=unquote(password), passwords=passwords,
    )  # fmt: skip
