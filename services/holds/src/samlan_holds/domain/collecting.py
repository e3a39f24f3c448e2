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
from samlan_contracts.events.holds import HoldCollected, ItemRouted
from samlan_contracts.shapes import ClosedLoan

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.model import Allotted, HoldId, ItemBarcode, PatronId, Queue, Waiting
from samlan_holds.domain.routing import Overtaken, Routed, Scan, Unheld, reallot, route
from samlan_holds.domain.verdict import Verdict, changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Lending:
    """An item that was lent. `past` says that its loan is over or that newer news of the item is known;
    `away` that it was out of everybody else's reach by the loan."""

    item: ItemBarcode
    patron: PatronId
    loan: str
    borrowed_at: datetime
    sequence: int
    past: bool
    away: bool

    @classmethod
    def of(cls, event: ItemBorrowed, sequence: int, *, past: bool) -> Lending:
        """The lending that circulation told."""
        past = past or event.over
        return cls(
            item=ItemBarcode(event.item), patron=PatronId(event.patron), loan=event.loan,
            borrowed_at=event.borrowed_at, sequence=sequence, past=past, away=not past,
        )  # fmt: skip

    @classmethod
    def ended_by(cls, scan: Scan, loan: ClosedLoan) -> Lending:
        """The lending that a scan ended."""
        return cls(
            item=scan.item, patron=PatronId(loan.patron), loan=loan.loan, borrowed_at=loan.borrowed_at,
            sequence=scan.sequence, past=True, away=True,
        )  # fmt: skip


def lend(queue: Queue, lending: Lending, facts: Facts) -> Verdict[HoldId | None]:
    """Collects the borrower's hold, takes the item from anybody else, and re-decides their own."""
    held = _hold_of(queue, lending)
    after, events = _lent(queue, held, lending, facts)
    if after == queue:
        return Verdict(None)
    return changed(held.hold if held else None, queue, after, *events)


def hand_in(
    queue: Queue, scan: Scan, loan: ClosedLoan | None, facts: Facts
) -> Verdict[Routed | Overtaken | Unheld]:
    """Routes an item that was handed in; the loan that this ended counts though it was not heard of yet."""
    bound = queue.allotted_item(scan.item)
    if loan is None or (bound is not None and bound.scan >= scan.sequence):
        return route(queue, scan, facts)
    lending = Lending.ended_by(scan, loan)
    after, events = _lent(queue, _hold_of(queue, lending), lending, facts)
    verdict = route(after, scan, facts)
    if after == queue:
        return verdict
    routed = (one.model_copy(update={"queue": None}) for one in verdict.events if isinstance(one, ItemRouted))
    return changed(verdict.outcome, queue, verdict.queue or after, *events, *routed)


def _lent(
    queue: Queue, held: Waiting | Allotted | None, lending: Lending, facts: Facts
) -> tuple[Queue, list[Event]]:
    """The queue after a loan, and what is told of it but for how many wait."""
    after = queue
    if held is not None:
        after = after.left(held.hold) if isinstance(held, Waiting) else after.freed(held)
        after = after.ended(held, "collected", lending.borrowed_at)
    other = after.allotted_item(lending.item)
    if other is not None and lending.away and lending.sequence > other.scan:
        after = after.put_back(other)
    events: list[Event] = []
    if held is not None:
        events.append(
            HoldCollected(hold=held.hold, patron=lending.patron, title=queue.title, loan=lending.loan)
        )
    if isinstance(held, Allotted) and _is_free(held, lending):
        after, routed = reallot(after, held, facts)
        events.append(routed)
    return after, events


def _is_free(held: Allotted, lending: Lending) -> bool:
    """Whether the item kept for a collected hold is not the one its patron has."""
    return held.item != lending.item or held.scan > lending.sequence


def _hold_of(queue: Queue, lending: Lending) -> Waiting | Allotted | None:
    held = queue.allotted_by(lending.patron) or queue.wait_by(lending.patron)
    if held is None or (lending.past and held.placed_at > lending.borrowed_at):
        return None
    return held
