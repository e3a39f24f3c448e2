"""Fees: what a late return costs day by day, what single things cost, what follows a loan not returned."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.book import Book, Subject
from samlan_contracts.policy.books import PolicyBooks, rule_for
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.policy.facts import Case, Item, Parties, PatronFacts
from samlan_contracts.policy.figures import ChargeKind, FeeKind, Stage
from samlan_contracts.policy.money import Money
from samlan_contracts.policy.period import Period, reaches_age
from samlan_contracts.policy.rules import (
    Fee,
    Invoice,
    LateDays,
    OverdueFee,
    OverdueStage,
    Replacement,
    Retention,
    StageTime,
    Waiver,
)
from samlan_contracts.policy.says import Count, Kind
from samlan_contracts.shapes import Because

STAGES: tuple[Stage, ...] = ("reminder_1", "reminder_2", "invoiced")


class UnknownFee(LookupError):
    """The member's book has no fee of this kind."""


@dataclass(frozen=True, slots=True)
class FeePart:
    """Late days that followed each other under one tariff."""

    rule: str
    per_day: Money
    first: date
    last: date
    days: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Overdue:
    """What a late return costs, part by part."""

    total: Money
    days_late: int
    parts: tuple[FeePart, ...] = ()


@dataclass(frozen=True, slots=True)
class StageDue:
    """An overdue stage and the first day on which it falls due."""

    stage: Stage
    on: date


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """When an invoice is to be paid, when it goes to collection, and what a late return changes."""

    payable_within: Period
    collection_after: Period
    kept_on_return: frozenset[ChargeKind]
    dropped_on_return: frozenset[ChargeKind]


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long a fee's particulars are kept, and a found item's price is paid back."""

    disputes: Period
    refunds: Period


def overdue_fee(
    books: PolicyBooks,
    *,
    item: Item,
    patron: PatronFacts,
    due: date,
    returned_at: datetime,
    branch: BranchCalendar,
) -> Decision[Overdue]:
    """The overdue fee by the tariff, and the patron's age, of each late day (K19-K21, K25, O29, O38, D16).

    The day after `due` in the returning branch's zone is the first late day, the day of return the last.
    """
    book = books.answering(
        "overdue_fees", Parties(item=item.member, patron=patron.member, branch=branch.member)
    )
    nothing = Overdue(Money(0, book.currency), 0)
    days = branch.days_late(due, returned_at)
    if not days:
        return Decision(nothing)
    counted, because = _counted_days(book, branch, due, days)
    parts: list[FeePart] = []
    for rule, late_days in _tariffs(book, item, patron, counted):
        part = _part(
            book, rule, late_days, _already_charged(parts, f"{book.member}/{rule.id}", book.currency)
        )
        parts.append(part)
        because.append(_why(book, rule, part, item, patron))
    total = sum((part.amount for part in parts), Money(0, book.currency))
    return Decision(Overdue(total, len(counted), tuple(parts)), because)


def _counted_days(book: Book, branch: BranchCalendar, due: date, days: int) -> tuple[list[date], Because]:
    """The late days that count, and why not all of them do."""
    late = [due + timedelta(days=index) for index in range(1, days + 1)]
    rule = rule_for(book, LateDays, Case(day=late[-1]))
    if rule.counts == "every_day":
        return late, []
    open_days = [day for day in late if branch.is_opening_day(day)]
    return open_days, [
        reason(book, rule, "late_days_counted", due=due, days_late=Count(len(open_days), "day"))
    ]


def _tariffs(
    book: Book, item: Item, patron: PatronFacts, days: list[date]
) -> Iterator[tuple[OverdueFee, list[date]]]:
    """The late days by the tariff of each, in order; asked anew where a rule or the patron's age changes."""
    changes = _tariff_changes(book.subject(OverdueFee), patron)
    known: dict[int, OverdueFee] = {}

    def tariff_of(day: date) -> OverdueFee:
        stretch = bisect_right(changes, day)
        if stretch not in known:
            case = Case(day=day, material=item.material, audience=item.audience, born=patron.born)
            known[stretch] = rule_for(book, OverdueFee, case)
        return known[stretch]

    for _, group in groupby(((tariff_of(day), day) for day in days), key=lambda pair: id(pair[0])):
        pairs = list(group)
        yield pairs[0][0], [day for _, day in pairs]


def _tariff_changes(asked: Subject[OverdueFee], patron: PatronFacts) -> list[date]:
    born = patron.born
    ages = {rule.patron_under for rule in asked.rules if rule.patron_under is not None}
    return sorted([*asked.changes, *(reaches_age(born, age) for age in ages if born is not None)])


def _already_charged(parts: list[FeePart], rule: str, currency: str) -> Money:
    return sum((part.amount for part in parts if part.rule == rule), Money(0, currency))


def _part(book: Book, rule: OverdueFee, days: list[date], charged: Money) -> FeePart:
    amount = rule.per_day * len(days)
    if rule.at_most is not None and rule.at_most < amount + charged:
        amount = Money(max(0, rule.at_most.amount_minor - charged.amount_minor), book.currency)
    return FeePart(f"{book.member}/{rule.id}", rule.per_day, days[0], days[-1], len(days), amount)


def _why(book: Book, rule: OverdueFee, part: FeePart, item: Item, patron: PatronFacts) -> dict[str, object]:
    capped = part.amount < part.per_day * part.days
    sentence = "overdue_fee_capped" if capped else "overdue_fee" if part.amount else "no_overdue_fee"
    if part.first == part.last and not capped:
        sentence += "_for_a_day"
    return reason(
        book, rule, sentence, amount=part.amount, days_late=Count(part.days, "day"), per_day=part.per_day,
        first_day=part.first, last_day=part.last, at_most=rule.at_most, material=item.material,
        audience=item.audience, age=patron.age_on(part.last),
    )  # fmt: skip


def fee(
    books: PolicyBooks,
    *,
    member: str,
    kind: FeeKind,
    patron: PatronFacts,
    on: date,
    pages: int = 1,
    reference: bool = False,
    actual: Money | None = None,
) -> Decision[Money | None]:
    """What one thing costs at a member (K10, K22, K23, K25-K27, O23, D15); None for an actual cost not known.

    `pages` counts printed pages; `reference` says that they come from works that are not lent; `actual` is
    what it cost the library, where the book asks for that.
    """
    book = books.book(member)
    rule = book.subject(Fee).first(Case(day=on, kind=kind, born=patron.born))
    if rule is None:
        raise UnknownFee(f"{member} has no fee for {kind}")
    if rule.amount == "actual_cost":
        sentence = "fee_at_cost" if actual is None else "fee_at_known_cost"
        return Decision(actual, [reason(book, rule, sentence, kind=Kind(kind), amount=actual)])
    free = min(pages, rule.free_reference_pages) if reference else 0
    amount = rule.amount * (pages - free)
    age = patron.age_on(on)
    if not kind.startswith("print_"):
        return Decision(amount, [reason(book, rule, "fee", kind=Kind(kind), amount=amount, age=age)])
    why = reason(
        book, rule, "fee_for_pages_not_free" if free else "fee_for_pages", kind=Kind(kind), amount=amount,
        pages=Count(pages, "page"), free_pages=Count(free, "page") if free else None, each=rule.amount,
    )  # fmt: skip
    return Decision(amount, [why])


def replacement_price(books: PolicyBooks, *, item: Item, on: date) -> Decision[Money]:
    """What an item that does not come back costs: the standard price, or a higher new price (K30, K31)."""
    book = books.book(item.member)
    rule = rule_for(book, Replacement, Case(day=on, material=item.material, audience=item.audience))
    standard = rule.standard_price
    new = None if item.price_minor is None else Money(item.price_minor, book.currency)
    if rule.new_price_if_higher and new is not None and standard < new:
        amount, sentence = new, "new_price"
    else:
        amount, sentence = standard, "standard_price"
    why = reason(
        book, rule, sentence, amount=amount, standard_price=standard, new_price=new, material=item.material,
        audience=item.audience,
    )  # fmt: skip
    return Decision(amount, [why])


def overdue_stages(books: PolicyBooks, *, member: str, due: date) -> Decision[tuple[StageDue, ...]]:
    """The reminders and the invoice that follow a due date, in order, each with its first day (K22, K23)."""
    book = books.book(member)
    asked = book.subject(OverdueStage)
    rules = [rule for stage in STAGES if (rule := asked.first(Case(day=due, kind=stage)))]
    stages = tuple(StageDue(rule.stage, rule.after_due.after(due)) for rule in rules)
    because = [
        reason(book, rule, "stage_due", stage=Kind(rule.stage), after_due=rule.after_due, due=due)
        for rule in rules
    ]
    return Decision(stages, because)


def stage_time(books: PolicyBooks, *, member: str, on: date) -> time:
    """The local time at which loans come to their stages; a book that says none means as the day begins."""
    rule = books.book(member).subject(StageTime).first(Case(day=on))
    return rule.told_at if rule else time()


def creditor(books: PolicyBooks, *, item: str, patron: str, branch: str) -> str:
    """The member whose book says what follows a loan not returned, and to whom its fees are owed."""
    return books.answering("overdue_fees", Parties(item=item, patron=patron, branch=branch)).member


def invoice_terms(books: PolicyBooks, *, member: str, on: date) -> Decision[InvoiceTerms]:
    """The terms of an invoice sent on a day (K32, K33)."""
    book = books.book(member)
    rule = rule_for(book, Invoice, Case(day=on))
    terms = InvoiceTerms(
        rule.payable_within, rule.collection_after, rule.kept_on_return, rule.dropped_on_return
    )
    why = reason(
        book, rule, "invoice_terms_and_returns" if rule.dropped_on_return else "invoice_terms",
        payable_within=rule.payable_within, collection_after=rule.collection_after,
        dropped_on_return=rule.dropped_on_return, kept_on_return=rule.kept_on_return,
    )  # fmt: skip
    return Decision(terms, [why])


def added_since_invoice(
    books: PolicyBooks, *, member: str, on: date, charged: Money, added: Money
) -> Decision[Money]:
    """What the late days since an invoice of a day cost besides those that it charged (K32)."""
    book = books.book(member)
    rule = rule_for(book, Invoice, Case(day=on))
    return Decision(added, [reason(book, rule, "added_since_invoice", charged=charged, added=added)])


def retention(books: PolicyBooks, *, member: str, on: date) -> Decision[Kept]:
    """How long what belongs to a settled fee is kept, and how long a found item is refunded (K51)."""
    book = books.book(member)
    rule = rule_for(book, Retention, Case(day=on))
    why = reason(book, rule, "retention", disputes=rule.disputes, refunds=rule.refunds)
    return Decision(Kept(rule.disputes, rule.refunds), [why])


def waiver_limit(books: PolicyBooks, *, member: str, on: date) -> Decision[Money]:
    """The largest amount that the desk may waive without an operator."""
    book = books.book(member)
    rule = rule_for(book, Waiver, Case(day=on))
    return Decision(rule.desk_limit, [reason(book, rule, "waiver_limit", limit=rule.desk_limit)])
