"""The catalogue that anybody may read."""

from __future__ import annotations

from typing import Any

from samlan_gateway.clients.owners import Owners
from samlan_gateway.domain.shapes import Availability, Branch, Copy, Member, Title, listed, shown

Row = dict[str, Any]


class Catalogue:
    """Reads titles, branches and members."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners

    async def search(self, question: str, cursor: str | None, limit: int | None) -> Row:
        """Titles that have every word of the question in name or author."""
        found = await self._owners.get("catalog", "titles", q=question, cursor=cursor, limit=limit)
        return listed([shown(Title, one) for one in found["items"]], found.get("next"))

    async def title(self, title: str) -> Row:
        """One title."""
        return shown(Title, await self._owners.get("catalog", "titles", title))

    async def availability(self, title: str) -> Row:
        """The copies of a title and where they are; a title without copies has none."""
        await self._owners.get("catalog", "titles", title)
        found = await self._owners.get("circulation", "titles", title, "availability")
        return shown(Availability, found, items=[shown(Copy, one) for one in found["items"]])

    async def members(self) -> Row:
        """The members of the consortium."""
        found = await self._owners.get("catalog", "members")
        return listed([shown(Member, one) for one in found["items"]])

    async def branches(self) -> Row:
        """The branches with their calendars."""
        found = await self._owners.get("catalog", "branches")
        return listed([shown(Branch, one) for one in found["items"]])
