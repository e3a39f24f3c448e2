"""What staff work through: items to pull for holds, and the pickup shelf. Nothing here decides anything.

The pull list proposes for each waiting hold its best copy (at its pickup branch, then at that
branch's member, then anywhere); nothing is allotted until staff scan the item.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from samlan_contracts.forms import member_of
from samlan_contracts.shapes import Thing
from samlan_plumbing.clocks import LibraryClock

from samlan_holds.domain.facts import Facts, NotFetched
from samlan_holds.domain.model import Allotted, BranchId, Queue
from samlan_holds.domain.serving import Choice, meet
from samlan_holds.store.copies import Copies
from samlan_holds.store.queues import Queues
from samlan_holds.views.checks import waits

Row = dict[str, Any]
TITLES_AT_ONCE: Final = 100
ROWS: Final = 200
AVAILABLE: Final = "available"


class Lists:
    """Reads the pull list and the pickup shelf."""

    def __init__(self, clock: LibraryClock, queues: Queues, copies: Copies) -> None:
        self._clock = clock
        self._queues = queues
        self._copies = copies

    async def pull(self, branch: str, after: str | None) -> tuple[list[Row], str | None]:
        """Items at a branch to pull for waiting holds, by title, and where to go on."""
        facts = Facts(books=self._queues.books, now=self._clock.now())
        titles = [title for title in await self._queues.waited_for() if after is None or title > after]
        rows: list[Row] = []
        for start in range(0, len(titles), TITLES_AT_ONCE):
            part = titles[start : start + TITLES_AT_ONCE]
            rows += await self._pull_part(BranchId(branch), part, facts)
            if len(rows) >= ROWS:
                return rows, part[-1] if start + TITLES_AT_ONCE < len(titles) else None
        return rows, None

    async def waiting(self, titles: Iterable[str]) -> list[Row]:
        """Who waits in front for those of these titles that anybody waits for, first come first."""
        return [
            {"title": title, "waiting": [waits(one) for one in queue.waiting]}
            for title, queue in sorted((await self._queues.read_many(titles)).items())
            if queue.waiting
        ]

    async def shelf(self, branch: str, after: str | None) -> tuple[list[Row], str | None]:
        """Items on a branch's pickup shelf: to keep for whom until when, or to move; and where to go on."""
        found = await self._copies.on_shelf(branch, after, ROWS)
        queues = await self._queues.read_many(row["title"] for row in found)
        facts = Facts(books=self._queues.books, now=self._clock.now())
        things = await self._copies.things(row["_id"] for row in found)
        held = {row["_id"]: _entry(queues, row) for row in found}
        await self._copies.add_standings(facts, {one.patron for one in held.values() if one})
        rows = [_shelf_row(row, held[row["_id"]], things.get(row["_id"]), facts) for row in found]
        rows.sort(key=lambda row: ((row["hold"] or {}).get("borrower_id") or "", row["item"]))
        return rows, found[-1]["_id"] if len(found) == ROWS else None

    async def _pull_part(self, branch: BranchId, titles: Sequence[str], facts: Facts) -> list[Row]:
        queues = await self._queues.read_many(titles)
        things = await self._copies.things_of(titles)
        places = await self._places(things, queues.values())
        here = {things[item].title for item, place in places.items() if place == branch}
        rows: list[Row] = []
        for title in sorted(here):
            copies = {item: place for item, place in places.items() if things[item].title == title}
            rows += [
                row
                for row in await self._proposals(queues[title], things, copies, facts)
                if row["branch"] == branch
            ]
        return rows

    async def _places(self, things: dict[str, Thing], queues: Iterable[Queue]) -> dict[str, str]:
        """Where each available item stands; what is allotted or on loan is not available."""
        taken = {entry.item for queue in queues for entry in queue.allotted}
        known = await self._copies.whereabouts.read_many(things)
        first = await self._copies.items.read_many(things)
        places: dict[str, str] = {}
        for item, thing in things.items():
            where = known.get(item) or {"state": first[item]["first"], "branch": thing.home}
            if where["state"] == AVAILABLE and item not in taken and thing.loanable:
                places[item] = where["branch"]
        return places

    async def _proposals(
        self, queue: Queue, things: dict[str, Thing], copies: dict[str, str], facts: Facts
    ) -> list[Row]:
        rows: list[Row] = []
        free = dict(copies)
        for entry in queue.waiting:
            ranked = sorted(free, key=lambda item: (_distance(free[item], entry.pickup), item))
            for item in ranked:
                if isinstance(await self._meet(queue, entry, things[item], facts), Choice):
                    rows.append(
                        {
                            "item": item, "title": queue.title, "state": AVAILABLE, "branch": free.pop(item),
                            "goes_to": entry.pickup, "hold": {"id": entry.hold},
                        }
                    )  # fmt: skip
                    break
            if not free:
                break
        return rows

    async def _meet(self, queue: Queue, entry: Any, thing: Thing, facts: Facts) -> Any:
        while True:
            try:
                return meet(entry, thing, facts)
            except NotFetched as asked:
                await self._copies.fetch(facts, asked, queue)


def _distance(place: str, pickup: str) -> int:
    if place == pickup:
        return 0
    return 1 if member_of(place) == member_of(pickup) else 2


def _entry(queues: dict[str, Queue], row: Row) -> Allotted | None:
    queue = queues.get(row["title"])
    return queue.allotted_item(row["_id"]) if queue else None


def _shelf_row(row: Row, entry: Allotted | None, thing: Thing | None, facts: Facts) -> Row:
    branch = row["shelf"]
    keep = entry if entry is not None and _stays(entry, branch, facts) else None
    bound = entry if entry is not None and not _is_over(entry, facts) else None
    home = thing.home if thing else branch
    standing = facts.patrons.get(entry.patron) if entry else None
    served_here = entry is not None and entry.pickup == branch
    borrower_id = {"borrower_id": standing.borrower_id if standing else ""} if served_here else {}
    return {
        "item": row["_id"], "title": row["title"], "state": "hold_shelf", "branch": branch,
        "action": "keep" if keep else "move",
        "goes_to": None if keep else bound.pickup if bound else home,
        "hold": {"id": entry.hold, **borrower_id} if entry else None,
        "ready_until": entry.ready_until.isoformat() if entry and entry.ready_until else None,
    }  # fmt: skip


def _stays(entry: Allotted, branch: str, facts: Facts) -> bool:
    return entry.state == "ready" and entry.pickup == branch and not _is_over(entry, facts)


def _is_over(entry: Allotted, facts: Facts) -> bool:
    return entry.state == "ready" and entry.expires_at is not None and entry.expires_at <= facts.now
