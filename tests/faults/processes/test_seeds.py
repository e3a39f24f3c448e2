"""Real processes are killed while a load is told, and nobody can tell afterwards.

Each seed is told twice in the same consortium, by casts that never meet: calmly, and under a nemesis. Seeds
of your own: `make faults SEEDS="7 8 9"`, which also strikes harder.
"""

from __future__ import annotations

import asyncio
import logging

import pytest

from .cast import Cast
from .nemesis import Echoes, discard_poison, poison, strike
from .outcome import Outcome, differences, mails, outcome_of, told_twice
from .seeds import EACH, SEEDS, blows_of
from .stories import stories
from .telling import Telling, files
from .town import Town

log = logging.getLogger(__name__)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_storm_changes_nothing(place: Town, seed: int) -> None:
    log.warning("seed %s", seed)
    told = stories(seed, EACH)
    calm, storm = (Telling(place, Cast(f"{kind}s{seed}"), told) for kind in ("calm", "storm"))
    await place.load(f"seed {seed}", files((telling.cast, told) for telling in (calm, storm)))
    expected = await told_calmly(place, calm)
    assert_something_happened(expected)
    found = await told_in_a_storm(place, storm, seed, calm.steps)
    differ = differences(expected, found)
    assert not differ, "\n".join(differ)
    assert told_twice(mails(place.mail)) == []


async def told_calmly(place: Town, telling: Telling) -> Outcome:
    """What comes of the load when nothing fails."""
    await telling.tell()
    await place.settle()
    return await outcome_of(telling, await place.check())


async def told_in_a_storm(place: Town, telling: Telling, seed: int, steps: int) -> Outcome:
    """What comes of it under the nemesis, once all is healed and quiet."""
    echoes = Echoes(place, seed)
    poisonous = await poison(place)
    async with echoes.listening(), asyncio.TaskGroup() as group:
        group.create_task(telling.tell())
        group.create_task(strike(blows_of(seed, place.replicas), telling, steps))
    await place.heal()
    await echoes.say_the_rest()
    await place.settle()
    assert echoes.said
    assert await discard_poison(place) == poisonous
    return await outcome_of(telling, await place.check())


def assert_something_happened(calm: Outcome) -> None:
    """The load is worth repeating: facts kept, fees paid and owed, holds ready, exceptions, messages."""
    assert 404 not in calm["facts"].values()
    fees = [fee for fees in calm["ledgers"].values() for fee in fees]
    assert {bool(owed) for _, _, owed in fees} == {True, False}
    served = [state for holds in calm["holds"].values() for _, state, *_ in holds]
    assert {"ready", "waiting", "frozen"} <= set(served)
    assert len({reason for _, reason, _ in calm["exceptions"]}) > 5
    assert {kind for kind, _ in calm["messages"]} >= {"hold_ready", "fee_charged"}
