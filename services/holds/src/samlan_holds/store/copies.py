"""Copies of what other services own, with only the fields that holds decide by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached
from samlan_contracts.events.catalog import BranchDescribed, ItemDescribed, TitleDescribed
from samlan_contracts.policy import Stop
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.shapes import Thing
from samlan_plumbing.copies import Copies as CopiesOf
from samlan_plumbing.memory import Memory
from samlan_plumbing.resources import Resources

from samlan_holds.domain.facts import Facts, NotFetched, Standing
from samlan_holds.domain.model import BranchId, PatronId, Queue

Row = dict[str, Any]
FETCHED_AT_ONCE: Final = 8  # a decision that asks for one patron soon asks for the next
NEVER_SEEN: Final = -1


class Copies:
    """The copies, and how a decision's facts are read from them."""

    def __init__(self, resources: Resources) -> None:
        self.patrons = CopiesOf(resources, "patrons")
        self.money = CopiesOf(resources, "money")
        self.titles = CopiesOf(resources, "titles")
        self.items = CopiesOf(resources, "items")
        self.branches = CopiesOf(resources, "branches")
        self.whereabouts = CopiesOf(resources, "whereabouts")
        self._resources = resources
        self._calendars: Memory[BranchCalendar] = Memory(resources.machine_clock.monotonic)

    async def prepare(self) -> None:
        """Creates the indexes by which items and loans are found."""
        await self.items.collection.create_index("title")
        await self.whereabouts.collection.create_index([("patron", 1), ("title", 1)], sparse=True)
        await self.whereabouts.collection.create_index([("shelf", 1), ("_id", 1)], sparse=True)

    async def fetch(self, facts: Facts, asked: NotFetched, queue: Queue) -> None:
        """Fetches what a decision asked for, and what it will ask for next."""
        match asked.kind:
            case "patron":
                await self.add_standings(facts, _next_patrons(asked.key, queue, facts))
            case "branch":
                facts.branches[asked.key] = await self.calendar(asked.key)
            case "item":
                facts.items[asked.key] = await self.thing(asked.key)
            case "seen":
                row = await self.whereabouts.read(asked.key)
                facts.seen[asked.key] = row["sequence"] if row else NEVER_SEEN
            case "behind":
                raise LookupError("only the queues know who waits behind")

    async def add_standings(self, facts: Facts, patrons: Iterable[str]) -> None:
        """Puts the standing of these patrons among the facts, as far as anybody knows it."""
        wanted = list(patrons)
        known, money = await asyncio.gather(self.patrons.read_many(wanted), self.money.read_many(wanted))
        for patron in wanted:
            found = standing_of(patron, known.get(patron), money.get(patron))
            here = found is not None and found.member in facts.books.members
            facts.patrons[patron] = found if here else None

    async def calendar(self, branch: str) -> BranchCalendar | None:
        """The calendar of a branch whose member has a book."""
        return await self._calendars.get(branch, self._read_calendar)

    async def thing(self, item: str) -> Thing | None:
        """The item as catalog describes it."""
        row = await self.items.read(item)
        return Thing.model_validate(row["thing"]) if row and not row.get("removed") else None

    async def things(self, items: Iterable[str]) -> dict[str, Thing]:
        """These items as catalog describes them."""
        rows = await self.items.read_many(items)
        return {
            key: Thing.model_validate(row["thing"]) for key, row in rows.items() if not row.get("removed")
        }

    async def things_of(self, titles: Iterable[str]) -> dict[str, Thing]:
        """The items of these titles, by barcode."""
        found = self.items.collection.find({"title": {"$in": list(titles)}})
        return {
            row["_id"]: Thing.model_validate(row["thing"]) async for row in found if not row.get("removed")
        }

    async def on_shelf(self, branch: str, after: str | None, limit: int) -> list[Row]:
        """Items that stand on a branch's pickup shelf, by barcode."""
        wanted = {"shelf": branch, "_id": {"$gt": after or ""}}
        return await self.whereabouts.collection.find(wanted).sort("_id", 1).limit(limit).to_list()

    async def title_known(self, title: str) -> bool:
        """Whether the catalogue has this title."""
        row = await self.titles.read(title)
        return row is not None and not row.get("removed")

    async def is_owned(self, title: str) -> bool:
        """Whether any member has an item of the title."""
        found = self.items.collection.find({"title": title}, {"removed": 1})
        return any([not row.get("removed") async for row in found])

    async def on_loan_to(self, patron: str, title: str) -> bool:
        """Whether this patron has an item of the title on loan."""
        found = self.whereabouts.collection.find({"patron": patron, "title": title}, {"item": 1}).limit(1)
        return bool(await found.to_list())

    async def on_loan_to_any(self, patrons: Iterable[str]) -> set[tuple[str, str]]:
        """Which of these patrons has an item of which title on loan."""
        wanted = {"patron": {"$in": list(patrons)}}
        found = self.whereabouts.collection.find(wanted, {"patron": 1, "title": 1})
        return {(row["patron"], row["title"]) async for row in found}

    async def describe_branch(self, event: BranchDescribed, sequence: int) -> None:
        """Keeps a branch's calendar."""
        fields = event.model_dump(mode="json", include=set(BRANCH_FIELDS))
        if await self.branches.apply(event.branch, sequence, fields):
            self._calendars.forget(event.branch)

    async def _read_calendar(self, branch: str) -> BranchCalendar | None:
        row = await self.branches.read(branch)
        known = row is not None and row["member"] in self._resources.books.members
        return BranchCalendar.of(branch, row) if row is not None and known else None


BRANCH_FIELDS: Final = ("member", "timezone", "opening", "closed", "kind", "drop", "staffless", "stops")


def patron_fields(event: PatronDescribed) -> Row:
    """What holds keeps of a patron."""
    return {
        "member": event.member, "born": event.born.isoformat() if event.born else None,
        "status": event.status,
        "valid_until": event.valid_until, "borrower_id": event.borrower_id, "pickup": event.pickup,
        "blocks": [{"cause": one.cause, "stops": list(one.stops)} for one in event.blocks],
    }  # fmt: skip


def money_fields(event: DebtLimitReached | DebtLimitCleared) -> Row:
    """What holds keeps of a patron's debts: what they stop, and why."""
    return {"blocks": [{"stops": list(one.stops), "because": one.because} for one in event.blocks]}


def title_fields(event: TitleDescribed) -> Row:
    """What holds keeps of a title: that it is there."""
    return {"removed": event.removed}


def item_fields(event: ItemDescribed) -> Row:
    """What holds keeps of an item as a thing."""
    thing = event.thing.model_dump(mode="json")
    return {
        "title": event.thing.title, "home": event.thing.home, "thing": thing, "first": event.first_state,
        "removed": event.removed,
    }  # fmt: skip


def whereabouts_fields(
    *, title: str, state: str, branch: str, patron: str | None = None, on_shelf: bool = False
) -> Row:
    """Where an item is, and who has it while it is on loan."""
    shelf = branch if on_shelf else None
    return {"title": title, "state": state, "branch": branch, "patron": patron, "shelf": shelf}


def standing_of(
    patron: str, row: Mapping[str, Any] | None, money: Mapping[str, Any] | None
) -> Standing | None:
    """A patron's standing from the copies; None for one nobody knows or who is gone."""
    if row is None or row.get("removed"):
        return None
    stops = [Stop(cause=one["cause"], acts=frozenset(one["stops"])) for one in row["blocks"]]
    stops += [
        Stop(cause="debt", acts=frozenset(one["stops"]), because=one["because"])
        for one in (money or {}).get("blocks", ())
    ]
    return Standing(
        patron=PatronId(patron), member=row["member"],
        born=date.fromisoformat(row["born"]) if row["born"] else None, status=row["status"],
        valid_until=row["valid_until"], borrower_id=row["borrower_id"],
        pickup=BranchId(row["pickup"]) if row["pickup"] else None, stops=tuple(stops),
    )  # fmt: skip


def _next_patrons(first: str, queue: Queue, facts: Facts) -> list[str]:
    waiting = [one.patron for one in queue.waiting if not one.frozen and one.patron not in facts.patrons]
    following = waiting[waiting.index(PatronId(first)) :] if first in waiting else []
    return list(dict.fromkeys([first, *following]))[:FETCHED_AT_ONCE]
