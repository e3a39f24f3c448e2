"""Handing an item in: what one scan does to the loan, the item and its place.

A physical fact is always accepted. On loan and handed in where that does not count (K40), the loan stays open
and staff are told where the item belongs; every other newest scan closes the loan, if any, and asks holds
where the item goes. A late scan changes loans and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from samlan_contracts.event import Event
from samlan_contracts.events.circulation import ItemReturned, LoanClosingMoved, LoanRemembered
from samlan_contracts.policy import BranchCalendar, PolicyBooks
from samlan_contracts.shapes import ClosedLoan

from samlan_circulation.domain.fold import Again, Closing, Placed, TooOld, after_all, place
from samlan_circulation.domain.model import Asked, BranchId, Item, Kept, Loan, Scan
from samlan_circulation.domain.outcomes import (
    SUPERSEDED,
    Answer,
    Decided,
    ExceptionReason,
    Outcome,
    exception_answer,
)
from samlan_circulation.domain.routing import answer_now
from samlan_circulation.domain.rulings import Ruled, rule_return


def hand_in(
    item: Item, scan: Scan, *, branch: BranchCalendar, books: PolicyBooks, sequence: int
) -> Decided[Outcome]:
    """Decides what a scan does; `sequence` is the item's, before this is told."""
    ruled = rule_return(books, branch=branch, thing=item.thing, mode=scan.mode, at=scan.place.at)
    at = after_all(item, scan.place) if scan.live else scan.place
    kept = Kept(
        place=at, kind="returned" if ruled.accepted else "seen",
        branch=scan.branch, counts_at=ruled.counts_at, only=_only(ruled),
    )  # fmt: skip
    match place(item, kept):
        case TooOld():
            return Decided(exception(item, "too_old_to_place"))
        case Again(met):
            return Decided(_again(item, scan, met, ruled))
        case Placed() as placed:
            after = replace(item, kept=placed.kept, loan=loan_after(item.loan, placed))
            return _placed(item, after, scan, ruled, placed, sequence)


def _only(ruled: Ruled) -> Literal["counts", "seen"] | None:
    """What the scan is for a loan of somebody not registered for staffless hours, where that matters."""
    if ruled.unregistered is None:
        return None
    return "seen" if ruled.unregistered.counts_at is None else "counts"


def _placed(
    item: Item, after: Item, scan: Scan, ruled: Ruled, placed: Placed, sequence: int
) -> Decided[Outcome]:
    if not ruled.accepted and after.loan is not None:
        return Decided(_not_accepted(item, ruled), after)
    if ruled.unregistered and placed.is_sight:
        return Decided(_not_accepted(item, ruled.unregistered), after)
    if not placed.is_newest:
        return _late(item, after, scan, ruled, placed)
    if item.removed or item.state == "withdrawn":
        told = tuple(_told(item, scan, ruled, placed, route=False))
        return Decided(exception(item, "withdrawn"), after.resting("withdrawn", scan.branch), told)
    asked = Asked(
        fact=scan.fact, row=scan.row, sequence=sequence + 1, branch=scan.branch, taken_at=scan.taken_at,
        replies=scan.replies, correlation=scan.correlation,
    )  # fmt: skip
    after = replace(after, state="returned", branch=scan.branch, goes_to=None, asked=asked)
    told = tuple(_told(item, scan, ruled, placed, route=True))
    closed = item.loan.id if item.loan and after.loan is None else None
    because = ruled.because if ruled.accepted else []  # where no loan stays open there is nothing to explain
    outcome = Outcome(did="returned", sequence=asked.sequence, loan=closed, because=because)
    return Decided(outcome, after, told)


def _late(item: Item, after: Item, scan: Scan, ruled: Ruled, placed: Placed) -> Decided[Outcome]:
    """A late scan says nothing of where the item is: only loans change, and nothing is routed."""
    if item.state == "on_loan" and after.loan is None:
        after = _on_its_way_home(after)
    told = tuple(_told(item, scan, ruled, placed, route=False))
    return Decided(Outcome(did="placed", answer=superseded(after), because=ruled.because), after, told)


def _on_its_way_home(item: Item) -> Item:
    """What was seen where returns do not count, and turns out to be nobody's loan, travels home."""
    home = BranchId(item.thing.home)
    return replace(item.resting("in_transit", item.kept[-1].branch), goes_to=home)


def loan_after(loan: Loan | None, placed: Placed) -> Loan | None:
    """The open loan once a fact is placed: gone when it was closed, else with when it was last seen."""
    if loan is None or loan.id != placed.open_loan:
        return None
    return loan if loan.seen_at == placed.seen_at else replace(loan, seen_at=placed.seen_at)


def _told(item: Item, scan: Scan, ruled: Ruled, placed: Placed, *, route: bool) -> Iterator[Event]:
    """The scan with the loan it closed first, then what became known of older loans."""
    ended = next((one for one in placed.closings if not one.moved), None)
    loan = closed_loan(item.loan, ended)
    if route or loan:
        yield ItemReturned(
            fact=scan.fact, thing=item.thing, branch=scan.branch, mode=scan.mode,
            returned_at=ruled.counts_at or scan.place.at, was=item.state, loan=loan, route=route,
        )  # fmt: skip
    yield from remembered(item, item.loan, ended)
    yield from moved_closings(item, scan.fact, placed.closings)


def closed_loan(loan: Loan | None, ended: Closing | None) -> ClosedLoan | None:
    """The loan that a closing ended, as it is told; None when it ended no loan that is open."""
    return loan.closed(ended.at) if loan and ended and ended.opened_by.loan == loan.id else None


def remembered(item: Item, loan: Loan | None, ended: Closing | None) -> Iterator[LoanRemembered]:
    """The loan for the history of a patron who wants one (V18, K11)."""
    if loan and loan.remembered and ended and ended.opened_by.loan == loan.id:
        yield LoanRemembered(
            loan=loan.id, patron=loan.patron, item=item.thing.item, title=item.thing.title,
            borrowed_at=loan.borrowed_at, returned_at=ended.at,
        )  # fmt: skip


def moved_closings(item: Item, fact: str, closings: tuple[Closing, ...]) -> Iterator[LoanClosingMoved]:
    """Each ended loan that turns out to have ended earlier; its patron is not known here any more."""
    for one in closings:
        opened = one.opened_by
        if one.moved and opened.loan and opened.due:
            loan = ClosedLoan(
                loan=opened.loan, patron="", patron_member="", branch=opened.branch,
                borrowed_at=opened.place.at, due=opened.due, renewals=opened.renewals, returned_at=one.at,
            )  # fmt: skip
            yield LoanClosingMoved(fact=fact, thing=item.thing, loan=loan)


def superseded(item: Item) -> Answer:
    """The answer to a late fact: where the item is supposed to be by what is known since."""
    return exception_answer(SUPERSEDED, item.goes_to or item.branch)


def exception(item: Item, reason: ExceptionReason) -> Outcome:
    """A named exception of an item, with its home."""
    home = item.thing.home
    return Outcome(did="nothing", exception=reason, answer=exception_answer(reason, home), belongs=home)


def _not_accepted(item: Item, ruled: Ruled) -> Outcome:
    return replace(exception(item, "not_accepted_here"), did="seen", because=ruled.because)


def _again(item: Item, scan: Scan, met: Kept, ruled: Ruled) -> Outcome:
    """What came of a fact whose row a crash left open after the item had taken it."""
    if item.asked and item.asked.fact == scan.fact:
        closed = next((one.loan for one in item.kept if one.loan and one.closed_at == met.counts_at), None)
        return Outcome(
            did="returned", sequence=item.asked.sequence, loan=closed, answer=answer_now(item),
            because=ruled.because,
        )  # fmt: skip
    if met.kind == "seen" and item.loan is not None:
        return _not_accepted(item, ruled)
    if ruled.unregistered and item.loan is not None and item.loan.seen_at == met.place.at:
        return _not_accepted(item, ruled.unregistered)
    if item.state == "withdrawn":
        return exception(item, "withdrawn")
    return Outcome(did="placed", answer=superseded(item), because=ruled.because)
