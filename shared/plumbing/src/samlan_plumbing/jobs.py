"""Jobs: what falls due in library time, claimed in small batches on any replica."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from samlan_plumbing.logs import words_of

if TYPE_CHECKING:
    from samlan_plumbing.clocks import LibraryClock
    from samlan_plumbing.resources import Resources

LOOK_EVERY_SECONDS: Final = 1.0
SELDOM_SECONDS: Final = 10.0  # for what nobody waits for by the second
BATCHES_AT_ONCE: Final = 20  # then other work gets a turn
ALMOST_SECONDS: Final = 0.05  # a loop that wakes this early is on time


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that falls due: `run` does one small batch as of a library instant and says how many it did.

    `next_due` says when, for whoever moves the clock; `due` only whether anything is due at an instant, which
    is all that the loop asks, `every` so many seconds on each replica, and costs a datastore far less.
    `behind` says after a run whether more was due than it took; where it was not, the loop comes back at its
    next look with whatever gathers until then, in place of a small batch for each newcomer."""

    name: str
    next_due: Callable[[], Awaitable[datetime | None]]
    run: Callable[[datetime], Awaitable[int]]
    due: Callable[[datetime], Awaitable[bool]] | None = None
    behind: Callable[[], bool] | None = None
    every: float = LOOK_EVERY_SECONDS

    async def is_due(self, clock: LibraryClock) -> datetime | None:
        """The library instant to run as of, or None where nothing is due."""
        if self.due is not None:
            now = clock.now()
            return now if await self.due(now) else None
        due = await self.next_due()
        now = clock.now()  # read after `due`, which may itself be "now"
        return now if due is not None and due <= now else None


class JobLoop:
    """Runs every job whose time has come, again and again, and never dies of one that fails."""

    def __init__(self, resources: Resources, jobs: Sequence[Job]) -> None:
        self._resources = resources
        self._jobs = jobs

    async def next_due(self) -> datetime | None:
        """The earliest library instant at which anything falls due."""
        times = [await job.next_due() for job in self._jobs]
        return min((one for one in times if one is not None), default=None)

    async def run_due(self) -> int:
        """Does all that is due now; returns how many pieces."""
        return sum([await self._run(job, thoroughly=True) for job in self._jobs])

    async def _run(self, job: Job, *, thoroughly: bool) -> int:
        total = 0
        for _ in range(BATCHES_AT_ONCE):
            now = await job.is_due(self._resources.library_clock)
            if now is None:
                break
            with self._resources.flow.working():
                done = await job.run(now)
            total += done
            if not done or not (thoroughly or job.behind is None or job.behind()):
                break
        return total

    async def run_for_ever(self) -> None:
        """The loop on every replica; a job that fails is tried again at its next look."""
        looked = dict.fromkeys(
            (job.name for job in self._jobs), -math.inf
        )  # what a crash left is due at once
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            for job in self._jobs:
                if time.monotonic() - looked[job.name] < job.every - ALMOST_SECONDS:
                    continue
                looked[job.name] = time.monotonic()
                try:
                    await self._run(job, thoroughly=False)
                except Exception as error:
                    self._resources.log.warning("job_failed", job=job.name, error=words_of(error))
