"""Charging a fee: each has one id, so nothing is charged twice; a loan's late days are one fee.

::

    invoiced ─▶ the days until then, part of the invoice     returned ─▶ all days, or those since the invoice

Whatever order the news of a loan comes in, the fee ends at what the earliest known end of the loan costs: an
invoice's day counts only until an end is known, a later end changes nothing, an earlier one corrects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from samlan_contracts.event import Event
from samlan_contracts.events.billing import FeeCharged, FeeCorrected
from samlan_contracts.policy import (
    BranchCalendar,
    Money,
    PatronFacts,
    PolicyBooks,
    added_since_invoice,
    creditor,
    overdue_fee,
)
from samlan_contracts.shapes import Because, ClosedLoan, Thing

from samlan_billing.domain.ledger import Booked, Entry, Fee, Known, Ledger
from samlan_billing.domain.standing import judged, local_day

OVERDUE = "overdue"
WIDEST_OFFSET = timedelta(hours=14)  # no zone is further ahead of UTC (Kiribati)


def surely_in_time(loan: ClosedLoan) -> bool:
    """Whether a loan came back in time in any time zone there is, so that no calendar need be asked."""
    return (loan.returned_at + WIDEST_OFFSET).date() <= loan.due


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A fee to be booked: what for, how much and why, and what is known of the patron now.

    `ended_at` is the end of the loan whose late days it is for."""

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
    ended_at: datetime | None = None


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
        item=thing.item, title=thing.title, loan=loan.loan, ended_at=loan.returned_at,
    )  # fmt: skip


def charge(ledger: Ledger, wanted: Charge, known: Known, books: PolicyBooks, now: datetime) -> Booked | None:
    """Books the fee and tells it; None when it was booked before, or there is nobody any more to charge."""
    if ledger.erased or wanted.fee in ledger.fees or known.holds(wanted.fee):
        return None
    fee = fee_of(wanted)
    ledger = ledger.of(member=wanted.patron_member, born=wanted.born).booked(fee)
    return judged(ledger, books, now, told=(told_of(ledger.patron, wanted),))


def charge_late_days(
    ledger: Ledger, wanted: Charge, entry: str, known: Known, books: PolicyBooks, now: datetime
) -> Booked | None:
    """Books what the late days of a loan that ended cost, or brings what is booked of them to that.

    None where an end as early is booked already, and where there is nothing to book. A fee whose particulars
    are gone is past any change. `entry` is the id of what is booked on a fee that exists."""
    fee = ledger.fees.get(wanted.fee) or known.fees.get(wanted.fee)
    if ledger.erased or wanted.fee in known.gone:
        return None
    if fee is None:
        return charge(ledger, wanted, known, books, now) if wanted.amount else None
    if fee.ended_at is not None and wanted.ended_at is not None and fee.ended_at <= wanted.ended_at:
        return None
    booked = _brought_to(ledger, fee, wanted, entry, books)
    return judged(booked.ledger, books, now, booked.told)


def note_end(
    ledger: Ledger, wanted: Charge, entry: str, known: Known, books: PolicyBooks, now: datetime
) -> Booked | None:
    """Charges the late days until an end that is earlier than the return of which is not known yet.

    Where it owes nothing, a fee of nothing is booked, bare of loan and item, so that the later return that
    comes late charges nothing."""
    if wanted.amount or wanted.fee in ledger.fees or known.holds(wanted.fee):
        return charge_late_days(ledger, wanted, entry, known, books, now)
    if ledger.erased:
        return None
    return Booked(ledger.booked(fee_of(replace(wanted, item=None, loan=None, because=[]))))


def _brought_to(ledger: Ledger, fee: Fee, wanted: Charge, entry: str, books: PolicyBooks) -> Booked:
    """The fee at what the loan's end costs, but no lower than what was waived: only money comes back."""
    more = max(wanted.amount.amount_minor - fee.charged, -(fee.charged + fee.sum_of("waiver")))
    ended = replace(fee, ended_at=wanted.ended_at, because=wanted.because)
    if more == 0:
        return Booked(ledger.booked(ended))
    first = fee.entries[0]
    booked = Entry(
        id=entry, kind="charge" if more > 0 else "correction", amount_minor=more, at=wanted.at,
        cause=wanted.cause, corrects=None if more > 0 else first.id,
    )  # fmt: skip
    if more > 0:
        told: Event = _added(ledger.patron, fee, wanted, booked, books)
    else:
        told = FeeCorrected(
            fee=fee.id, correction=entry, corrects=first.id, patron=ledger.patron,
            amount_minor=-more, currency=fee.currency, left_minor=fee.outstanding + more,
        )  # fmt: skip
    return Booked(ledger.booked(ended.plus(booked)), (told,))


def _added(patron: str, fee: Fee, wanted: Charge, entry: Entry, books: PolicyBooks) -> FeeCharged:
    """The news of the late days since the invoice, with what it charged of them."""
    amount = Money(entry.amount_minor, fee.currency)
    since = added_since_invoice(
        books, member=fee.member, on=local_day(books, fee.member, fee.charged_at),
        charged=Money(fee.charged, fee.currency), added=amount,
    )  # fmt: skip
    told = told_of(patron, replace(wanted, amount=amount, because=[*wanted.because, *since.because]))
    return told.model_copy(update={"entry": entry.id})


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
        ended_at=wanted.ended_at,
    )  # fmt: skip


def told_of(patron: str, wanted: Charge) -> FeeCharged:
    """The news of a fee that was charged."""
    return FeeCharged(
        fee=wanted.fee, patron=patron, member=wanted.member, kind=wanted.kind,
        amount_minor=wanted.amount.amount_minor, currency=wanted.amount.currency, charged_at=wanted.at,
        item=wanted.item, title=wanted.title, because=wanted.because,
    )  # fmt: skip
