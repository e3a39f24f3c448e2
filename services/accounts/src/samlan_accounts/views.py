"""What others read: the account as its owner sees it, contacts for messages, and the state to be checked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from samlan_contracts.policy import PolicyBooks
from samlan_contracts.policy.period import age_on
from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.pages import page_of
from samlan_plumbing.resources import Resources

from samlan_accounts.domain.patron import Patron
from samlan_accounts.domain.standing import local_day
from samlan_accounts.store.patrons import Patrons

PAGE: Final = 1_000  # each page scans its collection where the datastore is the embedded one
CONTACTS: Final = 500
ADULT: Final = 18  # majority by law in Sweden and Denmark; no member decides it
CHECKED_FIELDS: Final = {"patron": ("sequence", "status", "blocks"), "copy": ("sequence", "blocks")}
Row = dict[str, Any]


class Accounts:
    """Answers about patrons; nothing here changes anything."""

    def __init__(self, resources: Resources, patrons: Patrons) -> None:
        self._patrons = patrons
        self._resources = resources
        self._clock: LibraryClock = resources.library_clock

    async def patron(self, patron: str) -> Row | None:
        """All that the library holds of a patron in this service (K05), with standing by all its causes."""
        found = await self._patrons.read(patron)
        if found is None or found.status == "erased":
            return None
        return account(found, await self._patrons.owed(patron))

    async def children(self, guardian: str) -> list[Row]:
        """The children a guardian may see while they are under age, unless staff set a shield (O36, O37)."""
        found = await self._patrons.children_of(guardian)
        return [
            {"patron": one.patron, "name": one.person.name, "born": _day(one)}
            for one in found
            if not one.shielded and one.status != "erased" and self._under_age(one)
        ]

    async def contacts(self, wanted: Iterable[str]) -> dict[str, Row | None]:
        """How to reach these patrons at this moment; None for one who is unknown or erased.

        A patron under age comes with the guardian's contact; a shield does not keep bills from a guardian."""
        asked = list(dict.fromkeys(wanted))
        patrons = await self._patrons.read_many(asked)
        young = {one.guardian for one in patrons.values() if one.guardian and self._under_age(one)}
        guardians = await self._patrons.read_many(young)
        return {key: self._contact(patrons.get(key), guardians) for key in asked}

    def _contact(self, patron: Patron | None, guardians: dict[str, Patron]) -> Row | None:
        if patron is None or patron.status == "erased":
            return None
        guardian = guardians.get(patron.guardian or "") if self._under_age(patron) else None
        reached = contact(guardian) if guardian is not None and guardian.status != "erased" else None
        return {**contact(patron), "guardian": patron.guardian, "guardian_contact": reached}

    def _under_age(self, patron: Patron) -> bool:
        if patron.born is None:
            return False
        books: PolicyBooks = self._resources.books
        return age_on(patron.born, local_day(books, patron.member, self._clock.now())) < ADULT

    async def state(self, after: str, limit: int) -> Row:
        """One page of what `samlan check` reads: patrons, then copies of what billing told."""
        parts = {"patron": self._patrons.documents.collection, "copy": self._patrons.money.collection}
        page = await page_of(parts, after, limit, fields=CHECKED_FIELDS)
        row = _patron_row if page.part == "patron" else _copy_row
        return {"items": [row(one) for one in page.found], "next": page.following}


def _patron_row(found: Row) -> Row:
    return {
        "kind": "patron", "key": found["_id"], "sequence": found["sequence"], "status": found["status"],
        "blocks": [{"cause": one["cause"], "stops": one["stops"]} for one in found["blocks"]],
    }  # fmt: skip


def _copy_row(found: Row) -> Row:
    return {
        "kind": "copy", "of": "ledger", "key": found["_id"], "sequence": found["sequence"],
        "blocks": found.get("blocks", []),
    }  # fmt: skip


def account(patron: Patron, owed: list[Row]) -> Row:
    """The account in full, for its owner and for the desk that serves the owner."""
    person = patron.person
    return {
        "patron": patron.patron, "member": patron.member, "name": person.name, "born": _day(patron),
        "identity": person.identity, "email": person.email, "mobile": person.mobile,
        "address": dict(person.address) if person.address else None,
        "borrower_id": patron.borrower_id,
        "cards": [{"card": one.number, "blocked": one.blocked} for one in patron.cards],
        "status": patron.status, "registered_at": patron.registered_at, "valid_until": patron.valid_until,
        "language": patron.language, "guardian": patron.guardian, "shielded": patron.shielded,
        "receipts": patron.receipts, "channels": list(patron.channels), "pickup": patron.pickup,
        "history": patron.history, "staffless": patron.staffless,
        "blocks": [*_own_blocks(patron), *_money_blocks(owed)],
    }  # fmt: skip


def contact(patron: Patron) -> Row:
    """How to reach one person, and in which language."""
    return {
        "name": patron.person.name, "email": patron.person.email, "mobile": patron.person.mobile,
        "language": patron.language, "channels": list(patron.channels), "member": patron.member,
        "born": _day(patron), "receipts": patron.receipts,
    }  # fmt: skip


def _own_blocks(patron: Patron) -> list[Row]:
    return [
        {"cause": one.cause, "stops": list(one.stops), "since": _instant(one.since), "because": one.because}
        for one in patron.blocks
    ]


def _money_blocks(owed: list[Row]) -> list[Row]:
    return [
        {
            "cause": one.get("cause", "debt"), "stops": list(one["stops"]), "member": one["member"],
            "outstanding": {"amount": one["outstanding_minor"], "currency": one["currency"]},
            "because": one["because"],
        }
        for one in owed
    ]  # fmt: skip


def _day(patron: Patron) -> str | None:
    return patron.born.isoformat() if patron.born else None


def _instant(instant: datetime) -> str:
    return instant.isoformat()
