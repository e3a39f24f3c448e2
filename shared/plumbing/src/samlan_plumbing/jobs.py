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
    """Work that falls due: `run` does one small batch as of a library instant and says how many it did.

    `is_due` says cheaply whether there is any, for the loop that asks every second; where many things wait,
    finding the very next one is dear, and only who moves the clock needs it."""

    name: str
    next_due: Callable[[], Awaitable[datetime | None]]
    run: Callable[[datetime], Awaitable[int]]
    is_due: Callable[[datetime], Awaitable[bool]] | None = None


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
            now = await self._due(job)
            if now is None:
                break
            with self._resources.flow.working():
                done = await job.run(now)
            total += done
            if not done:
                break
        return total

    async def _due(self, job: Job) -> datetime | None:
        """The instant as of which the job has something to do; None when it has nothing."""
        if job.is_due is not None:
            now = self._resources.library_clock.now()
            return now if await job.is_due(now) else None
        due = await job.next_due()
        now = self._resources.library_clock.now()  # read after `due`, which may itself be "now"
        return None if due is None or due > now else now

    async def run_for_ever(self) -> None:
        """The loop on every replica."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            for job in self._jobs:
                try:
                    await self._run(job)
                except Exception as error:  # a job that fails is tried again at the next look
                    self._resources.log.warning("job_failed", job=job.name, error=words_of(error))
