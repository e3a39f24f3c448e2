"""Crashing a service at any point between write, publish and acknowledge.

A hook on the plumbing's seam lets the n-th point of one service never return; then the service's tasks and
connections are dropped without draining and it is built again in the same process, as after SIGKILL.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from samlan_plumbing import seams

from samlan_testkit.consortium import Consortium, builder
from samlan_testkit.world import WORLD, Build, World

Act = Callable[[], Coroutine[Any, Any, Any]]


class CrashPoint:
    """Counts the points one service reaches, and stops it for good at the `at`-th; 0 only counts."""

    def __init__(self, service: str, at: int) -> None:
        self.service = service
        self.at = at
        self.reached: list[str] = []
        self.happened = asyncio.Event()

    async def __call__(self, service: str, point: str) -> None:
        """Told by the seam."""
        if service != self.service:
            return
        self.reached.append(point)
        if len(self.reached) == self.at:
            self.happened.set()
            await asyncio.Future()  # until the harness drops what waits here


@asynccontextmanager
async def installed(point: CrashPoint, world: World) -> AsyncIterator[CrashPoint]:
    """The point while the block runs, for the services of this world: others of the process go on."""

    async def hook(service: str, name: str) -> None:
        if WORLD.get() in (None, world):
            await point(service, name)

    seams.install(hook)
    try:
        yield point
    finally:
        seams.install(None)


async def cut_off(world: World, build: Build, point: CrashPoint, act: Act) -> bool:
    """Acts until the point, where the service crashes and is built again; whether it got that far."""
    async with installed(point, world):
        acting = asyncio.create_task(act())
        crashed = asyncio.create_task(point.happened.wait())
        await asyncio.wait({acting, crashed}, return_when=asyncio.FIRST_COMPLETED)
        crashed.cancel()
        if not point.happened.is_set():
            await acting
            return False
        await _dropped(acting)
        seams.install(None)
        await world.crash(point.service)
        await world.start(build)
        return True


async def crash_once(consortium: Consortium, point: CrashPoint, act: Act) -> None:
    """Acts, crashes at the point if it is reached, starts the service again, and waits for quiet.

    `act` may be cancelled by the crash and is then run again: every step of it must be repeatable."""
    until_quiet = partial(_until_quiet, consortium, act)
    if await cut_off(consortium.world, builder(point.service), point, until_quiet):
        await until_quiet()


async def _until_quiet(consortium: Consortium, act: Act) -> None:
    await act()
    await consortium.settle()


async def _dropped(task: asyncio.Task[None]) -> None:
    """Cancels until it is over: a cancellation that meets an answer just arriving may be lost on its way."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
    if not task.cancelled():
        task.exception()  # what the crash did to it is of no interest
