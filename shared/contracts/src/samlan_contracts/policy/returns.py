"""Returns: where an item may be handed back, and when one left in a book drop counts as returned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.books import PolicyBooks, rule_for
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.policy.facts import Attended, Case, Parties
from samlan_contracts.policy.rules import BookDrop, ReturnAcceptance
from samlan_contracts.policy.standing import staffless_hours


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Whether a branch takes an item back, and if not, what will close the loan."""

    accepted: bool
    closes: Literal["at_accepting_scan", "as_of_seen"] | None


def accepts_return(
    books: PolicyBooks,
    *,
    branch: BranchCalendar,
    item_member: str,
    at: datetime,
    registered: bool = True,
    by_staff: bool = False,
) -> Decision[Acceptance]:
    """Whether a loan is closed by handing the item back at this branch (K40, K41, O25, V01).

    `registered`: whether its borrower is for staffless hours; `by_staff`: whether staff took it in. It is
    about loans only: an item in transit or on a shelf is seen at any branch.
    """
    book = books.answering("returns", Parties(item=item_member, branch=branch.member))
    there: Attended = "staffed" if by_staff else attended(books, branch=branch, at=at)
    case = Case(
        day=branch.local_date(at), branch=branch.branch, branch_kind=branch.kind, attended=there,
        registered=registered, items="own" if item_member == branch.member else "foreign",
    )  # fmt: skip
    rule = rule_for(book, ReturnAcceptance, case)
    why = reason(
        book, rule, _sentence(rule), branch=branch.named, branch_kind=branch.kind,
        item_member=books.named(item_member), attended=there if rule.attended else None,
        registered=None if rule.registered is None else registered,
    )  # fmt: skip
    return Decision(Acceptance(rule.accepted, rule.loan_closes), [why])


def asks_who_is_registered(books: PolicyBooks, *, branch: BranchCalendar, item_member: str) -> bool:
    """Whether it matters to any return at this branch if its borrower is registered for staffless hours."""
    book = books.answering("returns", Parties(item=item_member, branch=branch.member))
    return any(rule.registered is not None for rule in book.subject(ReturnAcceptance).rules)


def attended(books: PolicyBooks, *, branch: BranchCalendar, at: datetime) -> Attended:
    """Who may be at a branch at an instant: staff and everybody, only those registered, or nobody (K03, K41).

    Staffless are the branch's own hours as far as they lie within those of the member's book, if any.
    """
    if branch.is_open(at):
        return "staffed"
    if not branch.is_staffless(at):
        return "closed"
    hours = staffless_hours(books, member=branch.member, on=branch.local_date(at)).value
    within = hours is None or hours.opens <= branch.local(at).time() < hours.closes
    return "staffless" if within else "closed"


def _sentence(rule: ReturnAcceptance) -> str:
    if rule.accepted:
        return "accepted_here"
    by_registration = rule.attended == "staffless" and rule.registered is False
    return "not_accepted_without_staff" if by_registration else "not_accepted_here"


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
