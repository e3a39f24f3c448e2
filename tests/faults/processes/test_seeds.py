"""Real processes are killed while a load is told, and nobody can tell afterwards.

Each seed is told twice in the same consortium, by casts that never meet: calmly, and under a nemesis. Seeds
of your own: `make faults SEEDS="7 8 9"`, which also strikes harder.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .cast import Cast
from .nemesis import Blow, Echoes, at_random, discard_poison, each_once, poison, strike
from .outcome import Outcome, mails, outcome_of, told_twice
from .stories import stories
from .telling import Telling, files
from .town import Town, town

ASKED = os.environ.get("SAMLAN_SEEDS", "").split()
SEEDS = [int(seed) for seed in ASKED] or [1, 2, 3]
REPLICAS = {"circulation": 2, "holds": 2, "billing": 2, "notify": 2} if ASKED else {"holds": 2}
EACH = 4 if ASKED else 1
BLOWS = 40
log = logging.getLogger(__name__)
pytestmark = pytest.mark.xdist_group("processes")


def cast_of(seed: int, kind: str) -> Cast:
    return Cast(f"{kind}s{seed}")


@pytest_asyncio.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A running consortium with the casts of all seeds."""
    async with town(tmp_path_factory.mktemp("town"), REPLICAS) as made:
        casts = [(cast_of(seed, kind), stories(seed, EACH)) for seed in SEEDS for kind in ("calm", "storm")]
        await made.load("casts", files(casts))
        yield made


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_storm_changes_nothing(place: Town, seed: int) -> None:
    log.warning("seed %s", seed)
    calm, steps = await told_calmly(place, seed)
    assert_something_happened(calm)
    storm = await told_in_a_storm(place, seed, steps)
    assert storm == calm
    assert told_twice(mails(place.mail)) == []


async def told_calmly(place: Town, seed: int) -> tuple[Outcome, int]:
    """What comes of the load when nothing fails, and how many steps it takes."""
    telling = Telling(place, cast_of(seed, "calm"), stories(seed, EACH))
    await telling.tell()
    await place.settle()
    return await outcome_of(telling, await place.check()), telling.steps


async def told_in_a_storm(place: Town, seed: int, steps: int) -> Outcome:
    """What comes of it under the nemesis, once all is healed and quiet."""
    telling = Telling(place, cast_of(seed, "storm"), stories(seed, EACH))
    echoes = Echoes(place, seed)
    poisonous = await poison(place)
    async with echoes.listening(), asyncio.TaskGroup() as group:
        group.create_task(telling.tell())
        group.create_task(strike(blows_of(seed, place), telling, steps))
    await place.heal()
    await echoes.say_the_rest()
    await place.settle()
    assert echoes.said
    assert await discard_poison(place) == poisonous
    return await outcome_of(telling, await place.check())


def blows_of(seed: int, place: Town) -> list[Blow]:
    if ASKED:
        return at_random(seed, [*place.replicas, "catchers"], BLOWS)
    return each_once(seed, place.replicas)


def assert_something_happened(calm: Outcome) -> None:
    """The load is worth repeating: it left fees paid and owed, holds ready, exceptions and messages."""
    fees = [fee for fees in calm["ledgers"].values() for fee in fees]
    assert {bool(owed) for _, _, owed in fees} == {True, False}
    served = [state for holds in calm["holds"].values() for _, state, *_ in holds]
    assert {"ready", "waiting", "frozen"} <= set(served)
    assert len({reason for _, reason, _ in calm["exceptions"]}) > 5
    assert {kind for kind, _ in calm["messages"]} >= {"hold_ready", "fee_charged"}
