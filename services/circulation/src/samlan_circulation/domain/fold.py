"""Placing a fact among an item's last facts, and what that changes about its loans.

Loans follow from facts alone. Each borrowing opens a loan, and the earliest of what follows it closes it:
a return that counts, or the next borrowing, which shows that a return was missed. Since that is a minimum
over a set, no order of arrival changes it, and a late fact can only move a closing back: fees only fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from samlan_circulation.domain.model import KEPT_FACTS, Item, Kept, LoanId, Place


@dataclass(frozen=True, slots=True)
class TooOld:
    """The fact is older than all that the item remembers."""


@dataclass(frozen=True, slots=True)
class Again:
    """The item remembers this very fact."""

    kept: Kept


@dataclass(frozen=True, slots=True)
class Closing:
    """A loan that the new fact closed, or closed earlier than was known (`moved`)."""

    opened_by: Kept
    at: datetime
    moved: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The facts with the new one among them.

    `open_loan` is the loan that is open now; `is_newest` says that the new fact tells where the item is, and
    `is_sight` that it is a return that does not close the open loan though it came after it."""

    kept: tuple[Kept, ...]
    closings: tuple[Closing, ...]
    open_loan: LoanId | None
    seen_at: datetime | None
    is_newest: bool
    is_sight: bool = False


def place(item: Item, fact: Kept) -> Placed | TooOld | Again:
    """Places a fact by its time among the last facts of an item and folds them anew."""
    if met := item.remembers(fact.place.fact):
        return Again(met)
    fact = replace(fact, place=_in_turn(item.kept, fact.place))
    if len(item.kept) >= KEPT_FACTS and fact.place < item.kept[0].place:
        return TooOld()
    kept = tuple(sorted((*item.kept, fact), key=lambda one: one.place))
    closings = tuple(_closings(kept))
    closed = {one.opened_by.place: one.at for one in closings}
    told = tuple(replace(one, closed_at=closed.get(one.place, one.closed_at)) for one in kept)
    last = next((one for one in reversed(told) if one.kind == "borrowed"), None)
    still_open = last if last is not None and last.closed_at is None else None
    return Placed(
        kept=_last_ones(told, still_open),
        closings=closings,
        open_loan=still_open.loan if still_open else None,
        seen_at=_seen_since(still_open, told),
        is_newest=told[-1].place == fact.place,
        is_sight=still_open is not None and _is_sight(fact, still_open),
    )


def after_all(item: Item, at: Place) -> Place:
    """The place of a command that a desk gives now: after everything that is known, whatever clocks say."""
    newest = item.newest
    if newest is None or newest.at < at.at:
        return at._replace(turn=1)
    return at._replace(at=newest.at, turn=(newest.turn + 1) | 1)


def _in_turn(kept: tuple[Kept, ...], at: Place) -> Place:
    """A device's fact of the very instant of a command known already stands after it."""
    turns = [one.place.turn for one in kept if one.place.at == at.at]
    last = max(turns, default=0)
    return at if at.turn else at._replace(turn=last + last % 2)


def renewed(kept: tuple[Kept, ...], loan: LoanId, **dates: object) -> tuple[Kept, ...]:
    """The facts with the new dates of a loan at the one that opened it."""
    return tuple(replace(one, **dates) if one.loan == loan else one for one in kept)  # type: ignore[arg-type]


def _closings(kept: tuple[Kept, ...]) -> Iterator[Closing]:
    for opened, since, following in _lendings(kept):
        at = _closing_of(opened, since, following)
        if at is not None and (opened.closed_at is None or at < opened.closed_at):
            yield Closing(opened, at, moved=opened.closed_at is not None)


def _lendings(kept: tuple[Kept, ...]) -> Iterator[tuple[Kept, tuple[Kept, ...], Kept | None]]:
    """Each borrowing, what followed it before the next borrowing, and that next borrowing."""
    starts = [n for n, one in enumerate(kept) if one.kind == "borrowed"]
    for start, end in pairwise([*starts, len(kept)]):
        yield kept[start], kept[start + 1 : end], kept[end] if end < len(kept) else None


def _closing_of(opened: Kept, since: tuple[Kept, ...], following: Kept | None) -> datetime | None:
    ends = [one.counts_at for one in since if one.ends(opened) and one.counts_at]
    if following is not None:
        ends.append(following.place.at)
    if not ends:
        return None
    seen = [one.seen_at(opened) for one in since if not one.ends(opened)]
    return min(ends + [at for at in seen if at is not None])


def _seen_since(opened: Kept | None, kept: tuple[Kept, ...]) -> datetime | None:
    if opened is None:
        return None
    return max((one.place.at for one in kept if _is_sight(one, opened)), default=None)


def _is_sight(fact: Kept, opened: Kept) -> bool:
    """Whether an item on this loan was seen where, or when, that closes it not."""
    return fact.kind in ("seen", "returned") and fact.place > opened.place and not fact.ends(opened)


def _last_ones(kept: tuple[Kept, ...], still_open: Kept | None) -> tuple[Kept, ...]:
    """The newest facts; the one that opened the open loan is never forgotten."""
    if len(kept) <= KEPT_FACTS:
        return kept
    last = kept[-KEPT_FACTS:]
    if still_open is None or still_open in last:
        return last
    return (still_open, *kept[-KEPT_FACTS + 1 :])
