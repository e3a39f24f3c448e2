"""What a check of the whole consortium reads here, and the story of one decision."""

from __future__ import annotations

from typing import Any, Final

from samlan_plumbing.pages import copied, page_of

from samlan_holds.domain.model import Allotted, Queue, Waiting
from samlan_holds.store.coding import decision_row, stored_queue
from samlan_holds.store.copies import Copies
from samlan_holds.store.queues import Queues

Row = dict[str, Any]
PAGE: Final = 1_000  # each page scans its collection where the datastore is the embedded one
COPIED: Final = ("sequence", "removed", "state", "branch", "patron")  # what is compared with the owner's word


class Checks:
    """Reads queues and copies page by page, and decisions."""

    def __init__(self, queues: Queues, copies: Copies) -> None:
        self._queues = queues
        self._copies = copies
        self._parts = {
            "queue": queues.collection,
            "patron": copies.patrons.collection,
            "money": copies.money.collection,
            "title": copies.titles.collection,
            "item": copies.items.collection,
            "branch": copies.branches.collection,
            "whereabouts": copies.whereabouts.collection,
        }
        self._fields = {name: COPIED for name in self._parts if name != "queue"}

    async def state(self, after: str | None, limit: int) -> tuple[list[Row], str | None]:
        """A page of what is known here, and the cursor of the next; a cursor is `collection:key`."""
        page = await page_of(self._parts, after, limit, fields=self._fields)
        if page.part == "queue":
            queues = [stored_queue(*one) for one in self._queues.stored(page.found)]
            return [await self._queue_row(one) for one in queues], page.following
        return [_copy_row(page.part, one) for one in page.found], page.following

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

    async def _queue_row(self, queue: Queue) -> Row:
        waiting = [*queue.waiting, *await self._queues.all_behind(queue)]
        return {
            "kind": "queue", "key": queue.title, "sequence": queue.sequence,
            "length": queue.active,
            "waiting": [waits(one) for one in waiting],
            "allotted": [_allotted_row(one) for one in queue.allotted],
        }  # fmt: skip


def waits(entry: Waiting) -> Row:
    """A waiting hold as other programs read it."""
    return {
        "hold": entry.hold, "patron": entry.patron, "place": entry.place, "frozen": entry.frozen,
        "pickup": entry.pickup, "came_back": entry.came_back,
    }  # fmt: skip


def _allotted_row(entry: Allotted) -> Row:
    return {
        "hold": entry.hold, "patron": entry.patron, "item": entry.item, "state": entry.state,
        "allotment": entry.allotment, "pickup": entry.pickup, "scan": entry.scan,
        "place": entry.waiting().place,
        "decision": decision_row(entry.decision),
    }  # fmt: skip


def _copy_row(of: str, found: Row) -> Row:
    where = {name: found.get(name) for name in ("state", "branch", "patron")} if of == "whereabouts" else {}
    return {**copied(of, found), **where}
