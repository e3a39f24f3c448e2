"""The events holds reads, each with its one handler."""

from __future__ import annotations

from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached
from samlan_contracts.events.catalog import BranchDescribed, ItemDescribed, TitleDescribed
from samlan_contracts.events.circulation import (
    ItemBorrowed,
    ItemReturned,
    ItemShelved,
    ItemWhereaboutsChanged,
    RoutingRefused,
)
from samlan_plumbing.consuming import EventDoor

from samlan_holds.handlers.items import Items
from samlan_holds.handlers.people import People


def event_door(items: Items, people: People) -> EventDoor:
    """The door through which other services' events come in."""
    door = EventDoor()
    door.on(ItemReturned)(items.returned)
    door.on(ItemBorrowed)(items.borrowed)
    door.on(ItemShelved)(items.shelved)
    door.on(RoutingRefused)(items.refused)
    door.on(ItemWhereaboutsChanged, snapshot=items.whereabouts_of_many)(items.whereabouts)
    door.on(ItemDescribed, snapshot=items.described_many)(items.described)
    door.on(PatronDescribed, snapshot=people.described_many)(people.described)
    door.on(DebtLimitReached)(people.owes)
    door.on(DebtLimitCleared)(people.owes)
    door.on(TitleDescribed, snapshot=people.titles)(people.title)
    door.on(BranchDescribed)(people.branch)
    return door
