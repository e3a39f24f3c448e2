"""What a service is built from: its database, its way to the broker, its clocks, its peers, its books."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from samlan_plumbing.batches import Batches
from samlan_plumbing.clocks import FileLibraryClock, LibraryClock, MachineClock, SystemLibraryClock
from samlan_plumbing.counting import Commands
from samlan_plumbing.deadletters import DeadLetters
from samlan_plumbing.flow import Flow, Metrics
from samlan_plumbing.logs import Log, open_log
from samlan_plumbing.outbox import Outboxes, Tell, outgoing
from samlan_plumbing.peers import Peers
from samlan_plumbing.relay import Relay
from samlan_plumbing.settings import ServiceSettings
from samlan_plumbing.tokens import SERVICES_PRIVATE_KEY, Signer, Verifier

if TYPE_CHECKING:
    from samlan_contracts.policy import PolicyBooks

EMBEDDED_SET: Final = "secantus"  # how the embedded datastore presents itself
SELECT_LIMIT_MS: Final = 5_000
OPERATION_LIMIT_MS: Final = 20_000


class NotTold(RuntimeError):
    """The broker did not confirm an answer that is stored nowhere; the message is tried again."""


class Resources:
    """Everything a service's rooms are given; nothing in it connects before `Service.start`."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        library_clock: LibraryClock | None = None,
        peers: Peers | None = None,
    ) -> None:
        self.settings = settings
        self.service = settings.service
        self.log: Log = open_log(settings.service, settings.log)
        self.library_clock: LibraryClock = library_clock or _library_clock(settings)
        self.machine_clock = MachineClock()
        self.flow = Flow()
        self.metrics = Metrics(settings.service)
        self.client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            settings.mongodb_url, tz_aware=True, w="majority",
            serverSelectionTimeoutMS=SELECT_LIMIT_MS, timeoutMS=OPERATION_LIMIT_MS,
            event_listeners=[Commands(self.metrics.registry)] if settings.counting else [],
        )  # fmt: skip
        self.database: AsyncDatabase[dict[str, Any]] = self.client[settings.database_name]
        self.batches = Batches(self.client, one_by_one=settings.counting)
        self.relay = Relay(
            service=settings.service, url=settings.rabbitmq_url,
            log=self.log, flow=self.flow, metrics=self.metrics,
        )  # fmt: skip
        self.outboxes = Outboxes(self)
        self.dead_letters = DeadLetters(self)
        self.verifier = Verifier(settings.keys, self.machine_clock)
        self.peers = peers or Peers(caller=settings.service, urls=settings.peers, signer=self._signer())
        self._guards: dict[str, tuple[AsyncCollection[dict[str, Any]], str]] = {}

    @cached_property
    def books(self) -> PolicyBooks:
        """The policy books of all members."""
        from samlan_contracts.policy import PolicyBooks  # a service without rules reads no book

        return PolicyBooks.load(self.settings.policies)

    def guarded(self, collection: AsyncCollection[dict[str, Any]], field: str) -> None:
        """Notes that writes to a collection are guarded by `{_id, field}`."""
        self._guards[collection.name] = (collection, field)

    async def prepare(self) -> None:
        """Creates what guarded writes need: on the embedded server an index, without which they scan."""
        await self.batches.prepare()
        hello = await self.client.admin.command("hello")
        if hello.get("setName") == EMBEDDED_SET:
            for collection, field in self._guards.values():
                await collection.create_index([("_id", 1), (field, 1)])
        await self.outboxes.prepare()

    async def tell_without_document(self, tell: Tell, sequence: int) -> None:
        """Tells an answer that changes nothing here, at least once; `NotTold` when it is not confirmed."""
        message = outgoing(tell, sequence, self.library_clock.now())
        if message.id not in await self.relay.publish([message]):
            raise NotTold(tell.event.key())

    async def close(self) -> None:
        """Closes what was opened."""
        await self.relay.stop()
        await self.peers.close()
        await self.client.close()

    def _signer(self) -> Signer | None:
        if not (self.settings.keys / SERVICES_PRIVATE_KEY).exists():
            return None
        return Signer(self.settings.keys, self.machine_clock)


def _library_clock(settings: ServiceSettings) -> LibraryClock:
    return FileLibraryClock(settings.clock) if settings.clock else SystemLibraryClock()
