"""Fees of which nothing is owed, and when their particulars go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pymongo import ASCENDING
from samlan_plumbing.copies import Copies
from samlan_plumbing.dues import SLOT as WAITING
from samlan_plumbing.dues import earliest_of_all
from samlan_plumbing.resources import Resources

from samlan_billing.domain.ledger import Fee, Known
from samlan_billing.store.coding import Fields, dump_fee, load_fee, remains

KEPT_FOR_EVER: Final = frozenset({"_id", "sequence", "member", "amount_minor", "currency", "kind", "date"})
LISTED: Final = 200  # settled fees of one patron shown at once


class SettledFees:
    """Fees of which nothing is owed, each by itself, until only amount, kind and date remain."""

    def __init__(self, resources: Resources) -> None:
        self._copies = Copies(resources, "settled")
        self.collection = self._copies.collection

    async def prepare(self) -> None:
        """Creates the indexes of every query."""
        await self.collection.create_index("patron", sparse=True)
        await self.collection.create_index([("keeping", ASCENDING), ("erase_at", ASCENDING)], sparse=True)

    async def keep(self, patron: str, fee: Fee, erase_at: datetime) -> None:
        """Stores a settled fee; what stands here and is as new is the same and stays."""
        version = 2 * len(fee.entries) + (fee.ended_at is not None)  # an end may be known with no entry of it
        if not fee.charged and fee.loan is None:
            await self._copies.apply(fee.id, version, remains(fee))
            return
        particulars = {"patron": patron, "keeping": WAITING, "erase_at": erase_at}
        await self._copies.apply(fee.id, version, {**dump_fee(fee), **particulars, **remains(fee)})

    async def known(self, patron: str, fees: Iterable[str], moved: int) -> Known:
        """What stands here of these fees of this patron; of another patron's nothing is said."""
        found = await self._copies.read_many(fees)
        full = {key: load_fee(doc) for key, doc in found.items() if doc.get("patron") == patron}
        gone = frozenset(key for key, doc in found.items() if "patron" not in doc)
        return Known(moved=moved, fees=full, gone=gone)

    async def read(self, fee: str) -> tuple[str, Fee] | None:
        """A settled fee and its patron, while its particulars are kept."""
        found = await self._copies.read(fee)
        return (found["patron"], load_fee(found)) if found and "patron" in found else None

    async def exist(self, fees: Iterable[str]) -> set[str]:
        """Which of these fees were settled, whoever's they are."""
        return set(await self._copies.read_many(fees))

    async def of_patron(self, patron: str) -> list[Fee]:
        """A patron's settled fees whose particulars are kept."""
        found = await self.collection.find({"patron": patron}).limit(LISTED).to_list()
        return [load_fee(doc) for doc in found]

    async def to_strip(self, now: datetime, limit: int) -> list[Fields]:
        """Fees whose particulars have been kept long enough."""
        due = {"keeping": WAITING, "erase_at": {"$lte": now}}
        return await self.collection.find(due, {"sequence": 1}).limit(limit).to_list()

    async def of_erased(self, patron: str) -> list[Fields]:
        """A patron's settled fees, for their particulars to go now."""
        return await self.collection.find({"patron": patron}, {"sequence": 1}).to_list()

    async def strip(self, found: Fields) -> None:
        """Leaves only amount, kind and date of a fee that nobody has written since."""
        whole = await self._copies.read(found["_id"])
        gone = {name: "" for name in whole or {} if name not in KEPT_FOR_EVER}
        if gone:
            guard = {"_id": found["_id"], "sequence": found["sequence"]}
            await self.collection.update_one(guard, {"$unset": gone})

    async def next_strip(self) -> datetime | None:
        """When the next particulars have been kept long enough."""
        return await earliest_of_all(self.collection, {"keeping": WAITING}, "erase_at")
