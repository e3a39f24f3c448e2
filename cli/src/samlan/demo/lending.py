"""Before a further run: what it will return is lent first, silently, by rows such as an import brings.

Late loans began before their items can have been handed in here, so they are made of items that never were;
items that came back from an earlier run are lent anew from this moment on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence, Set
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

BATCH: Final = 500
LOOKED_AT: Final = 4  # candidates asked about for each return wanted
LAST_SILENT: Final = 240  # takes about as long as a message waits for others to join it
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
    """Lends, places holds, and plans the returns of what was lent; the sample's own loans fill up."""
    lender = Lender(stage, record, peers, Random(record.runs))  # noqa: S311 - a play, not a secret
    waiting = [one async for one in lender.waiting()]
    lent = await lender.lend(count, waiting)
    waiting += await lender.place_holds(count, lent, waiting)
    facts = replace(stage.facts, lent=lent, waiting=waiting)
    plan = plan_returns(count, record.runs, facts, today=stage.today, accepts=stage.accepts)
    return messages_first(plan, lent, stage.wants_receipts)


@dataclass(slots=True)
class Lender:
    """Asks the services how things stand and sends them rows."""

    stage: Stage
    record: Record
    peers: Peers
    rng: Random

    async def waiting(self) -> AsyncIterator[Waiting]:
        """The holds that an item could serve now, as holds tells."""
        after: str | None = None
        while True:
            page = await self._ask("holds", "GET", "/state", params={"after": after, "limit": BATCH})
            queues = [row for row in page["items"] if row["kind"] == "queue"]
            for row in queues:
                for one in row["waiting"]:
                    if not one["frozen"]:
                        yield Waiting(row["key"], one["patron"], one["pickup"], _placed_at(one["place"]))
            after = page["next"]
            if after is None or not after.startswith("queue:"):
                return

    async def lend(self, count: int, waiting: Sequence[Waiting]) -> list[Lent]:
        """Puts up to `count` items on loan, a third of them late, titles that are waited for first."""
        fresh, returned = await self._on_the_shelf(count, waiting)
        late = round(count * DEMO.late)
        facts = replace(self.stage.facts, waiting=waiting, lent=[])
        old = self._plan(late, replace(facts, shelved=fresh), late=1.0)
        left = [item for item in (*returned, *fresh) if item.item not in {row["item"] for row in old}]
        facts = replace(facts, shelved=left, lent=lent_by(old, fresh))
        new = self._plan(count - len(old), facts, late=0.0)
        again = {item.item for item in returned}
        now = (datetime.now(UTC) - JUST_NOW).isoformat()
        rows = [*old, *(row | {"borrowed_at": now} if row["item"] in again else row for row in new)]
        stored = await self._send("circulation", "loans", rows)
        lent = lent_by(stored, [*fresh, *returned])
        return lent if len(lent) >= count else [*lent, *await self._still_lent(count - len(lent))]

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

    async def _on_the_shelf(
        self, count: int, waiting: Sequence[Waiting]
    ) -> tuple[list[Shelved], list[Shelved]]:
        """Items that may be lent now: never handed in here, and come back from an earlier run."""
        held = {one.title for one in waiting}
        shelved = self.stage.facts.shelved
        others = [item for item in shelved if item.title not in held]
        looked_at = [item for item in shelved if item.title in held]
        looked_at += self.rng.sample(others, min(count * LOOKED_AT, len(others)))
        states = await self._states(item.item for item in looked_at)
        came_back = self.record.returned
        fresh, returned = [], []
        for item in looked_at:
            state = states.get(item.item, {}).get("state")
            if item.item not in came_back and state == "available":
                fresh.append(item)
            elif (state, came_back.get(item.item)) in (("available", "here"), ("in_transit", "home")):
                returned.append(item)
        return fresh, returned

    async def _still_lent(self, count: int) -> list[Lent]:
        """Loans of the sample that no run has returned."""
        left = [one for one in self.stage.facts.lent if one.item not in self.record.returned]
        chosen = self.rng.sample(left, min(count, len(left)))
        states = await self._states(one.item for one in chosen)
        return [one for one in chosen if states.get(one.item, {}).get("state") == "on_loan"]

    async def _states(self, barcodes: Iterable[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for batch in _batches(list(barcodes)):
            answer = await self._ask("circulation", "POST", "/items/states", json={"items": batch})
            found |= answer.get("states", answer)
        return found

    async def _send(self, service: str, kind: str, rows: Sequence[Row]) -> list[Row]:
        """The rows that were taken."""
        taken: list[Row] = []
        for batch in _batches(list(rows)):
            numbered = [{"line": line, "row": row} for line, row in enumerate(batch)]
            answer = await self._ask(service, "POST", f"/import/{kind}", json={"rows": numbered})
            refused = {one["line"] for one in answer["refused"]}
            taken += [row for line, row in enumerate(batch) if line not in refused]
        return taken

    async def _ask(self, service: str, method: str, path: str, **more: Any) -> Row:
        try:
            answer = await self.peers.ask(service, method, path, limit_seconds=60.0, **more)
        except PeerDown as down:
            raise Trouble(str(down)) from None
        if not answer.ok:
            raise Trouble(f"{service} does not take {path}: {answer.status}")
        return dict(answer.body)


def _placed_at(place: str) -> datetime:
    """When a hold was placed, from its place in the queue: milliseconds, then its id."""
    return datetime.fromtimestamp(int(place.partition("/")[0]) / 1000, UTC)


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
