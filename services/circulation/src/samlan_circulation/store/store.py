"""All of circulation's documents, built from the service's resources."""

from __future__ import annotations

from typing import Any, Final

from samlan_plumbing.copies import Copies
from samlan_plumbing.resources import Resources

from samlan_circulation.store.items import Items
from samlan_circulation.store.people import People, Queues
from samlan_circulation.store.places import Places
from samlan_circulation.store.records import Exceptions, Facts, History

PARTS: Final = ("item", "patron", "ledger", "queue", "branch")


class Store:
    """The service's documents, by what they are."""

    def __init__(self, resources: Resources) -> None:
        self.items = Items(resources)
        self.people = People(resources)
        self.queues = Queues(resources)
        self.places = Places(resources)
        self.facts = Facts(resources)
        self.exceptions = Exceptions(resources)
        self.history = History(resources)

    async def prepare(self) -> None:
        """Creates every index."""
        await self.items.prepare()
        await self.facts.prepare()
        await self.exceptions.prepare()
        await self.history.prepare()

    def part_after(self, part: str) -> str | None:
        """What the check of invariants reads after this part."""
        following = PARTS[PARTS.index(part) + 1 :]
        return following[0] if following else None

    async def copies_page(self, part: str, after: str, limit: int) -> list[dict[str, Any]]:
        """Copies of one kind in the order of their keys, with the sequence each stands at."""
        found = self._copies(part).collection.find(
            {"_id": {"$gt": after}}, {"sequence": 1, "removed": 1, "waiting": 1}
        )
        return [doc async for doc in found.sort("_id", 1).limit(limit)]

    def _copies(self, part: str) -> Copies:
        return {**self.people.copies(), "queue": self.queues.copies, "branch": self.places.copies}[part]
