"""Import of loans and devices: in bulk, silent, and the same rows again change nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from samlan_contracts.policy import BranchCalendar
from samlan_plumbing.documents import Stored
from samlan_plumbing.ids import derive
from samlan_plumbing.importing import Report
from samlan_plumbing.resources import Resources
from samlan_plumbing.snapshots import Row, send_snapshot

from samlan_circulation.domain.importing import BadRow, LoanRow, imported, read_device, read_loan
from samlan_circulation.domain.lending import Standing
from samlan_circulation.domain.marking import whereabouts
from samlan_circulation.domain.model import Item, LoanId
from samlan_circulation.domain.staging import scheduled
from samlan_circulation.handlers.telling import item_subject
from samlan_circulation.store import Store

K = TypeVar("K")
LineRows = Sequence[tuple[int, Any]]

ARRIVING_SECONDS: Final = 15.0  # how long a batch waits at most for copies of an earlier file
STILL_SECONDS: Final = 1.0  # longer than the first retry waits: where nothing came in, nothing is on its way
LOOK_EVERY_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the things that a batch of loans names."""

    items: dict[str, Stored[Item]]
    patrons: dict[str, Standing]
    branches: dict[str, BranchCalendar]

    def misses(self, loan: LoanRow) -> str | None:
        """What of this row nobody has heard of."""
        if loan.item not in self.items:
            return f"item: {loan.item} is not known"
        if loan.patron not in self.patrons:
            return "patron: is not known"
        return None if loan.branch in self.branches else f"branch: {loan.branch} is not known"


class Imports:
    """Takes the rows of `samlan import`."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._resources = resources

    async def devices(self, rows: LineRows) -> Report:
        """Registers devices at branches that are known."""
        report = Report()
        read = dict(_readable(rows, read_device, report))
        known = await self._arrived(
            lambda: self._store.places.known(one["branch"] for one in read.values()),
            lambda known: all(one["branch"] in known for one in read.values()),
        )
        usable = []
        for line, device in read.items():
            if device["branch"] in known:
                usable.append(device)
            else:
                report.refuse(line, f"branch: {device['branch']} is not known")
        report.stored = await self._store.places.register(usable)
        report.same = len(usable) - report.stored
        return report

    async def loans(self, rows: LineRows) -> Report:
        """Stores loans in their items and tells where the items are, in one batch each."""
        report = Report()
        now = self._resources.library_clock.now()
        read = dict(_readable(rows, lambda row: read_loan(row, now=now), report))
        known = await self._arrived(
            lambda: self._known(read.values()),
            lambda known: not any(known.misses(loan) for loan in read.values()),
        )
        while True:
            unreadable = list(report.refused)
            changes, again = self._placed(read, known, report, now)
            written = await self._store.items.replace_many(changes.values())
            report.stored += written
            if written == len(changes):
                break
            report.refused = unreadable  # an item changed under the batch: what is stored is met again
            known = await self._known(read.values())
        report.same = len(again) - (report.stored - written)
        await self._tell([*changes, *again])
        return report

    def _placed(
        self, read: Mapping[int, LoanRow], known: Known, report: Report, now: datetime
    ) -> tuple[dict[str, tuple[Stored[Item], Item]], list[str]]:
        stored: dict[str, tuple[Stored[Item], Item]] = {}
        again: list[str] = []
        for line, row in read.items():
            if missing := known.misses(row):
                report.refuse(line, missing)
                continue
            before = known.items[row.item]
            standing = stored[row.item][1] if row.item in stored else before.state
            try:
                after = imported(standing, row, known.patrons[row.patron].borrower, _loan_id(row))
            except BadRow as bad:
                report.refuse(line, str(bad))
                continue
            if after is None:
                again.append(row.item)
            else:
                stored[row.item] = (before, self._staged(after, known.branches[row.branch], now))
        return stored, again

    def _staged(self, item: Item, branch: BranchCalendar, now: datetime) -> Item:
        """The imported loan meets the stages that fall due from now on, and none of the past."""
        if item.loan is None:
            return item
        return replace(item, loan=scheduled(item.loan, item.thing, self._resources.books, branch, after=now))

    async def _known(self, loans: Iterable[LoanRow]) -> Known:
        rows = list(loans)
        return Known(
            await self._store.items.read_many(one.item for one in rows),
            await self._store.people.standings(one.patron for one in rows),
            await self._store.places.calendars(one.branch for one in rows),
        )

    async def _tell(self, barcodes: Sequence[str]) -> None:
        """Where the items are now, for those who keep a copy; told again should a crash have lost it."""
        items = await self._store.items.read_many(barcodes)
        rows = [
            Row(whereabouts(one.state), item_subject(barcode), one.sequence) for barcode, one in items.items()
        ]
        await send_snapshot(self._resources, rows)

    async def _arrived(self, look: Callable[[], Awaitable[K]], complete: Callable[[K], bool]) -> K:
        """Looks until nothing is missing, or until what is missing cannot be on its way any more.

        While messages come in, a copy may be behind them; where none does, one short wait serves all rows."""
        now, flow = self._resources.machine_clock.monotonic, self._resources.flow
        began = moved_at = now()
        consumed = flow.consumed
        known = await look()
        while not complete(known) and now() < min(moved_at + STILL_SECONDS, began + ARRIVING_SECONDS):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            if flow.in_hand or flow.consumed != consumed:
                consumed, moved_at = flow.consumed, now()
            known = await look()
        return known


def _readable(
    rows: LineRows, read: Callable[[Mapping[str, Any]], K], report: Report
) -> Iterator[tuple[int, K]]:
    for line, row in rows:
        if not isinstance(row, Mapping):
            report.refuse(line, "row: an object is needed")
            continue
        try:
            yield line, read(row)
        except BadRow as bad:
            report.refuse(line, str(bad))


def _loan_id(row: LoanRow) -> LoanId:
    return LoanId(derive("loan", row.item, "import", row.patron, row.borrowed_at.isoformat()))
