"""The datastore of one data folder: `mongod` when one is on the path, else the embedded server.

Users are enforced. The first start runs without log-in to create the administrator, every other with it.
The embedded server is a process behind an address: its package is never imported.
"""

import asyncio
import os
import shutil
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from samlan_embedded.addresses import Datastore
from samlan_embedded.passwords import Passwords
from samlan_embedded.ports import LOOPBACK, kept_ports
from samlan_embedded.processes import POLL_SECONDS, Child, DidNotStart, Server, last_lines

ADMIN = "operator"
READY_SECONDS = 60.0
EMBEDDED_OPTIONS = (
    "--sync-on-commit",  # without it a kill loses acknowledged writes
    "--oplog-max-entries", "20000",
    "--oplog-nonlogged",  # nobody follows it, and pruning it cost a sync of the disk for each entry (0055)
    "--cache-size", "512M",  # at most; with half of it, pages were written out again and again
    "--log-file-max", "32MB",  # made whole at every start
    "--log-level", "WARNING",
)  # fmt: skip
USER_EXISTS = (51003, 11000)


class DatastoreServer(Server):
    """Starts, ends and kills the datastore; its address and its administrator stay the same for ever."""

    def __init__(self, folder: Path, passwords: Passwords) -> None:
        super().__init__(folder, Child(folder / "server.json"))
        self._passwords = passwords
        self._port = 0
        self.name = "mongod" if shutil.which("mongod") else "secantusd-rs"

    @property
    def address(self) -> Datastore:
        """Where the server listens and who administers it; known once it was started."""
        return Datastore(
            location=f"{LOOPBACK}:{self._port}", options="authSource=admin&directConnection=true",
            admin=ADMIN, admin_password=self._passwords.of("mongodb", ADMIN), passwords=self._passwords,
        )  # fmt: skip

    async def launch(self) -> None:
        """Starts the server, without log-in as long as there is no administrator; nobody is waited for."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self.stop()
        self._port = self._port or kept_ports(self._folder / "ports.json", ("mongodb",))["mongodb"]
        self._run(auth=self._guarded.exists())

    async def wait(self) -> None:
        """Returns when the server serves those who log in, its administrator first."""
        address = self.address
        if not self._guarded.exists():
            await self._answers(f"mongodb://{address.location}/?{address.options}")
            await create_administrator(address)
            await self.stop()
            self._guarded.touch()
            self._run(auth=True)
        await self._answers(address.admin_url)

    @property
    def _guarded(self) -> Path:
        return self._folder / "guarded"

    def _run(self, *, auth: bool) -> None:
        log, data = self._folder / "server.log", self._folder / "data"
        data.mkdir(exist_ok=True)
        argv = _mongod(data, self._port) if self.name == "mongod" else _embedded(data, self._port)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        self._child.start(
            [*argv, *(["--auth"] if auth else [])], folder=self._folder, log=log, env=environment
        )

    async def _answers(self, url: str) -> None:
        log = self._folder / "server.log"
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url, serverSelectionTimeoutMS=500)
        try:
            async with asyncio.timeout(READY_SECONDS):
                while not (await _listens(self._port) and await _pings(client)):
                    if self._child.pid is None:
                        raise DidNotStart(f"{self.name} ended while it started; see {log}\n{last_lines(log)}")
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise DidNotStart(f"{self.name} does not answer after {READY_SECONDS:.0f} s; see {log}") from None
        finally:
            await client.close()


async def create_administrator(datastore: Datastore) -> None:
    """Creates the administrator on a server that does not ask for log-in yet."""
    url = f"{datastore.scheme}://{datastore.location}/?{datastore.options}"
    async with AsyncMongoClient[dict[str, Any]](url) as client:
        await _user(client, ADMIN, datastore.admin_password, ["root"])


async def grant(datastore: Datastore, databases: Mapping[str, Iterable[str]]) -> None:
    """Lets each user read and write exactly the databases given, creating it if need be."""
    if datastore.admin is None:
        return
    async with AsyncMongoClient[dict[str, Any]](datastore.admin_url) as client:
        for user, names in databases.items():
            roles = [{"role": "readWrite", "db": name} for name in names]
            await _user(client, user, datastore.password(user), roles)


async def _user(
    client: AsyncMongoClient[dict[str, Any]], name: str, password: str, roles: Sequence[Any]
) -> None:
    try:
        await client.admin.command("createUser", name, pwd=password, roles=list(roles))
    except OperationFailure as refused:
        if refused.code not in USER_EXISTS:
            raise
        await client.admin.command("updateUser", name, pwd=password, roles=list(roles))


async def _listens(port: int) -> bool:
    """Whether connections are taken; the driver itself would look again only after half a second."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


async def _pings(client: AsyncMongoClient[dict[str, Any]]) -> bool:
    try:
        await client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def _mongod(data: Path, port: int) -> list[str]:
    return ["mongod", "--dbpath", str(data), "--bind_ip", LOOPBACK, "--port", str(port), "--quiet"]


def _embedded(data: Path, port: int) -> list[str]:
    program = Path(sysconfig.get_path("platlib")) / "secantusdb.scripts" / "secantusd-rs"
    if not program.exists():
        raise DidNotStart("no datastore: run `make install`, put mongod on the path, or set MONGODB_URL")
    return [
        str(program),
        "--host",
        LOOPBACK,
        "--port",
        str(port),
        "--storage-path",
        str(data),
        *EMBEDDED_OPTIONS,
    ]
