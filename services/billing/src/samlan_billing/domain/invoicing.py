"""What follows a loan that is not returned: reminder fees, the invoice, what a late return takes off it.

::

    reminder_1 ─▶ reminder fee     reminder_2 ─▶ reminder fee
    invoiced ─▶ invoice fee + late days + replacement, one invoice ── unpaid for so long ─▶ collection
    returned before a stage: what it cost falls     after the invoice: the book says what stays (K32)

Each of these fees has one id, of its loan, kind and due date; and what they end at follows from the stages
and the earliest known end of the loan alone, in whatever order the news of them came. The late days are one
fee of the loan: once its end is known, that alone says what they cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from samlan_contracts.event import Event
from samlan_contracts.events.billing import (
    FeeCorrected,
    InvoicedFee,
    InvoiceIssued,
    InvoiceSentToCollection,
)
from samlan_contracts.events.circulation import LoanStageReached
from samlan_contracts.forms import member_of
from samlan_contracts.policy import (
    BookSilent,
    BranchCalendar,
    FeeKind,
    InvoiceTerms,
    Money,
    PatronFacts,
    PolicyBooks,
    UnknownFee,
    UnknownMember,
    creditor,
    fee,
    invoice_terms,
    overdue_fee,
    overdue_stages,
    replacement_price,
    retention,
    stage_time,
)
from samlan_contracts.policy.rules import Invoice
from samlan_contracts.shapes import Because, ClosedLoan, LoanStage, Thing

from samlan_billing.domain.charging import OVERDUE, WIDEST_OFFSET, Charge, fee_of, told_of
from samlan_billing.domain.ledger import REPLACEMENT, Account, Booked, Entry, Fee, Known, Ledger
from samlan_billing.domain.standing import judged, local_day

REMINDER: Final = "reminder"
INVOICE: Final = "invoice"
# What a stage costs by the book's own words, each with the kind of the fee it makes.
FEES_OF: Final[Mapping[LoanStage, tuple[FeeKind, str]]] = {
    "due_soon": ("due_reminder", REMINDER),
    "reminder_1": ("reminder_1", REMINDER),
    "reminder_2": ("reminder_2", REMINDER),
    "invoiced": ("invoice", INVOICE),
}


def stage_charges(
    event: LoanStageReached,
    books: PolicyBooks,
    calendar: BranchCalendar | None,
    *,
    ids: Mapping[str, str],
    invoice: str,
    at: datetime,
    cause: str,
) -> tuple[Charge, ...]:
    """What a stage costs by the rules of its day (K22, K23, K25, K30, K31, O38), often nothing.

    `ids` are the fees' ids by stage, `overdue` and `replacement`; the calendar of the lending branch is asked
    for an invoice only. Amounts of nothing are left out."""
    branch = member_of(event.branch)
    member = creditor(books, item=event.thing.member, patron=event.patron_member, branch=branch)
    base = _Base(event, books, at, cause)
    found = [base.fee(member, ids[event.stage])]
    if event.stage == "invoiced" and calendar is not None:
        parts = (*found, base.late_days(member, ids[OVERDUE], calendar), base.replacement(ids[REPLACEMENT]))
        found = [base.invoiced(one, invoice) for one in parts if one is not None]
    return tuple(one for one in found if one is not None and one.amount)


@dataclass(frozen=True, slots=True)
class _Base:
    """All that the charges of one stage have in common."""

    event: LoanStageReached
    books: PolicyBooks
    at: datetime
    cause: str

    def fee(self, member: str, id_: str) -> Charge | None:
        """The fee of the stage, where the book has one with an amount of its own."""
        asked, kind = FEES_OF[self.event.stage]
        person = PatronFacts(member=self.event.patron_member, born=self.event.born)
        try:
            found = fee(self.books, member=member, kind=asked, patron=person, on=self.event.reached_on)
        except (UnknownFee, UnknownMember):
            return None
        return None if found.value is None else self._charge(id_, kind, member, found.value, found.because)

    def late_days(self, member: str, id_: str, calendar: BranchCalendar) -> Charge | None:
        """The late days until the invoice, by the tariff of each (K19-K21, K25)."""
        person = PatronFacts(member=self.event.patron_member, born=self.event.born)
        try:
            found = overdue_fee(
                self.books, item=self.event.thing, patron=person, due=self.event.due, returned_at=self.at,
                branch=calendar,
            )  # fmt: skip
        except (BookSilent, UnknownMember):
            return None
        return self._charge(id_, OVERDUE, member, found.value.total, found.because)

    def replacement(self, id_: str) -> Charge | None:
        """The price of the item by its owner's book (K30, K31)."""
        thing = self.event.thing
        try:
            found = replacement_price(self.books, item=thing, on=self.event.reached_on)
        except (BookSilent, UnknownMember):
            return None
        return self._charge(id_, REPLACEMENT, thing.member, found.value, found.because)

    def invoiced(self, charge: Charge, invoice: str) -> Charge:
        """A charge as a part of the invoice: when it is to be paid, and when it goes to collection (K33)."""
        terms = invoice_terms(self.books, member=charge.member, on=self.event.reached_on)
        due = terms.value.payable_within.after(self.event.reached_on)
        return replace(
            charge, invoice=invoice, invoice_due=due, because=[*charge.because, *terms.because],
            collect_at=collection_at(self.books, charge.member, due, on=self.event.reached_on),
        )  # fmt: skip

    def _charge(self, id_: str, kind: str, member: str, amount: Money, because: Because) -> Charge:
        event = self.event
        return Charge(
            fee=id_, kind=kind, member=member, amount=amount, at=self.at, cause=self.cause, because=because,
            patron_member=event.patron_member, born=event.born, item=event.thing.item,
            title=event.thing.title, loan=event.loan,
        )  # fmt: skip


def collection_at(books: PolicyBooks, member: str, invoice_due: date, *, on: date) -> datetime:
    """The instant at which an invoice of a day goes to collection unless it is paid (K33)."""
    day = invoice_terms(books, member=member, on=on).value.collection_after.after(invoice_due)
    moment = stage_time(books, member=member, on=day)
    return datetime.combine(day, moment, books.book(member).zone).astimezone(UTC)


def stage_may_be_known(loan: ClosedLoan, thing: Thing, books: PolicyBooks, recorded_at: datetime) -> bool:
    """Whether a loan whose end was recorded then may have come to a stage first that costs something.

    Only then is its end remembered, so that a return in time writes nothing."""
    branch = member_of(loan.branch)
    try:
        member = creditor(books, item=thing.member, patron=loan.patron_member or branch, branch=branch)
        days = [stage.on for stage in overdue_stages(books, member=member, due=loan.due).value]
    except (BookSilent, UnknownMember):
        return False
    return bool(days) and min(days) <= (recorded_at + WIDEST_OFFSET).date()


def charge_stage(
    ledger: Ledger, charges: Iterable[Charge], known: Known, books: PolicyBooks, now: datetime, loan_due: date
) -> Booked | None:
    """Books what a stage costs and tells it: a reminder as a fee, an invoice as one thing with its parts."""
    new = [one for one in charges if one.fee not in ledger.fees and not known.holds(one.fee)]
    if ledger.erased or not new:
        return None
    fees = [fee_of(one) for one in new]
    after = ledger.of(member=new[0].patron_member, born=new[0].born).booked(*fees).invoicing(*fees)
    return judged(after, books, now, told=tuple(_told(ledger.patron, new, loan_due, books)))


def _told(patron: str, charges: list[Charge], loan_due: date, books: PolicyBooks) -> Iterator[Event]:
    yield from (told_of(patron, one) for one in charges if one.invoice is None)
    invoiced = [one for one in charges if one.invoice is not None]
    for account in dict.fromkeys(Account(one.member, one.amount.currency) for one in invoiced):
        parts = [one for one in invoiced if Account(one.member, one.amount.currency) == account]
        yield _issued(patron, parts, loan_due, books)


def _issued(patron: str, parts: list[Charge], loan_due: date, books: PolicyBooks) -> InvoiceIssued:
    first = parts[0]
    return InvoiceIssued(
        invoice=first.invoice or "", patron=patron, member=first.member, loan=first.loan or "",
        item=first.item or "", title=first.title or "", loan_due=loan_due,
        fees=tuple(
            InvoicedFee(fee=one.fee, kind=one.kind, amount_minor=one.amount.amount_minor) for one in parts
        ),
        amount_minor=sum(one.amount.amount_minor for one in parts), currency=first.amount.currency,
        issued_on=local_day(books, first.member, first.at), due=first.invoice_due or loan_due,
        because=[why for one in parts for why in one.because],
    )  # fmt: skip


# -- the loan's end ------------------------------------------------------------------------------------------


def of_loan(fees: Iterable[Fee], loan: str) -> list[Fee]:
    """What a loan cost: its stages, and its late days once it came back."""
    return [one for one in fees if one.loan == loan]


def overdue_may_fall(books: PolicyBooks, member: str) -> bool:
    """Whether any invoice of a member takes the late days off a loan that comes back after it."""
    return any(OVERDUE in rule.dropped_on_return for rule in books.book(member).subject(Invoice).rules)


def overdue_falls(fees: Iterable[Fee], ended: datetime, books: PolicyBooks) -> bool:
    """Whether an invoice that came before the loan's end takes its late days away, as its book says (K32)."""
    invoiced = [one for one in fees if one.invoice and one.charged_at <= ended]
    return any(OVERDUE in _terms(one, books).dropped_on_return for one in invoiced)


def _terms(one: Fee, books: PolicyBooks) -> InvoiceTerms:
    return invoice_terms(books, member=one.member, on=local_day(books, one.member, one.charged_at)).value


def wanted_after(charges: Iterable[Charge], ended: datetime, books: PolicyBooks) -> tuple[Charge, ...]:
    """Of a stage's charges those that stay though the loan's end is known: late days are not among them."""
    return tuple(
        one
        for one in charges
        if one.kind != OVERDUE
        and one.at <= ended
        and not _dropped(fee_of(one), ended, one.invoice is not None, books)
    )


def end_of_loan(
    ledger: Ledger, loan: str, fees: Iterable[str], ended: datetime, known: Known,
    books: PolicyBooks, now: datetime,
    *, cause: str, at: datetime, corrections: Mapping[str, str], returning: bool,
) -> Booked | None:  # fmt: skip
    """Lowers what the stages of a loan cost to what its end leaves of them; never raises it (K32).

    The item is back, which may lift a block (K34). What was paid comes back as a credit. Late days that an
    invoice charged are left to the news of the return (`returning`), and fall where that has passed.
    `corrections` are the ids of the entries, by fee."""
    found = [one for key in fees if (one := ledger.fees.get(key) or known.fees.get(key)) is not None]
    invoiced, overdue = any(one.invoice for one in found), overdue_falls(found, ended, books)
    told: list[Event] = []
    if ledger.erased:
        return None
    was_out, ledger = loan in ledger.out, ledger.back(loan)
    for one in found:
        drop = one.charged + one.sum_of("waiver")
        if one.kind != OVERDUE:
            falls = _dropped(one, ended, invoiced or one.kind == REPLACEMENT, books)
        else:
            falls = overdue if one.ended_at or returning else True
        if drop <= 0 or not falls:
            continue
        entry = Entry(
            id=corrections[one.id], kind="correction", amount_minor=-drop, at=at, cause=cause,
            corrects=one.entries[0].id,
        )  # fmt: skip
        lowered = one.plus(entry)
        ledger = ledger.booked(lowered)
        told.append(
            FeeCorrected(
                fee=one.id, correction=entry.id, corrects=one.entries[0].id, patron=ledger.patron,
                amount_minor=drop, currency=one.currency, left_minor=lowered.outstanding,
            )
        )  # fmt: skip
    return judged(ledger, books, now, told=tuple(told)) if told or was_out else None


def _dropped(one: Fee, ended: datetime, invoiced: bool, books: PolicyBooks) -> bool:
    """Whether a loan's end takes a stage's fee away: it came first, or the book says so of invoices (K32)."""
    if ended < one.charged_at:
        return True
    if not invoiced:
        return False
    return one.kind in _terms(one, books).dropped_on_return and _may_be_credited(one, ended, books)


def _may_be_credited(one: Fee, ended: datetime, books: PolicyBooks) -> bool:
    """What was paid is paid back only so long after its payment; what was not paid simply falls."""
    paid = [
        entry.at for entry in one.entries if entry.kind in ("payment", "credit") and entry.amount_minor < 0
    ]
    if not paid or one.outstanding > 0:
        return True
    day = local_day(books, one.member, max(paid))
    kept = retention(books, member=one.member, on=day).value
    return local_day(books, one.member, ended) <= kept.refunds.after(day)


# -- collection ----------------------------------------------------------------------------------------------


def due_for_collection(ledger: Ledger, now: datetime) -> list[Fee]:
    """The unpaid fees whose invoices go to collection by now, the earliest first."""
    due = [one for one in ledger.to_collect if (one.collect_at or now) <= now]
    return sorted(due, key=lambda one: (one.collect_at or now, one.invoice or ""))


def collect(ledger: Ledger, invoice: str, books: PolicyBooks, now: datetime) -> Booked | None:
    """Sends an invoice to collection, once, and tells it; None when it was sent or paid (K33)."""
    sent = [one for one in due_for_collection(ledger, now) if one.invoice == invoice]
    if not sent:
        return None
    first, at = sent[0], sent[0].collect_at or now
    terms = invoice_terms(books, member=first.member, on=local_day(books, first.member, first.charged_at))
    told = InvoiceSentToCollection(
        invoice=invoice, patron=ledger.patron, member=first.member,
        outstanding_minor=sum(one.outstanding for one in sent), currency=first.currency,
        due=first.invoice_due or at.date(), sent_on=local_day(books, first.member, at),
        because=terms.because,
    )  # fmt: skip
    return Booked(ledger.booked(*(replace(one, collected_at=at) for one in sent)), (told,))
