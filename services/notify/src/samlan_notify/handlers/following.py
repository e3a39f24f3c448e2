"""What became of loans and fees that a notice may still be about: noted small, and for a while only.

A stage's message may come after the news that ended it, so news is noted whenever a stage may be on its way;
a return long before its due date touches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from samlan_contracts.event import Envelope
from samlan_contracts.events.billing import FeeCorrected, FeePaid
from samlan_contracts.events.circulation import ItemReturned, LoanRenewed, LoanStageReached
from samlan_contracts.policy import PolicyBooks, UnknownMember, notice_rules
from samlan_contracts.shapes import ClosedLoan
from samlan_plumbing.clocks import MachineClock

from samlan_notify.domain.notice import Reason
from samlan_notify.store import Known

WIDEST_OFFSET: Final = timedelta(hours=14)  # no zone is further ahead of UTC (Kiribati)
PAID: Final = "payment"  # a waiver may forgive a part only


class Following:
    """Notes the newest news of each loan, and of which fees nothing is owed; neither names a patron."""

    def __init__(self, *, known: Known, books: PolicyBooks, machine_clock: MachineClock) -> None:
        self._known = known
        self._books = books
        self._machine_clock = machine_clock

    async def stage_reached(self, event: LoanStageReached, envelope: Envelope) -> None:
        """A loan came to a stage; a notice of an earlier one is not needed any more."""
        await self._note(event.loan, envelope, due=event.due, stage=event.stage)

    async def renewed(self, event: LoanRenewed, envelope: Envelope) -> None:
        """A loan has another due date."""
        await self._note(event.loan, envelope, due=event.due, stage=None)

    async def returned(self, event: ItemReturned, envelope: Envelope) -> None:
        """A loan ended; noted only where its first warning may have been told before."""
        loan = event.loan
        if loan is not None and self._first_day(loan) <= (envelope.recorded_at + WIDEST_OFFSET).date():
            await self._note(loan.loan, envelope, due=loan.due, stage=None, ended=True)

    async def paid(self, event: FeePaid, envelope: Envelope) -> None:
        """Fees were paid in full, or forgiven, perhaps in part."""
        if event.kind == PAID:
            await self._settled(event.fees, envelope, why="paid")
        elif event.left_minor is not None and event.left_minor <= 0:
            await self._settled(event.fees, envelope, why="no_longer_owed")

    async def corrected(self, event: FeeCorrected, envelope: Envelope) -> None:
        """A fee was lowered, perhaps to nothing."""
        if event.left_minor is not None and event.left_minor <= 0:
            await self._settled((event.fee,), envelope, why="no_longer_owed")

    async def _settled(self, fees: Sequence[str], envelope: Envelope, *, why: Reason) -> None:
        for fee in fees:
            noted = {"why": why, "noted_at": self._machine_clock.now()}
            await self._known.settled.apply(fee, envelope.sequence, noted)

    def _first_day(self, loan: ClosedLoan) -> date:
        try:
            terms = notice_rules(self._books, member=loan.patron_member, kind="due_soon", on=loan.due).value
        except UnknownMember:
            return loan.due
        return loan.due - timedelta(days=terms.days_before_due or 0)

    async def _note(
        self, loan: str, envelope: Envelope, *, due: date, stage: str | None, ended: bool = False
    ) -> None:
        news: dict[str, Any] = {
            "due": due.isoformat(), "stage": stage, "ended": ended, "noted_at": self._machine_clock.now(),
        }  # fmt: skip
        await self._known.loans.apply(loan, envelope.sequence, news)
