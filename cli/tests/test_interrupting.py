"""Ctrl-C cancels what runs, and lets it end what it started."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from samlan.interrupting import Interrupted, Interruption, run


async def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(0)


def test_work_that_ends_gives_its_outcome() -> None:
    async def work() -> int:
        return 7

    assert run(lambda interruption: interruption.unless(work())) == 7


def test_ctrl_c_cancels_the_work_and_waits_for_its_end() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await interrupt()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("cleaned up")

    with pytest.raises(Interrupted):
        run(lambda interruption: interruption.unless(work()))
    assert ended == ["cleaned up"]


def test_a_second_ctrl_c_cuts_no_ending_short() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await interrupt()
            await asyncio.Event().wait()
        finally:
            await interrupt()
            await asyncio.sleep(0)
            ended.append("cleaned up")

    with pytest.raises(Interrupted):
        run(lambda interruption: interruption.unless(work(), insist=False))
    assert ended == ["cleaned up"]


def test_what_fails_fails_as_it_is() -> None:
    async def work() -> None:
        raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        run(lambda interruption: interruption.unless(work()))


def test_whoever_was_asked_before_begins_nothing() -> None:
    async def command(interruption: Interruption) -> None:
        await interrupt()
        await interruption.wait()
        await interruption.unless(asyncio.Event().wait())

    with pytest.raises(Interrupted):
        run(command)
