"""The catalogue's description of an item, guarded by the catalogue's own sequence."""

from __future__ import annotations

from dataclasses import replace

from samlan_contracts.events.catalog import ItemDescribed

from samlan_circulation.domain.marking import whereabouts
from samlan_circulation.domain.model import BranchId, Item
from samlan_circulation.domain.outcomes import Decided


def new_item(described: ItemDescribed, sequence: int) -> Item:
    """An item that circulation has never seen: at home, in the state the catalogue says."""
    state = "withdrawn" if described.removed else described.first_state
    home = BranchId(described.thing.home)
    return Item(
        thing=described.thing, described=sequence, removed=described.removed, state=state, branch=home
    )  # fmt: skip


def describe(item: Item | None, described: ItemDescribed, sequence: int) -> Decided[None]:
    """Takes a newer description; what is removed is withdrawn, and missing until seen should it come back."""
    if item is None:
        return Decided(None, new_item(described, sequence))
    if sequence <= item.described:
        return Decided(None)
    after = replace(item, thing=described.thing, described=sequence, removed=described.removed)
    if described.removed == item.removed or item.loan is not None:
        return Decided(None, after)
    after = after.resting("withdrawn" if described.removed else "missing", item.branch)
    return Decided(None, after, (whereabouts(after),))
