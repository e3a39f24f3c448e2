"""Standing: which acts a cause stops, what lifts it, and what a temporary account may do."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.book import Book
from samlan_contracts.policy.books import PolicyBooks, rule_for
from samlan_contracts.policy.facts import Case, Parties
from samlan_contracts.policy.figures import Cause, Hours, Threshold
from samlan_contracts.policy.money import Money
from samlan_contracts.policy.rules import Block, StafflessHours, TemporaryAccount
from samlan_contracts.shapes import Act

Lapse = Literal["account_expired", "account_inactive"]

_NOTHING: frozenset[Act] = frozenset()


def acts_stopped(
    books: PolicyBooks,
    *,
    member: str,
    cause: Cause,
    on: date,
    age: int | None = None,
    balance: Money | None = None,
    creditor: str | None = None,
) -> Decision[frozenset[Act]]:
    """Which acts a cause stops for a patron of this member; none when it does not block (K28, K34, O30, O31).

    For `debt`, `balance` is what is owed to one member, the creditor, in its currency; a balance in another
    currency than the threshold's meets none.
    """
    book = books.answering("blocks", Parties(patron=member, item=creditor, branch=member))
    rule = book.subject(Block).first(Case(day=on, cause=cause))
    if rule is None:
        return Decision(_NOTHING)
    if rule.never_under is not None and age is not None and age < rule.never_under:
        why = reason(book, rule, "never_blocked", never_under=rule.never_under, age=age, balance=balance)
        return Decision(_NOTHING, [why])
    if rule.when is not None:
        return _stopped_by_debt(book, rule, rule.when, balance or Money(0, book.currency))
    why = reason(
        book, rule, f"{cause}_blocks_until", stops=rule.stops, cause=cause, age=age, lifted_by=rule.lifted_by
    )
    return Decision(rule.stops, [why])


def _stopped_by_debt(book: Book, rule: Block, limit: Threshold, balance: Money) -> Decision[frozenset[Act]]:
    blocks = limit.met_by(balance)
    sentence = "debt_blocks" if blocks else "debt_does_not_block"
    why = reason(
        book, rule, sentence, balance=balance, threshold=limit, stops=rule.stops, lifted_by=rule.lifted_by
    )
    return Decision(rule.stops if blocks else _NOTHING, [why])


def debt_threshold(books: PolicyBooks, *, member: str, on: date) -> Decision[Threshold | None]:
    """From which debt a member's patrons are stopped from anything; None where no debt stops them."""
    book = books.book(member)
    rule = book.subject(Block).first(Case(day=on, cause="debt"))
    if rule is None or rule.when is None:
        return Decision(None)
    return Decision(rule.when, [reason(book, rule, "debt_limit", threshold=rule.when)])


def lifted_by(
    books: PolicyBooks, *, member: str, cause: Cause, on: date, creditor: str | None = None
) -> Decision[frozenset[str]]:
    """What lifts a block of this cause: payment, return, or staff (K29, K34, O30)."""
    book = books.answering("blocks", Parties(patron=member, item=creditor, branch=member))
    rule = book.subject(Block).first(Case(day=on, cause=cause))
    if rule is None:
        return Decision(frozenset())
    return Decision(
        frozenset(rule.lifted_by), [reason(book, rule, "block_lifted_by", lifted_by=rule.lifted_by)]
    )


def lapsed(*, status: str, valid_until: datetime | None, at: datetime) -> Lapse | None:
    """Why an account is not in use at an instant: its days are over (V04), or it rests (K52); else None."""
    if valid_until is not None and valid_until <= at:
        return "account_expired"
    return "account_inactive" if status == "inactive" else None


def temporary_may(books: PolicyBooks, *, member: str, act: Act, on: date) -> Decision[bool]:
    """Whether a temporary account may do this: hold, but not borrow (V05, V07)."""
    book = books.book(member)
    rule = rule_for(book, TemporaryAccount, Case(day=on))
    allowed = act in rule.may
    why = reason(book, rule, "temporary_may" if allowed else "temporary_may_not", may=rule.may, act=act)
    return Decision(allowed, [why])


def temporary_expires(books: PolicyBooks, *, member: str, registered_at: datetime) -> Decision[datetime]:
    """The instant at which a temporary account ends, at the same local time of its last day (V04)."""
    book = books.book(member)
    local = registered_at.astimezone(book.zone)
    rule = rule_for(book, TemporaryAccount, Case(day=local.date()))
    last_day = rule.lasts.after(local.date())
    expires = datetime.combine(last_day, local.timetz()).astimezone(registered_at.tzinfo)
    why = reason(
        book, rule, "temporary_expires", lasts=rule.lasts, registered_at=registered_at, expires_at=expires
    )
    return Decision(expires, [why])


def staffless_hours(books: PolicyBooks, *, member: str, on: date) -> Decision[Hours | None]:
    """When registered patrons may be at a branch without staff; None where the book says nothing (K03)."""
    book = books.book(member)
    rule = book.subject(StafflessHours).first(Case(day=on))
    if rule is None:
        return Decision(None)
    return Decision(rule.hours, [reason(book, rule, "staffless_hours", hours=rule.hours)])
