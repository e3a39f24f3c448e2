"""What catalog tells: titles, items as things, and branches with their calendars."""

from __future__ import annotations

from samlan_contracts.event import Event, Reading
from samlan_contracts.shapes import ItemState, Thing


class TitleDescribed(
    Event, name="catalog.title_described", version=1, reading=Reading.STATE, readers=("holds", "notify")
):
    """A title was added, changed or removed. Subject: the title."""

    title: str
    name: str
    author: str | None = None
    year: int | None = None
    language: str | None = None
    removed: bool = False


class ItemDescribed(
    Event, name="catalog.item_described", version=1, reading=Reading.STATE, readers=("circulation", "holds")
):
    """An item was added, changed or withdrawn. Subject: the item.

    `first_state` is where circulation starts when it has never seen the item."""

    thing: Thing
    first_state: ItemState = "available"
    removed: bool = False


class BranchDescribed(
    Event, name="catalog.branch_described", version=1, reading=Reading.STATE,
    readers=("billing", "circulation", "holds", "notify"),
):  # fmt: skip
    """A branch was added or changed. Subject: the branch, `<member>/<branch>`.

    The fields are those of `branches.jsonl`; local times are `HH:MM` in `timezone`."""

    branch: str
    member: str
    name: str
    timezone: str
    opening: dict[str, tuple[str, str]]
    closed: tuple[str, ...] = ()
    kind: str = "library"
    drop: str | None = None
    staffless: tuple[str, str] | None = None
    stops: tuple[str, ...] = ()
