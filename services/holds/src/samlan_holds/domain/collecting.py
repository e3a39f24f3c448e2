"""What a loan does to the queue: it collects the borrower's hold and takes the item from anybody else's.

A loan of any copy to a patron with a hold on the title collects that hold and frees its item: another copy,
or the very one lent when it was handed in again before the loan was heard of. Circulation has the last word:
whatever it lent is lent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from samlan_contracts.event import Event
from samlan_contracts.events.circulation import ItemBorrowed
from samlan_contracts.events.holds import HoldCollected

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.model import Allotted, HoldId, ItemBarcode, PatronId, Queue, Waiting
from samlan_holds.domain.routing import reallot
from samlan_holds.domain.verdict import Verdict, changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """An item that was lent. `past` says that its loan is over or that newer news of the item is known."""

    item: ItemBarcode
    patron: PatronId
    loan: str
    borrowed_at: datetime
    sequence: int
    past: bool

    @classmethod
    def of(cls, event: ItemBorrowed, sequence: int, *, past: bool) -> Lending:
        """The lending that circulation told."""
        return cls(
            item=ItemBarcode(event.item), patron=PatronId(event.patron), loan=event.loan,
            borrowed_at=event.borrowed_at, sequence=sequence, past=past or event.over,
        )  # fmt: skip


def lend(queue: Queue, lending: Lending, facts: Facts) -> Verdict[HoldId | None]:
    """Collects the borrower's hold, takes the item from anybody else, and re-decides their own."""
    after = queue
    held = _hold_of(queue, lending)
    if held is not None:
        after = after.left(held.hold) if isinstance(held, Waiting) else after.freed(held)
        after = after.ended(held, "collected", lending.borrowed_at)
    other = after.allotted_item(lending.item)
    if other is not None and not lending.past and lending.sequence > other.scan:
        after = after.put_back(other)
    events: list[Event] = []
    if held is not None:
        events.append(
            HoldCollected(hold=held.hold, patron=lending.patron, title=queue.title, loan=lending.loan)
        )
    if isinstance(held, Allotted) and _is_free(held, lending):
        after, routed = reallot(after, held, facts)
        events.append(routed)
    if after == queue:
        return Verdict(None)
    return changed(held.hold if held else None, queue, after, *events)


def _is_free(held: Allotted, lending: Lending) -> bool:
    """Whether the item kept for a collected hold is not the one its patron has."""
    return held.item != lending.item or held.scan > lending.sequence


def _hold_of(queue: Queue, lending: Lending) -> Waiting | Allotted | None:
    held = queue.allotted_by(lending.patron) or queue.wait_by(lending.patron)
    if held is None or (lending.past and held.placed_at > lending.borrowed_at):
        return None
    return held
