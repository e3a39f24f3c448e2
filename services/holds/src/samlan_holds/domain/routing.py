"""Where a scanned item goes, and where an item goes whose hold left it.

An allotted item scanned anywhere stays with its hold and is routed on; else the first hold that may have it
gets it; else it stays, or goes home. An item that lost its hold without being scanned is allotted to the next
at once and told as `move`: whoever waits is told only when the item was scanned again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from samlan_contracts.events.circulation import ItemReturned
from samlan_contracts.events.holds import ItemRouted
from samlan_contracts.shapes import Because, RoutedHold, Thing

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.model import (
    Allotted,
    AllottedState,
    BranchId,
    Decision,
    HoldId,
    ItemBarcode,
    Queue,
)
from samlan_holds.domain.serving import Choice, first_served
from samlan_holds.domain.verdict import Verdict, changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """An item scanned at a branch: the fact, the item's sequence it answers, and the instant that counts."""

    fact: str
    thing: Thing
    branch: BranchId
    sequence: int

    @classmethod
    def of(cls, event: ItemReturned, sequence: int) -> Scan:
        """The scan that circulation told."""
        return cls(fact=event.fact, thing=event.thing, branch=BranchId(event.branch), sequence=sequence)

    @property
    def item(self) -> ItemBarcode:
        """The item's barcode."""
        return ItemBarcode(self.thing.item)


@dataclass(frozen=True, slots=True)
class Routed:
    """The item goes on to its hold: `fresh` when this scan decided it, not when it was decided before."""

    entry: Allotted
    fresh: bool


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The scan was routed before, or newer news of the item is known; there is nothing to answer any more."""


@dataclass(frozen=True, slots=True)
class Unheld:
    """Nobody waits who may have the item; the answer changes no queue."""

    routed: ItemRouted


def route(queue: Queue, scan: Scan, facts: Facts) -> Verdict[Routed | Overtaken | Unheld]:
    """Routes a scanned item (issue of one return; a repeated or older scan changes nothing)."""
    bound = queue.allotted_item(scan.item)
    if bound is not None:
        return _on_its_way(queue, bound, scan, facts)
    choice = first_served(queue, scan.thing, scan.branch, facts)
    if choice is None:
        return Verdict(Unheld(unheld(scan)))
    if facts.newest_news(scan.item) >= scan.sequence:
        return Verdict(Overtaken())
    entry = _allotment(choice, scan.thing, scan.sequence, scan.branch, facts.now, _state(choice, scan.branch))
    after = queue.given(entry)
    return changed(Routed(entry, fresh=True), queue, after, _routed(entry, scan, choice.standing.borrower_id))


def unheld(scan: Scan) -> ItemRouted:
    """The answer when nobody waits: the item stays where it belongs, or goes home."""
    home = scan.thing.home
    return ItemRouted(
        item=scan.item, title=scan.thing.title, answers=scan.sequence, fact=scan.fact,
        to="stays" if home == scan.branch else "home", branch=home,
    )  # fmt: skip


def reallot(
    queue: Queue, gone: Allotted, facts: Facts, because: Because | None = None
) -> tuple[Queue, ItemRouted]:
    """Gives the item that `gone` no longer needs to the next who may have it, or sends it home.

    `gone` is not allotted any more; `because` says what took the item from it. The item waits
    for its next scan either way; one that travels, travels for the next from now on, and one that stands on a
    shelf is only allotted until it is scanned there."""
    thing = facts.item(gone.item)
    choice = first_served(queue, thing, gone.seen_at, facts) if thing is not None else None
    if choice is None or thing is None:
        home = thing.home if thing is not None else gone.seen_at
        return queue, _moved(queue, gone, BranchId(home), None, because or [])
    state: AllottedState = "in_transit" if gone.state == "in_transit" else "allotted"
    entry = _allotment(choice, thing, gone.scan, gone.seen_at, facts.now, state)
    hold = routed_hold(entry, choice.standing.borrower_id)
    return queue.given(entry), _moved(queue, gone, entry.pickup, hold, choice.because)


def rerouted(queue: Queue, entry: Allotted, facts: Facts) -> ItemRouted:
    """The move of an allotted item whose hold is to be picked up at another branch."""
    standing = facts.patron(entry.patron)
    hold = routed_hold(entry, standing.borrower_id if standing else "")
    return _moved(queue, entry, entry.pickup, hold, _why(entry))


def routing_refused(queue: Queue, item: ItemBarcode, hold: HoldId, answers: int) -> Verdict[Allotted | None]:
    """Puts a hold back in its place whose routing circulation refused, unless a newer scan decided anew."""
    entry = queue.allotted_item(item)
    if entry is None or entry.hold != hold or entry.scan != answers:
        return Verdict(None)
    return changed(entry, queue, queue.put_back(entry))


def item_gone(queue: Queue, item: ItemBarcode, sequence: int) -> Verdict[Allotted | None]:
    """Puts a hold back in its place whose item was lost, damaged, withdrawn or is missing."""
    entry = queue.allotted_item(item)
    if entry is None or sequence <= entry.scan:
        return Verdict(None)
    return changed(entry, queue, queue.put_back(entry))


def routed_hold(entry: Allotted, borrower_id: str) -> RoutedHold:
    """The hold as circulation and the shelf need it."""
    return RoutedHold(hold=entry.hold, patron=entry.patron, borrower_id=borrower_id, pickup=entry.pickup)


def _on_its_way(
    queue: Queue, bound: Allotted, scan: Scan, facts: Facts
) -> Verdict[Routed | Overtaken | Unheld]:
    if bound.scan >= scan.sequence:
        return Verdict(Routed(bound, fresh=False))
    standing = facts.patron(bound.patron)
    state: AllottedState = "in_transit" if bound.pickup != scan.branch else "allotted"
    stands = bound.state == "ready" and state == "allotted"
    leaves = bound.state == "ready" and not stands  # why it was kept on the shelf is over
    entry = replace(
        bound, scan=scan.sequence, seen_at=scan.branch, state="ready" if stands else state,
        because=[] if leaves else bound.because,
    )  # fmt: skip
    routed = _routed(entry, scan, standing.borrower_id if standing else "")
    return changed(Routed(entry, fresh=True), queue, queue.moved(entry), routed)


def _state(choice: Choice, branch: BranchId) -> Literal["allotted", "in_transit"]:
    return "allotted" if choice.entry.pickup == branch else "in_transit"


def _allotment(
    choice: Choice, thing: Thing, scan: int, seen_at: BranchId, now: datetime, state: AllottedState
) -> Allotted:
    held = choice.entry
    return Allotted(
        hold=held.hold, patron=held.patron, pickup=held.pickup, placed_at=held.placed_at,
        last_needed=held.last_needed, allotment=held.allotments + 1, item=ItemBarcode(thing.item),
        scan=scan, seen_at=seen_at, state=state,
        decision=Decision(answers=scan, at=now, passed=choice.passed, because=choice.because),
    )  # fmt: skip


def _routed(entry: Allotted, scan: Scan, borrower_id: str) -> ItemRouted:
    return ItemRouted(
        item=entry.item, title=scan.thing.title, answers=scan.sequence, fact=scan.fact,
        to="shelf" if entry.pickup == scan.branch else "transit", branch=entry.pickup,
        hold=routed_hold(entry, borrower_id), because=_why(entry),
    )  # fmt: skip


def _why(entry: Allotted) -> Because:
    """Why the item may serve the hold where it is picked up now."""
    return entry.decision.because if entry.state == "ready" else entry.because or entry.decision.because


def _moved(
    queue: Queue, entry: Allotted, branch: BranchId, hold: RoutedHold | None, because: Because
) -> ItemRouted:
    return ItemRouted(
        item=entry.item, title=queue.title, answers=entry.scan, fact="", to="move", branch=branch,
        hold=hold, because=because,
    )  # fmt: skip
