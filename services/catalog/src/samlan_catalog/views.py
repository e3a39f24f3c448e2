"""What others read of the catalogue: search, titles, items, branches, members, and state to be checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from samlan_contracts.events.catalog import BranchDescribed
from samlan_plumbing.pages import page_of
from samlan_plumbing.resources import Resources

from samlan_catalog.domain.item import Item
from samlan_catalog.domain.title import Title
from samlan_catalog.domain.words import asked
from samlan_catalog.store import Store

PAGE: Final = 50
LISTED: Final = 1000
STATE_PAGE: Final = 1000
COPIED: Final = ("sequence",)  # what is compared with what others copied
Row = dict[str, Any]


class Catalogue:
    """Answers about the catalogue; nothing here changes anything."""

    def __init__(self, resources: Resources, store: Store) -> None:
        self._resources = resources
        self._store = store

    async def search(self, question: str, after: str, limit: int) -> Row:
        """Titles that have every word of the question in name or author, by title id.

        The longest word stands first, for the index that leads by it."""
        words = asked(question)
        if not words:
            return _list([])
        every = {"$all": list(words)} if len(words) > 1 else words[0]
        found = self._store.titles.collection.find({"words": every, "_id": {"$gt": after}}, {"words": 0})
        hits = await found.sort("_id", 1).limit(limit).to_list()
        return _list(map(_found, hits), hits[-1]["_id"] if len(hits) == limit else None)

    async def title(self, title: str) -> Row | None:
        """One title, or None."""
        stored = await self._store.titles.read(title)
        return title_shape(stored.state) if stored and not stored.state.removed else None

    async def names(self, titles: Sequence[str]) -> dict[str, Row]:
        """Name and author of many titles at once; an unknown title is missing."""
        found = await self._store.titles.read_many(titles)
        return {key: {"name": one.state.name, "author": one.state.author} for key, one in found.items()}

    async def items_of(self, title: str) -> list[Row]:
        """The items of a title."""
        found = await self._store.items.find({"title": title}, LISTED)
        return [item_shape(one.state) for one in found.values() if not one.state.removed]

    async def item(self, barcode: str) -> Row | None:
        """One item, or None."""
        stored = await self._store.items.read(barcode)
        return item_shape(stored.state) if stored and not stored.state.removed else None

    async def branches(self) -> list[Row]:
        """Every branch with its calendar."""
        found = await self._store.branches.find({}, LISTED)
        return [branch_shape(one.state) for _, one in sorted(found.items())]

    async def branch(self, branch: str) -> Row | None:
        """One branch, or None."""
        stored = await self._store.branches.read(branch)
        return branch_shape(stored.state) if stored else None

    def members(self) -> list[Row]:
        """The members that have a policy book."""
        books = [self._resources.books.book(member) for member in self._resources.books.members]
        return [
            {
                "member": one.member, "name": one.name, "currency": one.currency, "language": one.language,
                "timezone": one.timezone,
            }
            for one in books
        ]  # fmt: skip

    async def state(self, after: str, limit: int) -> Row:
        """One page of what `samlan check` reads: items, then titles, then branches."""
        parts = {
            "item": self._store.items.collection,
            "title": self._store.titles.collection,
            "branch": self._store.branches.collection,
        }
        page = await page_of(parts, after, limit, fields=dict.fromkeys(parts, COPIED))
        rows = [{"kind": page.part, "key": one["_id"], "sequence": one["sequence"]} for one in page.found]
        return _list(rows, page.following)


def title_shape(title: Title) -> Row:
    """A title as the catalogue shows it."""
    return {
        "title": title.title, "name": title.name, "author": title.author, "year": title.year,
        "language": title.language, "edition": title.edition, "publisher": title.publisher,
    }  # fmt: skip


def item_shape(item: Item) -> Row:
    """An item as the catalogue shows it; where it is, circulation knows."""
    return item.thing.model_dump(mode="json")


def branch_shape(branch: BranchDescribed) -> Row:
    """A branch as the catalogue shows it."""
    return branch.model_dump(mode="json")


def _found(row: Row) -> Row:
    return {name: row.get(name) for name in ("name", "author", "year", "language")} | {"title": row["_id"]}


def _list(rows: Iterable[Row], after: str | None = None) -> Row:
    return {"items": list(rows), "next": after}
