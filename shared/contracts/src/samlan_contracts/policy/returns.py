"""Returns: where an item may be handed back, and when one left in a book drop counts as returned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.books import PolicyBooks, rule_for
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.policy.facts import Case, Parties
from samlan_contracts.policy.rules import BookDrop, ReturnAcceptance


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a branch takes an item back, and if not, what will close the loan."""

    accepted: bool
    closes: Literal["at_accepting_scan", "as_of_seen"] | None


def accepts_return(
    books: PolicyBooks, *, branch: BranchCalendar, item_member: str, at: datetime
) -> Decision[Acceptance]:
    """Whether a loan is closed by handing the item back at this branch (K40, O25, V01).

    It is about loans only: an item in transit or on a shelf is seen at any branch.
    """
    book = books.answering("returns", Parties(item=item_member, branch=branch.member))
    case = Case(
        day=branch.local_date(at), branch=branch.branch, branch_kind=branch.kind,
        items="own" if item_member == branch.member else "foreign",
    )  # fmt: skip
    rule = rule_for(book, ReturnAcceptance, case)
    why = reason(
        book, rule, "accepted_here" if rule.accepted else "not_accepted_here", branch=branch.named,
        branch_kind=branch.kind, item_member=books.named(item_member),
    )  # fmt: skip
    return Decision(Acceptance(rule.accepted, rule.loan_closes), [why])


def book_drop(
    books: PolicyBooks, *, branch: BranchCalendar, item_member: str, at: datetime
) -> Decision[datetime]:
    """When an item left in the branch's drop counts as returned: at once or at the next opening (O27, O28).

    The branch's own data go before the book's default. Where no opening is known, it counts at once.
    """
    book = books.answering("book_drops", Parties(item=item_member, branch=branch.member))
    case = Case(day=branch.local_date(at), branch=branch.branch, branch_kind=branch.kind)
    rule = rule_for(book, BookDrop, case)
    drop = branch.drop or rule.drop
    opens = branch.next_opening(at) if drop == "next_opening_day" else None
    returned_at = opens or at.astimezone(UTC)
    waits = returned_at > at
    why = reason(
        book, rule, "returned_when_opening" if waits else "returned_when_dropped", drop=drop,
        branch=branch.named, left_at=branch.local(at), returned_at=branch.local(returned_at),
    )  # fmt: skip
    return Decision(returned_at, [why])
