"""Items as documents: the top-level fields are those of `Item`, dates are ISO text, kept facts are short.

Indexes: `loan.patron` (a patron's loans), `loan.id` (a loan's item), `thing.title` (copies of a title),
`stage_slot` with `stage_at` (loans by when they come to their next stage).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, TypeVar

from pymongo import UpdateOne
from samlan_contracts.shapes import RoutedHold, Thing
from samlan_plumbing.documents import Change, Documents, Stored
from samlan_plumbing.dues import SLOT, earliest
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.model import Asked, Item, Kept, Loan, Place

Doc = dict[str, Any]
T = TypeVar("T")
COPIES_AT_ONCE: Final = 5_000  # of one title
LOANS_AT_ONCE: Final = 2_000  # of one patron


def dump(item: Item) -> Doc:
    """An item as its document's fields."""
    return {
        "thing": item.thing.model_dump(mode="json"), "described": item.described, "removed": item.removed,
        "state": item.state, "branch": item.branch, "goes_to": item.goes_to,
        "hold": item.hold.model_dump() if item.hold else None,
        "asked": _flat(item.asked) if item.asked else None,
        "loan": _dump_loan(item.loan) if item.loan else None,
        "kept": [dump_kept(one) for one in item.kept],
        **_dump_stage(item),
    }  # fmt: skip


def _dump_stage(item: Item) -> Doc:
    """When the loan comes to its next stage, outside of it and under an index.

    What the patron claims to have handed in waits for the staff to look for it, and comes to none."""
    if item.loan is None or item.loan.next_at is None or item.state == "claimed_returned":
        return {}
    return {"stage_slot": SLOT, "stage_at": item.loan.next_at}


def load(doc: Doc) -> Item:
    """The item in a document."""
    asked = doc["asked"]
    return Item(
        thing=Thing.model_validate(doc["thing"]), described=doc["described"], removed=doc["removed"],
        state=doc["state"], branch=doc["branch"], goes_to=doc["goes_to"],
        hold=RoutedHold.model_validate(doc["hold"]) if doc["hold"] else None,
        asked=Asked(**{**asked, "routed": tuple(asked["routed"])}) if asked else None,
        loan=load_loan(doc["loan"]) if doc["loan"] else None,
        kept=tuple(_load_kept(one) for one in doc["kept"]),
    )  # fmt: skip


def _flat(value: Any) -> Doc:
    """The fields of a value; tuples become the lists that the datastore gives back."""
    found = {one.name: getattr(value, one.name) for one in fields(value)}
    return {name: list(part) if isinstance(part, tuple) else part for name, part in found.items()}


def _dump_loan(loan: Loan) -> Doc:
    born = loan.born.isoformat() if loan.born else None
    return {**_flat(loan), "born": born, "due": loan.due.isoformat()}


def load_loan(doc: Doc) -> Loan:
    """The loan in a document."""
    born = date.fromisoformat(doc["born"]) if doc["born"] else None
    return Loan(**{**doc, "born": born, "due": date.fromisoformat(doc["due"])})


def dump_kept(kept: Kept) -> Doc:
    """A kept fact, with what is absent or follows from the rest left out."""
    at, turn, device, sequence, fact = kept.place
    short: Doc = {
        "at": at,
        "device": device,
        "n": sequence,
        "fact": fact,
        "kind": kept.kind,
        "branch": kept.branch,
    }
    if turn:
        short["turn"] = turn
    if kept.counts_at is not None:
        short["counts"] = True if kept.counts_at == at else kept.counts_at
    if kept.loan is not None and kept.due is not None:
        short |= {"loan": kept.loan, "due": kept.due.isoformat(), "renewals": kept.renewals}
    if kept.closed_at is not None:
        short["closed"] = kept.closed_at
    if kept.registered:
        short["registered"] = True
    if kept.only is not None:
        short["only"] = kept.only
    return short


def _load_kept(doc: Doc) -> Kept:
    counts = doc.get("counts")
    place = Place(doc["at"], doc.get("turn", 0), doc["device"], doc["n"], doc["fact"])
    return Kept(
        place=place, kind=doc["kind"], branch=doc["branch"],
        counts_at=doc["at"] if counts is True else counts, loan=doc.get("loan"),
        due=date.fromisoformat(doc["due"]) if "due" in doc else None, renewals=doc.get("renewals", 0),
        closed_at=doc.get("closed"), registered=doc.get("registered", False), only=doc.get("only"),
    )  # fmt: skip


class Items:
    """The items, one document each."""

    def __init__(self, resources: Resources) -> None:
        self._documents: Documents[Item] = Documents(
            resources, "items", load=load, dump=dump, soon_again=True
        )
        self.collection = self._documents.collection

    async def prepare(self) -> None:
        """Creates the indexes."""
        await self.collection.create_index("loan.patron", sparse=True)
        await self.collection.create_index("loan.id", sparse=True)
        await self.collection.create_index("thing.title")
        await self.collection.create_index([("stage_slot", 1), ("stage_at", 1)], sparse=True)

    async def read(self, barcode: str) -> Stored[Item] | None:
        """One item."""
        return await self._documents.read(barcode)

    async def change(
        self, barcode: str, decide: Callable[[Stored[Item] | None], Change[Item, T]], *, command: bool = False
    ) -> T:
        """Decides on an item and stores what was decided."""
        return await self._documents.change(barcode, decide, command=command)

    async def read_many(self, barcodes: Iterable[str]) -> dict[str, Stored[Item]]:
        """These items, by barcode, as far as they are known."""
        return await self._documents.read_many(barcodes)

    async def insert_many(self, items: Iterable[Item]) -> int:
        """Stores new items in bulk; those that are known are left alone."""
        return await self._documents.insert_many((one.thing.item, one) for one in items)

    async def replace_many(self, changes: Iterable[tuple[Stored[Item], Item]]) -> int:
        """Import: stores changed items in bulk, each if nobody changed it meanwhile; nothing is told."""
        writes = [
            UpdateOne(
                {"_id": item.thing.item, "revision": before.revision},
                {"$set": dump(item), "$inc": {"revision": 1, "sequence": 1}},
            )
            for before, item in changes
        ]
        return (await self.collection.bulk_write(writes, ordered=False)).modified_count if writes else 0

    async def of_patron(self, patron: str) -> list[Item]:
        """The items a patron has on loan."""
        return [load(doc) async for doc in self.collection.find({"loan.patron": patron}).limit(LOANS_AT_ONCE)]

    async def borrowed_by(self, patron: str) -> list[tuple[str, str]]:
        """Loan id and material of each open loan of a patron, for counting."""
        wanted = {"loan.id": 1, "thing.material": 1}
        found = self.collection.find({"loan.patron": patron}, wanted).limit(LOANS_AT_ONCE)
        return [(doc["loan"]["id"], doc["thing"]["material"]) async for doc in found]

    async def of_patrons(self, patrons: Iterable[str]) -> list[Item]:
        """The items that any of these patrons has on loan."""
        return [load(doc) async for doc in self.collection.find({"loan.patron": {"$in": list(patrons)}})]

    async def of_loan(self, loan: str) -> Item | None:
        """The item that this open loan is of."""
        doc = await self.collection.find_one({"loan.id": loan})
        return load(doc) if doc else None

    async def of_title(self, title: str) -> list[Item]:
        """The copies of a title."""
        return [load(doc) async for doc in self.collection.find({"thing.title": title}).limit(COPIES_AT_ONCE)]

    async def due_stages(self, now: datetime, limit: int) -> list[tuple[str, str]]:
        """Some items whose loan has come to a stage, each with the branch that lent it."""
        due = {"stage_slot": SLOT, "stage_at": {"$lte": now}}
        found = self.collection.find(due, {"loan.branch": 1}).limit(limit)
        return [(doc["_id"], doc["loan"]["branch"]) async for doc in found]

    async def next_stage(self, now: datetime) -> datetime | None:
        """When the next loan comes to a stage; `now` when one has."""
        return await earliest(self.collection, "stage_slot", "stage_at", now)
