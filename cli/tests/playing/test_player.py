"""The player keeps as many returns on their way as it may, and ends with the last answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from samlan.playing import Answered, Effects, Pace, Player
from samlan.playing.hands import HandedIn
from samlan.sample.workload import PlannedReturn

PLAN = [PlannedReturn(f"i{n}", "lerum-1", "vast/lerum", "home_here", late=False) for n in range(20)]


@dataclass
class FakeHands:
    """Answers when it is told to, and remembers how many waited at once."""

    answer: Answered = field(default_factory=lambda: Answered("home", None, 5.0))
    handed_in: list[str] = field(default_factory=list)
    waiting: int = 0
    most: int = 0

    async def hand_in(self, planned: PlannedReturn) -> HandedIn:
        self.handed_in.append(planned.item)
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        return HandedIn(f"fact-{planned.item}", datetime.now(UTC), self._answer())

    async def _answer(self) -> Answered:
        for _ in range(3):
            await asyncio.sleep(0)
        self.waiting -= 1
        return self.answer


async def test_no_more_are_on_their_way_than_may_be() -> None:
    hands, effects = FakeHands(), Effects()
    pace = Pace()
    pace.room = 4.5
    await Player(hands, effects).play(PLAN, pace)
    assert hands.handed_in == [planned.item for planned in PLAN]
    assert hands.most == 4 + 2  # twenty good answers make room for two more
    assert all(one.reply_ms == 5.0 for one in effects.returns.values())


async def test_a_storm_waits_for_no_answer_before_the_next() -> None:
    hands, effects = FakeHands(), Effects()
    await Player(hands, effects).storm(PLAN)
    assert (len(effects.returns), hands.waiting) == (20, 0)
    assert hands.most > 4


@pytest.mark.parametrize(
    ("answer", "refused", "known_after"),
    [
        (Answered("exception", "unknown_item", 5.0), "unknown_item", 5.0),
        (Answered("exception", "routing_pending", 700.0), None, None),
        (Answered("home", None, 5.0), None, 5.0),
    ],
)
async def test_an_exception_is_noted_but_a_late_routing_is_none_and_tells_no_bin(
    answer: Answered, refused: str | None, known_after: float | None
) -> None:
    effects = Effects()
    await Player(FakeHands(answer), effects).play(PLAN[:1], Pace())
    (one,) = effects.returns.values()
    assert (one.refused, one.reply_ms) == (refused, known_after)


async def test_whoever_shows_the_returns_hears_each_answer() -> None:
    heard: list[str] = []
    await Player(FakeHands(), Effects(), answered=lambda one: heard.append(one.planned.item)).play(
        PLAN, Pace()
    )
    assert sorted(heard) == sorted(planned.item for planned in PLAN)
