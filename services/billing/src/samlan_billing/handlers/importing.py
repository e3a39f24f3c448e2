"""The import of fees: in bulk, restartable, telling no one but whose acts a debt stops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from samlan_contracts.events.billing import DebtLimitReached
from samlan_plumbing.ids import derive
from samlan_plumbing.importing import Report
from samlan_plumbing.outbox import Cause
from samlan_plumbing.resources import Resources
from samlan_plumbing.snapshots import Row, send_snapshot

from samlan_billing.domain.importing import FeeRow, fee_of, read_row, with_imported
from samlan_billing.domain.ledger import Booked, Fee, Known, Ledger
from samlan_billing.domain.standing import judged
from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.store.coding import Fields

Line = tuple[int, FeeRow]


class Importing:
    """Stores rows of `fees.jsonl`; a batch that is sent again finishes what a crash left."""

    def __init__(self, bookkeeper: Bookkeeper, resources: Resources) -> None:
        self._bookkeeper = bookkeeper
        self._store = bookkeeper.store
        self._resources = resources

    async def __call__(self, rows: Sequence[tuple[int, Any]]) -> Report:
        """Stores what is new of a batch and says what became of each row."""
        report = Report()
        usable = self._usable(rows, report)
        patrons = await self._store.patrons.read_many(row.patron for _, row in usable)
        known = [one for one in usable if self._is_known(one, patrons, report)]
        new = await self._new(known, report)
        await self._book(new, patrons)
        report.stored = len(new)
        await self._send_blocks({row.patron for _, row in known})
        return report

    def _usable(self, rows: Sequence[tuple[int, Any]], report: Report) -> list[Line]:
        """The rows that can be read, each fee once."""
        found: dict[str, Line] = {}
        for line, written in rows:
            row = read_row(written, self._bookkeeper.books)
            if isinstance(row, str):
                report.refuse(line, row)
            elif row.fee not in found:
                found[row.fee] = line, row
            elif found[row.fee][1] == row:
                report.same += 1
            else:
                report.refuse(line, f"fee: {row.fee} stands with other contents in line {found[row.fee][0]}")
        return list(found.values())

    @staticmethod
    def _is_known(one: Line, patrons: Mapping[str, Fields], report: Report) -> bool:
        line, row = one
        known = row.patron in patrons and not patrons[row.patron].get("removed")
        if not known:
            report.refuse(line, f"patron: {row.patron} is not known")
        return known

    async def _new(self, rows: Sequence[Line], report: Report) -> list[FeeRow]:
        """The rows that are in no ledger yet, and never were."""
        ids = [row.fee for _, row in rows]
        settled, booked = await self._store.settled.exist(ids), await self._store.open_fees(ids)
        new: list[FeeRow] = []
        for line, row in rows:
            if row.fee in booked and not _same(self._fee(row), row.patron, *booked[row.fee]):
                report.refuse(line, f"fee: {row.fee} was imported with other contents")
            elif row.fee in booked or row.fee in settled:
                report.same += 1
            else:
                new.append(row)
        return new

    async def _book(self, rows: Sequence[FeeRow], patrons: Mapping[str, Fields]) -> None:
        """Patrons with no ledger in one request; the others, and those who got one meanwhile, one by one."""
        by_patron: dict[str, list[Fee]] = defaultdict(list)
        for row in rows:
            by_patron[row.patron].append(self._fee(row))
        held = await self._store.ledgers_that_exist(by_patron)
        fresh = {one: fees for one, fees in by_patron.items() if one not in held}
        inserted = await self._store.ledgers.insert_many(self._ledgers(fresh, patrons))
        one_by_one = by_patron if inserted < len(fresh) else held
        for patron in one_by_one:
            await self._add(patron, by_patron[patron], patrons[patron])

    def _fee(self, row: FeeRow) -> Fee:
        return fee_of(row, self._bookkeeper.books, self._bookkeeper.clock.now())

    def _ledgers(
        self, fees: Mapping[str, Sequence[Fee]], patrons: Mapping[str, Fields]
    ) -> Iterator[tuple[str, Ledger]]:
        now = self._bookkeeper.clock.now()
        for patron, theirs in fees.items():
            ledger = with_imported(Ledger(patron=patron), theirs, patrons[patron])
            yield patron, judged(ledger, self._bookkeeper.books, now).ledger

    async def _add(self, patron: str, fees: Sequence[Fee], copy: Fields) -> None:
        now = self._bookkeeper.clock.now()

        def decide(ledger: Ledger, known: Known) -> tuple[None, Booked | None]:
            new = [fee for fee in fees if fee.id not in ledger.fees and not known.holds(fee.id)]
            if ledger.erased or not new:
                return None, None
            return None, judged(with_imported(ledger, new, copy), self._bookkeeper.books, now)

        ids = [fee.id for fee in fees]
        cause = Cause(derive("import", patron, *ids), now)
        await self._bookkeeper.book(patron, ids, decide, cause)

    async def _send_blocks(self, patrons: set[str]) -> None:
        """Tells the standing of those whom a debt stops, as it is: also when an earlier run was cut off."""
        rows = [
            Row(DebtLimitReached(patron=one.patron, blocks=one.blocks), f"ledger/{one.patron}", sequence)
            for one, sequence in await self._store.standing(patrons)
            if one.blocks
        ]
        await send_snapshot(self._resources, rows)


def _same(given: Fee, whose: str, patron: str, fee: Fee) -> bool:
    return patron == whose and (given.account, given.kind, given.entries[0].amount_minor) == (
        fee.account, fee.kind, fee.entries[0].amount_minor,
    )  # fmt: skip
