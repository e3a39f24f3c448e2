"""A tiny storm through real processes, and its floor: that the benchmark runs, not how fast anything is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from samlan.bench.counts import Counts, Work
from samlan.bench.floor import HEARS, floor
from samlan.bench.stage import Stage, stage
from samlan.bench.storm import checked, storm
from samlan.sample import Scale

RETURNS = 12


@pytest.fixture(scope="module")
async def small() -> AsyncIterator[Stage]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("MONGODB_URL", "RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL"):
            environment.delenv(name, raising=False)  # the benchmark measures servers of its own
        async for here in _loaded():
            yield here


async def _loaded() -> AsyncIterator[Stage]:
    async with stage() as here:
        scale = Scale(titles=60, items=200, patrons=60, loans=60, holds=20, debtors=4)
        await here.load(scale, sizes=[RETURNS])
        yield here


async def test_a_storm_ends_with_every_invariant_and_its_cost(small: Stage) -> None:
    (plan,) = small.plans
    cost = await storm(small, plan)
    await checked(small)
    assert cost.returns == RETURNS
    assert cost.per_second > 0
    assert set(small.urls) <= set(cost.cpu_ms)
    assert await small.client["samlan_circulation"]["facts"].count_documents({"open": False}) == RETURNS


async def test_the_floor_ends_and_leaves_nothing(small: Stage) -> None:
    work = Work(
        told=1.0, handled=1.0, reads=1.5, inserts=0.5, updates=1.0, clears=1.0, commands=4.0,
        read_bytes=700, write_bytes=200,
    )  # fmt: skip
    told = {"circulation.item_returned.v1": 1.0, "holds.item_routed.v1": 1.0, "answer": 0.9}
    some = {"circulation.item_shelved.v1": 0.4, "holds.hold_ready.v1": 0.3}
    bare = await floor(small, Counts(dict.fromkeys(HEARS, work), {**told, **some}), RETURNS)
    assert set(HEARS) <= set(bare.cpu_ms)
    assert "samlan_floor" not in await small.client.list_database_names()
