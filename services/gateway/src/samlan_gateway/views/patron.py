"""A patron's pages, and those of a guardian's children (O37)."""

from __future__ import annotations

from typing import Any

from samlan_plumbing.http import problem

from samlan_gateway.clients.owners import Owners
from samlan_gateway.domain.actor import Actor
from samlan_gateway.domain.shapes import (
    Account,
    Balance,
    Child,
    Ended,
    Fee,
    Hold,
    Loan,
    Notice,
    listed,
    named,
    shown,
)

Row = dict[str, Any]


class Pages:
    """Reads what belongs to one patron."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def account(self, patron: str) -> Row:
        """The account in full (K05)."""
        return shown(Account, await self._owners.get("accounts", "patrons", patron))

    async def loans(self, patron: str) -> Row:
        """Open loans with the names of their titles."""
        return await self._named(Loan, await self._owners.get("circulation", "patrons", patron, "loans"))

    async def holds(self, patron: str, *, finished: bool) -> Row:
        """Holds with the names of their titles; those that ended only when asked for."""
        rows = await self._owners.get(
            "holds", "patrons", patron, "holds", finished="true" if finished else None
        )
        return await self._named(Hold, rows)

    async def fees(self, patron: str) -> Row:
        """Fees, and what is owed to whom."""
        found = await self._owners.get("billing", "patrons", patron, "fees")
        balances = [shown(Balance, one) for one in found.get("balances", [])]
        return {
            **listed([shown(Fee, one) for one in found["items"]], found.get("next")),
            "balances": balances,
        }

    async def notices(self, patron: str, cursor: str | None) -> Row:
        """What was said to this patron, the newest first."""
        found = await self._owners.get("notify", "patrons", patron, "notices", cursor=cursor)
        return listed([shown(Notice, one) for one in found["items"]], found.get("next"))

    async def history(self, patron: str) -> Row:
        """Ended loans, where the patron wanted them kept (V18, K11)."""
        return await self._named(Ended, await self._owners.get("circulation", "patrons", patron, "history"))

    async def children(self, guardian: str) -> Row:
        """The children whose pages this patron may see as a guardian."""
        found = await self._owners.get("accounts", "patrons", guardian, "children")
        return listed([shown(Child, one) for one in found["items"]], found.get("next"))

    async def child(self, actor: Actor, child: str) -> str:
        """The child, where the guardian may see it; nobody else learns that there is such a child."""
        found = await self._owners.get("accounts", "patrons", actor.patron, "children")
        if all(one["patron"] != child for one in found["items"]):
            raise problem(404, ["unknown_patron"])
        return child

    async def _named(self, shape: type[Any], found: Row) -> Row:
        names = await self._owners.names(one["title"] for one in found["items"])
        return listed([named(shape, one, names) for one in found["items"]], found.get("next"))
