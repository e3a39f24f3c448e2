"""The outbox: entries stored with the change that told them, published at once, cleared off the hot path.

A document's `outbox` is a list of entries `{id, slot, at, key, type, subject, mandatory, body}`. `slot` is a
constant under an index, so that a sweeper finds every document with something left to tell, on any replica.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import orjson
from pymongo.asynchronous.collection import AsyncCollection
from samlan_contracts.event import Envelope, Event

from samlan_plumbing import tracing
from samlan_plumbing.ids import derive
from samlan_plumbing.relay import Outgoing
from samlan_plumbing.seams import reach

if TYPE_CHECKING:
    from samlan_plumbing.resources import Resources

Entry = dict[str, Any]
Collection = AsyncCollection[dict[str, Any]]

SLOT: Final = 1
SLOT_INDEX: Final = "outbox.slot"
SWEEP_AGE: Final = timedelta(seconds=3)
SWEEP_EVERY_SECONDS: Final = 2.0  # on every replica and collection, also of a consortium at rest
SWEEP_BATCH: Final = 200
CLEAR_EVERY_SECONDS: Final = 1.0  # under the age at which a sweeper tells again; more go in one command
CLEAR_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Cause:
    """What sets a change off: the id that its events name as their cause, and when it happened."""

    id: str
    happened_at: datetime

    @classmethod
    def of(cls, envelope: Envelope) -> Cause:
        """The event that a message brought."""
        return cls(envelope.id, envelope.happened_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """One event to be told because of `cause`; `position` tells apart several of one kind from one cause."""

    event: Event
    subject: str
    cause: str
    happened_at: datetime
    position: int = 0

    @property
    def id(self) -> str:
        """The event's id: the same cause tells the same event."""
        return derive(self.event.key(), self.cause, self.subject, str(self.position))


def encode(tell: Tell, sequence: int, recorded_at: datetime) -> bytes:
    """The envelope as it travels."""
    event = tell.event
    return orjson.dumps(
        {
            "id": tell.id, "type": event.NAME, "version": event.VERSION,
            "happened_at": tell.happened_at, "recorded_at": recorded_at,
            "cause": tell.cause, "trace": tracing.current(),
            "subject": tell.subject, "sequence": sequence,
            "data": orjson.Fragment(event.__pydantic_serializer__.to_json(event)),
        }
    )  # fmt: skip


def outgoing(tell: Tell, sequence: int, recorded_at: datetime) -> Outgoing:
    """The message that carries a told event."""
    event = tell.event
    return Outgoing(
        id=tell.id, exchange="events", key=event.key(), type=event.key(), mandatory=bool(event.READERS),
        headers={"x-subject": tell.subject}, body=encode(tell, sequence, recorded_at),
    )  # fmt: skip


def entry_of(message: Outgoing, at: datetime) -> Entry:
    """The message as an outbox entry."""
    return {
        "id": message.id, "slot": SLOT, "at": at, "key": message.key,
        "subject": message.headers["x-subject"], "mandatory": message.mandatory, "body": message.body,
    }  # fmt: skip


def message_of(entry: Entry) -> Outgoing:
    """The outbox entry as the message it was."""
    return Outgoing(
        id=entry["id"], exchange="events", key=entry["key"], type=entry["key"],
        mandatory=entry["mandatory"], headers={"x-subject": entry["subject"]}, body=bytes(entry["body"]),
    )  # fmt: skip


class Outboxes:
    """Tells what documents stored, clears what was confirmed, and sweeps what a crash or an outage left."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._collections: dict[str, Collection] = {}
        self._told: dict[str, dict[str, list[str]]] = defaultdict(dict)
        self._waiting = 0

    def register(self, collection: Collection) -> None:
        """Puts a collection under the sweeper's care."""
        self._collections[collection.name] = collection

    async def prepare(self) -> None:
        """Creates the index by which a sweeper finds what is left."""
        for collection in self._collections.values():
            await collection.create_index(SLOT_INDEX, sparse=True)

    async def tell(self, collection: Collection, key: str, messages: Sequence[Outgoing]) -> None:
        """Publishes what a document just stored; what is confirmed is cleared a little later."""
        confirmed = await self._resources.relay.publish(messages)
        if confirmed:
            self._told[collection.name].setdefault(key, []).extend(confirmed)
            self._waiting += 1
            if self._waiting >= CLEAR_BATCH:
                await self.clear()

    async def clear(self) -> None:
        """Takes what was confirmed out of its documents, in one update per collection.

        An entry's id is in no other document, so all may be looked for in each; one update of many documents
        syncs the disk once, where an update of each would as often as there are documents. What a failure
        leaves is taken out the next time."""
        told, self._told, self._waiting = self._told, defaultdict(dict), 0
        try:
            for name in list(told):
                await self._clear(name, told[name])
                del told[name]
        finally:
            for name, keys in told.items():
                for key, ids in keys.items():
                    self._told[name].setdefault(key, []).extend(ids)

    async def _clear(self, name: str, told: Mapping[str, Sequence[str]]) -> None:
        ids = list(chain.from_iterable(told.values()))
        await reach(self._resources.service, "before-clear")
        await self._collections[name].update_many(
            {"_id": {"$in": list(told)}}, {"$pull": {"outbox": {"id": {"$in": ids}}}}
        )

    async def sweep(self) -> int:
        """Tells again every entry older than the limit; returns how many were confirmed."""
        await self.clear()  # what was confirmed is not told again
        total = 0
        for collection in self._collections.values():
            total += await self._sweep(collection)
        return total

    async def left(self) -> int:
        """How many documents still have something to tell."""
        await self.clear()
        counts = [await one.count_documents({SLOT_INDEX: SLOT}) for one in self._collections.values()]
        return sum(counts)

    async def _sweep(self, collection: Collection) -> int:
        old = self._resources.machine_clock.now() - SWEEP_AGE
        found = collection.find({SLOT_INDEX: SLOT}, {"outbox": 1}).limit(SWEEP_BATCH)
        left = [
            (doc["_id"], one) for doc in await found.to_list() for one in doc["outbox"] if one["at"] < old
        ]
        self._resources.metrics.outbox_age.set(
            max(((old - one["at"]).total_seconds() for _, one in left), default=0.0)
        )
        confirmed = await self._resources.relay.publish([message_of(one) for _, one in left])
        for key, entry in left:
            if entry["id"] in confirmed:
                self._told[collection.name].setdefault(key, []).append(entry["id"])
        return len(confirmed)

    async def clear_for_ever(self) -> None:
        """The loop that clears in batches."""
        while True:
            await asyncio.sleep(CLEAR_EVERY_SECONDS)
            await self.clear()

    async def sweep_for_ever(self) -> None:
        """The loop that sweeps, on every replica; two of them only repeat."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_SECONDS)
            await self.sweep()
