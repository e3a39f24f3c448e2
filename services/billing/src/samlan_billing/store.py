"""Billing's documents: ledgers, settled fees, and the copies of patrons and branches.

A ledger keeps what is open; a settled fee moves to its own document, written before it leaves the ledger,
so that whoever looks first in the ledger and then there finds it in one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, cast

from pymongo import ASCENDING
from pymongo.asynchronous.collection import AsyncCollection
from samlan_contracts.events.billing import MoneyBlock
from samlan_contracts.policy import BranchCalendar
from samlan_plumbing.consuming import NotReady
from samlan_plumbing.copies import Copies
from samlan_plumbing.documents import Documents, Operators
from samlan_plumbing.dues import SLOT as WAITING
from samlan_plumbing.dues import earliest
from samlan_plumbing.resources import Resources

from samlan_billing.domain.invoicing import of_loan
from samlan_billing.domain.ledger import Account, Entry, EntryKind, Fee, Known, Ledger

Fields = dict[str, Any]
Collection = AsyncCollection[dict[str, Any]]
KEPT_FOR_EVER: Final = frozenset({"_id", "sequence", "member", "amount_minor", "currency", "kind", "date"})
PLAIN_END_KEPT_SECONDS: Final = 60 * 86_400  # machine time; longer than any message may be on its way
LISTED: Final = 200  # settled fees of one patron shown at once


class Store:
    """All that billing keeps."""

    def __init__(self, resources: Resources) -> None:
        self.ledgers: Documents[Ledger] = Documents(resources, "ledgers", load=load_ledger, dump=dump_ledger)
        self.settled = SettledFees(resources)
        self.patrons = Copies(resources, "patrons")
        self.branches = Branches(resources)
        self.closings = Closings(resources)

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

    async def ledgers_to_collect(self, now: datetime, limit: int) -> list[str]:
        """Whose unpaid invoices go to collection."""
        due = {"collecting": WAITING, "collect_at": {"$lte": now}}
        found = self.ledgers.collection.find(due, {"_id": 1}).limit(limit)
        return [doc["_id"] for doc in await found.to_list()]

    async def next_collection(self, now: datetime) -> datetime | None:
        """When the next unpaid invoice goes to collection; `now` when one does."""
        return await earliest(self.ledgers.collection, "collecting", "collect_at", now)

    async def fees_of_loan(self, patron: str, loan: str) -> list[str]:
        """The ids of what the stages of a patron's loan cost, open or settled."""
        stored = await self.ledgers.read(patron)
        if stored is None:
            return []
        settled = await self.settled.of_patron(patron) if stored.state.moved else []
        return [one.id for one in of_loan([*stored.state.fees.values(), *settled], loan)]

    async def next_review(self) -> datetime | None:
        """When the next standing may change with no booking."""
        return await _earliest(self.ledgers.collection, {"reviewing": WAITING}, "review_at")


class Closings:
    """Ends of loans that other news must know of, by loan: the earliest that any told, and nobody's name.

    An end that was corrected stays; a plain one only for as long as a stage's message may be on its way."""

    def __init__(self, resources: Resources) -> None:
        self.collection = resources.database["closings"]
        self._machine_clock = resources.machine_clock

    async def prepare(self) -> None:
        """Creates the index by which plain ends are forgotten."""
        await self.collection.create_index("noted_at", expireAfterSeconds=PLAIN_END_KEPT_SECONDS)

    async def note(self, loan: str, returned_at: datetime) -> None:
        """Keeps an earlier end for good, unless a still earlier one is known."""
        earliest = {"$min": {"returned_at": returned_at}, "$unset": {"noted_at": ""}}
        await self.collection.update_one({"_id": loan}, earliest, upsert=True)

    async def note_plain(self, loan: str, returned_at: datetime) -> None:
        """Keeps an end for a while, unless an earlier one is known."""
        noted = {
            "$min": {"returned_at": returned_at},
            "$setOnInsert": {"noted_at": self._machine_clock.now()},
        }
        await self.collection.update_one({"_id": loan}, noted, upsert=True)

    async def read(self, loan: str) -> datetime | None:
        """The earliest end that is known of a loan, if any news told of one."""
        found = await self.collection.find_one({"_id": loan})
        return found["returned_at"] if found else None


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
        """Stores a settled fee; what stands here with as many entries is the same and stays."""
        if not fee.charged and fee.loan is None:
            await self._copies.apply(fee.id, len(fee.entries), _remains(fee))
            return
        particulars = {"patron": patron, "keeping": WAITING, "erase_at": erase_at}
        await self._copies.apply(fee.id, len(fee.entries), {**dump_fee(fee), **particulars, **_remains(fee)})

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
        return await _earliest(self.collection, {"keeping": WAITING}, "erase_at")


class Branches:
    """Copies of the branches, with their calendars as last told."""

    def __init__(self, resources: Resources) -> None:
        self.copies = Copies(resources, "branches")
        self._read: dict[str, tuple[int, BranchCalendar]] = {}

    async def calendar(self, branch: str) -> BranchCalendar:
        """The calendar of a branch; `NotReady` until catalog has told of it."""
        found = await self.copies.read(branch)
        if found is None:
            raise NotReady(f"branch {branch} is not known yet")
        sequence, calendar = self._read.get(branch, (None, None))
        if calendar is None or sequence != found["sequence"]:
            calendar = BranchCalendar.of(branch, found)
            self._read[branch] = (found["sequence"], calendar)
        return calendar


async def _earliest(collection: Collection, waiting: Fields, field: str) -> datetime | None:
    first = await collection.find(waiting, {field: 1}).sort(field, ASCENDING).limit(1).to_list()
    return cast("datetime", first[0][field]) if first else None


def load_ledger(found: Mapping[str, Any]) -> Ledger:
    """A ledger as it was stored."""
    return Ledger(
        patron=found["_id"],
        member=found.get("member"),
        born=_day(found.get("born")),
        fees={one["id"]: load_fee(one) for one in found.get("open", ())},
        balances={Account(one["member"], one["currency"]): one["minor"] for one in found.get("balances", ())},
        blocks=tuple(MoneyBlock.model_validate(one) for one in found.get("blocks", ())),
        moved=found.get("moved", 0),
        review_at=found.get("review_at"),
        erased=found.get("erased", False),
    )


def dump_ledger(ledger: Ledger) -> Fields:
    """A ledger's fields; what is empty is left out, so that what nobody waits for is in no index."""
    return {**_frame(ledger), "open": [dump_fee(fee) for fee in ledger.fees.values()]}


def _frame(ledger: Ledger) -> Fields:
    """All of a ledger but its fees."""
    fields = {
        "member": ledger.member,
        "born": _text(ledger.born),
        "balances": [
            {"member": account.member, "currency": account.currency, "minor": owed}
            for account, owed in sorted(ledger.balances.items())
        ],
        "blocks": [block.model_dump(mode="json") for block in ledger.blocks],
        "moved": ledger.moved,
        "review_at": ledger.review_at,
        "reviewing": WAITING if ledger.review_at else None,
        "collect_at": ledger.collect_at,
        "collecting": WAITING if ledger.collect_at else None,
        "to_move": WAITING if ledger.to_move else None,
        "erased": ledger.erased,
    }
    return {name: value for name, value in fields.items() if value}


def changes(before: Ledger, after: Ledger) -> Operators:
    """The operators that turn a stored ledger into another, writing of its fees only what changed."""
    old, new = _frame(before), _frame(after)
    fees = _fee_changes(before, after)
    written = {name: value for name, value in new.items() if old.get(name) != value}
    gone = {name: "" for name in old if name not in new}
    operators = {"$set": {**written, **fees.get("$set", {})}, "$push": fees.get("$push", {}), "$unset": gone}
    return {operator: fields for operator, fields in operators.items() if fields}


def _fee_changes(before: Ledger, after: Ledger) -> dict[str, Fields]:
    """Places in the array are those read, which the guarded write keeps true."""
    stayed = list(after.fees)[: len(before.fees)] == list(before.fees)
    changed = {
        f"open.{place}": dump_fee(after.fees[key])
        for place, (key, fee) in enumerate(before.fees.items())
        if stayed and after.fees[key] is not fee
    }
    added = [dump_fee(fee) for key, fee in after.fees.items() if key not in before.fees]
    if not stayed or (changed and added):
        return {"$set": {"open": [dump_fee(fee) for fee in after.fees.values()]}}
    return {"$set": changed, **({"$push": {"open": {"$each": added}}} if added else {})}


def load_fee(found: Mapping[str, Any]) -> Fee:
    """A fee as it was stored, in a ledger or by itself."""
    return Fee(
        id=found.get("id") or found["_id"],
        member=found["member"],
        currency=found["currency"],
        kind=found["kind"],
        charged_at=found["charged_at"],
        entries=tuple(_load_entry(one) for one in found["entries"]),
        item=found.get("item"),
        loan=found.get("loan"),
        invoice=found.get("invoice"),
        invoice_due=_day(found.get("invoice_due")),
        collect_at=found.get("collect_at"),
        collected_at=found.get("collected_at"),
        because=found.get("because", []),
    )


def dump_fee(fee: Fee) -> Fields:
    """A fee's fields; what is empty is left out."""
    fields = {
        "id": fee.id,
        "member": fee.member,
        "currency": fee.currency,
        "kind": fee.kind,
        "charged_at": fee.charged_at,
        "entries": [_dump_entry(entry) for entry in fee.entries],
        "item": fee.item,
        "loan": fee.loan,
        "invoice": fee.invoice,
        "invoice_due": _text(fee.invoice_due),
        "collect_at": fee.collect_at,
        "collected_at": fee.collected_at,
        "because": fee.because,
    }
    return {name: value for name, value in fields.items() if value}


def _remains(fee: Fee) -> Fields:
    """What is kept of a fee for ever."""
    return {
        "member": fee.member, "amount_minor": fee.charged, "currency": fee.currency,
        "kind": fee.kind, "date": fee.charged_at.date().isoformat(),
    }  # fmt: skip


def _dump_entry(entry: Entry) -> Fields:
    fields = {
        "id": entry.id, "kind": entry.kind, "minor": entry.amount_minor, "at": entry.at,
        "cause": entry.cause, "corrects": entry.corrects, "why": entry.why,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}


def _load_entry(found: Mapping[str, Any]) -> Entry:
    return Entry(
        id=found["id"], kind=cast("EntryKind", found["kind"]), amount_minor=found["minor"], at=found["at"],
        cause=found["cause"], corrects=found.get("corrects"), why=found.get("why"),
    )  # fmt: skip


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
