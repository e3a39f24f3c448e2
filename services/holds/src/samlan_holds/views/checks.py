"""What a check of the whole consortium reads here, and the story of one decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection

from samlan_holds.domain.model import Allotted, Queue
from samlan_holds.store.coding import decision_row, stored_queue
from samlan_holds.store.copies import Copies
from samlan_holds.store.queues import Queues

Row = dict[str, Any]
Collection = AsyncCollection[Row]
PAGE: Final = 1_000  # each page scans its collection where the datastore is the embedded one
COPIED: Final = ("sequence", "removed", "state", "branch", "patron")  # what is compared with the owner's word


class Checks:
    """Reads queues and copies page by page, and decisions."""

    def __init__(self, queues: Queues, copies: Copies) -> None:
        self._queues = queues
        self._copies = copies

    async def state(self, after: str | None, limit: int) -> tuple[list[Row], str | None]:
        """A page of what is known here, and the cursor of the next; a cursor is `collection:key`."""
        sources = self._sources()
        name, _, key = (after or f"{next(iter(sources))}:").partition(":")
        names = list(sources)
        if name not in names:
            return [], None
        items = await sources[name](key, limit)
        if len(items) == limit:
            return items, f"{name}:{items[-1]['key']}"
        following = names[names.index(name) + 1 :]
        return items, f"{following[0]}:" if following else None

    async def decisions(self, item: str, sequence: int | None) -> list[Row]:
        """Which hold got the item at which scan, who was passed over and why."""
        kept = [
            {k: row[k] for k in ("item", "title", "hold", "allotment", "answers", "at", "passed", "because")}
            for row in await self._queues.decisions_of(item)
        ]
        kept += await self._living(item)
        found = sorted(kept, key=lambda row: (row["answers"], row["allotment"]))
        return [
            row
            for row in found
            if sequence is None or row["answers"] == sequence or row.get("scan") == sequence
        ]

    async def _living(self, item: str) -> list[Row]:
        thing = await self._copies.items.read(item) or await self._copies.whereabouts.read(item)
        entry = (await self._queues.read(thing["title"])).allotted_item(item) if thing else None  # type: ignore[arg-type]
        if entry is None or thing is None:
            return []
        return [
            {
                "item": item, "title": thing["title"], "hold": entry.hold, "allotment": entry.allotment,
                "scan": entry.scan, **decision_row(entry.decision),
            }
        ]  # fmt: skip

    def _sources(self) -> dict[str, Any]:
        copies = self._copies
        found: dict[str, Any] = {"queue": self._queue_rows}
        for name, of in (
            ("patron", copies.patrons), ("money", copies.money), ("title", copies.titles),
            ("item", copies.items),
            ("branch", copies.branches), ("whereabouts", copies.whereabouts),
        ):  # fmt: skip
            found[name] = _copy_rows(name, of.collection)
        return found

    async def _queue_rows(self, after: str, limit: int) -> list[Row]:
        rows = await _page(self._queues.collection, after, limit)
        return [await self._queue_row(stored_queue(*one)) for one in self._queues.stored(rows)]

    async def _queue_row(self, queue: Queue) -> Row:
        waiting = [*queue.waiting, *await self._queues.all_behind(queue)]
        return {
            "kind": "queue", "key": queue.title, "sequence": queue.sequence,
            "length": queue.active,
            "waiting": [
                {
                    "hold": one.hold, "patron": one.patron, "place": one.place, "frozen": one.frozen,
                    "pickup": one.pickup, "came_back": one.came_back,
                }
                for one in waiting
            ],
            "allotted": [_allotted_row(one) for one in queue.allotted],
        }  # fmt: skip


def _allotted_row(entry: Allotted) -> Row:
    return {
        "hold": entry.hold, "patron": entry.patron, "item": entry.item, "state": entry.state,
        "allotment": entry.allotment, "pickup": entry.pickup, "scan": entry.scan,
        "place": entry.waiting().place,
        "decision": decision_row(entry.decision),
    }  # fmt: skip


def _copy_rows(name: str, collection: Collection) -> Any:
    async def rows(after: str, limit: int) -> Sequence[Row]:
        found = await _page(collection, after, limit, COPIED)
        return [
            {
                "kind": "copy", "of": name, "key": row["_id"], "sequence": row["sequence"],
                "removed": bool(row.get("removed")),
                **({k: row.get(k) for k in ("state", "branch", "patron")} if name == "whereabouts" else {}),
            }
            for row in found
        ]  # fmt: skip

    return rows


async def _page(
    collection: Collection, after: str, limit: int, fields: Sequence[str] | None = None
) -> list[Row]:
    return await collection.find({"_id": {"$gt": after}}, fields).sort("_id", 1).limit(limit).to_list()
