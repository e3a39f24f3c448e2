"""Jobs against a clock that runs on, as every day's does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from samlan_plumbing import jobs as module
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


async def test_a_loop_that_is_not_behind_leaves_newcomers_to_its_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resources = Resources()
    behind = iter([True, True, False, False, True, False])
    runs: list[int] = []

    class Enough(Exception):
        """Three looks were seen."""

    async def look(_: float) -> None:
        if len(runs) == 3:
            raise Enough
        runs.append(0)

    async def next_due() -> datetime | None:
        raise AssertionError

    async def is_due(now: datetime) -> bool:
        return True

    async def run(now: datetime) -> int:
        runs[-1] += 1
        return 1

    job = Job(name="one", next_due=next_due, run=run, due=is_due, behind=lambda: next(behind), every=0)
    monkeypatch.setattr(module.asyncio, "sleep", look)
    with pytest.raises(Enough):
        await JobLoop(resources, [job]).run_for_ever()  # type: ignore[arg-type]
    assert runs == [3, 1, 2]
