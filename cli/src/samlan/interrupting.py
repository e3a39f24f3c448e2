"""Ctrl-C, once for a whole command: what runs is cancelled, and what was started is ended in good order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

import uvloop

T = TypeVar("T")
CANCEL_AGAIN_SECONDS: Final = 5.0  # a library that swallowed the first request gets another
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """The person who called wants it to end."""


class Interruption:
    """Notices Ctrl-C and SIGTERM; a second one changes nothing, so that ending is never cut short."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    @property
    def asked(self) -> bool:
        """Whether somebody asked to end."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Returns when somebody asks to end."""
        await self._asked.wait()

    def ask(self) -> None:
        """Asks to end."""
        self._asked.set()

    def listen(self) -> None:
        """From now on the two signals are ours."""
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.ask)

    async def unless(self, work: Coroutine[Any, Any, T], *, insist: bool = True) -> T:
        """The outcome of some work; `Interrupted` when somebody asks to end first, and then it has ended.

        Work that takes back what it did when it is cancelled is not to be insisted on."""
        task = asyncio.create_task(work)
        asked = asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait((task, asked), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asked.cancel()
            await _ended(task, CANCEL_AGAIN_SECONDS if insist else None)
        if task.cancelled() and self.asked:
            raise Interrupted
        return task.result()


async def _ended(task: asyncio.Task[Any], again_seconds: float | None) -> None:
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=again_seconds)


def run(command: Callable[[Interruption], Coroutine[Any, Any, T]], *, asked: Sequence[int] = ()) -> T:
    """Runs a command to its end, which Ctrl-C brings about in good order, also one `asked` for before."""

    async def main() -> T:
        interruption = Interruption()
        interruption.listen()
        if asked:
            interruption.ask()
        return await command(interruption)

    return uvloop.run(main())
