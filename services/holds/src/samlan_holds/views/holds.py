"""Holds as their patrons see them: particulars, with what the queue says of each today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samlan_holds.domain.model import Allotted, HoldId, Queue, Waiting
from samlan_holds.domain.placing import Placed
from samlan_holds.store.holds import Holds
from samlan_holds.store.queues import Asks, Queues

Row = dict[str, Any]


class HoldViews:
    """Reads holds."""

    def __init__(self, queues: Queues, holds: Holds) -> None:
        self._queues = queues
        self._holds = holds

    async def of_patron(self, patron: str, *, finished: bool) -> list[Row]:
        """A patron's holds: those that live, or those that ended."""
        rows = await self._holds.of_patron(patron)
        if finished:
            return [_ended(row) for row in rows if row["state"] != "open"]
        return await self._living([row for row in rows if row["state"] == "open"])

    async def one(self, hold: str) -> Row | None:
        """One hold, living or ended; None when it never joined its queue."""
        row = await self._holds.read(hold)
        if row is None:
            return None
        if row["state"] != "open":
            return _ended(row)
        return next(iter(await self._living([row])), None)

    async def many(self, holds: Sequence[str]) -> dict[str, Row]:
        """These holds by id."""
        rows = await self._holds.read_many(holds)
        living = await self._living([row for row in rows.values() if row["state"] == "open"])
        ended = [_ended(row) for row in rows.values() if row["state"] != "open"]
        return {row["id"]: row for row in (*living, *ended)}

    async def interlibrary(self, branch: str) -> list[Row]:
        """Waiting holds for a branch on what nobody owns: to be asked for elsewhere (D19)."""
        living = await self._living(await self._holds.asked_elsewhere())
        return [one for one in living if one["pickup"] == branch and one["item"] is None]

    async def _living(self, rows: Sequence[Row]) -> list[Row]:
        queues = await self._queues.read_many(row["title"] for row in rows)
        found = [await self._alive(row, queues.get(row["title"])) for row in rows]
        return [one for one in found if one is not None]

    async def _alive(self, row: Row, queue: Queue | None) -> Row | None:
        """The hold as its queue knows it; one that its queue does not know never joined it, or just left."""
        hold = HoldId(row["_id"])
        if queue is None:
            return None
        if (entry := queue.allotted_to(hold)) is not None:
            return _allotted(row, entry)
        if queue.wait_of(hold) is None and queue.behind:
            queue = await self._queues.with_known(queue, Asks(holds=(hold,)))
        waits = queue.wait_of(hold)
        return _waiting(row, waits, await self._position(queue, waits)) if waits is not None else None

    async def _position(self, queue: Queue, entry: Waiting) -> int:
        if entry in queue.waiting:
            return queue.waiting.index(entry) + 1
        after = await self._holds.count_after(queue.title, entry.place)
        return len(queue.waiting) + max(1, queue.behind - after)


def fresh(placed: Placed, *, title: str, channel: str) -> Row:
    """A hold as it was just placed, without reading anything again."""
    row = {
        "_id": placed.entry.hold, "title": title, "patron": placed.entry.patron, "channel": channel,
        "because": placed.because, "interlibrary": placed.interlibrary,
    }  # fmt: skip
    return _waiting(row, placed.entry, placed.position)


def _waiting(row: Row, entry: Waiting, position: int | None) -> Row:
    return {
        **_common(row), "pickup": entry.pickup, "state": "frozen" if entry.frozen else "waiting",
        "position": position, "frozen": entry.frozen, "last_needed": _iso(entry.last_needed), "item": None,
        "ready_until": None, "placed_at": entry.placed_at, "because": row["because"],
    }  # fmt: skip


def _allotted(row: Row, entry: Allotted) -> Row:
    return {
        **_common(row), "pickup": entry.pickup, "state": entry.state, "position": None, "frozen": False,
        "last_needed": _iso(entry.last_needed), "item": entry.item,
        "ready_until": _iso(entry.ready_until) if entry.state == "ready" else None,
        "placed_at": entry.placed_at, "because": entry.because or entry.decision.because,
    }  # fmt: skip


def _ended(row: Row) -> Row:
    return {
        **_common(row), "pickup": row["pickup"], "state": row["state"], "position": None, "frozen": False,
        "last_needed": row["last_needed"], "item": None, "ready_until": None, "placed_at": row["placed_at"],
        "because": row.get("ended_because") or row["because"], "ended_at": row.get("ended_at"),
    }  # fmt: skip


def _common(row: Row) -> Row:
    return {
        "id": row["_id"], "title": row["title"], "patron": row["patron"], "channel": row["channel"],
        "interlibrary": row.get("interlibrary", False),
    }  # fmt: skip


def _iso(day: Any) -> str | None:
    return day.isoformat() if day is not None else None
