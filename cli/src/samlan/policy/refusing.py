"""Why an act is refused in a case: every reason, by the same functions that decide in the services."""

from __future__ import annotations

from samlan_contracts.policy import (
    Decision,
    PolicyBooks,
    Stop,
    acts_stopped,
    hold_channels,
    may_borrow_more,
    old_enough,
    plainly,
    renewable_with_queue,
    renewals_left,
    temporary_may,
)
from samlan_contracts.shapes import Act, Because

from samlan.policy.cases import Case
from samlan.policy.words import name, text

Refusal = tuple[str, Because]


def refusals_to_borrow(case: Case, books: PolicyBooks) -> list[Refusal]:
    """Every reason why the item is not lent, in the order in which circulation asks."""
    asked = case.asked
    found: list[Refusal] = []
    if not case.loanable:
        found.append(("not_for_loan", plainly("not_for_loan")))
    if case.loan is not None:
        found.append(("already_on_loan", plainly("already_on_loan")))
    if case.kept_for_another:
        found.append(("reserved", plainly("reserved")))
    found += _account(case, books, "borrow") + _blocks(case, books, "borrow")
    found += _unless(old_enough(books, **asked), "age_limit")
    more = may_borrow_more(books, on_loan=case.on_loan, **asked)
    return found + _unless(more, "too_many_loans")


def refusals_to_renew(case: Case, books: PolicyBooks) -> list[Refusal]:
    """Every reason why the loan is not renewed, in the order in which circulation asks."""
    if case.loan is None:
        return [("not_on_loan", [])]
    asked = case.asked
    waiting = renewable_with_queue(books, queue_length=case.holds_waiting, **asked)
    left = renewals_left(books, renewals=case.loan.renewals, **asked)
    found: list[Refusal] = [] if case.loan.own else [("not_your_loan", plainly("not_your_loan"))]
    return [
        *found, *_unless(waiting, "others_are_waiting"), *_unless(left, "no_renewals_left"),
        *_account(case, books, "renew"), *_blocks(case, books, "renew"),
    ]  # fmt: skip


def refusals_to_hold(case: Case, books: PolicyBooks) -> list[Refusal]:
    """Every reason why the title is not held for this patron."""
    found = _account(case, books, "hold") + _blocks(case, books, "hold")
    offered = hold_channels(books, member=case.patron.member, on=case.day)
    if case.hold_channel is not None and case.hold_channel not in offered.value:
        found.append(("channel_not_offered", offered.because))
    if case.has_title:
        found.append(("has_it_on_loan", plainly("has_it_on_loan")))
    if case.holds_title:
        found.append(("already_held", plainly("already_held")))
    return found


def _account(case: Case, books: PolicyBooks, act: Act) -> list[Refusal]:
    """What the account itself stops: its days are over, it rests, or it is temporary."""
    found: list[Refusal] = [(case.lapse, plainly(case.lapse))] if case.lapse else []
    if not case.patron.temporary:
        return found
    may = temporary_may(books, member=case.patron.member, act=act, on=case.day)
    return found + _unless(may, "temporary_account")


def _blocks(case: Case, books: PolicyBooks, act: Act) -> list[Refusal]:
    """Each cause that stops the act: recorded ones as they stand, debts by the books of the day."""
    found: list[Refusal] = [("blocked", one.because or _plain(one)) for one in case.stops if act in one.acts]
    found += [("blocked", one.because) for one in debts_that_stop(case, books) if act in one.value]
    return found


def _plain(stop: Stop) -> Because:
    return [{"cause": stop.cause, "says": text("blocked", cause=name(stop.cause))}]


def debts_that_stop(case: Case, books: PolicyBooks) -> list[Decision[frozenset[str]]]:
    """What each debt stops by the book of the patron's member, member by member (K28, O30, O31)."""
    age = case.patron.age_on(case.day)
    return [
        acts_stopped(
            books, member=case.patron.member, creditor=debt.member, cause="debt", balance=debt.balance,
            age=age, on=case.day,
        )
        for debt in case.debts
    ]  # fmt: skip


def _unless(decided: Decision[bool], reason: str) -> list[Refusal]:
    return [] if decided.value else [(reason, decided.because)]
