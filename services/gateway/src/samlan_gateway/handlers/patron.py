"""What a patron asks for: each command goes to its owner under the id in the token, never one in a body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from samlan_contracts.policy import plainly

from samlan_gateway.clients.owners import Owners
from samlan_gateway.domain.actor import Actor
from samlan_gateway.domain.shapes import (
    Account,
    Fee,
    Hold,
    HoldOutcome,
    Payment,
    RenewalOutcome,
    named,
    shown,
)

WEB: Final = "web"
NOT_YOURS: Final = frozenset({"not_your_loan"})
Row = dict[str, Any]


class PatronCommands:
    """The commands of a patron's pages."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def change_contact(self, actor: Actor, change: Mapping[str, Any], command: str) -> Row:
        """Changes contact details and wishes (G03, V16)."""
        body = {**change, "command": command}
        path = ("patrons", actor.patron, "contact")
        return shown(Account, await self._owners.send("accounts", "PATCH", *path, body=body))

    async def keep_history(self, actor: Actor, enabled: bool, command: str) -> Row:
        """Turns the history of ended loans on or off (V18, K11); off deletes it at once (K43)."""
        body = {"enabled": enabled, "command": command}
        account = await self._owners.send("accounts", "PUT", "patrons", actor.patron, "history", body=body)
        if not enabled:
            await self.forget_history(actor)
        return {"enabled": bool(account["history"])}

    async def forget_history(self, actor: Actor) -> None:
        """Deletes the ended loans that were kept of this patron."""
        await self._owners.send("circulation", "DELETE", "patrons", actor.patron, "history", body={})

    async def block_card(self, actor: Actor, card: str, command: str) -> Row:
        """Blocks a lost card of this patron (K09, V15)."""
        path = ("patrons", actor.patron, "cards", card, "block")
        body = {"by": "patron", "command": command}
        return shown(Account, await self._owners.send("accounts", "POST", *path, body=body))

    async def renew(self, actor: Actor, loans: Sequence[str], command: str) -> Row:
        """Renews loans, each with its own outcome (G07)."""
        body = {"loans": list(loans), "patron": actor.patron, "channel": WEB, "command": command}
        answer = await self._owners.send("circulation", "POST", "renewals", body=body)
        return {"outcomes": [_renewed(one) for one in answer["outcomes"]]}

    async def place_hold(self, actor: Actor, wanted: Mapping[str, Any], command: str) -> Row:
        """Places a hold on a title (G08 to G10)."""
        body = {**wanted, "patron": actor.patron, "channel": WEB, "command": command}
        hold = await self._owners.send("holds", "POST", "holds", body=body)
        return named(Hold, hold, await self._owners.names([hold["title"]]))

    async def change_holds(self, actor: Actor, changes: Sequence[Row], command: str) -> Row:
        """Freezes, unfreezes, moves and cancels holds, each with its own outcome (G12 to G14)."""
        body = {"patron": actor.patron, "changes": list(changes), "command": command}
        answer = await self._owners.send("holds", "PATCH", "holds", body=body)
        return {"outcomes": [shown(HoldOutcome, one) for one in answer["outcomes"]]}

    async def pay(self, actor: Actor, fees: Sequence[str], command: str) -> Row:
        """Pays fees in full, booked at once: one's own, or those of a child whose fees one may see (K25)."""
        body = {"patron": await self._payer(actor, fees[0]), "fees": list(fees), "command": command}
        return payment(await self._owners.send("billing", "POST", "payments", body=body))

    async def _payer(self, actor: Actor, fee: str) -> str:
        """Whose ledger a payment is booked in: the caller's, unless the first fee is a child's."""
        known = await self._owners.found("billing", "fees", fee)
        owner = str(known.get("patron") or actor.patron) if known else actor.patron
        if owner == actor.patron:
            return owner
        children = await self._owners.get("accounts", "patrons", actor.patron, "children")
        return owner if any(one["patron"] == owner for one in children["items"]) else actor.patron


def payment(paid: Mapping[str, Any]) -> Row:
    """A payment as it is shown."""
    return shown(Payment, paid, fees=[shown(Fee, one) for one in paid.get("fees", [])])


def _renewed(outcome: Mapping[str, Any]) -> Row:
    """An outcome; of a loan that is another's, no more is said than of one that never was."""
    words = {one["reason"] for one in outcome.get("reasons", [])}
    if words & NOT_YOURS:
        unknown = {"reason": "unknown_loan", "because": plainly("unknown_loan")}
        return {"loan": outcome["loan"], "renewed": False, "due": None, "reasons": [unknown], "because": []}
    return shown(RenewalOutcome, outcome)
