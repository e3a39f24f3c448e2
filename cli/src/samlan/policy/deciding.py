"""What the books decide in one case, act by act; the same functions decide in the services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from samlan_contracts.policy import (
    BookSilent,
    Decision,
    PolicyBooks,
    accepts_return,
    book_drop,
    hold_channels,
    may_serve,
    old_enough,
    renewals_left,
    shelf_deadline,
)
from samlan_contracts.shapes import Because

from samlan.policy.cases import Act, Case, Explained, Sentence
from samlan.policy.following import afterwards, by_rules, due_date, fee_if_returned, notice, single_fee
from samlan.policy.refusing import Refusal, refusals_to_borrow, refusals_to_hold, refusals_to_renew
from samlan.policy.words import after, joined, sentences, text


def explain(case: Case, books: PolicyBooks, acts: Iterable[Act]) -> list[Explained]:
    """Every decision about these acts, each with its sentence and its reasons."""
    return [decision for act in acts for decision in _ACTS[act](case, books)]


def _borrow(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    old = old_enough(books, **case.asked)
    yield _allowed("borrow", refusals_to_borrow(case, books), old.because)
    due = due_date(case, books)
    yield by_rules("borrow", "due_date", due.value.isoformat(), due.because)
    yield from afterwards("borrow", case, books, due.value)


def _renew(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    refusals = refusals_to_renew(case, books)
    loan = case.loan
    left = renewals_left(books, renewals=loan.renewals, **case.asked) if loan else None
    yield _allowed("renew", refusals, left.because if left else [])
    if loan is None or not loan.own:
        return
    due = due_date(case, books)
    if due.value < loan.due:  # a date that stays keeps the reason for which it is that date
        due = Decision(loan.due, loan.because)
    yield Explained(
        act="renew", decision="due_date", value=due.value.isoformat(),
        says=joined(sentences(due.because)) if due.because else text("due_stays", due=due.value.isoformat()),
        because=due.because,
    )  # fmt: skip
    if not refusals:
        yield from afterwards("renew", case, books, due.value)


def _return(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    case = replace(case, at=case.returned_at or case.at)
    accepts = accepts_return(
        books, branch=case.branch, item_member=case.item.member, at=case.at, registered=case.registered
    )
    value = {"accepted": accepts.value.accepted, "loan_closes": accepts.value.closes}
    yield by_rules("return", "accepted", value, accepts.because)
    counts = Decision(case.at)
    if case.dropped:
        counts = book_drop(books, branch=case.branch, item_member=case.item.member, at=case.at)
    yield Explained(
        act="return", decision="counts_as_returned", value=counts.value.isoformat(),
        says=joined(sentences(counts.because)) if counts.because else text("counts_at_once"),
        because=counts.because,
    )  # fmt: skip
    if case.loan is None or not (case.loan.own and accepts.value.accepted):
        return
    charged = fee_if_returned(case, books, case.loan.due, counts.value)
    yield charged
    if charged.value["amount"]:
        yield notice("return", case, books, "fee_charged", case.item.member)
    yield notice("return", case, books, "receipt", case.patron.member)


def _hold(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    offered = hold_channels(books, member=case.patron.member, on=case.day)
    yield _allowed("hold", refusals_to_hold(case, books), offered.because)
    serves = may_serve(books, item=case.item, patron=case.patron, pickup=case.branch, at=case.at)
    yield by_rules("hold", "item_may_serve", serves.value, serves.because)
    yield from single_fee("hold", case, books, "hold", case.patron.member)
    shelf = shelf_deadline(books, pickup=case.branch, patron_member=case.patron.member, ready_at=case.at)
    yield by_rules("hold", "pickup_shelf", shelf.value.isoformat(), shelf.because)
    yield notice("hold", case, books, "hold_ready", case.branch.member)


_ACTS: Final[dict[Act, Callable[[Case, PolicyBooks], Iterator[Explained]]]] = {
    "borrow": _borrow, "renew": _renew, "return": _return, "hold": _hold,
}  # fmt: skip


def _allowed(act: Act, refusals: list[Refusal], because: Because) -> Explained:
    told = [_sentence(reason, why) for reason, why in refusals]
    says = after(f"{act}_no", told) if refusals else joined([text(f"{act}_yes"), *sentences(because)])
    reasons = list(dict.fromkeys(reason for reason, _ in refusals))
    stated = [why for _, found in refusals for why in found if "rule" in why]
    return Explained(
        act=act, decision="allowed", value={"allowed": not refusals, "reasons": reasons}, says=says,
        because=stated if refusals else because,
    )  # fmt: skip


def _sentence(reason: str, because: Because) -> Sentence:
    said = sentences(because)
    return joined(said) if said else text(reason)


def silent(act: Act) -> Explained:
    """A book that has no rule for the case."""
    return Explained(act=act, decision="no_rule", value=None, says=text("no_rule"))


def explain_what_can_be(case: Case, books: PolicyBooks, acts: Iterable[Act]) -> list[Explained]:
    """As `explain`, and an act about which a book is silent says so."""
    found: list[Explained] = []
    for act in acts:
        try:
            found += explain(case, books, (act,))
        except BookSilent:
            found.append(silent(act))
    return found
