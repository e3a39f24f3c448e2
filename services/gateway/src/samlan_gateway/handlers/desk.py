"""What a desk asks for: always at its own branch, always for somebody who stands there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from samlan_gateway.clients.owners import Owners
from samlan_gateway.domain.actor import Actor
from samlan_gateway.domain.shapes import (
    Account,
    Fee,
    Hold,
    Item,
    Lent,
    RenewalOutcome,
    Waived,
    held_for,
    named,
    shown,
)
from samlan_gateway.handlers.patron import payment

Row = dict[str, Any]


class DeskCommands:
    """The commands of a branch's desk."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def lend(self, actor: Actor, patron: str, wanted: Mapping[str, Any], command: str) -> Row:
        """Lends an item to whose card or identity number it is (O08, O09, O32, O33)."""
        names = ("item", "agent", "happened_at", "service")
        body = {name: _wire(wanted[name]) for name in names if wanted.get(name) is not None}
        body |= {"patron": patron, "branch": actor.branch, "channel": wanted["channel"], "command": command}
        loan = await self._owners.send("circulation", "POST", "loans", body=body)
        return named(Lent, loan, await self._owners.names([loan["title"]]))

    async def renew(self, loans: Sequence[str], command: str) -> Row:
        """Renews loans for somebody at the desk or on the telephone."""
        body = {"loans": list(loans), "patron": None, "channel": "desk", "command": command}
        answer = await self._owners.send("circulation", "POST", "renewals", body=body)
        return {"outcomes": [shown(RenewalOutcome, one) for one in answer["outcomes"]]}

    async def take_in(self, actor: Actor, item: str, happened_at: datetime | None, command: str) -> Row:
        """Takes an item in; circulation keeps the deadline of the answer."""
        body = {"item": item, "branch": actor.branch, "command": command}
        if happened_at is not None:
            body["happened_at"] = happened_at.isoformat()
        answer: Row = await self._owners.send("circulation", "POST", "returns", body=body)
        return answer

    async def mark(self, actor: Actor, item: str, state: str, command: str) -> Row:
        """Says what became of an item: lost, damaged, found and the like."""
        body = {"state": state, "branch": actor.branch, "command": command}
        marked = await self._owners.send("circulation", "PATCH", "items", item, body=body)
        names = await self._owners.names([marked["title"]])
        return named(Item, {**marked, "hold": held_for(marked.get("hold"))}, names)

    async def register(self, actor: Actor, fields: Mapping[str, Any], command: str) -> Row:
        """Registers a patron of the desk's own member (D04, K07, O34)."""
        body = {**fields, "member": actor.member, "command": command}
        return shown(Account, await self._owners.send("accounts", "POST", "patrons", body=body))

    async def change_patron(self, patron: str, change: Mapping[str, Any], command: str) -> Row:
        """Changes what staff may change of a patron."""
        body = {**change, "command": command}
        return shown(Account, await self._owners.send("accounts", "PATCH", "patrons", patron, body=body))

    async def place_hold(self, patron: str, wanted: Mapping[str, Any], command: str) -> Row:
        """Places a hold for somebody at the desk or on the telephone (D17)."""
        names = ("title", "pickup", "last_needed", "channel")
        body = {name: _wire(wanted[name]) for name in names if wanted.get(name) is not None}
        body |= {"patron": patron, "command": command}
        hold = await self._owners.send("holds", "POST", "holds", body=body)
        return named(Hold, hold, await self._owners.names([hold["title"]]))

    async def charge(self, patron: str, wanted: Mapping[str, Any], command: str) -> Row:
        """Charges a fee at the book's price (K10, K26, K27); of an item, by what the catalogue says of it."""
        names = ("kind", "item", "pages", "reference", "amount")
        body = {name: wanted[name] for name in names if wanted.get(name) is not None}
        if "item" in body and (thing := await self._owners.found("catalog", "items", body["item"])):
            body = {"reference": not thing["loanable"], **body, "thing": thing}
            if body["kind"] == "replacement" and (lost := await self._lost_on(patron, body["item"])):
                body["lost"] = lost
        body |= {"patron": patron, "command": command}
        return shown(Fee, await self._owners.send("billing", "POST", "fees", body=body))

    async def _lost_on(self, patron: str, item: str) -> Row | None:
        """The patron's open loan of an item that is marked lost."""
        marked = await self._owners.found("circulation", "items", item)
        if marked is None or marked["state"] != "lost":
            return None
        loans = await self._owners.get("circulation", "patrons", patron, "loans")
        own = (one for one in loans["items"] if one["item"] == item)
        return next(({"id": one["id"], "due": one["due"]} for one in own), None)

    async def waive(self, actor: Actor, fee: str, amount: int | None, why: str, command: str) -> Row:
        """Forgives a fee or a part of it; above the book's limit only an operator may."""
        body = {"amount": amount, "why": why, "role": actor.role, "command": command}
        return shown(Waived, await self._owners.send("billing", "POST", "fees", fee, "waive", body=body))

    async def pay(self, actor: Actor, patron: str, fees: Sequence[str], command: str) -> Row:
        """Books a payment made at the desk."""
        body = {"patron": patron, "fees": list(fees), "branch": actor.branch, "command": command}
        return payment(await self._owners.send("billing", "POST", "payments", body=body))

    async def resolve(self, exception: str, command: str) -> Row:
        """Takes an exception off its branch's list."""
        body = {"command": command}
        path = ("exceptions", exception, "resolve")
        answer: Row = await self._owners.send("circulation", "POST", *path, body=body)
        return answer


def _wire(value: Any) -> Any:
    """A day or an instant as it travels."""
    return value.isoformat() if hasattr(value, "isoformat") else value
