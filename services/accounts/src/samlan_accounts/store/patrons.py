"""Patrons as documents: one each, personal data in one seal, numbers as keyed hashes.

`handles` holds the keyed hash of every number that leads to the patron, under one unique index: the datastore
itself keeps a card, an identity number and a borrower id from belonging to two. `pin_waits` marks, under a
sparse index, the patrons whose PIN waits to be hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from samlan_plumbing.copies import Copies
from samlan_plumbing.documents import BATCH, Documents
from samlan_plumbing.dues import earliest_of_all
from samlan_plumbing.resources import Resources

from samlan_accounts.domain.handles import Handle, handles
from samlan_accounts.domain.patron import Card, Cause, HashedPin, Patron, Person, Pin, SealedPin
from samlan_accounts.store.vault import Vault

PLAIN: Final = (
    "member", "borrower_id", "registered_at", "status", "valid_until", "language", "guardian", "shielded",
    "receipts", "pickup", "history", "staffless", "imported",
)  # fmt: skip


class Patrons:
    """All patrons, the numbers that lead to them, and the copies of what billing says they owe."""

    def __init__(self, resources: Resources, vault: Vault) -> None:
        self.vault = vault
        self.documents: Documents[Patron] = Documents(resources, "patrons", load=self._load, dump=self._dump)
        self.money = Copies(resources, "money")
        self._collection = self.documents.collection

    async def prepare(self) -> None:
        """Creates the indexes that every query here rests on."""
        await self._collection.create_index("handles", unique=True)
        await self._collection.create_index("pin_waits", sparse=True)
        await self._collection.create_index([("expires", 1), ("valid_until", 1)], sparse=True)
        await self._collection.create_index("guardian", sparse=True)

    async def read(self, patron: str) -> Patron | None:
        """The patron, or None."""
        stored = await self.documents.read(patron)
        return stored.state if stored else None

    async def read_many(self, patrons: Iterable[str]) -> dict[str, Patron]:
        """These patrons, by id."""
        return {key: one.state for key, one in (await self.documents.read_many(patrons)).items()}

    async def owners(self, wanted: Iterable[Handle]) -> dict[Handle, str]:
        """Which patron holds each of these numbers; a number nobody holds is missing."""
        hashes = {self.vault.handle(one): one for one in wanted}
        keys = list(hashes)
        found: dict[Handle, str] = {}
        for start in range(0, len(keys), BATCH):
            part = self._collection.find({"handles": {"$in": keys[start : start + BATCH]}}, {"handles": 1})
            async for one in part:
                found.update({hashes[key]: one["_id"] for key in one["handles"] if key in hashes})
        return found

    async def found_by(self, candidates: Sequence[Handle]) -> list[Patron]:
        """The patrons to whom any of these numbers lead."""
        keys = [self.vault.handle(one) for one in candidates]
        return [self._load(one) async for one in self._collection.find({"handles": {"$in": keys}}).limit(10)]

    async def children_of(self, guardian: str) -> list[Patron]:
        """The patrons whose guardian this is."""
        return [self._load(one) async for one in self._collection.find({"guardian": guardian}).limit(100)]

    async def with_waiting_pins(self, limit: int) -> list[Patron]:
        """Some patrons whose PIN waits to be hashed."""
        return [self._load(one) async for one in self._collection.find({"pin_waits": True}).limit(limit)]

    async def expired(self, now: datetime, limit: int) -> list[str]:
        """Temporary accounts whose time is over (V04)."""
        due = {"expires": True, "valid_until": {"$lte": now}}
        return [one["_id"] async for one in self._collection.find(due, {"_id": 1, "member": 1}).limit(limit)]

    async def next_expiry(self) -> datetime | None:
        """When the next temporary account ends."""
        return await earliest_of_all(self._collection, {"expires": True}, "valid_until")

    async def owed(self, patron: str) -> list[dict[str, Any]]:
        """What billing says the patron's debts stop, one entry per member."""
        copy = await self.money.read(patron)
        return list(copy["blocks"]) if copy and "blocks" in copy else []

    def _dump(self, patron: Patron) -> dict[str, Any]:
        fields: dict[str, Any] = {name: getattr(patron, name) for name in PLAIN}
        fields["born"] = patron.born.isoformat() if patron.born else None
        fields["channels"] = list(patron.channels)
        fields["blocks"] = [{**asdict(one), "stops": list(one.stops)} for one in patron.blocks]
        fields["sealed"] = self.vault.seal(patron.patron, _personal(patron))
        fields["handles"] = [self.vault.handle(one) for one in handles(patron)] or [f"gone/{patron.patron}"]
        return {
            **{k: v for k, v in fields.items() if v is not None},
            **_pin_fields(patron),
            **_expiry(patron),
        }

    def _load(self, found: dict[str, Any]) -> Patron:
        personal = self.vault.unseal(found["_id"], bytes(found["sealed"]))
        plain = {name: found[name] for name in PLAIN if name in found}
        imported = plain.pop("imported", None)
        return Patron(
            patron=found["_id"],
            person=Person(**personal["person"]),
            cards=tuple(Card(**one) for one in personal["cards"]),
            born=date.fromisoformat(found["born"]) if "born" in found else None,
            channels=tuple(found["channels"]),
            blocks=tuple(Cause(**{**one, "stops": tuple(one["stops"])}) for one in found["blocks"]),
            pin=_pin(found.get("pin")),
            imported=bytes(imported) if imported is not None else None,
            **plain,
        )


def _personal(patron: Patron) -> dict[str, Any]:
    person = {k: v for k, v in asdict(patron.person).items() if v is not None}
    return {"person": person, "cards": [asdict(one) for one in patron.cards]}


def _pin_fields(patron: Patron) -> dict[str, Any]:
    match patron.pin:
        case SealedPin(sealed):
            return {"pin": {"sealed": sealed}, "pin_waits": True}
        case HashedPin(hashed):
            return {"pin": {"hashed": hashed}}
        case None:
            return {}


def _pin(kept: dict[str, Any] | None) -> Pin | None:
    if kept is None:
        return None
    return SealedPin(bytes(kept["sealed"])) if "sealed" in kept else HashedPin(kept["hashed"])


def _expiry(patron: Patron) -> dict[str, Any]:
    return {"expires": True} if patron.valid_until is not None else {}
