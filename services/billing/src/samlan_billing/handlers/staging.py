"""What the stages of a loan cost, and what of it stays when the loan ends, in any order of the news.

A stage is charged and then the loan's end is looked for; an end is noted and then the stages' fees are looked
for: so whoever comes second sees the other, on whatever replica.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from samlan_contracts.event import Envelope
from samlan_contracts.events.circulation import LoanStageReached
from samlan_contracts.shapes import ClosedLoan, Thing
from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Cause

from samlan_billing.domain.charging import OVERDUE, Charge
from samlan_billing.domain.invoicing import (
    FEES_OF,
    charge_stage,
    end_of_loan,
    stage_charges,
    stage_may_be_known,
    wanted_after,
)
from samlan_billing.domain.ledger import REPLACEMENT, Booked, Known, Ledger
from samlan_billing.handlers.bookkeeper import Bookkeeper


def stage_fee_ids(loan: str, due: date) -> dict[str, str]:
    """The ids of the fees that the stages of a loan may cost, by stage, and of its replacement."""
    return {one: derive("fee", loan, one, due.isoformat()) for one in (*FEES_OF, REPLACEMENT)}


def overdue_fee_id(loan: str) -> str:
    """The id of the one overdue fee that a loan may cost."""
    return derive("fee", loan, OVERDUE)


class Staging:
    """Reminder fees, invoices and replacements (K22, K23, K25, K30-K32, O38)."""

    def __init__(self, bookkeeper: Bookkeeper) -> None:
        self._bookkeeper = bookkeeper

    async def loan_stage_reached(self, event: LoanStageReached, envelope: Envelope) -> None:
        """Charges what a stage costs, once; of a loan whose end is known, only what that leaves."""
        books, store = self._bookkeeper.books, self._bookkeeper.store
        ids = {**stage_fee_ids(event.loan, event.due), OVERDUE: overdue_fee_id(event.loan)}
        calendar = await store.branches.calendar(event.branch) if event.stage == "invoiced" else None
        charges = stage_charges(
            event, books, calendar, ids=ids, invoice=derive("invoice", event.loan, event.due.isoformat()),
            at=envelope.happened_at, cause=envelope.id,
        )  # fmt: skip
        ended = await store.closings.read(event.loan) if charges else None
        wanted = charges if ended is None else wanted_after(charges, ended, books)
        if wanted:
            await self._charge(event, wanted, envelope)
        if charges and (ended := await store.closings.read(event.loan)) is not None:
            await self.correct(event.patron, event.loan, ended, envelope, returning=False)

    async def _charge(self, event: LoanStageReached, wanted: Sequence[Charge], envelope: Envelope) -> None:
        def decide(ledger: Ledger, known: Known) -> tuple[None, Booked | None]:
            books, now = self._bookkeeper.books, self._bookkeeper.clock.now()
            return None, charge_stage(ledger, wanted, known, books, now, event.due)

        fees = [one.fee for one in wanted]
        await self._bookkeeper.book(event.patron, fees, decide, Cause.of(envelope))

    async def note_staged_end(
        self, loan: ClosedLoan, thing: Thing, envelope: Envelope, *, lost: bool
    ) -> bool:
        """Notes the end of a loan that may have come to a stage; says whether its stages are to be looked up.

        One that came to none writes nothing. A renewal may have moved the due date of which a stage was, and
        a `lost` item's price may have been charged before any stage, so these are looked up as well."""
        if lost or stage_may_be_known(loan, thing, self._bookkeeper.books, envelope.recorded_at):
            await self._bookkeeper.store.closings.note_plain(loan.loan, loan.returned_at)
            return True
        return bool(loan.renewals)

    async def loan_ended(self, loan: ClosedLoan, envelope: Envelope) -> bool:
        """Lowers what the stages cost of a loan that came back, given with its earliest end that is known.

        True when an invoice has charged late days."""
        fees = await self.correct(loan.patron, loan.loan, loan.returned_at, envelope, returning=True)
        return overdue_fee_id(loan.loan) in fees

    async def correct(
        self, patron: str, loan: str, ended: datetime, envelope: Envelope, *, returning: bool
    ) -> Sequence[str]:
        """Lowers what the stages of a loan cost to what its end leaves; says what it had cost."""
        fees = await self._bookkeeper.store.fees_of_loan(patron, loan)
        if not fees:
            return ()
        corrections = {one: derive("correction", one, ended.isoformat()) for one in fees}

        def decide(ledger: Ledger, known: Known) -> tuple[bool, Booked | None]:
            booked = end_of_loan(
                ledger, loan, fees, ended, known, self._bookkeeper.books, self._bookkeeper.clock.now(),
                cause=envelope.id, at=envelope.happened_at, corrections=corrections, returning=returning,
            )  # fmt: skip
            return bool(booked and booked.ledger.to_move), booked

        if await self._bookkeeper.book(patron, fees, decide, Cause.of(envelope)):
            await self._bookkeeper.move_settled(patron)
        return fees
