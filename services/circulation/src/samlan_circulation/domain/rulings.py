"""What the policy books say about returns; where no book speaks, a return is accepted and counts at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from samlan_contracts.policy import (
    BookSilent,
    BranchCalendar,
    Decision,
    PolicyBooks,
    UnknownMember,
    accepts_return,
    asks_who_is_registered,
    book_drop,
)
from samlan_contracts.shapes import Because, Mode, Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """Whether a scan closes a loan, as of when it counts (None: never), and why.

    `unregistered`: what it is for a loan whose borrower is not registered for staffless hours (K41)."""

    accepted: bool
    counts_at: datetime | None
    because: Because
    unregistered: Ruled | None = None


def rule_return(
    books: PolicyBooks, *, branch: BranchCalendar, thing: Thing, mode: Mode, at: datetime
) -> Ruled:
    """What a scan counts as, whatever is known of loans (K40, K41, O25, O27, O28)."""
    try:
        ruled = _ruled(books, branch, thing, mode, at, registered=True)
        if ruled.accepted and asks_who_is_registered(books, branch=branch, item_member=thing.member):
            unregistered = _ruled(books, branch, thing, mode, at, registered=False)
            return ruled if unregistered.accepted else replace(ruled, unregistered=unregistered)
        return ruled
    except (UnknownMember, BookSilent):
        return Ruled(accepted=True, counts_at=at, because=[])


def _ruled(
    books: PolicyBooks, branch: BranchCalendar, thing: Thing, mode: Mode, at: datetime, *, registered: bool
) -> Ruled:
    accepts = accepts_return(
        books, branch=branch, item_member=thing.member, at=at, registered=registered, by_staff=mode == "desk"
    )
    if not accepts.value.accepted:
        seen = at if accepts.value.closes == "as_of_seen" else None
        return Ruled(accepted=False, counts_at=seen, because=accepts.because)
    counts = _counts(books, branch, thing, mode, at)
    return Ruled(accepted=True, counts_at=counts.value, because=[*accepts.because, *counts.because])


def _counts(
    books: PolicyBooks, branch: BranchCalendar, thing: Thing, mode: Mode, at: datetime
) -> Decision[datetime]:
    if mode != "drop":
        return Decision(at)
    return book_drop(books, branch=branch, item_member=thing.member, at=at)
