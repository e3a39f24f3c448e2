"""A consortium to work with: one that runs on a data folder, or one started for as long as it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from samlan_embedded import Broker, DidNotStart, Servers
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.peers import PeerDown, Peers
from samlan_plumbing.tokens import Signer
from samlan_plumbing.topology import SERVICES, Administration, Device

from samlan import addresses
from samlan.addresses import Addresses
from samlan.ahead import HeadStart
from samlan.interrupting import Interruption
from samlan.locking import runs
from samlan.quiet import Quiet
from samlan.supervisor import Supervisor
from samlan.trouble import Trouble

OPERATOR = "operator"


@dataclass(slots=True)
class Consortium:
    """What runs, reached as its operator."""

    data: Path
    addresses: Addresses
    broker: Broker
    peers: Peers

    @property
    def keys(self) -> Path:
        """The folder of secrets."""
        return self.data / "keys"

    @property
    def vhost(self) -> str:
        """The broker's virtual host."""
        return unquote(urlsplit(self.addresses.amqp).path.removeprefix("/"))

    async def settle(self) -> None:
        """Waits until every service has heard of everything."""
        await Quiet(self.peers, tuple(self.addresses.services), self.addresses.amqp)()

    async def answers(self) -> None:
        """Returns when every service answers; `Trouble` names the first that does not."""
        for service in self.addresses.services:
            try:
                await self.peers.ask(service, "GET", "/live")
            except PeerDown as down:
                raise Trouble(f"{down}; is `samlan up --data {self.data}` ready?") from None

    async def join_everybody(self) -> list[str]:
        """Gives every device its broker user and its replies, every branch its token, and says where.

        Returns the devices that may not join: a part of the system has their name already."""
        listed = await self._listed("circulation", "/devices")
        kept_out = namesakes((one["device"] for one in listed), administrator=self.broker.admin)
        devices = [
            Device(one["device"], one["branch"], self.broker.password(one["device"]))
            for one in listed
            if one["device"] not in kept_out
        ]
        branches = {one["branch"] for one in await self._listed("catalog", "/branches")}
        admin = Administration(
            self.broker.management_url, self.broker.admin, self.broker.admin_password, self.vhost
        )
        try:
            await admin.devices(devices)
        finally:
            await admin.close()
        self.addresses = addresses.joined(
            self.addresses, broker=self.broker, vhost=self.vhost, keys=self.keys,
            devices=[one.device for one in devices], branches=branches,
        )  # fmt: skip
        self.addresses.write(self.data)
        return kept_out

    async def _listed(self, service: str, path: str) -> list[dict[str, str]]:
        try:
            answer = await self.peers.ask(service, "GET", path, limit_seconds=60.0)
        except PeerDown as down:
            raise Trouble(str(down)) from None
        if not answer.ok:
            raise Trouble(f"{service} does not answer {path}: {answer.status}")
        return list(answer.body["items"])


def namesakes(devices: Iterable[str], *, administrator: str) -> list[str]:
    """The devices whose broker user would be that of a service, of the operator or of the administrator.

    Circulation refuses the names it knows; only here is it known what a broker's administrator is called."""
    taken = {*SERVICES, OPERATOR, administrator}
    return sorted(one for one in devices if one in taken)


@asynccontextmanager
async def consortium(
    data: Path, interruption: Interruption, *, tell: Callable[[str], None] = lambda line: None
) -> AsyncIterator[Consortium]:
    """The consortium of a data folder: joined where it runs, else started, and ended with the block."""
    if runs(data):
        joined = _joined(data)
        try:
            await interruption.unless(joined.answers())
            yield joined
        finally:
            await joined.peers.close()
        return
    async with started(data, interruption, tell=tell) as own:
        yield own


@asynccontextmanager
async def started(
    data: Path,
    interruption: Interruption,
    *,
    ahead: HeadStart | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> AsyncIterator[Consortium]:
    """A consortium that runs while the block does."""
    supervisor = Supervisor(data, ahead=ahead, tell=tell)
    try:
        here = await interruption.unless(supervisor.start(), insist=False)
    except DidNotStart as error:
        raise Trouble(str(error)) from error
    peers = operator_peers(data, here)
    try:
        yield Consortium(supervisor.data, here, supervisor.servers.broker, peers)
    finally:
        await peers.close()
        await supervisor.stop()


def operator_peers(data: Path, here: Addresses) -> Peers:
    """The private HTTP of the services, for their operator."""
    return Peers(caller=OPERATOR, urls=here.services, signer=Signer(data.absolute() / "keys", MachineClock()))


def _joined(data: Path) -> Consortium:
    here = addresses.read(data)
    try:
        broker = Servers(data.absolute()).broker
    except KeyError:
        raise Trouble("set RABBITMQ_URL as it was when `samlan up` was started") from None
    return Consortium(data.absolute(), here, broker, operator_peers(data, here))
