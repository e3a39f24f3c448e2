"""Every exchange, queue, binding, policy and permission of the broker, declared in one place.

Queue arguments hold only what never changes (quorum); limits and dead-lettering are policies, so that they
change without redeclaring. Services run with passive declares and the least rights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx2
from samlan_contracts import events as _events
from samlan_contracts.event import REGISTRY

from samlan_plumbing.tls import trust

SERVICES: Final = ("accounts", "catalog", "circulation", "holds", "billing", "notify", "gateway")
CONSUMERS: Final = ("accounts", "circulation", "holds", "billing", "notify")
RETRY_DELAYS_MS: Final = (500, 5_000, 60_000)
FACTS_QUEUE: Final = "circulation.facts"
REPLY_TTL_MS: Final = 60_000
DELIVERY_LIMIT: Final = 50  # counts rolling restarts as well: real failures are counted in x-attempt
LETTER_DELIVERY_LIMIT: Final = 1_000_000  # behind the dead there is no queue: a letter over the limit is lost
NEVER_LOST: Final = {"dead-letter-strategy": "at-least-once", "overflow": "reject-publish"}
"""Without it what the broker moves is in no queue for a moment, and a kill in that moment loses it (0052)."""
FACTS_MAX_LENGTH: Final = 1_000_000  # only a device's own ingress is limited (architecture.md, 5)
_ = _events  # importing the package fills the registry


def events_queue(service: str) -> str:
    """The one work queue in which a service reads events."""
    return f"{service}.events"


def dead_queue(service: str) -> str:
    """Where what a service could not process waits to be listed."""
    return f"{service}.dead"


def retry_exchange(service: str) -> str:
    """The exchange through which a service puts a message back for later."""
    return f"{service}.retry"


def retry_queue(source: str, delay_ms: int) -> str:
    """The rung on which messages of `source` wait."""
    return f"{source}.retry.{delay_ms}"


def reply_queue(device: str) -> str:
    """A device's own queue for answers."""
    return f"replies.{device}"


def sources(service: str) -> tuple[str, ...]:
    """The queues a service consumes and retries: its events, and for circulation the devices' facts."""
    own = (events_queue(service),) if service in CONSUMERS else ()
    return (*own, FACTS_QUEUE) if service == "circulation" else own


def keys_read_by(service: str) -> tuple[str, ...]:
    """The routing keys bound to a service's queue, from the readers each event class names."""
    return tuple(sorted(cls.key() for cls in REGISTRY.values() if service in cls.READERS))


@dataclass(frozen=True, slots=True)
class Device:
    """A device with its own broker user; its routing key is `kiosk.<member>.<branch>.<device>`."""

    device: str
    branch: str
    password: str

    @property
    def routing_key(self) -> str:
        """The one key this device may write."""
        return kiosk_key(self.branch, self.device)


def kiosk_key(branch: str, device: str) -> str:
    """The routing key of a device at a branch `<member>/<branch>`."""
    return f"kiosk.{branch.replace('/', '.')}.{device}"


def definitions(vhost: str, *, hurry: int = 1) -> dict[str, Any]:
    """Everything but users, in the broker's own definitions format; `hurry` shortens waits for tests."""
    return {
        "vhosts": [{"name": vhost}],
        "exchanges": [_exchange(vhost, name, kind) for name, kind in _exchanges()],
        "queues": [_queue(vhost, name) for name in _queues()],
        "bindings": [_binding(vhost, *one) for one in _bindings()],
        "policies": list(_policies(vhost, hurry)),
    }


def _exchanges() -> Iterable[tuple[str, str]]:
    yield from (("events", "topic"), ("kiosk", "topic"), ("replies", "direct"), ("snapshots", "direct"))
    yield from ((retry_exchange(service), "direct") for service in CONSUMERS)


def _queues() -> Iterable[str]:
    for service in CONSUMERS:
        yield dead_queue(service)
        for source in sources(service):
            yield source
            yield from (retry_queue(source, delay) for delay in RETRY_DELAYS_MS)


def _bindings() -> Iterable[tuple[str, str, str]]:
    yield "kiosk", FACTS_QUEUE, "kiosk.#"
    for service in CONSUMERS:
        yield "snapshots", events_queue(service), service
        yield from (("events", events_queue(service), key) for key in keys_read_by(service))
        yield retry_exchange(service), dead_queue(service), dead_queue(service)
        for source in sources(service):
            yield retry_exchange(service), source, source
            for delay in RETRY_DELAYS_MS:
                name = retry_queue(source, delay)
                yield retry_exchange(service), name, name


def _policies(vhost: str, hurry: int) -> Iterable[dict[str, Any]]:
    for service in CONSUMERS:
        dead = {
            "dead-letter-exchange": retry_exchange(service),
            "dead-letter-routing-key": dead_queue(service),
            "delivery-limit": DELIVERY_LIMIT,
            **NEVER_LOST,
        }
        for source in sources(service):
            limit = {"max-length": FACTS_MAX_LENGTH} if source == FACTS_QUEUE else {}
            yield _policy(vhost, source, f"^{re.escape(source)}$", {**dead, **limit})
            for delay in RETRY_DELAYS_MS:
                name = retry_queue(source, delay)
                back = {
                    "message-ttl": delay // hurry,
                    "dead-letter-exchange": retry_exchange(service),
                    "dead-letter-routing-key": source,
                    **NEVER_LOST,
                }
                yield _policy(vhost, name, f"^{re.escape(name)}$", back)
        letters = dead_queue(service)
        yield _policy(vhost, letters, f"^{re.escape(letters)}$", {"delivery-limit": LETTER_DELIVERY_LIMIT})
    yield _policy(vhost, "replies", r"^replies\.", {"message-ttl": REPLY_TTL_MS, "max-length": 1000})


def _exchange(vhost: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "vhost": vhost, "name": name, "type": kind,
        "durable": True, "auto_delete": False, "internal": False, "arguments": {},
    }  # fmt: skip


def _queue(vhost: str, name: str, kind: str = "quorum") -> dict[str, Any]:
    return {
        "vhost": vhost, "name": name,
        "durable": True, "auto_delete": False, "arguments": {"x-queue-type": kind},
    }  # fmt: skip


def _binding(vhost: str, exchange: str, queue: str, key: str) -> dict[str, Any]:
    return {
        "vhost": vhost, "source": exchange, "destination": queue,
        "destination_type": "queue", "routing_key": key, "arguments": {},
    }  # fmt: skip


def _policy(vhost: str, name: str, pattern: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "vhost": vhost, "name": name, "pattern": pattern,
        "definition": dict(definition), "priority": 1, "apply-to": "queues",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rights:
    """What one broker user may configure, write and read, and which topic keys it may write."""

    configure: str
    write: str
    read: str
    topics: tuple[tuple[str, str], ...] = ()


NOTHING: Final = "^$"


def service_rights(service: str) -> Rights:
    """The least rights of a service: its own events, its own retries, and its own queues."""
    if service == "gateway":  # watches the flow on queues of its own that end with the watcher
        return Rights(r"^gateway\.watch\.", r"^gateway\.watch\.", r"^(gateway\.watch\..*|events)$")
    exchanges = ["events", re.escape(retry_exchange(service))]
    exchanges += (
        ["snapshots"] if service in ("accounts", "catalog", "billing", "holds", "circulation") else []
    )
    exchanges += ["replies"] if service == "circulation" else []
    own = "|".join(exchanges)
    return Rights(NOTHING, f"^({own})$", rf"^{service}\..*", (("events", rf"^{service}\."),))


def device_rights(device: Device) -> Rights:
    """A device writes its own routing key and reads its own replies, and nothing else."""
    key = f"^{re.escape(device.routing_key)}$"
    return Rights(NOTHING, "^kiosk$", f"^{re.escape(reply_queue(device.device))}$", (("kiosk", key),))


class Administration:
    """The broker's management API, as far as declaring this topology needs it.

    `url` is the management API's base URL; the credentials are the administrator's."""

    def __init__(self, url: str, user: str, password: str, vhost: str) -> None:
        self._client = httpx2.AsyncClient(
            base_url=url, auth=(user, password), timeout=30.0, verify=trust(url)
        )
        self._vhost = vhost
        self._path = quote(vhost, safe="")

    async def close(self) -> None:
        """Closes the connection to the management API."""
        await self._client.aclose()

    async def declare(self, *, hurry: int = 1) -> None:
        """Declares the virtual host with everything in it; a second time changes nothing."""
        await self._call("PUT", f"/api/vhosts/{self._path}", {})
        await self._call("POST", "/api/definitions", definitions(self._vhost, hurry=hurry))

    async def remove(self) -> None:
        """Removes the virtual host with everything in it."""
        await self._call("DELETE", f"/api/vhosts/{self._path}", None)

    async def user(self, name: str, password: str, rights: Rights, *, tags: str = "") -> None:
        """Creates a user with exactly these rights, or renews them."""
        await self._call("PUT", f"/api/users/{quote(name, safe='')}", {"password": password, "tags": tags})
        await self.grant(name, rights)

    async def grant(self, name: str, rights: Rights) -> None:
        """Gives an existing user these rights on the virtual host."""
        place = f"{self._path}/{quote(name, safe='')}"
        wanted = {"configure": rights.configure, "write": rights.write, "read": rights.read}
        await self._call("PUT", f"/api/permissions/{place}", wanted)
        for exchange, pattern in rights.topics:
            topic = {"exchange": exchange, "write": pattern, "read": NOTHING}
            await self._call("PUT", f"/api/topic-permissions/{place}", topic)

    async def grant_all(self, name: str) -> None:
        """Gives an existing user every right: the administrator's, and a test's."""
        await self.grant(name, Rights(".*", ".*", ".*"))

    async def devices(self, devices: Iterable[Device]) -> None:
        """Gives each device its user, its rights and its reply queue, in one request for all of them."""
        known = list(devices)
        if known:
            await self._call("POST", "/api/definitions", _device_definitions(self._vhost, known))

    async def queues(self) -> list[dict[str, Any]]:
        """Name, messages and consumers of every queue."""
        answer = await self._call("GET", f"/api/queues/{self._path}?disable_stats=false", None)
        return list(answer.json())

    async def _call(self, method: str, path: str, body: Any) -> httpx2.Response:
        answer = await self._client.request(method, path, json=body)
        if answer.status_code >= 400 and not (method == "DELETE" and answer.status_code == 404):
            raise RuntimeError(f"the broker refused {method} {path.partition('?')[0]}: {answer.status_code}")
        return answer


def _device_definitions(vhost: str, devices: list[Device]) -> dict[str, Any]:
    rights = [(one.device, device_rights(one)) for one in devices]
    return {
        "users": [{"name": one.device, "password": one.password, "tags": ""} for one in devices],
        "permissions": [
            {"user": user, "vhost": vhost, "configure": r.configure, "write": r.write, "read": r.read}
            for user, r in rights
        ],
        "topic_permissions": [
            {"user": user, "vhost": vhost, "exchange": exchange, "write": pattern, "read": NOTHING}
            for user, r in rights
            for exchange, pattern in r.topics
        ],
        "queues": [_queue(vhost, reply_queue(one.device), "classic") for one in devices],
        "bindings": [
            _binding(vhost, "replies", reply_queue(one.device), reply_queue(one.device)) for one in devices
        ],
    }
