"""Charging a fee, and lowering one: each fee has one id, so nothing is charged twice.

Whatever order the news of a loan's end comes in, the fee ends at the lowest amount that any of it gave:
the first news charges, later news may lower, nothing raises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from samlan_contracts.events.billing import FeeCharged, FeeCorrected
from samlan_contracts.policy import (
    BranchCalendar,
    Money,
    PatronFacts,
    PolicyBooks,
    creditor,
    overdue_fee,
)
from samlan_contracts.shapes import Because, ClosedLoan, Thing

from samlan_billing.domain.ledger import Booked, Entry, Fee, Known, Ledger
from samlan_billing.domain.standing import judged

OVERDUE = "overdue"
WIDEST_OFFSET = timedelta(hours=14)  # no zone is further ahead of UTC (Kiribati)


def surely_in_time(loan: ClosedLoan) -> bool:
    """Whether a loan came back in time in any time zone there is, so that no calendar need be asked."""
    return (loan.returned_at + WIDEST_OFFSET).date() <= loan.due


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A fee to be booked: what for, how much and why, and what is known of the patron now."""

    fee: str
    kind: str
    member: str
    amount: Money
    at: datetime
    cause: str
    because: Because
    patron_member: str | None = None
    born: date | None = None
    item: str | None = None
    title: str | None = None
    loan: str | None = None
    invoice: str | None = None
    invoice_due: date | None = None
    collect_at: datetime | None = None


def assessed(
    loan: ClosedLoan, thing: Thing, books: PolicyBooks, calendar: BranchCalendar,
    *, fee: str, at: datetime, cause: str,
) -> Charge:  # fmt: skip
    """What a loan that ended costs by the rules of each late day, often nothing (K19-K21, K25, O29, D16)."""
    decision = overdue_fee(
        books, item=thing, patron=PatronFacts(member=loan.patron_member, born=loan.born),
        due=loan.due, returned_at=loan.returned_at, branch=calendar,
    )  # fmt: skip
    owed_to = creditor(books, item=thing.member, patron=loan.patron_member, branch=calendar.member)
    return Charge(
        fee=fee, kind=OVERDUE, member=owed_to, amount=decision.value.total, at=at, cause=cause,
        because=decision.because, patron_member=loan.patron_member, born=loan.born,
        item=thing.item, title=thing.title, loan=loan.loan,
    )  # fmt: skip


def charge(ledger: Ledger, wanted: Charge, known: Known, books: PolicyBooks, now: datetime) -> Booked | None:
    """Books the fee and tells it; None when it was booked before, or there is nobody any more to charge."""
    if ledger.erased or wanted.fee in ledger.fees or known.holds(wanted.fee):
        return None
    fee = fee_of(wanted)
    ledger = ledger.of(member=wanted.patron_member, born=wanted.born).booked(fee)
    return judged(ledger, books, now, told=(told_of(ledger.patron, wanted),))


def lower(
    ledger: Ledger, closing: Charge, correction: str, known: Known, books: PolicyBooks, now: datetime
) -> Booked | None:
    """Lowers the fee of a loan to what an earlier return of it gives; never raises it.

    The first news of a loan's end charges even so; and where an earlier return owes nothing, a fee of
    nothing is booked, bare of loan and item, so that the later return that comes late charges nothing.
    A fee whose particulars are gone is past any change."""
    fee = ledger.fees.get(closing.fee) or known.fees.get(closing.fee)
    if ledger.erased or closing.fee in known.gone:
        return None
    if fee is not None:
        booked = _corrected(ledger, fee, closing, correction)
        return booked and judged(booked.ledger, books, now, booked.told)
    if closing.amount:
        return charge(ledger, closing, known, books, now)
    return Booked(ledger.booked(fee_of(replace(closing, item=None, loan=None, because=[]))))


def _corrected(ledger: Ledger, fee: Fee, closing: Charge, correction: str) -> Booked | None:
    """The fee with a correction of its charge, but no lower than what was waived: only money comes back."""
    excess = fee.charged - closing.amount.amount_minor
    drop = min(excess, fee.charged + fee.sum_of("waiver"))
    if drop <= 0:
        return None
    first = fee.entries[0]
    entry = Entry(
        id=correction, kind="correction", amount_minor=-drop, at=closing.at,
        cause=closing.cause, corrects=first.id,
    )  # fmt: skip
    told = FeeCorrected(
        fee=fee.id, correction=correction, corrects=first.id, patron=ledger.patron,
        amount_minor=drop, currency=fee.currency,
    )  # fmt: skip
    return Booked(ledger.booked(replace(fee.plus(entry), because=closing.because)), (told,))


def fee_of(wanted: Charge) -> Fee:
    """The fee as it stands when it has just been charged."""
    entry = Entry(
        id=wanted.fee,
        kind="charge",
        amount_minor=wanted.amount.amount_minor,
        at=wanted.at,
        cause=wanted.cause,
    )
    return Fee(
        id=wanted.fee, member=wanted.member, currency=wanted.amount.currency, kind=wanted.kind,
        charged_at=wanted.at, entries=(entry,), item=wanted.item, loan=wanted.loan, because=wanted.because,
        invoice=wanted.invoice, invoice_due=wanted.invoice_due, collect_at=wanted.collect_at,
    )  # fmt: skip


def told_of(patron: str, wanted: Charge) -> FeeCharged:
    """The news of a fee that was charged."""
    return FeeCharged(
        fee=wanted.fee, patron=patron, member=wanted.member, kind=wanted.kind,
        amount_minor=wanted.amount.amount_minor, currency=wanted.amount.currency, charged_at=wanted.at,
        item=wanted.item, title=wanted.title, because=wanted.because,
    )  # fmt: skip
