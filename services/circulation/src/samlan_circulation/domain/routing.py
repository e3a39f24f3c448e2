"""Where an item goes once holds has answered, and what the device is told.

A routing answers the item's last scan, or 0 where nobody has scanned it yet (a hold imported with its item on
the shelf). One that answers an older scan, or an item that has moved on, is refused, and holds gives the hold
its old place back.

One scan may be answered more than once: first with its hold, then with a `move` for each that leaves or moves
its hold. These may come in any order; the queue that decided them numbers them, and the highest one stands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from samlan_contracts.event import Event
from samlan_contracts.events.circulation import ItemShelved, RoutingRefused
from samlan_contracts.events.holds import ItemRouted

from samlan_circulation.domain.model import KEPT_ROUTINGS, Asked, BranchId, Item
from samlan_circulation.domain.outcomes import Answer

NOT_SCANNED: Final = 0
MOVABLE: Final = ("hold_shelf", "in_transit", "returned")
UNSCANNED: Final = ("available", "hold_shelf", "in_transit")


@dataclass(frozen=True, slots=True)
class Routed:
    """The item goes where the routing said; `asked` and `answer` serve whoever waits for it."""

    item: Item
    asked: Asked | None
    answer: Answer | None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class RoutedBefore:
    """This very routing, or a newer answer to the same scan, was applied already."""

    asked: Asked | None
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Stale:
    """The item has moved on since the scan that this routing answers."""

    refusal: RoutingRefused


def route(
    item: Item | None, routed: ItemRouted, *, routing: str, sequence: int, now: datetime
) -> Routed | RoutedBefore | Stale:
    """Decides what a routing does; `now` is the time at which an item is shelved.

    `routing` and `sequence` are those of the routing's envelope."""
    asked = item.asked if item else None
    if item is None or routed.answers != (asked.sequence if asked else NOT_SCANNED):
        return _stale(routed)
    if asked is None:
        return _unscanned(item, routed)
    number = _number_in_queue(routed, sequence)
    if routing in asked.routed or (asked.routed and number < asked.heard):
        return RoutedBefore(asked, answer_now(item))
    noted = replace(asked, routed=(*asked.routed, routing)[-KEPT_ROUTINGS:], heard=number)
    if item.state == "returned":
        return _first(replace(item, asked=noted), noted, routed, now)
    if routed.to == "move" and item.state in MOVABLE:
        return _settled(replace(item, asked=noted, hold=routed.hold, goes_to=BranchId(routed.branch)))
    return _stale(routed)


def answer_now(item: Item) -> Answer | None:
    """The bin that follows from where an item has been routed to; None while it waits."""
    hold = item.hold.hold if item.hold else None
    match item.state:
        case "hold_shelf":
            return Answer(bin="shelf", branch=item.branch, hold=hold)
        case "in_transit":
            return Answer(bin="transit", branch=item.goes_to, hold=hold)
        case "available":
            return Answer(bin="home", branch=item.branch)
        case _:
            return None


def _number_in_queue(routed: ItemRouted, sequence: int) -> int:
    """Where a routing stands among the decisions of the title's queue.

    That nobody waits is told without writing a queue, under the item's own sequence: it comes before all."""
    return NOT_SCANNED if routed.to in ("stays", "home") else sequence


def _first(item: Item, asked: Asked, routed: ItemRouted, now: datetime) -> Routed:
    """The scanned item goes to the shelf here, on to another branch, or back where it stands."""
    here, there, hold = asked.branch, BranchId(routed.branch), routed.hold
    if hold is not None and there == here:
        shelved = ItemShelved(
            item=item.thing.item, title=item.thing.title, hold=hold.hold, branch=here, shelved_at=now
        )
        settled = _settled(replace(item, state="hold_shelf", goes_to=None, hold=hold))
        return replace(settled, events=(shelved,))
    if there != here and routed.to != "stays":
        return _settled(replace(item, state="in_transit", goes_to=there, hold=hold))
    return _settled(replace(item, state="available", goes_to=None, hold=None))


def _unscanned(item: Item, routed: ItemRouted) -> Routed | RoutedBefore | Stale:
    """An item that nobody has scanned here: its imported hold is ready already, so nothing is told."""
    if item.loan is not None or item.state not in UNSCANNED:
        return _stale(routed)
    there = BranchId(routed.branch)
    if routed.to == "move":
        after = replace(item, hold=routed.hold, goes_to=there)
    elif routed.to == "shelf":
        after = replace(item, state="hold_shelf", branch=there, goes_to=None, hold=routed.hold)
    else:
        return _stale(routed)
    return RoutedBefore(None, None) if after == item else _settled(after)


def _settled(item: Item) -> Routed:
    return Routed(item, item.asked, answer_now(item))


def _stale(routed: ItemRouted) -> Stale:
    hold = routed.hold.hold if routed.hold else None
    return Stale(RoutingRefused(item=routed.item, title=routed.title, answers=routed.answers, hold=hold))
