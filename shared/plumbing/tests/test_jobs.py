"""Jobs against a clock that runs on, as every day's does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from samlan_plumbing.flow import Flow
from samlan_plumbing.jobs import Job, JobLoop

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class RunningClock:
    """Every look at it finds it later."""

    def __init__(self) -> None:
        self._now = MORNING

    def now(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return self._now


@dataclass
class Resources:
    library_clock: RunningClock = field(default_factory=RunningClock)
    flow: Flow = field(default_factory=Flow)
    log: Any = None


async def test_work_that_is_due_now_is_done_though_the_clock_runs_on() -> None:
    resources = Resources()
    left = 3

    async def due_now() -> datetime | None:
        return resources.library_clock.now() if left else None

    async def do_one(now: datetime) -> int:
        nonlocal left
        left -= 1
        return 1

    jobs = JobLoop(resources, [Job(name="one", next_due=due_now, run=do_one)])  # type: ignore[arg-type]
    assert await jobs.run_due() == 3


async def test_work_that_is_due_later_waits() -> None:
    resources = Resources()

    async def due_later() -> datetime | None:
        return resources.library_clock.now() + timedelta(seconds=1)

    async def never(now: datetime) -> int:
        raise AssertionError

    jobs = JobLoop(resources, [Job(name="one", next_due=due_later, run=never)])  # type: ignore[arg-type]
    assert await jobs.run_due() == 0


async def test_a_job_that_says_cheaply_whether_work_is_due_is_not_asked_for_the_very_next() -> None:
    resources = Resources()
    left = 2

    async def next_due() -> datetime | None:
        raise AssertionError

    async def is_due(now: datetime) -> bool:
        return left > 0

    async def do_one(now: datetime) -> int:
        nonlocal left
        left -= 1
        return 1

    jobs = JobLoop(resources, [Job(name="one", next_due=next_due, run=do_one, due=is_due)])  # type: ignore[arg-type]
    assert await jobs.run_due() == 2
