"""Notify's documents: the notices, and copies of the names and the people they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING
from samlan_contracts.events.notify import NoticeFailed, NoticeSent
from samlan_plumbing.copies import Copies
from samlan_plumbing.documents import Change, Documents, Stored, difference
from samlan_plumbing.dues import earliest_of_all
from samlan_plumbing.outbox import Tell
from samlan_plumbing.resources import Resources

from samlan_notify.domain.notice import Notice

NAMES: Final = tuple(one.name for one in fields(Notice))
NEWS_KEPT_SECONDS: Final = 60 * 86_400  # machine time; longer than any message may be on its way
FAMILY_LIMIT: Final = 500  # notices a recipient may be owed at once and still get in one message


class Notices:
    """Every notice, one document each under its natural key."""

    def __init__(self, resources: Resources) -> None:
        self._documents = Documents(resources, "notices", load=_load, dump=_dump)
        self.collection = self._documents.collection

    async def prepare(self) -> None:
        """Creates the indexes by which notices are found: when next looked at, whose, because of what."""
        await self.collection.create_index([("slot", ASCENDING), ("when", ASCENDING)])
        await self.collection.create_index([("slot", ASCENDING), ("waited_by", ASCENDING)])
        await self.collection.create_index([("patron", ASCENDING), ("due_at", ASCENDING)])
        await self.collection.create_index("unsent")
        await self.collection.create_index("cause")

    async def add(self, key: str, notice: Notice) -> bool:
        """Stores a notice with one insert; False says that it was owed before."""
        return await self._documents.commit(key, None, Change(None, state=notice))

    async def looked_at(self, slot: str, until: datetime, limit: int) -> dict[str, Stored[Notice]]:
        """Some notices whose time has come in this slot."""
        return await self._documents.find({"slot": slot, "when": {"$lte": until}}, limit)

    async def waited_out(self, until: datetime, limit: int) -> dict[str, Stored[Notice]]:
        """Some notices that waited long enough in machine time, whatever the library's clock says."""
        return await self._documents.find({"slot": "due", "waited_by": {"$lte": until}}, limit)

    async def next_look(self, slot: str) -> datetime | None:
        """When the earliest notice of a slot is looked at."""
        return await earliest_of_all(self.collection, {"slot": slot}, "when")

    async def unsent_of(self, patrons: Iterable[str]) -> dict[str, Stored[Notice]]:
        """All that these patrons are still owed."""
        return await self._documents.find({"unsent": {"$in": sorted(set(patrons))}}, FAMILY_LIMIT)

    async def by_ids(self, ids: Iterable[str]) -> dict[str, Stored[Notice]]:
        """The notices of these ids."""
        return await self._documents.read_many(ids)

    async def ids_of_patron(self, patron: str) -> list[str]:
        """Every notice that names this patron."""
        return [one["_id"] for one in await self.collection.find({"patron": patron}, {"kind": 1}).to_list()]

    async def move(
        self, key: str, held: Stored[Notice], to: Notice, *, causes: tuple[str, ...] = ()
    ) -> Stored[Notice] | None:
        """Moves a notice in hand on, with one write, and tells its end; None when it was moved meanwhile.

        `causes` are all those of its message, where this notice is the one that tells of it."""
        tell = _told(key, held.state, to, causes)
        change: Change[Notice, None] = Change(
            None, operators=difference(_dump(held.state), _dump(to)), tell=tell
        )
        if not await self._documents.commit(key, held, change):
            return None
        return Stored(to, held.revision + 1, held.sequence + len(tell))

    async def change(self, key: str, move: Callable[[Notice], Notice]) -> None:
        """Moves a notice on whatever it has become."""

        def decide(stored: Stored[Notice] | None) -> Change[Notice, None]:
            if stored is None:
                return Change(None)
            moved = move(stored.state)
            return Change(None, state=moved, tell=_told(key, stored.state, moved, ()))

        await self._documents.change(key, decide)


class Known:
    """Copies of what others own: patrons without name or contact, titles' names, branches' names; and for a
    while the newest of loans and of settled fees."""

    def __init__(self, resources: Resources) -> None:
        self.patrons = Copies(resources, "patrons")
        self.titles = Copies(resources, "titles")
        self.branches = Copies(resources, "branches")
        self.loans = Copies(resources, "loans")
        self.settled = Copies(resources, "settled")

    @property
    def all(self) -> dict[str, Copies]:
        """The copies by what they are copies of."""
        return {"patron": self.patrons, "title": self.titles, "branch": self.branches}

    async def prepare(self) -> None:
        """Creates the index by which a guardian's children are found, and those by which news grows old."""
        await self.patrons.collection.create_index("guardian")
        for news in (self.loans, self.settled):
            await news.collection.create_index("noted_at", expireAfterSeconds=NEWS_KEPT_SECONDS)

    async def wards_of(self, guardians: Iterable[str]) -> list[str]:
        """The patrons whose guardian is one of these."""
        query = {"guardian": {"$in": sorted(set(guardians))}}
        return [one["_id"] for one in await self.patrons.collection.find(query, {"guardian": 1}).to_list()]


def _told(key: str, before: Notice, after: Notice, causes: tuple[str, ...]) -> tuple[Tell, ...]:
    """A message's end is told once, by the notice that gave it its id; a failure by each notice itself."""
    if before.over or after.over_at is None:
        return ()
    event: NoticeSent | NoticeFailed
    if after.state == "failed":
        event = NoticeFailed(notice=key, kind=after.kind, causes=(after.cause,), reason=after.reason or "")
    elif causes:
        event = NoticeSent(
            notice=key, kind=after.kind, channel=after.channel or "", causes=causes, sent_at=after.over_at
        )
    else:
        return ()
    return (Tell(event=event, subject=f"notice/{key}", cause=after.cause, happened_at=after.over_at),)


def _load(document: dict[str, Any]) -> Notice:
    values = {name: document[name] for name in NAMES if name in document}
    for absent in ("patron", "member"):
        values.setdefault(absent, None)
    return Notice(**{"slot": None, **values, "carries": tuple(document.get("carries", ()))})


def _dump(notice: Notice) -> dict[str, Any]:
    values = {name: getattr(notice, name) for name in NAMES}
    values["carries"] = list(notice.carries)
    values["about"] = dict(notice.about) if notice.about is not None else None
    values["unsent"] = None if notice.over else notice.patron
    return {name: value for name, value in values.items() if value not in (None, [], 0)}
