"""Finding what falls due next without reading all that falls due some day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection

# Sorting reads every match on the embedded datastore, so the look ahead grows in steps.
AHEAD: Final = tuple(timedelta(hours=hours) for hours in (0, 1, 24, 24 * 30, 24 * 400))
SLOT: Final = 1  # a constant under an index, by which a job finds documents with something due


async def earliest(
    collection: AsyncCollection[dict[str, Any]], slot: str, field: str, now: datetime
) -> datetime | None:
    """The earliest instant at which something of the slot falls due; `now` when something is due already."""
    for ahead in AHEAD:
        found = collection.find({slot: SLOT, field: {"$lte": now + ahead}}, {field: 1})
        if not ahead:
            if await found.limit(1).to_list():
                return now
            continue
        if rows := await found.sort(field, 1).limit(1).to_list():
            due: datetime = rows[0][field]
            return due
    return None


async def earliest_of_all(
    collection: AsyncCollection[dict[str, Any]], waiting: Mapping[str, Any], field: str
) -> datetime | None:
    """The earliest of a field among the documents that match, also years ahead; it reads them all."""
    async for first in collection.find(waiting, {field: 1}).sort(field, 1).limit(1):
        due: datetime = first[field]
        return due
    return None
