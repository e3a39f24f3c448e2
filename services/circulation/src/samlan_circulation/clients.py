"""The outside world of circulation: accounts, which alone knows whose card it is."""

from __future__ import annotations

from dataclasses import dataclass

from samlan_plumbing.peers import PeerDown, Peers


@dataclass(frozen=True, slots=True)
class CardHolder:
    """Whose card it is, and whether it was blocked."""

    patron: str
    blocked: bool


class Accounts:
    """The private HTTP of accounts."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def holder_of(self, card: str) -> CardHolder | None:
        """Whose card it is; None when nobody's. `PeerDown` when accounts cannot say now."""
        answer = await self._peers.ask("accounts", "POST", "/cards/resolve", json={"card": card})
        if answer.status == 404:
            return None
        if not answer.ok:
            raise PeerDown("accounts")
        return CardHolder(answer.body["patron"], bool(answer.body.get("blocked")))
