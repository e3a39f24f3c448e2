"""What falls due in library time: shelf deadlines, last-needed days, and what nobody needs to keep."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Cause

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.model import Allotted, HoldId, Queue
from samlan_holds.domain.shelving import expire_uncollected, expire_unneeded
from samlan_holds.domain.verdict import Verdict
from samlan_holds.store.holds import Holds
from samlan_holds.store.queues import Asks, Queues

BATCH: Final = 50


class Deadlines:
    """Handles what falls due; any number of replicas may, since a queue decides each of it once."""

    def __init__(self, queues: Queues, holds: Holds) -> None:
        self._queues = queues
        self._holds = holds

    async def shelves(self, now: datetime) -> int:
        """Ends the holds nobody collected, and gives their items to the next."""
        done = 0
        for title in await self._queues.due(now, BATCH):
            queue = await self._queues.read(title)
            for entry in queue.allotted:
                deadline = entry.expires_at
                if entry.state == "ready" and deadline is not None and deadline <= now:
                    await self._expire(title, entry, deadline)
                    done += 1
        return done

    async def needs(self, now: datetime) -> int:
        """Ends the holds that nobody needs any more, and puts off those that have another day."""
        rows = await self._holds.due("needed_at", now, BATCH)
        for row in rows:
            hold = HoldId(row["_id"])
            again = await self._queues.decide(
                row["title"], Cause(derive("last_needed", hold), now),
                partial(_unneeded, hold=hold), asks=Asks(holds=(hold,)),
            )  # fmt: skip
            await self._holds.set_need(hold, again)
        return len(rows)

    async def leftovers(self, now: datetime) -> int:
        """Forgets holds long over, and particulars whose hold never joined its queue."""
        rows = await self._holds.due("look_at", now, BATCH)
        for row in rows:
            if row["state"] == "open" and await self._lives(row["title"], HoldId(row["_id"])):
                await self._holds.seen_alive(HoldId(row["_id"]))
            else:
                await self._holds.remove_unchanged(row)
        return len(rows) + await self._queues.forget_decisions(now, BATCH)

    async def _expire(self, title: str, entry: Allotted, deadline: datetime) -> None:
        cause = derive("shelf_deadline", entry.hold, str(entry.allotment), deadline.isoformat())
        await self._queues.decide(
            title, Cause(cause, deadline),
            lambda queue, facts: expire_uncollected(queue, entry.hold, entry.allotment, facts),
        )  # fmt: skip

    async def _lives(self, title: str, hold: HoldId) -> bool:
        """Whether the queue knows the hold, were it only by an end that its particulars have yet to learn."""
        queue = await self._queues.looked_up(title, Asks(holds=(hold,)))
        ended = any(one.hold == hold for one in queue.amended)
        return ended or queue.wait_of(hold) is not None or queue.allotted_to(hold) is not None


def _unneeded(queue: Queue, facts: Facts, *, hold: HoldId) -> Verdict[datetime | None]:
    return expire_unneeded(queue, hold, facts)
