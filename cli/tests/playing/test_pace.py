"""As many returns are on their way as are answered in good time: more where the machine is fast."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from samlan.playing import Pace
from samlan.playing.pace import FEWEST, FIRST, GOOD_MS, MOST

Answer = Callable[[int], float | None]


async def room_after(answers: int, reply_ms: Answer) -> float:
    """The room after so many returns, each answered by how many were on their way with it."""
    pace = Pace()
    for _ in range(answers):
        await pace.begin()
        pace.answered(reply_ms(int(pace.room)))
    return pace.room


@pytest.mark.parametrize("ms_each", [10.0, 25.0, 50.0])
async def test_the_room_is_what_the_machine_answers_in_good_time(ms_each: float) -> None:
    room = await room_after(2000, lambda together: together * ms_each)
    assert room == pytest.approx(GOOD_MS / ms_each, rel=0.2)


async def test_there_is_an_end_at_both_ends() -> None:
    assert await room_after(3000, lambda _: 1.0) == MOST
    assert await room_after(3000, lambda _: 5000.0) == FEWEST


async def test_a_kiosk_that_is_told_to_wait_makes_it_less_at_once() -> None:
    assert await room_after(1, lambda _: None) < FIRST < await room_after(1, lambda _: 1.0)


async def test_nobody_begins_without_room_and_one_that_is_answered_makes_some() -> None:
    pace = Pace()
    for _ in range(FIRST):
        await pace.begin()
    next_one = asyncio.create_task(pace.begin())
    await asyncio.sleep(0)
    assert not next_one.done()
    pace.answered(5.0)
    await next_one
