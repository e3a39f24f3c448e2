"""Queues: one document per title, read once and written once per decision.

A decision asks for the facts it needs; they are fetched between reading the queue and writing it, so the
write is guarded by the very revision that was decided on, and a lost race decides again on what is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from samlan_contracts.event import Event
from samlan_contracts.events.holds import ItemRouted
from samlan_contracts.policy import PolicyBooks
from samlan_plumbing.consuming import Lanes
from samlan_plumbing.documents import RACES, Change, Documents, LostRaces, Stored, lost_race
from samlan_plumbing.dues import SLOT, earliest
from samlan_plumbing.outbox import Cause, Tell
from samlan_plumbing.resources import Resources

from samlan_holds.domain.facts import Facts, NotFetched
from samlan_holds.domain.model import Amended, HoldId, PatronId, Queue, Waiting
from samlan_holds.domain.verdict import Verdict
from samlan_holds.store.coding import Row, amended_of, decision_row, operators, row_of, stored_queue
from samlan_holds.store.copies import Copies
from samlan_holds.store.holds import PAGE, Holds

T = TypeVar("T")
Decide = Callable[[Queue, Facts], Verdict[T]]

LEARN_EVERY_SECONDS: Final = 2.0  # what is still unlearnt at the second look was left by a crash
BATCH: Final = 100
DECISIONS_KEPT: Final = timedelta(days=90)  # how long the trace of a return can show them


@dataclass(frozen=True, slots=True)
class Asks:
    """Whom a decision looks for behind a long queue's boundary: holds by id, holds of patrons."""

    holds: tuple[HoldId, ...] = ()
    patrons: tuple[PatronId, ...] = ()

    def of(self, entry: Waiting) -> bool:
        """Whether this hold is looked for."""
        return entry.hold in self.holds or entry.patron in self.patrons


NOBODY: Final = Asks()


class Queues:
    """The queues of all titles."""

    def __init__(self, resources: Resources, holds: Holds, copies: Copies) -> None:
        self._documents: Documents[Row] = Documents(resources, "queues", load=dict, dump=dict)
        self.collection = self._documents.collection
        self._decisions = resources.database["decisions"]
        self._resources = resources
        self._holds = holds
        self._copies = copies
        self._lanes = Lanes()

    @property
    def books(self) -> PolicyBooks:
        """The policy books of all members."""
        return self._resources.books

    async def prepare(self) -> None:
        """Creates the indexes by which queues with something due are found."""
        await self.collection.create_index([("due_slot", 1), ("due", 1)])
        await self.collection.create_index("amended.slot", sparse=True)
        await self.collection.create_index("waits")
        await self._decisions.create_index("item")
        await self._decisions.create_index([("slot", 1), ("until", 1)])

    async def read(self, title: str) -> Queue:
        """The queue of a title; empty when nobody ever waited."""
        return stored_queue(title, await self._documents.read(title))

    async def read_many(self, titles: Iterable[str]) -> dict[str, Queue]:
        """The queues of these titles, as far as anybody ever waited."""
        found = await self._documents.read_many(titles)
        return {title: stored_queue(title, stored) for title, stored in found.items()}

    async def decide(
        self,
        title: str,
        cause: Cause,
        decide: Decide[T],
        *,
        asks: Asks = NOBODY,
        first: Callable[[T], Awaitable[None]] | None = None,
    ) -> T:
        """Decides on the queue with the facts it asks for, stores and tells what follows; the outcome.

        `first` is awaited before the queue is written: what it stores must be harmless without the queue."""
        async with self._lanes.lane(title):  # replicas race; this process need not race with itself
            return await self._decide(title, cause, decide, asks, first)

    async def teach(self, title: str, rows: Sequence[Row]) -> None:
        """Tells particulars what their queue decided about them, and then forgets that it had to."""
        told = [(row["r"], amended_of(row)) for row in rows]
        await self._holds.learn(told)
        revisions = sorted({revision for revision, _ in told})
        await self.collection.update_one({"_id": title}, {"$pull": {"amended": {"r": {"$in": revisions}}}})

    async def teach_for_ever(self) -> None:
        """The loop that teaches what crashes left, on every replica; two of them only repeat."""
        seen: set[tuple[str, int]] = set()
        while True:
            await asyncio.sleep(LEARN_EVERY_SECONDS)
            found = await self.collection.find({"amended.slot": SLOT}, {"amended": 1}).limit(BATCH).to_list()
            left = {(row["_id"], one["r"]) for row in found for one in row["amended"]}
            for row in found:
                if rows := [one for one in row["amended"] if (row["_id"], one["r"]) in seen]:
                    await self.teach(row["_id"], rows)
            seen = left

    async def next_due(self, now: datetime) -> datetime | None:
        """The earliest instant at which a shelf deadline runs out."""
        return await earliest(self.collection, "due_slot", "due", now)

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Titles with a shelf deadline that ran out."""
        rows = self.collection.find({"due_slot": SLOT, "due": {"$lte": now}}, {"due": 1}).limit(limit)
        return [row["_id"] async for row in rows]

    @staticmethod
    def stored(rows: Iterable[Row]) -> list[tuple[str, Stored[Row]]]:
        """Rows of the collection as documents that were read."""
        return [(row["_id"], Stored(row, row["revision"], row["sequence"])) for row in rows]

    async def all_behind(self, queue: Queue) -> tuple[Waiting, ...]:
        """Everybody who waits behind a queue's boundary, in order."""
        front = len(queue.waiting)
        while queue.behind:
            queue = await self.drawn_forward(queue)
        return queue.waiting[front:]

    async def waited_for(self) -> list[str]:
        """The titles that somebody waits for, in order."""
        return sorted([row["_id"] async for row in self.collection.find({"waits": SLOT}, {"waits": 1})])

    async def decisions_of(self, item: str) -> list[Row]:
        """The kept decisions about an item."""
        return await self._decisions.find({"item": item}).to_list()

    async def forget_decisions(self, now: datetime, limit: int) -> int:
        """Forgets decisions that nobody can ask about any more."""
        old = (
            await self._decisions.find({"slot": SLOT, "until": {"$lte": now}}, {"until": 1})
            .limit(limit)
            .to_list()
        )
        await self._decisions.delete_many({"_id": {"$in": [row["_id"] for row in old]}})
        return len(old)

    async def next_decision_due(self, now: datetime) -> datetime | None:
        """When the next kept decision may be forgotten."""
        return await earliest(self._decisions, "slot", "until", now)

    async def with_known(self, queue: Queue, asks: Asks) -> Queue:
        """A queue that was read, with whom `asks` looks for behind its boundary."""
        found = await self._holds.behind_by(queue.title, queue.boundary, asks.holds, asks.patrons)
        return replace(queue, known=tuple(filter(asks.of, _as_amended(queue, found))))

    async def looked_up(self, title: str, asks: Asks) -> Queue:
        """The queue of a title with whom `asks` looks for, however far behind."""
        return await self._looked_up(await self.read(title), asks)

    async def drawn_forward(self, queue: Queue) -> Queue:
        """The queue with the next holds from behind its boundary in front of it."""
        found = await self._holds.behind(queue.title, queue.boundary)
        full = len(found) == PAGE
        entries = [one for one in _as_amended(queue, found) if not full or one.place <= found[-1].place]
        return queue.drawn_forward(entries, last=not full)

    async def _decide(
        self,
        title: str,
        cause: Cause,
        decide: Decide[T],
        asks: Asks,
        first: Callable[[T], Awaitable[None]] | None,
    ) -> T:
        for attempt in range(RACES):
            stored = await self._documents.read(title)
            before = stored_queue(title, stored)
            facts = Facts(books=self.books, now=self._resources.library_clock.now())
            queue = await self._looked_up(before, asks)
            verdict = await self._decided(queue, facts, decide)
            if first is not None and verdict.queue is not None:
                await first(verdict.outcome)
            if await self._commit(stored, before, verdict, cause):
                return verdict.outcome
            await lost_race(attempt)
        raise LostRaces(self.collection.name)

    async def _looked_up(self, queue: Queue, asks: Asks) -> Queue:
        if not queue.behind:
            return queue
        while queue.starving():
            queue = await self.drawn_forward(queue)
        if asks == NOBODY or not queue.behind:
            return queue
        return await self.with_known(queue, asks)

    async def _decided(self, queue: Queue, facts: Facts, decide: Decide[T]) -> Verdict[T]:
        while True:
            try:
                return decide(queue, facts)
            except NotFetched as asked:
                if asked.kind == "behind":
                    queue = await self.drawn_forward(queue)
                else:
                    await self._copies.fetch(facts, asked, queue)

    async def _commit(
        self, stored: Stored[Row] | None, before: Queue, verdict: Verdict[T], cause: Cause
    ) -> bool:
        after = verdict.queue
        if after is None:
            return True
        await self._keep_decisions(before, after)
        tell = tuple(_tells(after, verdict.events, cause))
        change: Change[Row, None] = (
            Change(None, operators=operators(before, after), tell=tell)
            if stored is not None
            else Change(None, state=row_of(after), tell=tell)
        )
        if not await self._documents.commit(before.title, stored, change):
            return False
        if fresh := after.amended[len(before.amended) :]:
            await self._taught(before, fresh)
        return True

    async def _taught(self, before: Queue, fresh: Sequence[Amended]) -> None:
        revision = before.revision + 1
        await self._holds.learn([(revision, one) for one in fresh])
        known = {"$pull": {"amended": {"r": revision}}}
        await self._resources.batches.update(self.collection, {"_id": before.title}, known)

    async def _keep_decisions(self, before: Queue, after: Queue) -> None:
        """Keeps the decision of every allotment about to end, before the queue forgets it."""
        kept = {(one.hold, one.allotment) for one in after.allotted}
        for entry in before.allotted:
            if (entry.hold, entry.allotment) not in kept:
                row = {
                    "hold": entry.hold, "allotment": entry.allotment, "item": entry.item,
                    "title": before.title,
                    "scan": entry.scan, "slot": SLOT, **decision_row(entry.decision),
                    "until": entry.decision.at + DECISIONS_KEPT,
                }  # fmt: skip
                key = {"_id": f"{entry.hold}/{entry.allotment}"}
                await self._resources.batches.update(self._decisions, key, {"$set": row}, upsert=True)


def _as_amended(queue: Queue, found: Sequence[Waiting]) -> list[Waiting]:
    """Holds behind the boundary, in order, with what their particulars have yet to learn."""
    known = {one.hold: one for one in found}
    floor = queue.boundary or ""
    for told in queue.amended:
        if told.ended is not None:
            known.pop(told.hold, None)
        elif told.entry is not None and told.entry.place > floor:
            known[told.hold] = told.entry
    return sorted(known.values(), key=lambda one: one.place)


def _tells(queue: Queue, events: Sequence[Event], cause: Cause) -> Iterable[Tell]:
    for place, event in enumerate(events):
        subject = f"item/{event.item}" if isinstance(event, ItemRouted) else f"queue/{queue.title}"
        yield Tell(
            event=event, subject=subject, cause=cause.id, happened_at=cause.happened_at, position=place
        )
