"""What staff say of an item: lost, damaged, missing, claimed returned, withdrawn. *Found* is a return."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from samlan_contracts.event import Event
from samlan_contracts.events.circulation import ItemWhereaboutsChanged
from samlan_contracts.shapes import ItemState

from samlan_circulation.domain.fold import Placed, after_all, place
from samlan_circulation.domain.model import BranchId, Item, Kept, Place
from samlan_circulation.domain.outcomes import Decided
from samlan_circulation.domain.refusals import Refused, refused

LENT_STILL: Final = ("lost", "claimed_returned")
FOUND: Final = ("found", "available")
MARKS: Final[dict[str, ItemState]] = {
    "lost": "lost",
    "damaged": "in_repair",
    "in_repair": "in_repair",
    "missing": "missing",
    "claimed_returned": "claimed_returned",
    "withdrawn": "withdrawn",
}


def mark(item: Item, state: ItemState, branch: BranchId, at: Place) -> Decided[Item | Refused]:
    """Marks the item: what is lost or claimed returned stays on loan, the rest must be handed in first.

    A hold that the item stood for goes back to its queue."""
    if item.state == state:
        return Decided(item)
    if item.loan is not None and state not in LENT_STILL:
        return Decided(refused("already_on_loan"))
    match place(item, Kept(place=after_all(item, at), kind="marked", branch=branch)):
        case Placed() as placed:
            after = replace(item.resting(state, branch), kept=placed.kept)
            return Decided(after, after, (whereabouts(after),))
        case _:
            return Decided(item)


def whereabouts(item: Item) -> Event:
    """Where the item is and who has it, for those who keep a copy."""
    return ItemWhereaboutsChanged(
        item=item.thing.item, title=item.thing.title, state=item.state, branch=item.branch,
        patron=item.loan.patron if item.loan else None,
    )  # fmt: skip
