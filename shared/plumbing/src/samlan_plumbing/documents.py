"""Aggregates: one document each, changed by one guarded write that also stores what the change tells.

A handler says what it decides as a value, and the write, the lost race and the telling are done here::

    outcome = await items.change(barcode, lambda stored: close_loan(stored, fact))

`revision` (each write bumps it) guards the next write; `sequence` (each told change bumps it) orders what
readers hear of the subject. Both, and the outbox, belong to this module.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pymongo import InsertOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from samlan_plumbing.outbox import Entry, Outboxes, Tell, entry_of, outgoing
from samlan_plumbing.recent import Recent
from samlan_plumbing.relay import Outgoing
from samlan_plumbing.seams import reach

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

    from samlan_plumbing.resources import Resources

S = TypeVar("S")
T = TypeVar("T")
Operators = Mapping[str, Mapping[str, Any]]
Projection = Mapping[str, Any]

RACES: Final = 30  # lost races before a change gives up and is retried from the queue
OUTBOX_CAP: Final = 50  # entries a command may find waiting before it is asked to come again
TELL_LIMIT: Final = 8  # events one change may tell
BARE: Final[Projection] = {"outbox": 0}  # what a document has told is not read again
OWN_FIELDS: Final = ("_id", "revision", "sequence", "outbox")
DUPLICATE_KEY: Final = 11000
BATCH: Final = 500  # keys of one query


class LostRaces(RuntimeError):
    """A document changed under every attempt; the message is tried again later."""


class OutboxFull(RuntimeError):
    """A document has too much left to tell; the command is refused until the broker took some."""


@dataclass(frozen=True, slots=True)
class Stored(Generic[S]):
    """A document as read."""

    state: S
    revision: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Change(Generic[S, T]):
    """What a decision wants: its outcome, the new state or operators on parts of it, and what to tell.

    With neither state nor operators nor anything to tell, nothing is written."""

    outcome: T
    state: S | None = None
    operators: Operators | None = None
    tell: tuple[Tell, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether anything is to be stored."""
        return self.state is not None or self.operators is not None or bool(self.tell)


class Documents(Generic[S]):
    """One collection of aggregates. `dump` gives a state's top-level fields, `load` takes them back.

    `soon_again` is for those of which each change soon follows another: a change then rests on what this
    process wrote last, as long as nobody else did. There every write must bump `revision`, and a decision may
    raise only where there is no document."""

    def __init__(
        self,
        resources: Resources,
        name: str,
        *,
        load: Callable[[dict[str, Any]], S],
        dump: Callable[[S], dict[str, Any]],
        soon_again: bool = False,
    ) -> None:
        self.collection = resources.database[name]
        self._resources = resources
        self._outboxes: Outboxes = resources.outboxes
        self._batches = resources.batches
        self._load = load
        self._dump = dump
        self._recent = _recent(resources, self.collection) if soon_again else None
        self._outboxes.register(self.collection)
        resources.guarded(self.collection, "revision")

    async def read(self, key: str, projection: Projection | None = None) -> Stored[S] | None:
        """The document of this key, or None."""
        found = await self._batches.read(self.collection, key, projection or BARE)
        return self._stored(found) if found is not None else None

    async def read_many(self, keys: Iterable[str]) -> dict[str, Stored[S]]:
        """The documents of these keys, by key."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Stored[S]] = {}
        for start in range(0, len(wanted), BATCH):
            found |= await self.find({"_id": {"$in": wanted[start : start + BATCH]}}, BATCH)
        return found

    async def find(self, query: Mapping[str, Any], limit: int) -> dict[str, Stored[S]]:
        """At most `limit` of the documents that match, by key."""
        found = self.collection.find(query, BARE).limit(limit)
        return {one["_id"]: self._stored(one) async for one in found}

    async def change(
        self,
        key: str,
        decide: Callable[[Stored[S] | None], Change[S, T]],
        *,
        projection: Projection | None = None,
        command: bool = False,
    ) -> T:
        """Reads, decides, writes once and tells; decides again when another writer was faster.

        `projection` leaves large arrays out of the read; then `decide` must answer with operators. A
        `command` is refused with `OutboxFull` while the document has too much left to tell."""
        if self._recent and not projection and not command and (recalled := self._recent.take(key)):
            change = decide(self._stored(recalled))
            if change.writes and await self._commit(key, recalled, change):
                return change.outcome
        for attempt in range(RACES):
            found = await self._batches.read(self.collection, key, projection or (None if command else BARE))
            if command and found is not None and len(found.get("outbox", ())) >= OUTBOX_CAP:
                raise OutboxFull(self.collection.name)
            change = decide(self._stored(found) if found is not None else None)
            if not change.writes:
                return change.outcome
            if await self._commit(key, found, change):
                return change.outcome
            await lost_race(attempt)
        raise LostRaces(self.collection.name)

    async def commit(self, key: str, held: Stored[S] | None, change: Change[S, T]) -> bool:
        """Writes a change to a document in hand, once, and tells; False when another writer was faster.

        For decisions that look things up between reading and writing; a document that is held changes by
        operators, and None in its place is inserted from the change's state."""
        found = None if held is None else {"revision": held.revision, "sequence": held.sequence}
        return await self._commit(key, found, change)

    async def insert_many(self, rows: Iterable[tuple[str, S]]) -> int:
        """Stores new documents in bulk with sequence 1, told to nobody; known keys are left alone."""
        writes = [InsertOne(self._fresh(key, self._dump(state), 1, [])) for key, state in rows]
        if not writes:
            return 0
        try:
            return (await self.collection.bulk_write(writes, ordered=False)).inserted_count
        except BulkWriteError as error:
            if any(one["code"] != DUPLICATE_KEY for one in error.details["writeErrors"]):
                raise
            return int(error.details["nInserted"])

    async def _commit(self, key: str, found: dict[str, Any] | None, change: Change[S, T]) -> bool:
        messages = self._messages(change, found)
        await reach(self._resources.service, "before-write")
        if not await self._write(key, found, change, messages):
            return False
        await reach(self._resources.service, "after-write")
        if self._recent and change.state is not None and change.operators is None:
            own = _own(key, found, len(messages))
            self._recent.keep(key, {**own, **self._dump(change.state)})
        if messages:
            await self._outboxes.tell(self.collection, key, messages)
        return True

    def _messages(self, change: Change[S, T], found: Mapping[str, Any] | None) -> list[Outgoing]:
        if len(change.tell) > TELL_LIMIT:
            raise ValueError(f"{self.collection.name}: a change tells {len(change.tell)} events")
        sequence = found["sequence"] if found is not None else 0
        now = self._resources.library_clock.now()
        return [outgoing(tell, sequence + place, now) for place, tell in enumerate(change.tell, start=1)]

    async def _write(
        self, key: str, found: dict[str, Any] | None, change: Change[S, T], messages: list[Outgoing]
    ) -> bool:
        at = self._resources.machine_clock.now()
        entries = [entry_of(message, at) for message in messages]
        if found is None:
            return await self._insert(key, change, entries)
        update = self._update(found, change, entries)
        guard = {"_id": key, "revision": found["revision"]}
        return (await self._batches.update(self.collection, guard, update)).modified

    async def _insert(self, key: str, change: Change[S, T], entries: list[Entry]) -> bool:
        if change.state is None:
            raise ValueError(f"{self.collection.name}: a new document needs a state")
        document = self._fresh(key, self._dump(change.state), len(entries), entries)
        try:
            await self._batches.insert(self.collection, document)
        except DuplicateKeyError as error:
            if "_id" not in (error.details or {}).get("keyPattern", {"_id": 1}):
                raise
            return False
        return True

    def _update(
        self, found: dict[str, Any], change: Change[S, T], entries: list[Entry]
    ) -> dict[str, dict[str, Any]]:
        update: dict[str, dict[str, Any]] = {k: dict(v) for k, v in (change.operators or {}).items()}
        if change.state is not None:
            held = {name: value for name, value in found.items() if name not in OWN_FIELDS}
            _merge(update, difference(held, self._dump(change.state)))
        _merge(update, {"$inc": {"revision": 1}})
        if entries:
            _merge(update, {"$inc": {"sequence": len(entries)}, "$push": {"outbox": {"$each": entries}}})
        return update

    @staticmethod
    def _fresh(key: str, fields: dict[str, Any], sequence: int, entries: list[Entry]) -> dict[str, Any]:
        own = _own(key, None, sequence)
        return {**own, **({"outbox": entries} if entries else {}), **fields}

    def _stored(self, found: dict[str, Any]) -> Stored[S]:
        return Stored(self._load(found), found["revision"], found["sequence"])


def _recent(resources: Resources, collection: AsyncCollection[dict[str, Any]]) -> Recent:
    return Recent(resources.machine_clock.monotonic, collection.codec_options)


def _own(key: str, before: Mapping[str, Any] | None, told: int) -> dict[str, Any]:
    """What every document has of its own after a write that tells so many events."""
    revision, sequence = (before["revision"], before["sequence"]) if before is not None else (0, 0)
    return {"_id": key, "revision": revision + 1, "sequence": sequence + told}


async def lost_race(attempt: int) -> None:
    """Waits a moment, longer with each attempt, so that those who race do not meet again."""
    await asyncio.sleep(random.uniform(0, 0.002 * (attempt + 1)))  # noqa: S311 (a jitter, no secret)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The operators that turn top-level fields into others, writing only what changed."""
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    gone = {name: "" for name in before if name not in after}
    return {**({"$set": changed} if changed else {}), **({"$unset": gone} if gone else {})}


def _merge(update: dict[str, dict[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> None:
    for operator, fields in more.items():
        update.setdefault(operator, {}).update(fields)
