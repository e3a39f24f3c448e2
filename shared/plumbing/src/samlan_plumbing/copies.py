"""Copies of another service's facts, and occurrences stored once.

A copy is applied when its sequence is greater than what is held, whatever is missing between; so it never
waits for anything. A removed subject leaves a tombstone: a copy whose `removed` is true and whose sequence
nothing exceeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from samlan_plumbing.documents import BATCH, DUPLICATE_KEY
from samlan_plumbing.seams import reach

if TYPE_CHECKING:
    from samlan_plumbing.resources import Resources

Fields = Mapping[str, Any]
TOMBSTONE: Final = 2**62  # above every sequence, also of a service restored from a backup


class Copies:
    """One collection of copies, a document per subject, with the sequence it came with."""

    def __init__(self, resources: Resources, name: str) -> None:
        self.collection = resources.database[name]
        self._batches = resources.batches
        self._service = resources.service
        resources.guarded(self.collection, "sequence")

    async def apply(self, key: str, sequence: int, fields: Fields) -> bool:
        """Stores the fields unless something as new is held; False says the news was old."""
        await reach(self._service, "before-write")
        try:
            written = await self._batches.update(self.collection, *_newer(key, sequence, fields), upsert=True)
        except DuplicateKeyError:
            return False
        await reach(self._service, "after-write")
        return written.modified or written.upserted

    async def apply_many(self, rows: Sequence[tuple[str, int, Fields]]) -> None:
        """Stores a batch of a snapshot; newer copies win.

        Nearly all of a snapshot is new where it arrives, and an insert costs a fifth of an upsert."""
        if not rows:
            return
        fresh = [{"_id": key, **fields, "sequence": sequence} for key, sequence, fields in rows]
        try:
            await self.collection.insert_many(fresh, ordered=False)
        except BulkWriteError as error:
            await self._replace_many([rows[place] for place in _met(error)])

    async def _replace_many(self, rows: Sequence[tuple[str, int, Fields]]) -> None:
        writes = [UpdateOne(*_newer(*row), upsert=True) for row in rows]
        try:
            await self.collection.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            _met(error)

    async def entomb(self, key: str, fields: Fields | None = None) -> None:
        """Leaves a tombstone: only `fields` stay, and nothing later is applied."""
        tombstone = {"_id": key, "removed": True, **(fields or {}), "sequence": TOMBSTONE}
        await self.collection.replace_one({"_id": key}, tombstone, upsert=True)

    async def read(self, key: str) -> dict[str, Any] | None:
        """The copy of this subject, or None; a tombstone reads as a copy with `removed`."""
        return await self._batches.read(self.collection, key)

    async def read_many(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The copies of these subjects, by key."""
        return await by_keys(self.collection, keys)


async def by_keys(
    collection: AsyncCollection[dict[str, Any]], keys: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """The documents of these keys as they stand, by key."""
    wanted = list(dict.fromkeys(keys))
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(wanted), BATCH):
        part = wanted[start : start + BATCH]
        found.update({doc["_id"]: doc async for doc in collection.find({"_id": {"$in": part}})})
    return found


def _newer(key: str, sequence: int, fields: Fields) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"_id": key, "sequence": {"$lt": sequence}}, {"$set": {**fields, "sequence": sequence}}


def _met(error: BulkWriteError) -> list[int]:
    """The places in a batch of rows whose key was there; any other error is raised again."""
    errors = error.details["writeErrors"]
    if any(one["code"] != DUPLICATE_KEY for one in errors):
        raise error
    return [int(one["index"]) for one in errors]


class Once:
    """Occurrences under their natural key: the first is stored, a repeat is known for what it is."""

    def __init__(self, resources: Resources, name: str) -> None:
        self.collection = resources.database[name]
        self._batches = resources.batches
        self._service = resources.service

    async def store(self, key: str, fields: Fields) -> bool:
        """Stores the occurrence; False says that it was stored before."""
        await reach(self._service, "before-write")
        try:
            await self._batches.insert(self.collection, {"_id": key, **fields})
        except DuplicateKeyError:
            return False
        await reach(self._service, "after-write")
        return True
