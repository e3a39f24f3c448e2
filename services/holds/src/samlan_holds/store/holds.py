"""Particulars: one document per hold, written before the hold joins its queue, kept a while after it ended.

The queue decides; the particulars follow it. `revision` is that of the queue's commit that they know of, so a
late write of older news changes nothing. A hold that waits behind its queue's boundary carries its place in
`behind`, by which the next ones are drawn forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError
from samlan_plumbing.copies import by_keys
from samlan_plumbing.documents import BATCH, DUPLICATE_KEY
from samlan_plumbing.dues import SLOT, earliest
from samlan_plumbing.resources import Resources
from samlan_plumbing.seams import reach

from samlan_holds.domain.model import Amended, HoldId, Place, Waiting
from samlan_holds.store.coding import Row, waiting_of, waiting_row

KEPT_AFTER_THE_END: Final = timedelta(days=90)  # how long `?finished=true` can show a hold
LOOKED_AT_AFTER: Final = timedelta(days=1)  # a hold that never joined its queue is left over from a crash
DUE_FIELDS: Final = ("needed_at", "look_at")
PAGE: Final = 50  # how many are drawn forward at once


class Holds:
    """The particulars of every hold."""

    def __init__(self, resources: Resources) -> None:
        self.collection = resources.database["holds"]
        self._batches = resources.batches
        self._service = resources.service
        resources.guarded(self.collection, "revision")

    async def prepare(self) -> None:
        """Creates the indexes by which holds are found."""
        await self.collection.create_index([("patron", 1), ("title", 1)])
        await self.collection.create_index([("title", 1), ("behind", 1)])
        await self.collection.create_index("asked_elsewhere", sparse=True)
        for field in DUE_FIELDS:
            await self.collection.create_index([(f"{field}_slot", 1), (field, 1)])

    async def write_first(self, row: Row) -> bool:
        """Stores the particulars of a hold about to join its queue; False says they stand already."""
        await reach(self._service, "before-write")
        try:
            await self._batches.insert(self.collection, row)
        except DuplicateKeyError:
            return False
        await reach(self._service, "after-write")
        return True

    async def write_many(self, rows: Sequence[Row]) -> set[str]:
        """Stores particulars in bulk; returns the ids that stood already."""
        if not rows:
            return set()
        if len(rows) == 1:  # of many titles at once: their writes share commands
            return set() if await self.write_first(rows[0]) else {str(rows[0]["_id"])}
        try:
            await self.collection.insert_many(rows, ordered=False)
        except BulkWriteError as error:
            failed = error.details["writeErrors"]
            if any(one["code"] != DUPLICATE_KEY for one in failed):
                raise
            return {str(rows[one["index"]]["_id"]) for one in failed}
        return set()

    async def learn(self, told: Iterable[tuple[int, Amended]]) -> None:
        """Writes what the particulars had yet to learn, unless they know newer news."""
        writes = [_learned(revision, one) for revision, one in told]
        if len(writes) == 1:
            await self._batches.update(self.collection, *writes[0])
        elif writes:
            await self.collection.bulk_write([UpdateOne(*one) for one in writes], ordered=True)

    async def set_need(self, hold: HoldId, needed_at: datetime | None) -> None:
        """Says when the hold's last-needed day is over; None says that nothing falls due."""
        falls_due = {"$set": _falls_due("needed_at", needed_at)}
        await self._batches.update(self.collection, {"_id": hold}, falls_due)

    async def seen_alive(self, hold: HoldId) -> None:
        """Notes that the hold joined its queue, so that nobody needs to look again."""
        never = {"$set": _falls_due("look_at", None)}
        await self._batches.update(self.collection, {"_id": hold, "state": "open"}, never)

    async def correct(self, hold: HoldId, fields: Row) -> None:
        """Sets what is known better of a hold that ended."""
        await self.collection.update_one({"_id": hold}, {"$set": fields})

    async def read(self, hold: str) -> Row | None:
        """The particulars of a hold."""
        return await self._batches.read(self.collection, hold)

    async def read_many(self, holds: Iterable[str]) -> dict[str, Row]:
        """The particulars of these holds, by id."""
        return await by_keys(self.collection, holds)

    async def of_patron(self, patron: str) -> list[Row]:
        """All particulars of a patron's holds, oldest first."""
        rows = await self.collection.find({"patron": patron}).to_list()
        return sorted(rows, key=lambda row: (row["placed_at"], row["_id"]))

    async def asked_elsewhere(self) -> list[Row]:
        """The holds on what nobody in the consortium owns, oldest first."""
        rows = await self.collection.find({"asked_elsewhere": SLOT}).to_list()
        return sorted(rows, key=lambda row: (row["placed_at"], row["_id"]))

    async def remove(self, hold: str) -> None:
        """Forgets a hold."""
        await self.collection.delete_one({"_id": hold})

    async def remove_unchanged(self, row: Row) -> None:
        """Forgets a hold that was read, unless it became something else meanwhile."""
        await self.collection.delete_one({key: row[key] for key in ("_id", "state", "look_at")})

    async def behind(self, title: str, boundary: Place | None, limit: int = PAGE) -> list[Waiting]:
        """The first holds that wait behind a queue's boundary, as their particulars know them."""
        wanted = {"title": title, "behind": {"$gt": boundary or ""}}
        rows = (
            await self.collection.find(wanted, {"behind": 1, "entry": 1})
            .sort("behind", 1)
            .limit(limit)
            .to_list()
        )
        return [waiting_of(row["entry"]) for row in rows]

    async def behind_by(
        self, title: str, boundary: Place | None, holds: Sequence[str], patrons: Sequence[str]
    ) -> list[Waiting]:
        """The holds behind the boundary with these ids or of these patrons, as particulars know them."""
        rows = list((await self.read_many(holds)).values())
        for start in range(0, len(patrons), BATCH):
            part = list(patrons[start : start + BATCH])
            rows += await self.collection.find({"patron": {"$in": part}, "title": title}).to_list()
        floor = boundary or ""
        behind = {
            row["_id"]: row for row in rows if row["title"] == title and (row.get("behind") or "") > floor
        }
        return [waiting_of(row["entry"]) for row in behind.values()]

    async def count_after(self, title: str, place: Place) -> int:
        """How many wait after a place behind the boundary: few for whoever has just joined."""
        return await self.collection.count_documents({"title": title, "behind": {"$gt": place}})

    async def next_due(self, field: str, now: datetime) -> datetime | None:
        """The earliest `needed_at` or `look_at`."""
        return await earliest(self.collection, f"{field}_slot", field, now)

    async def due(self, field: str, now: datetime, limit: int) -> list[Row]:
        """Holds whose `needed_at` or `look_at` has come."""
        return (
            await self.collection.find({f"{field}_slot": SLOT, field: {"$lte": now}}).limit(limit).to_list()
        )


def particulars(
    entry: Waiting,
    *,
    title: str,
    channel: str,
    because: list[Row],
    look_at: datetime,
    needed_at: datetime | None,
    interlibrary: bool = False,
) -> Row:
    """The document of a hold about to join its queue; `asked_elsewhere` lists it among the interlibrary
    requests until it ends."""
    return {
        "_id": entry.hold, "title": title, "patron": entry.patron, "channel": channel, "pickup": entry.pickup,
        "placed_at": entry.placed_at, "because": because, "state": "open", "revision": 0,
        "last_needed": _iso(entry.last_needed),
        **_falls_due("look_at", look_at), **_falls_due("needed_at", needed_at),
        **({"interlibrary": True, "asked_elsewhere": SLOT} if interlibrary else {}),
    }  # fmt: skip


def _learned(revision: int, told: Amended) -> tuple[Row, Row]:
    news = _news_of_waiting(told.entry) if told.entry is not None else _news_of_the_end(told)
    older = {"_id": told.hold, "revision": {"$lt": revision}}
    return older, {"$set": {"revision": revision, **news}}


def _news_of_waiting(entry: Waiting) -> Row:
    return {"behind": entry.place, "entry": waiting_row(entry)}


def _news_of_the_end(told: Amended) -> Row:
    look_at = told.ended_at + KEPT_AFTER_THE_END if told.ended_at is not None else None
    last = told.last
    as_it_stood = {"pickup": last.pickup, "last_needed": _iso(last.last_needed)} if last is not None else {}
    return {
        **as_it_stood, "state": told.ended, "ended_at": told.ended_at, "ended_because": told.because,
        "behind": None, "entry": None, "asked_elsewhere": None,
        **_falls_due("look_at", look_at), **_falls_due("needed_at", None),
    }  # fmt: skip


def _falls_due(field: str, at: datetime | None) -> Row:
    """A due time with its slot; what falls never due has no slot and is never looked through."""
    return {field: at, f"{field}_slot": SLOT if at is not None else None}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
