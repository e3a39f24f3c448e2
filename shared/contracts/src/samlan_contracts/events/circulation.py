"""What circulation tells: where every item is and who has it."""

from __future__ import annotations

from datetime import date, datetime

from samlan_contracts.event import Event, Reading
from samlan_contracts.shapes import Because, ClosedLoan, ItemState, LoanStage, Mode, Thing


class ItemReturned(
    Event, name="circulation.item_returned", version=1, reading=Reading.OCCURRENCE,
    readers=("billing", "holds", "notify"),
):  # fmt: skip
    """An item was scanned as handed in, with the loan this closed, if any, and waits to be routed.
    Subject: the item.

    Sent for every accepted scan: a return, an arrival, a pull-list scan. `returned_at` is the time that
    counts (book drops); `route` is false for a late fact that no longer says where the item is."""

    fact: str
    thing: Thing
    branch: str
    mode: Mode
    returned_at: datetime
    was: ItemState
    loan: ClosedLoan | None = None
    route: bool = True


class ItemBorrowed(
    Event, name="circulation.item_borrowed", version=1, reading=Reading.OCCURRENCE, readers=("holds",)
):
    """An item was lent. Subject: the item. A hold of this patron on the title is collected by it.

    `over` marks a late fact: the loan it opened was closed already."""

    item: str
    title: str
    loan: str
    patron: str
    branch: str
    borrowed_at: datetime
    due: date
    hold: str | None = None
    over: bool = False
    because: Because = []


class LoanRenewed(
    Event, name="circulation.loan_renewed", version=1, reading=Reading.OCCURRENCE, readers=("notify",)
):
    """A loan got a new due date. Subject: the item."""

    loan: str
    item: str
    patron: str
    due: date
    renewals: int
    because: Because = []


class LoanStageReached(
    Event, name="circulation.loan_stage_reached", version=1, reading=Reading.OCCURRENCE,
    readers=("billing", "notify"),
):  # fmt: skip
    """A loan that is not returned came to a stage, once per due date. Subject: the item.

    `reached_on` is the branch's day on which the stage fell due, also when it is told days later; the
    envelope's `happened_at` is the instant on that day. `born` and `patron_member` are what rules ask."""

    stage: LoanStage
    thing: Thing
    loan: str
    patron: str
    patron_member: str
    born: date | None = None
    branch: str
    due: date
    renewals: int = 0
    reached_on: date
    because: Because = []


class LoanRemembered(
    Event, name="circulation.loan_remembered", version=1, reading=Reading.OCCURRENCE, readers=("circulation",)
):
    """A closed loan belongs into the history of a patron who turned history on (V18, K11). Subject: the
    loan."""

    loan: str
    patron: str
    item: str
    title: str
    borrowed_at: datetime
    returned_at: datetime


class LoanClosingMoved(
    Event, name="circulation.loan_closing_moved", version=1, reading=Reading.OCCURRENCE,
    readers=("billing", "circulation"),
):  # fmt: skip
    """An earlier return of a closed loan became known; fees can only fall. Subject: the item."""

    fact: str
    thing: Thing
    loan: ClosedLoan


class RoutingRefused(
    Event, name="circulation.routing_refused", version=1, reading=Reading.ANSWER, readers=("holds",)
):
    """Circulation had moved on when a routing came. Subject: the item; `hold` goes back to its old place."""

    item: str
    title: str
    answers: int
    hold: str | None = None


class ItemShelved(
    Event, name="circulation.item_shelved", version=1, reading=Reading.OCCURRENCE, readers=("holds",)
):
    """An allotted item stands on the pickup shelf, so its hold is ready. Subject: the item."""

    item: str
    title: str
    hold: str
    branch: str
    shelved_at: datetime


class ItemWhereaboutsChanged(
    Event, name="circulation.item_whereabouts_changed", version=1, reading=Reading.STATE, readers=("holds",)
):
    """An item became lost, damaged, missing, withdrawn or was found. Subject: the item.

    `patron` has it on loan, whatever state it is in; a snapshot of imported loans tells it so."""

    item: str
    title: str
    state: ItemState
    branch: str
    patron: str | None = None
