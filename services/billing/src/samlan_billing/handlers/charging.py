"""What a loan's end costs: charged once per loan, corrected when an earlier return becomes known."""

from __future__ import annotations

from samlan_contracts.event import Envelope
from samlan_contracts.events.circulation import ItemReturned, LoanClosingMoved
from samlan_contracts.shapes import ClosedLoan, Thing
from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Cause

from samlan_billing.domain.charging import Charge, assessed, charge_late_days, note_end, surely_in_time
from samlan_billing.domain.invoicing import overdue_falls, overdue_may_fall
from samlan_billing.domain.ledger import Booked, Known, Ledger
from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.handlers.staging import Staging, overdue_fee_id, stage_fee_ids


class Charging:
    """Overdue fees, by the rules of each late day (K19-K21, K25, O29, O38, D16)."""

    def __init__(self, bookkeeper: Bookkeeper, staging: Staging) -> None:
        self._bookkeeper = bookkeeper
        self._staging = staging

    async def item_returned(self, event: ItemReturned, envelope: Envelope) -> None:
        """Charges a loan that came back late; one in time, or a child's, costs nothing and writes nothing.

        An earlier end is looked for before, lest too much be told, and after, for the other order."""
        if event.loan is None:
            return
        in_time, lost = surely_in_time(event.loan), event.was == "lost"
        staged = await self._staging.note_staged_end(event.loan, event.thing, envelope, lost=lost)
        if in_time and not staged:
            return
        loan = await self._as_known(event.loan)
        invoiced = staged and await self._staging.loan_ended(loan, envelope)
        if in_time and not invoiced:
            return
        wanted = await self._assessed(loan, event.thing, envelope)
        if not wanted.amount and not invoiced:
            return

        books = self._bookkeeper.books
        stages = stage_fee_ids(loan.loan, loan.due).values() if overdue_may_fall(books, wanted.member) else ()

        def decide(ledger: Ledger, known: Known) -> tuple[bool, Booked | None]:
            cost = [one for key in stages if (one := ledger.fees.get(key) or known.fees.get(key)) is not None]
            if overdue_falls(cost, loan.returned_at, books):
                return False, None
            entry = derive("entry", wanted.fee, event.fact)
            booked = charge_late_days(ledger, wanted, entry, known, books, self._bookkeeper.clock.now())
            return bool(booked and booked.ledger.to_move), booked

        if await self._bookkeeper.book(loan.patron, (wanted.fee, *stages), decide, Cause.of(envelope)):
            await self._bookkeeper.move_settled(loan.patron)
        if (known := await self._as_known(loan)) != loan:
            await self._note_end(known, event.thing, event.fact, envelope)

    async def _as_known(self, loan: ClosedLoan) -> ClosedLoan:
        """The loan with the earliest end that any news told."""
        earlier = await self._bookkeeper.store.closings.read(loan.loan)
        if earlier is None or earlier >= loan.returned_at:
            return loan
        return loan.model_copy(update={"returned_at": earlier})

    async def loan_closing_moved(self, event: LoanClosingMoved, envelope: Envelope) -> None:
        """Lowers what the loan cost to what its earlier return costs, whichever news came first.

        A loan that ended keeps no patron, so its fee says whose it is. Where none is charged yet, the earlier
        return is noted first and looked for after the charge: whoever comes second sees the other."""
        if event.loan.patron:
            await self._note_end(event.loan, event.thing, event.fact, envelope)
            return
        await self._bookkeeper.store.closings.note(event.loan.loan, event.loan.returned_at)
        for fee in (
            overdue_fee_id(event.loan.loan),
            *stage_fee_ids(event.loan.loan, event.loan.due).values(),
        ):
            if (patron := await self._bookkeeper.store.whose(fee)) is not None:
                loan = event.loan.model_copy(update=patron)
                await self._note_end(loan, event.thing, event.fact, envelope)
                await self._staging.correct(
                    loan.patron, loan.loan, loan.returned_at, envelope, returning=True
                )
                return

    async def _note_end(self, loan: ClosedLoan, thing: Thing, fact: str, envelope: Envelope) -> None:
        closing = await self._assessed(loan, thing, envelope)
        correction = derive("correction", closing.fee, fact)

        def decide(ledger: Ledger, known: Known) -> tuple[bool, Booked | None]:
            booked = note_end(
                ledger, closing, correction, known, self._bookkeeper.books, self._bookkeeper.clock.now()
            )
            return bool(booked and booked.ledger.to_move), booked

        if await self._bookkeeper.book(loan.patron, (closing.fee,), decide, Cause.of(envelope)):
            await self._bookkeeper.move_settled(loan.patron)

    async def _assessed(self, loan: ClosedLoan, thing: Thing, envelope: Envelope) -> Charge:
        calendar = await self._bookkeeper.store.branches.calendar(loan.branch)
        return assessed(
            loan, thing, self._bookkeeper.books, calendar,
            fee=overdue_fee_id(loan.loan), at=envelope.happened_at, cause=envelope.id,
        )  # fmt: skip
