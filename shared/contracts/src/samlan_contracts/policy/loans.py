"""Lending: when a loan falls due, whether it is renewed, who may borrow what and how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.book import Book
from samlan_contracts.policy.books import PolicyBooks, rule_for
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.policy.facts import Case, Issue, Item, Parties, PatronFacts, Service
from samlan_contracts.policy.rules import AgeLimit, DueDay, LoanLimit, LoanPeriod, QueueShortening, Renewal
from samlan_contracts.policy.says import Count
from samlan_contracts.shapes import Because


def loan_period(
    books: PolicyBooks,
    *,
    item: Item,
    patron: PatronFacts,
    branch: BranchCalendar,
    queue_length: int,
    at: datetime,
    service: Service = "branch",
) -> Decision[date]:
    """The due date of a loan made, or renewed, at an instant (K13-K18, O10-O21, D10).

    `queue_length` counts the holds of others; a queue shortens a loan and never lengthens it.
    """
    parties = _parties(item, patron, branch)
    start = branch.local_date(at)
    counted = _counted_due(books.answering("loan_periods", parties), item, start, queue_length, service)
    return _on_a_due_day(books.answering("due_days", parties), branch, start, counted)


def _counted_due(book: Book, item: Item, start: date, holds: int, service: Service) -> Decision[date]:
    case = Case(
        day=start, material=item.material, audience=item.audience, issue=_issue(item, start), service=service
    )
    normal = rule_for(book, LoanPeriod, case)
    elsewhere = None if service == "branch" else service
    due = normal.period.after(start)
    shorter = book.subject(QueueShortening).first(replace(case, holds=holds, normal=normal.period))
    if shorter is not None and (sooner := shorter.period.after(start)) < due:
        why = reason(
            book, shorter, "due_with_queue", due=sooner, period=shorter.period, from_day=start,
            holds_waiting=Count(holds, "hold"), normal_period=normal.period, material=item.material,
            service=elsewhere,
        )  # fmt: skip
        return Decision(sooner, [why])
    why = reason(
        book, normal, "due", due=due, period=normal.period, from_day=start, material=item.material,
        audience=item.audience, issued=item.issued, holds_waiting=Count(holds, "hold"), service=elsewhere,
    )  # fmt: skip
    return Decision(due, [why])


def _on_a_due_day(book: Book, branch: BranchCalendar, start: date, counted: Decision[date]) -> Decision[date]:
    rule = rule_for(book, DueDay, Case(day=start, branch=branch.branch, branch_kind=branch.kind))
    due = branch.opening_day_from(counted.value) if rule.due_on == "opening_day" else counted.value
    if due == counted.value:
        return counted
    why = reason(
        book, rule, "due_at_a_visit" if branch.kind == "mobile" else "due_on_opening_day",
        counted=counted.value, due=due, branch=branch.named,
        closed_days=Count((due - counted.value).days, "day"),
    )  # fmt: skip
    return Decision(due, [*counted.because, why])


def renewals_left(
    books: PolicyBooks,
    *,
    item: Item,
    patron: PatronFacts,
    branch: BranchCalendar,
    renewals: int,
    at: datetime,
) -> Decision[bool]:
    """Whether a loan renewed so many times may be renewed once more, by that day's rule (D21, K35, O14)."""
    book = books.answering("renewals", _parties(item, patron, branch))
    rule = _renewal_rule(book, item, branch.local_date(at))
    left = renewals < rule.max_renewals
    sentence = "renewals_left" if left else "no_renewals_left" if rule.max_renewals else "not_renewable"
    why = reason(
        book, rule, sentence, renewals=renewals, max_renewals=rule.max_renewals, material=item.material,
        day=branch.local_date(at),
    )  # fmt: skip
    return Decision(left, [why])


def renewable_with_queue(
    books: PolicyBooks,
    *,
    item: Item,
    patron: PatronFacts,
    branch: BranchCalendar,
    queue_length: int,
    at: datetime,
) -> Decision[bool]:
    """Whether a loan may be renewed while so many others wait for its title (D20, K35, O22)."""
    book = books.answering("renewals", _parties(item, patron, branch))
    rule = _renewal_rule(book, item, branch.local_date(at))
    allowed = queue_length < rule.refused_with_holds
    why = reason(
        book, rule, "queue_allows_renewal" if allowed else "others_are_waiting",
        holds_waiting=Count(queue_length, "hold"), refused_with_holds=rule.refused_with_holds,
    )  # fmt: skip
    return Decision(allowed, [why])


def old_enough(
    books: PolicyBooks, *, item: Item, patron: PatronFacts, branch: BranchCalendar, at: datetime
) -> Decision[bool]:
    """Whether a patron has reached every age that the material and this item ask for (K14-K16, O18).

    Every age limit that applies binds; a patron whose birth date nobody knows counts as grown up.
    """
    book = books.answering("age_limits", _parties(item, patron, branch))
    day = branch.local_date(at)
    age = patron.age_on(day)
    allowed: Because = []
    refused: Because = []
    for rule in book.subject(AgeLimit).every(Case(day=day, material=item.material, item_age=item.min_age)):
        min_age = item.min_age if rule.min_age == "item" else rule.min_age
        if min_age is None:
            continue
        young = age is not None and age < min_age
        why = reason(book, rule, "too_young" if young else "old_enough", min_age=min_age, age=age)
        (refused if young else allowed).append(why)
    return Decision(not refused, refused or allowed)


def may_borrow_more(
    books: PolicyBooks,
    *,
    item: Item,
    patron: PatronFacts,
    branch: BranchCalendar,
    on_loan: Mapping[str, int],
    at: datetime,
) -> Decision[bool]:
    """Whether one more item keeps every limit at a time (D12, O15-O18).

    `on_loan` counts the patron's open loans by material.
    """
    book = books.answering("loan_limits", _parties(item, patron, branch))
    allowed: Because = []
    refused: Because = []
    for rule in book.subject(LoanLimit).every(Case(day=branch.local_date(at), material=item.material)):
        have = sum(
            count
            for material, count in on_loan.items()
            if rule.materials is None or material in rule.materials
        )
        full = have >= rule.max_loans
        sentence = _how_many(full=full, of_these=rule.materials is not None)
        why = reason(
            book,
            rule,
            sentence,
            on_loan=Count(have, "loan"),
            max_loans=rule.max_loans,
            materials=rule.materials,
        )
        (refused if full else allowed).append(why)
    return Decision(not refused, refused or allowed)


def _how_many(*, full: bool, of_these: bool) -> str:
    """What is said of a limit: one on all loans, or one on those of some materials."""
    if of_these:
        return "too_many_of_these" if full else "may_borrow_more_of_these"
    return "too_many_loans" if full else "may_borrow_more"


def _renewal_rule(book: Book, item: Item, day: date) -> Renewal:
    return rule_for(book, Renewal, Case(day=day, material=item.material, audience=item.audience))


def _issue(item: Item, day: date) -> Issue:
    """An issue of an earlier calendar year, or a current one (O12)."""
    return "earlier_years" if item.issued is not None and item.issued.year < day.year else "current"


def _parties(item: Item, patron: PatronFacts, branch: BranchCalendar) -> Parties:
    return Parties(item=item.member, patron=patron.member, branch=branch.member)
