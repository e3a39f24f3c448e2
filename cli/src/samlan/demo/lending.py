"""Before a further run: what it will return is lent first, silently, by rows such as an import brings.

Late loans began before their items can have been handed in here, so they are made of items that never were,
and these are kept for them: what came back from an earlier run is lent anew first, from this moment on. When
all have been handed in once, the late loans are those of the sample itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from samlan_plumbing.peers import PeerDown, Peers

from samlan.demo.record import Record
from samlan.demo.stage import Stage
from samlan.sample.workload import (
    DEMO,
    Facts,
    Lent,
    PlannedReturn,
    Shelved,
    Waiting,
    lent_by,
    plan_holds_for_next_run,
    plan_loans_for_next_run,
    plan_returns,
    servable,
)
from samlan.trouble import Trouble

BATCH: Final = 250  # so that a service and the datastore work at once on two of them
CHOICE: Final = 1.5  # so many for each wanted: not all find somebody, and some titles are waited for
LAST_SILENT: Final = 300  # takes about as long as a message waits for others to join it
JUST_NOW: Final = timedelta(seconds=1)
Row = dict[str, Any]


def plan_first_run(count: int, stage: Stage) -> list[PlannedReturn]:
    """Returns of what the sample has on loan."""
    plan = plan_returns(count, 1, stage.facts, today=stage.today, accepts=stage.accepts)
    return messages_first(plan, stage.facts.lent, stage.wants_receipts)


def messages_first(
    plan: Sequence[PlannedReturn], lent: Sequence[Lent], wants_receipts: Set[str]
) -> list[PlannedReturn]:
    """The plan with some returns that tell nobody at its end: a bundled message goes out seconds later, and
    nobody is to wait for it when all is played."""
    receipts = {one.item for one in lent if one.patron in wants_receipts}
    silent = [one for one in plan if not one.late and one.item not in receipts]
    last = {one.item for one in silent[-LAST_SILENT:]}
    return [one for one in plan if one.item not in last] + [one for one in plan if one.item in last]


async def plan_further_run(count: int, stage: Stage, record: Record, peers: Peers) -> list[PlannedReturn]:
    """Lends and places holds, both at once, and plans the returns of what was lent.

    Where too few can be lent, what the sample has on loan itself fills up."""
    lender = Lender(stage, record, peers, Random(record.runs))  # noqa: S311 - a play, not a secret
    shelf = await lender.on_the_shelf(count)
    waiting = await lender.waiting(one.title for one in shelf.items)
    late = lender.plan_late(_late(count), waiting, shelf)
    still_lent = await lender.still_lent(_late(count) - len(late), late=True)
    loans = late + lender.plan_timely(count - len(late) - len(still_lent), waiting, shelf, late)
    for also_late in (False, True):
        missing = count - len(loans) - len(still_lent)
        still_lent += await lender.still_lent(missing, late=also_late, but=still_lent)
    if still_lent:
        waiting += await lender.waiting(
            {one.title for one in still_lent} - {one.title for one in shelf.items}
        )
    lent, placed = await asyncio.gather(
        lender.lend(loans, shelf),
        lender.place_holds(count, [*lent_by(loans, shelf.items), *still_lent], waiting),
    )
    lent += still_lent
    facts = replace(stage.facts, lent=lent, waiting=[*waiting, *placed])
    plan = plan_returns(count, record.runs, facts, today=stage.today, accepts=stage.accepts)
    return messages_first(plan, lent, stage.wants_receipts)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Items that may be lent now: never handed in here, and come back from an earlier run."""

    fresh: Sequence[Shelved]
    returned: Sequence[Shelved]

    @property
    def items(self) -> list[Shelved]:
        """All of them, those that came back first."""
        return [*self.returned, *self.fresh]


@dataclass(slots=True)
class Lender:
    """Asks the services how things stand and sends them rows."""

    stage: Stage
    record: Record
    peers: Peers
    rng: Random

    async def waiting(self, titles: Iterable[str]) -> list[Waiting]:
        """The holds in front on these titles that an item could serve now, as holds tells."""

        async def of(batch: Sequence[str]) -> Sequence[Row]:
            return list((await self._ask("holds", "POST", "/waiting", json={"titles": batch}))["items"])

        parts = await asyncio.gather(*map(of, _batches(sorted(set(titles)))))
        return [
            Waiting(row["title"], one["patron"], one["pickup"], _placed_at(one["place"]))
            for part in parts
            for row in part
            for one in row["waiting"]
            if not one["frozen"]
        ]

    async def on_the_shelf(self, count: int) -> Shelf:
        """Items that may be lent now: so many are asked about until there are enough of both kinds."""
        ever = self.record.returned
        late, all_wanted = round(_late(count) * CHOICE), round(count * CHOICE)
        shelved = self.rng.sample(self.stage.facts.shelved, len(self.stage.facts.shelved))
        back = (one for one in shelved if ever.get(one.item) in ("here", "home"))
        returned = await self._available(back, all_wanted - late)
        fresh = (one for one in shelved if one.item not in ever)
        return Shelf(await self._available(fresh, max(late, all_wanted - len(returned))), returned)

    def plan_late(self, count: int, waiting: Sequence[Waiting], shelf: Shelf) -> list[Row]:
        """Up to `count` loans that are late, titles that are waited for first."""
        facts = replace(self.stage.facts, waiting=waiting, lent=[], shelved=shelf.fresh)
        return self._plan(count, facts, late=1.0)

    def plan_timely(
        self, count: int, waiting: Sequence[Waiting], shelf: Shelf, late: Sequence[Row]
    ) -> list[Row]:
        """Up to `count` loans in time beside the `late` ones; what was handed in before is lent first."""
        facts = replace(self.stage.facts, waiting=waiting, shelved=shelf.returned)
        again = self._plan(count, replace(facts, lent=lent_by(late, shelf.fresh)), late=0.0)
        begun = {row["item"] for row in late}
        facts = replace(facts, shelved=[one for one in shelf.fresh if one.item not in begun])
        lent = lent_by([*late, *again], shelf.items)
        new = self._plan(count - len(again), replace(facts, lent=lent), late=0.0)
        now = (datetime.now(UTC) - JUST_NOW).isoformat()
        return [*new, *(row | {"borrowed_at": now} for row in again)]

    async def lend(self, rows: Sequence[Row], shelf: Shelf) -> list[Lent]:
        """Puts the items on loan."""
        return lent_by(await self._send("circulation", "loans", rows), shelf.items)

    async def place_holds(
        self, count: int, lent: Sequence[Lent], waiting: Sequence[Waiting]
    ) -> list[Waiting]:
        """Places as many holds as a run meets and are not there."""
        facts = replace(self.stage.facts, lent=lent, waiting=waiting)
        missing = round(count * DEMO.held) - servable(facts)
        if missing <= 0:
            return []
        rows = plan_holds_for_next_run(missing, self.record.runs, facts, today=self.stage.today)
        stored = await self._send("holds", "holds", rows)
        return [
            Waiting(row["title"], row["patron"], row["pickup"], datetime.fromisoformat(row["placed_at"]))
            for row in stored
        ]

    def _plan(self, count: int, facts: Facts, *, late: float) -> list[Row]:
        mix = replace(DEMO, late=late)
        return plan_loans_for_next_run(count, self.record.runs, facts, today=self.stage.today, mix=mix)

    async def _available(self, candidates: Iterable[Shelved], wanted: int) -> list[Shelved]:
        """At least so many that can be lent, where there are so many."""
        found: list[Shelved] = []
        for some in _batches(list(candidates), max(wanted, BATCH)):
            if len(found) >= wanted:
                break
            states = await self._states(one.item for one in some)
            found += [one for one in some if self._can_be_lent(one.item, states.get(one.item, {}))]
        return found

    def _can_be_lent(self, item: str, known: Row) -> bool:
        """An item on its way home is where it was expected: nobody has said yet that it arrived."""
        went = self.record.returned.get(item, "here")
        return (known.get("state"), went) in (("available", "here"), ("in_transit", "home"))

    async def still_lent(self, count: int, *, late: bool, but: Sequence[Lent] = ()) -> list[Lent]:
        """Up to so many loans of the sample that no run has returned, late ones or others, `but` these."""
        if count <= 0:
            return []
        ever, taken = self.record.returned, {one.item for one in but}
        left = [
            one
            for one in self.stage.facts.lent
            if one.item not in ever and one.item not in taken and (one.due < self.stage.today) is late
        ]
        chosen = self.rng.sample(left, min(count, len(left)))
        states = await self._states(one.item for one in chosen)
        return [one for one in chosen if states.get(one.item, {}).get("state") == "on_loan"]

    async def _states(self, barcodes: Iterable[str]) -> dict[str, Row]:
        async def of(batch: Sequence[str]) -> Row:
            answer = await self._ask("circulation", "POST", "/items/states", json={"items": batch})
            return dict(answer.get("states", answer))

        parts = await asyncio.gather(*map(of, _batches(list(barcodes))))
        return {item: state for part in parts for item, state in part.items()}

    async def _send(self, service: str, kind: str, rows: Sequence[Row]) -> list[Row]:
        """The rows that were taken."""

        async def taken(batch: Sequence[Row]) -> list[Row]:
            numbered = [{"line": line, "row": row} for line, row in enumerate(batch)]
            answer = await self._ask(service, "POST", f"/import/{kind}", json={"rows": numbered})
            refused = {one["line"] for one in answer["refused"]}
            return [row for line, row in enumerate(batch) if line not in refused]

        return [row for part in await asyncio.gather(*map(taken, _batches(list(rows)))) for row in part]

    async def _ask(self, service: str, method: str, path: str, **more: Any) -> Row:
        try:
            answer = await self.peers.ask(service, method, path, limit_seconds=60.0, **more)
        except PeerDown as down:
            raise Trouble(str(down)) from None
        if not answer.ok:
            raise Trouble(f"{service} does not take {path}: {answer.status}")
        return dict(answer.body)


def _late(count: int) -> int:
    return round(count * DEMO.late)


def _placed_at(place: str) -> datetime:
    """When a hold was placed, from its place in the queue: milliseconds, then its id."""
    return datetime.fromtimestamp(int(place.partition("/")[0]) / 1000, UTC)


def _batches(rows: list[Any], size: int = BATCH) -> Iterator[list[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
