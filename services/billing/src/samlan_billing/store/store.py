"""All that billing keeps.

A ledger keeps what is open; a settled fee moves to its own document, written before it leaves the ledger,
so that whoever looks first in the ledger and then there finds it in one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING
from samlan_plumbing.copies import Copies
from samlan_plumbing.documents import Documents
from samlan_plumbing.dues import SLOT as WAITING
from samlan_plumbing.dues import earliest, earliest_of_all
from samlan_plumbing.resources import Resources

from samlan_billing.domain.invoicing import of_loan
from samlan_billing.domain.ledger import Fee, Ledger
from samlan_billing.store.coding import dump_ledger, load_ledger
from samlan_billing.store.copies import Branches, Closings
from samlan_billing.store.settled import SettledFees

EDITIONS: Final = "editions"


class Store:
    """All that billing keeps."""

    def __init__(self, resources: Resources) -> None:
        self.ledgers: Documents[Ledger] = Documents(resources, "ledgers", load=load_ledger, dump=dump_ledger)
        self.settled = SettledFees(resources)
        self.patrons = Copies(resources, "patrons")
        self.branches = Branches(resources)
        self.closings = Closings(resources)
        self._books = resources.database["books"]

    async def prepare(self) -> None:
        """Creates the indexes of every query."""
        ledgers = self.ledgers.collection
        await ledgers.create_index("open.id")
        await ledgers.create_index("to_move", sparse=True)
        await ledgers.create_index([("reviewing", ASCENDING), ("review_at", ASCENDING)], sparse=True)
        await ledgers.create_index([("collecting", ASCENDING), ("collect_at", ASCENDING)], sparse=True)
        await self.settled.prepare()
        await self.closings.prepare()

    async def ledger_of_fee(self, fee: str) -> Ledger | None:
        """The ledger in which a fee is open."""
        found = await self.ledgers.collection.find_one({"open.id": fee})
        return load_ledger(found) if found else None

    async def open_fees(self, fees: Iterable[str]) -> dict[str, tuple[str, Fee]]:
        """Those of these fees that are open in a ledger, each with its patron."""
        wanted = list(fees)
        found = await self.ledgers.collection.find({"open.id": {"$in": wanted}}).to_list()
        ledgers = [load_ledger(doc) for doc in found]
        return {key: (one.patron, one.fees[key]) for one in ledgers for key in wanted if key in one.fees}

    async def whose(self, fee: str) -> dict[str, Any] | None:
        """The patron of a fee, as a loan's end tells of one; None when no such fee has its particulars."""
        ledger = await self.ledger_of_fee(fee)
        if ledger is None:
            settled = await self.settled.read(fee)
            stored = await self.ledgers.read(settled[0]) if settled else None
            ledger = stored.state if stored else None
        if ledger is None:
            return None
        return {"patron": ledger.patron, "patron_member": ledger.member or "", "born": ledger.born}

    async def ledgers_that_exist(self, patrons: Iterable[str]) -> set[str]:
        """Which of these patrons have a ledger."""
        found = self.ledgers.collection.find({"_id": {"$in": list(patrons)}}, {"_id": 1})
        return {doc["_id"] for doc in await found.to_list()}

    async def standing(self, patrons: Iterable[str]) -> list[tuple[Ledger, int]]:
        """The ledgers of these patrons, with the sequences they stand at."""
        found = await self.ledgers.collection.find({"_id": {"$in": list(patrons)}}).to_list()
        return [(load_ledger(doc), doc["sequence"]) for doc in found]

    async def ledgers_to_move(self, limit: int) -> list[str]:
        """Whose ledgers hold settled fees."""
        found = self.ledgers.collection.find({"to_move": WAITING}, {"_id": 1}).limit(limit)
        return [doc["_id"] for doc in await found.to_list()]

    async def ledgers_to_review(self, now: datetime, limit: int) -> list[str]:
        """Whose standing may have changed with no booking."""
        due = {"reviewing": WAITING, "review_at": {"$lte": now}}
        found = self.ledgers.collection.find(due, {"_id": 1}).limit(limit)
        return [doc["_id"] for doc in await found.to_list()]

    async def editions_judged_by(self) -> dict[str, str]:
        """The books' versions, by member, that every standing was last judged by; empty at first."""
        found = await self._books.find_one({"_id": EDITIONS})
        return dict(found["versions"]) if found else {}

    async def judge_all(self, versions: dict[str, str], now: datetime) -> None:
        """Has the standing of all who owe something reviewed now, and then notes by which books."""
        due = {"$set": {"reviewing": WAITING, "review_at": now}}
        for owing in ("balances", "out"):
            await self.ledgers.collection.update_many({owing: {"$exists": True}}, due)
        await self._books.update_one({"_id": EDITIONS}, {"$set": {"versions": versions}}, upsert=True)

    async def ledgers_to_collect(self, now: datetime, limit: int) -> list[str]:
        """Whose unpaid invoices go to collection."""
        due = {"collecting": WAITING, "collect_at": {"$lte": now}}
        found = self.ledgers.collection.find(due, {"_id": 1}).limit(limit)
        return [doc["_id"] for doc in await found.to_list()]

    async def next_collection(self, now: datetime) -> datetime | None:
        """When the next unpaid invoice goes to collection; `now` when one does."""
        return await earliest(self.ledgers.collection, "collecting", "collect_at", now)

    async def fees_of_loan(self, patron: str, loan: str) -> list[str]:
        """The ids of what the stages of a patron's loan cost, open or settled, and of an item not back."""
        stored = await self.ledgers.read(patron)
        if stored is None:
            return []
        settled = await self.settled.of_patron(patron) if stored.state.moved else []
        fees = dict.fromkeys(one.id for one in of_loan([*stored.state.fees.values(), *settled], loan))
        out = stored.state.out.get(loan)
        return list(fees if out is None else fees | {out.fee: None})

    async def next_review(self) -> datetime | None:
        """When the next standing may change with no booking."""
        return await earliest_of_all(self.ledgers.collection, {"reviewing": WAITING}, "review_at")
