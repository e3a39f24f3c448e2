"""Titles, items and branches as documents, and the indexes by which they are found."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.shapes import Thing
from samlan_plumbing.documents import Documents
from samlan_plumbing.resources import Resources

from samlan_catalog.domain.item import Item
from samlan_catalog.domain.title import Title

Row = dict[str, Any]
TITLE_FIELDS: Final = ("name", "author", "year", "language", "edition", "publisher", "removed")


class Store:
    """All that catalog keeps."""

    def __init__(self, resources: Resources) -> None:
        self.titles = Documents(resources, "titles", load=_load_title, dump=_dump_title)
        self.items = Documents(resources, "items", load=_load_item, dump=_dump_item)
        self.branches = Documents(resources, "branches", load=_load_branch, dump=_dump_branch)

    async def prepare(self) -> None:
        """Creates the indexes that every query here rests on."""
        await self.titles.collection.create_index([("words", 1), ("_id", 1)])
        await self.items.collection.create_index("title")


def _dump_title(title: Title) -> Row:
    fields = {name: getattr(title, name) for name in TITLE_FIELDS}
    return {**{k: v for k, v in fields.items() if v not in (None, False)}, "words": list(title.words)}


def _load_title(found: Row) -> Title:
    return Title(title=found["_id"], **{name: found[name] for name in TITLE_FIELDS if name in found})


def _dump_item(item: Item) -> Row:
    thing = item.thing.model_dump(mode="json", exclude_none=True, exclude={"item"})
    return {**thing, "first_state": item.first_state, **({"removed": True} if item.removed else {})}


def _load_item(found: Row) -> Item:
    issued = date.fromisoformat(found["issued"]) if "issued" in found else None
    thing = Thing(
        item=found["_id"], title=found["title"], member=found["member"], home=found["home"],
        material=found["material"], audience=found["audience"], issued=issued, min_age=found.get("min_age"),
        price_minor=found.get("price_minor"), loanable=found["loanable"],
    )  # fmt: skip
    return Item(thing=thing, first_state=found["first_state"], removed=found.get("removed", False))


def _dump_branch(branch: BranchDescribed) -> Row:
    return branch.model_dump(mode="json", exclude_none=True, exclude={"branch"})


def _load_branch(found: Row) -> BranchDescribed:
    return BranchDescribed.model_validate({**found, "branch": found["_id"]})
