"""All of circulation's documents, built from the service's resources."""

from __future__ import annotations

from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from samlan_plumbing.resources import Resources

from samlan_circulation.store.items import Items
from samlan_circulation.store.people import People, Queues
from samlan_circulation.store.places import Places
from samlan_circulation.store.records import Exceptions, Facts, History


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

    @property
    def parts(self) -> dict[str, AsyncCollection[dict[str, Any]]]:
        """What the check of invariants reads, in this order: the items, then the copies."""
        copies = {**self.people.copies(), "queue": self.queues.copies, "branch": self.places.copies}
        return {"item": self.items.collection, **{name: one.collection for name, one in copies.items()}}
