"""What falls due in library time."""

from __future__ import annotations

from datetime import datetime

from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.jobs import SELDOM_SECONDS, Job

from samlan_holds.handlers.deadlines import Deadlines
from samlan_holds.store.holds import Holds
from samlan_holds.store.queues import Queues


def jobs(clock: LibraryClock, deadlines: Deadlines, queues: Queues, holds: Holds) -> tuple[Job, ...]:
    """Shelf deadlines, last-needed days, and forgetting."""

    async def shelf_due() -> datetime | None:
        return await queues.next_due(clock.now())

    async def need_due() -> datetime | None:
        return await holds.next_due("needed_at", clock.now())

    async def leftover_due() -> datetime | None:
        """Housekeeping waits for no instant of its own: it is due when it is, and moves no clock."""
        now = clock.now()
        times = (await holds.next_due("look_at", now), await queues.next_decision_due(now))
        return now if any(one is not None and one <= now for one in times) else None

    async def shelves(now: datetime) -> bool:
        return bool(await queues.due(now, 1))

    async def needs(now: datetime) -> bool:
        return bool(await holds.due("needed_at", now, 1))

    return (
        Job(
            name="shelf_deadlines", next_due=shelf_due, run=deadlines.shelves, due=shelves,
            every=SELDOM_SECONDS,
        ),
        Job(name="last_needed_days", next_due=need_due, run=deadlines.needs, due=needs, every=SELDOM_SECONDS),
        Job(name="leftovers", next_due=leftover_due, run=deadlines.leftovers, every=SELDOM_SECONDS),
    )  # fmt: skip
