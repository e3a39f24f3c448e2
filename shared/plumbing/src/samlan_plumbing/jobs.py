"""Jobs: what falls due in library time, claimed in small batches on any replica."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from samlan_plumbing.logs import words_of

if TYPE_CHECKING:
    from samlan_plumbing.resources import Resources

LOOK_EVERY_SECONDS: Final = 1.0
BATCHES_AT_ONCE: Final = 20  # then other work gets a turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work that falls due: `run` does one small batch as of a library instant and says how many it did."""

    name: str
    next_due: Callable[[], Awaitable[datetime | None]]
    run: Callable[[datetime], Awaitable[int]]


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
        return sum([await self._run(job) for job in self._jobs])

    async def _run(self, job: Job) -> int:
        total = 0
        for _ in range(BATCHES_AT_ONCE):
            due = await job.next_due()
            now = self._resources.library_clock.now()  # read after `due`, which may itself be "now"
            if due is None or due > now:
                break
            with self._resources.flow.working():
                done = await job.run(now)
            total += done
            if not done:
                break
        return total

    async def run_for_ever(self) -> None:
        """The loop on every replica."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            for job in self._jobs:
                try:
                    await self._run(job)
                except Exception as error:  # a job that fails is tried again at the next look
                    self._resources.log.warning("job_failed", job=job.name, error=words_of(error))
