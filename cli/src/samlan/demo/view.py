"""What a person sees while returns are played: a line for each as it comes back, and the counts below.

Where the terminal cannot move its cursor, or there is none, the same lines are printed and nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from samlan.demo.messages import Languages
from samlan.demo.stories import Stories
from samlan.demo.telling import moves
from samlan.demo.words import GOOD, MONEY, MOVING, QUIET, Columns, moneys, return_line
from samlan.playing.effects import Return

LOOK_EVERY_SECONDS: Final = 0.1
FRAMES_PER_SECOND: Final = 8
BAR_WIDTH: Final = 32


class View:
    """Shows a run while it goes on, from the returns that something became known of."""

    def __init__(self, console: Console, total: int, names: Mapping[str, str], languages: Languages) -> None:
        self._console = console
        self._total = total
        self._names = names
        self._languages = languages
        self._columns = Columns.of(console.width)
        self._stories = Stories()
        self._returns: dict[str, Return] = {}
        self._moves = moves(console)
        self._started = time.monotonic()
        self._live = Live(
            console=console, get_renderable=self._foot, refresh_per_second=FRAMES_PER_SECOND, transient=True
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begins to show."""
        self._started = time.monotonic()
        if self._moves:
            self._live.start()
        self._task = asyncio.create_task(self._tell_for_ever())
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Tells what is left and takes the foot away."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._tell(self._stories.rest())
        if self._moves:
            self._live.stop()

    def heard(self, one: Return) -> None:
        """Something of a return became known."""
        self._returns[one.fact] = one
        self._stories.hear(one, time.monotonic())

    async def _tell_for_ever(self) -> None:
        while True:
            self._tell(self._stories.ripe(time.monotonic()))
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    def _tell(self, returns: Iterable[Return]) -> None:
        lines = [return_line(one, self._names, self._languages, self._columns) for one in returns]
        if not lines:
            return
        if self._moves:
            self._console.print(Group(*lines), no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(*(line.plain for line in lines), sep="\n", soft_wrap=True, markup=False)

    def _foot(self) -> RenderableType:
        done = self._stories.told
        seconds = max(time.monotonic() - self._started, 0.1)
        played = Table.grid(padding=(0, 2))
        played.add_row(
            ProgressBar(total=self._total, completed=done, width=BAR_WIDTH),
            f"{done:,} of {self._total:,} returns",
            Text(f"{done / seconds:.0f} a second", QUIET),
        )
        return Group(Text(), played, self._counts())

    def _counts(self) -> Text:
        bins, fees, messages = Counter[str | None](), Counter[str](), set[str]()
        for one in self._returns.values():
            bins[one.bin] += 1
            messages |= {notice.id for notice in one.notices if notice.channel}
            for fee in one.fees:
                fees[fee.currency] += fee.amount_minor
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"pickup shelf {bins['shelf']}", GOOD).append("   ")
        text.append(f"in transit {bins['transit']}", MOVING).append("   ")
        text.append(f"on their shelf {bins['home']}   messages {len(messages)}")
        return text.append(f"   fees {moneys(fees)}", MONEY) if fees else text
