"""Moving library time: to each due time on the way, letting every service finish before the next.

::

    quiet? ─▶ next due times ─▶ clock to the earliest ─▶ run what is due ─▶ quiet? ─▶ … ─▶ target

One file, one gateway and one process of each service: this is for `samlan up` and its tests. A service of
several replicas answers with the counts of whichever is asked, and is then never told quiet from busy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from samlan_plumbing.clocks import LibraryClock, MachineClock, write_clock
from samlan_plumbing.peers import Answer, PeerDown, Peers

from samlan_gateway.clients.broker import BrokerDown, Counter, Queues
from samlan_gateway.domain.quiet import Round, busy

PATIENCE_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.02
RUN_SECONDS: Final = 60.0  # one service's due work at one instant
BROKER: Final = "the broker does not answer"


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the clock stands now, over how many due times it went, and how much fell due."""

    now: datetime
    steps: int
    ran: int


@dataclass(frozen=True, slots=True)
class NotQuiet:
    """The clock stands where it got to: these are busy, or down."""

    now: datetime
    busy: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotMoved:
    """The clock may not move so, for a named reason."""

    reason: str


class _Busy(Exception):
    def __init__(self, words: tuple[str, ...]) -> None:
        super().__init__(*words)
        self.words = words


class MoveClock:
    """The clock of all services, moved from one place and by one request at a time."""

    def __init__(
        self,
        *,
        path: Path | None,
        library: LibraryClock,
        machine: MachineClock,
        peers: Peers,
        queues: Queues,
        services: Sequence[str],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._path = path
        self._library = library
        self._machine = machine
        self._peers = peers
        self._queues = queues
        self._services = tuple(services)
        self._patience_seconds = patience_seconds
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, target: datetime) -> Moved | NotQuiet | NotMoved:
        """Moves library time to `target`; where something stays busy, the clock stops on the way."""
        if self._path is None:
            return NotMoved("clock_does_not_move")
        async with self._one_at_a_time:
            if target < self._library.now():
                return NotMoved("clock_never_goes_back")
            try:
                async with self._queues.open() as counter:
                    return await self._move(self._path, target, counter)
            except _Busy as found:
                return NotQuiet(self._library.now(), found.words)
            except BrokerDown:
                return NotQuiet(self._library.now(), (BROKER,))

    async def _move(self, path: Path, target: datetime, counter: Counter) -> Moved:
        """Goes from due time to due time. Time without any progress is what patience ends at."""
        now, steps, total = self._library.now(), 0, 0
        since = self._machine.monotonic()
        calm = await self._quiet(counter, None)
        while True:
            dues = await self._dues()
            step = min([target, *dues.values()])
            if step > now:
                write_clock(path, step)
                now, steps = step, steps + 1
                since = self._machine.monotonic()
            elif not dues or min(dues.values()) > target:
                return Moved(now, steps, total)
            ran = await self._run_due()
            total += ran
            calm = await self._quiet(counter, calm)
            if ran:
                since = self._machine.monotonic()
            elif late := [name for name, due in dues.items() if due <= now]:
                await self._look_again(since, late)

    async def _look_again(self, since: float, late: Sequence[str]) -> None:
        """Waits a moment for work that is due; `_Busy` when nothing came of it for as long as patience."""
        if self._machine.monotonic() - since > self._patience_seconds:
            raise _Busy(tuple(f"{name} has work due that it does not do" for name in late))
        await asyncio.sleep(LOOK_SECONDS)

    async def _dues(self) -> dict[str, datetime]:
        """The next due time of each service that has one."""
        answers = await self._ask_all("GET", "/clock/next")
        dues = {name: one.body["due"] for name, one in answers.items()}
        return {name: datetime.fromisoformat(due) for name, due in dues.items() if due}

    async def _run_due(self) -> int:
        answers = await self._ask_all("POST", "/clock/run", limit_seconds=RUN_SECONDS)
        return sum(int(one.body["done"]) for one in answers.values())

    async def _ask_all(self, method: str, path: str, **more: Any) -> dict[str, Answer]:
        answers = await self._answers(method, path, **more)
        down = tuple(f"{name} does not answer" for name, one in answers.items() if one is None)
        if down:
            raise _Busy(down)
        return {name: one for name, one in answers.items() if one is not None}

    async def _answers(self, method: str, path: str, **more: Any) -> dict[str, Answer | None]:
        asked = [self._ask(name, method, path, **more) for name in self._services]
        return dict(zip(self._services, await asyncio.gather(*asked), strict=True))

    async def _ask(self, name: str, method: str, path: str, **more: Any) -> Answer | None:
        try:
            answer = await self._peers.ask(name, method, path, **more)
        except PeerDown:
            return None
        return answer if answer.ok else None

    async def _quiet(self, counter: Counter, calm: Round | None) -> Round:
        """Waits for two rounds that say the same, with nothing in a queue between them; answers the second.

        `calm` is the last such round: where nothing has moved since, it is the first of the two."""
        started = self._machine.monotonic()
        before = calm
        while True:
            now = await self._round(counter if before is None else None)
            words = busy(before, now)
            if before is not None and not words:
                return now
            before = None if words else now
            if now.down or (words and self._machine.monotonic() - started > self._patience_seconds):
                raise _Busy(words)
            if words:
                await asyncio.sleep(LOOK_SECONDS)

    async def _round(self, counter: Counter | None) -> Round:
        """Every service's counts, then, in a first round, every queue's."""
        answers = await self._answers("GET", "/flow")
        services = {name: one.body for name, one in answers.items() if one is not None}
        down = tuple(name for name, one in answers.items() if one is None)
        queues = await counter.counts() if counter is not None else {}
        return Round(services=services, queues=queues, down=down)
