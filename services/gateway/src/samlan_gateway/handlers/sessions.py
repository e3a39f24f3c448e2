"""Sessions and PINs: accounts says whose credentials they are, the gateway signs and ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.http import problem
from samlan_plumbing.ids import derive, fresh
from samlan_plumbing.tokens import PATRON_TOKEN_LIFETIME, Signer, patron_claims

from samlan_gateway.clients.owners import Owners
from samlan_gateway.domain.actor import Actor
from samlan_gateway.store.sessions import Sessions

Row = dict[str, Any]


class Doorkeeper:
    """Lets patrons in and out."""

    def __init__(self, owners: Owners, sessions: Sessions, signer: Signer, clock: MachineClock) -> None:
        self._owners = owners
        self._sessions = sessions
        self._signer = signer
        self._clock = clock

    async def log_in(self, shown: Mapping[str, Any], *, source: str, key: str | None) -> Row:
        """A session for who shows card or identity number and PIN; the same key gives the same session.

        The credentials are verified at every repeat: a key opens nothing."""
        known = await self._owners.send("accounts", "POST", "sessions", body={**shown, "source": source})
        patron, member = str(known["patron"]), str(known["member"])
        session = derive("session", patron, key) if key else fresh()
        began = await self._sessions.begin(session) if key else self._clock.now().replace(microsecond=0)
        claims = patron_claims(patron, member=member, session=session)
        token = self._signer.sign(claims, PATRON_TOKEN_LIFETIME, issued_at=began)
        return {
            "token": token, "expires_at": began + PATRON_TOKEN_LIFETIME, "patron": patron, "member": member,
        }  # fmt: skip

    async def log_out(self, actor: Actor) -> None:
        """Ends the session of this token."""
        await self._sessions.end(actor.session)

    async def change_pin(self, actor: Actor, old: str, new: str, *, source: str, command: str) -> None:
        """A new PIN for who knows the old one, with the delays of any log-in (K08, V09)."""
        account = await self._owners.get("accounts", "patrons", actor.patron)
        shown = _something_to_show(account)
        if shown is None:
            raise problem(409, ["only_through_staff"])
        await self._owners.send(
            "accounts", "POST", "sessions",
            body={**shown, "member": account["member"], "pin": old, "source": source},
        )  # fmt: skip
        await self._owners.send(
            "accounts", "PATCH", "patrons", actor.patron, body={"pin": new, "command": command}
        )


def _something_to_show(account: Mapping[str, Any]) -> Row | None:
    """A card that opens the account, or else the identity number."""
    card = next((one["card"] for one in account.get("cards", []) if not one.get("blocked")), None)
    if card:
        return {"card": card}
    return {"identity": account["identity"]} if account.get("identity") else None
