"""Contacts, read from accounts at the time of sending and kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from samlan_plumbing.peers import PeerDown, Peers

from samlan_notify.domain.address import Contact, contact_of

BATCH: Final = 200


class Accounts:
    """Accounts' private HTTP, as far as notify asks it."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def contacts(self, patrons: Iterable[str]) -> dict[str, Contact]:
        """The contacts of these patrons; who is missing is not known there. `PeerDown` when it cannot say."""
        wanted = sorted(set(patrons))
        found: dict[str, Contact] = {}
        for start in range(0, len(wanted), BATCH):
            answer = await self._peers.ask(
                "accounts", "POST", "/contacts", json={"patrons": wanted[start : start + BATCH]}
            )
            if not answer.ok:
                raise PeerDown("accounts")
            found.update({key: contact_of(row) for key, row in answer.body["contacts"].items() if row})
        return found
