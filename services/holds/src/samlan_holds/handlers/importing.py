"""Taking in `holds.jsonl`: a title at a time, restartable, the same row again changing nothing."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.ids import derive
from samlan_plumbing.importing import Report
from samlan_plumbing.outbox import Cause

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.importing import ROWS_AT_ONCE, SHELVED_AT_ONCE, Over, Row, Taken, take_in
from samlan_holds.domain.model import Queue, TitleId, Waiting
from samlan_holds.domain.shelving import end_of_need, why_not_needed
from samlan_holds.domain.verdict import Verdict
from samlan_holds.store.copies import Copies, whereabouts_fields
from samlan_holds.store.holds import KEPT_AFTER_THE_END, LOOKED_AT_AFTER, Holds, particulars
from samlan_holds.store.queues import Asks, Queues

CHANNEL: Final = "import"
TITLES_AT_ONCE: Final = 50  # queues are independent, and their writes share commands
BEFORE_ALL: Final = 0  # the sequence of what an import says; any word of the owner is newer


class Importing:
    """Takes in batches of rows."""

    def __init__(self, clock: LibraryClock, queues: Queues, holds: Holds, copies: Copies) -> None:
        self._clock = clock
        self._queues = queues
        self._holds = holds
        self._copies = copies

    async def take(self, rows: Sequence[Row], report: Report) -> None:
        """Takes rows into their queues, in the order the holds were placed, and reports on each."""
        known = await self._copies.titles.read_many(row.title for row in rows)
        ended = await self._holds.read_many(row.hold for row in rows)
        on_loan = await self._copies.on_loan_to_any({row.patron for row in rows})
        by_title: dict[TitleId, list[Row]] = defaultdict(list)
        for row in rows:
            if known.get(row.title, {"removed": True}).get("removed"):
                report.refuse(row.line, "unknown_title")
            elif row.placed_at > self._clock.now():
                report.refuse(row.line, "in_the_future")
            elif ended.get(row.hold, {"state": "open"})["state"] != "open":
                report.same += 1
            else:
                by_title[row.title].append(replace(row, on_loan=(row.patron, row.title) in on_loan))
        standings = Facts(books=self._queues.books, now=self._clock.now())
        await self._copies.add_standings(standings, {row.patron for row in chain(*by_title.values())})
        limit = asyncio.Semaphore(TITLES_AT_ONCE)

        async def take_title(title: TitleId, wanted: list[Row]) -> None:
            wanted.sort(key=lambda row: (row.placed_at, row.hold))
            async with limit:
                for part in _parts(wanted):
                    await self._take_part(title, part, standings, report)

        await asyncio.gather(*(take_title(*one) for one in by_title.items()))

    async def _take_part(self, title: TitleId, rows: Sequence[Row], standings: Facts, report: Report) -> None:
        def decide(queue: Queue, facts: Facts) -> Verdict[Taken]:
            facts.patrons.update({row.patron: standings.patrons[row.patron] for row in rows})
            return take_in(queue, rows, facts)

        taken = await self._queues.decide(
            title, Cause(derive("import", *(row.hold for row in rows)), self._clock.now()), decide,
            asks=Asks(tuple(row.hold for row in rows), tuple(row.patron for row in rows)),
            first=partial(self._write_particulars, title),
        )  # fmt: skip
        await self._write_ended(title, taken.over)
        report.stored += len(taken.stored) + len(taken.over)
        report.same += taken.same
        for line, refusal in taken.refused:
            report.refuse(line, refusal.reason)
        shelved = [one for one in taken.stored if not isinstance(one, Waiting)]
        await self._copies.whereabouts.apply_many(
            [
                (one.item, BEFORE_ALL, whereabouts_fields(
                    title=title, state="hold_shelf", branch=one.pickup, on_shelf=True))
                for one in shelved
            ]
        )  # fmt: skip

    async def _write_ended(self, title: TitleId, over: Sequence[Over]) -> None:
        """Stores holds that had ended: they join no queue, and are kept as long as any that ended now."""
        look_at = self._clock.now() + KEPT_AFTER_THE_END
        await self._holds.write_many(
            [
                {
                    **particulars(
                        one.entry, title=title, channel=CHANNEL, because=[], look_at=look_at, needed_at=None
                    ),
                    "state": "expired",
                    "ended_at": one.ended_at,
                    "ended_because": why_not_needed(one.entry.last_needed) if one.entry.last_needed else [],
                }
                for one in over
            ]
        )

    async def _write_particulars(self, title: TitleId, taken: Taken) -> None:
        look_at = self._clock.now() + LOOKED_AT_AFTER
        rows = []
        for held in taken.stored:
            entry = held if isinstance(held, Waiting) else held.waiting()
            pickup = await self._copies.calendar(entry.pickup)
            needed_at = end_of_need(entry.last_needed, pickup) if entry.last_needed else None
            rows.append(
                particulars(
                    entry, title=title, channel=CHANNEL, because=[], look_at=look_at, needed_at=needed_at
                )
            )
        await self._holds.write_many(rows)


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows in portions that one commit can take and tell."""
    part: list[Row] = []
    shelved = 0
    for row in rows:
        if len(part) == ROWS_AT_ONCE or (row.item and shelved == SHELVED_AT_ONCE):
            yield part
            part, shelved = [], 0
        part.append(row)
        shelved += row.item is not None
    if part:
        yield part
