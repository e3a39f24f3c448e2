"""What a desk sees: its lists, items without patrons, and the patron who stands there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samlan_plumbing.http import Problem, problem

from samlan_gateway.clients.owners import Owners
from samlan_gateway.domain.actor import Actor
from samlan_gateway.domain.shapes import (
    Account,
    Exceptional,
    Hold,
    Item,
    ShelfItem,
    held_for,
    listed,
    named,
    shown,
)

MEMBERS_OWN = ("identity", "address")  # of a visitor's account a desk needs neither
Row = dict[str, Any]


class Desk:
    """Reads what a branch's desk works with."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    # -- people -----------------------------------------------------------------------------------------

    async def whom(self, actor: Actor, wanted: Mapping[str, Any]) -> str:
        """The patron whom a card, an identity number or an id names; a blocked card serves nobody."""
        if wanted.get("patron") is not None:
            return str(wanted["patron"])
        shown_by = {name: wanted[name] for name in ("card", "identity") if wanted.get(name) is not None}
        found = await self._resolve(actor, shown_by)
        if found.get("blocked"):
            raise problem(403, ["blocked_card"])
        return str(found["patron"])

    async def whom_a_pin_opens(self, actor: Actor, wanted: Mapping[str, Any], *, source: str) -> str:
        """The patron whose card or identity number and PIN a machine was given (V10, O08, O33).

        Guessing is slowed down as at any log-in, and nobody learns whose numbers exist."""
        if wanted.get("pin") is None:
            raise problem(403, ["pin_required"])
        shown_by = {name: wanted[name] for name in ("card", "identity") if wanted.get(name) is not None}
        try:
            member = (await self._resolve(actor, shown_by))["member"]
        except Problem as refused:
            if refused.status not in (404, 409):
                raise
            member = actor.member
        body = {**shown_by, "member": member, "pin": wanted["pin"], "source": source}
        known = await self._owners.send("accounts", "POST", "sessions", body=body)
        return str(known["patron"])

    async def people(self, actor: Actor, shown_by: Mapping[str, Any]) -> Row:
        """The account that a card or identity number opens, as a list of one or none."""
        try:
            found = await self._resolve(actor, shown_by)
        except Problem as refused:
            if refused.status != 404:
                raise
            return listed([])
        account = await self._owners.get("accounts", "patrons", str(found["patron"]))
        return listed([_as_seen(account, actor)])

    async def account(self, actor: Actor, patron: str) -> Row:
        """The account of a patron whom this desk serves: of its member, or with a loan or hold here."""
        account = await self._owners.found("accounts", "patrons", patron)
        if account is None or not (account["member"] == actor.member or await self._here(actor, patron)):
            raise problem(404, ["unknown_patron"])
        return _as_seen(account, actor)

    async def own(self, actor: Actor, patron: str) -> None:
        """Says no to a patron whom this desk does not serve, or only as another member's guest."""
        if (await self.account(actor, patron))["member"] != actor.member:
            raise problem(403, ["other_member"])

    async def _resolve(self, actor: Actor, shown_by: Mapping[str, Any]) -> Row:
        """Whose card or identity number it is: first at the desk's own member, then anywhere.

        An identity number may be known to several members; a desk means its own."""
        body = {**shown_by, **({"member": actor.member} if "identity" in shown_by else {})}
        try:
            found: Row = await self._owners.send("accounts", "POST", "cards", "resolve", body=body)
        except Problem as refused:
            if refused.status != 404 or "identity" not in shown_by:
                raise
            found = await self._owners.send("accounts", "POST", "cards", "resolve", body=shown_by)
        return found

    async def _here(self, actor: Actor, patron: str) -> bool:
        holds = await self._owners.get("holds", "patrons", patron, "holds")
        if any(one["pickup"] == actor.branch for one in holds["items"]):
            return True
        loans = await self._owners.get("circulation", "patrons", patron, "loans")
        return any(one.get("branch") == actor.branch for one in loans["items"])

    # -- money ------------------------------------------------------------------------------------------

    async def own_fee(self, actor: Actor, fee: str) -> None:
        """Says no to a fee of another member; an operator's are all of them."""
        if actor.role == "desk":
            known = await self._owners.found("billing", "fees", fee)
            if known is None or known["member"] != actor.member:
                raise problem(404, ["unknown_fee"])

    async def debtor(self, actor: Actor, wanted: Mapping[str, Any]) -> str:
        """Who pays: whom the body names, or whose the first fee is."""
        if any(wanted.get(name) is not None for name in ("patron", "card", "identity")):
            return await self.whom(actor, wanted)
        known = await self._owners.found("billing", "fees", wanted["fees"][0])
        if known is None or not known.get("patron"):
            raise problem(404, ["unknown_fee"])
        return str(known["patron"])

    # -- items ------------------------------------------------------------------------------------------

    async def item(self, actor: Actor, barcode: str) -> Row:
        """An item: where it is, where it goes, and whose hold it serves only where that is here."""
        branch = actor.branch or None
        found = await self._owners.get("circulation", "items", barcode, branch=branch)
        return await self._named(found)

    async def pull_list(self, branch: str, cursor: str | None) -> Row:
        """Items on the shelves here that waiting holds ask for."""
        found = await self._owners.get("holds", "pull-list", branch=branch, after=cursor)
        names = await self._owners.names(one["title"] for one in found["items"])
        rows = [named(Item, _held(one), names) for one in found["items"]]
        return listed(rows, found.get("next"))

    async def interlibrary(self, branch: str) -> Row:
        """Holds to be picked up here on what nobody owns: staff ask another library (D19)."""
        found = await self._owners.get("holds", "interlibrary", branch=branch)
        names = await self._owners.names(one["title"] for one in found["items"])
        return listed([named(Hold, one, names) for one in found["items"]], found.get("next"))

    async def pickup_shelf(self, branch: str, cursor: str | None) -> Row:
        """Items on the pickup shelf here: to keep for whom until when, or to move."""
        found = await self._owners.get("holds", "pickup-shelf", branch=branch, after=cursor)
        names = await self._owners.names(one["title"] for one in found["items"])
        rows = [named(ShelfItem, _held(one), names) for one in found["items"]]
        return listed(rows, found.get("next"))

    async def _named(self, item: Row) -> Row:
        return named(Item, _held(item), await self._owners.names([item["title"]]))

    # -- exceptions -------------------------------------------------------------------------------------

    async def exceptions(self, branch: str | None) -> Row:
        """The open exceptions of a branch; of all for an operator who names none."""
        found = await self._owners.get("circulation", "exceptions", branch=branch)
        return listed([shown(Exceptional, one) for one in found["items"]], found.get("next"))

    async def own_exception(self, actor: Actor, exception: str) -> None:
        """Says no to an exception of another branch; an operator's are all of them."""
        if actor.role == "desk":
            found = await self.exceptions(actor.branch)
            if all(one["id"] != exception for one in found["items"]):
                raise problem(404, ["unknown_exception"])


def _held(row: Row) -> Row:
    return {**row, "hold": held_for(row.get("hold"))}


def _as_seen(account: Row, actor: Actor) -> Row:
    row = shown(Account, account)
    if account["member"] == actor.member:
        return row
    return {name: value for name, value in row.items() if name not in MEMBERS_OWN}
