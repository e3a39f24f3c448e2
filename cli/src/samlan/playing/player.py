"""Plays a plan of returns: as many at a time as goes well, or so many a second, and notes the answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from samlan.playing.effects import ANSWERED_LATE, Effects, Return
from samlan.playing.hands import HandedIn, Hands
from samlan.playing.pace import Pace
from samlan.sample.workload import PlannedReturn

Heard = Callable[[Return], None]


class Player:
    """Hands in what a plan says and keeps `effects` told."""

    def __init__(self, hands: Hands, effects: Effects, *, answered: Heard = lambda one: None) -> None:
        self._hands = hands
        self._effects = effects
        self._answered = answered

    async def play(self, plan: Iterable[PlannedReturn], pace: Pace) -> None:
        """Plays a plan with as many returns unanswered as the pace allows; ends with the last answer."""
        async with asyncio.TaskGroup() as group:
            for planned in plan:
                await pace.begin()
                group.create_task(self._paced(planned, pace))

    async def play_at(self, plan: Iterable[PlannedReturn], *, per_second: float) -> None:
        """Plays a plan at an even pace, whatever the answers take; ends with the last answer."""
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, planned in enumerate(plan):
                await asyncio.sleep(max(0.0, started + number / per_second - time.monotonic()))
                group.create_task(self._one(planned))

    async def storm(self, plan: Iterable[PlannedReturn]) -> None:
        """Publishes a plan as fast as the broker takes it; ends with the last answer, however late."""
        async with asyncio.TaskGroup() as group:
            for planned in plan:
                handed_in = await self._hands.hand_in(planned)
                one = self._effects.begin(planned, handed_in.fact, handed_in.at)
                group.create_task(self._hear(one, handed_in))

    async def _paced(self, planned: PlannedReturn, pace: Pace) -> None:
        one = await self._one(planned)
        pace.answered(one.reply_ms)

    async def _one(self, planned: PlannedReturn) -> Return:
        handed_in = await self._hands.hand_in(planned)
        one = self._effects.begin(planned, handed_in.fact, handed_in.at)
        await self._hear(one, handed_in)
        return one

    async def _hear(self, one: Return, handed_in: HandedIn) -> None:
        answer = await handed_in.answer
        late = answer.reason in ANSWERED_LATE
        one.reply_ms = None if late else answer.reply_ms  # who is told to wait knows no bin
        if answer.bin == "exception" and not late:
            one.refused = answer.reason or "exception"
        self._answered(one)
