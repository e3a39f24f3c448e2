"""The contract of reads and writes that travel together, on the real datastore."""

from __future__ import annotations

import asyncio

import pytest
from pymongo.errors import DuplicateKeyError
from samlan_plumbing.batches import Batches, Collection, Together, Written
from samlan_testkit.world import World

MANY = 40


@pytest.fixture
async def batches(world: World) -> Batches:
    found = world.resources("catalog").batches
    await found.prepare()
    return found


@pytest.fixture
def things(world: World) -> Collection:
    return world.resources("catalog").database["things"]


async def test_each_of_many_writes_keeps_its_own_outcome(batches: Batches, things: Collection) -> None:
    await things.insert_many([{"_id": f"t{n}", "revision": n % 2} for n in range(MANY)])
    outcomes = await asyncio.gather(
        *(
            batches.update(things, {"_id": f"t{n}", "revision": 1}, {"$inc": {"revision": 1}})
            for n in range(MANY)
        )
    )
    assert [one.modified for one in outcomes] == [n % 2 == 1 for n in range(MANY)]
    assert await things.count_documents({"revision": 2}) == MANY // 2


async def test_of_two_writers_of_one_revision_one_wins(batches: Batches, things: Collection) -> None:
    await things.insert_one({"_id": "t", "revision": 1})
    guard = {"_id": "t", "revision": 1}
    outcomes = await asyncio.gather(
        *(batches.update(things, guard, {"$inc": {"revision": 1}}) for _ in range(MANY))
    )
    assert sum(one.modified for one in outcomes) == 1
    assert await batches.read(things, "t") == {"_id": "t", "revision": 2}


async def test_a_key_that_is_taken_is_the_trouble_of_its_own_insert_alone(
    batches: Batches, things: Collection
) -> None:
    await things.create_index("id", unique=True)
    await things.insert_one({"_id": "taken", "id": "first"})
    wanted = [
        {"_id": "taken", "id": "second"}, {"_id": "new", "id": "first"}, {"_id": "free", "id": "third"},
        {"_id": "also", "id": "fourth"},
    ]  # fmt: skip
    ends = await asyncio.gather(*(batches.insert(things, one) for one in wanted), return_exceptions=True)
    assert [type(one) for one in ends] == [DuplicateKeyError, DuplicateKeyError, type(None), type(None)]
    assert {one["_id"] async for one in things.find({})} == {"taken", "free", "also"}


async def test_a_document_that_nobody_had_is_inserted_once(batches: Batches, things: Collection) -> None:
    first = await batches.update(things, {"_id": "t"}, {"$set": {"n": 1}}, upsert=True)
    again = await batches.update(things, {"_id": "t"}, {"$set": {"n": 2}}, upsert=True)
    together = await asyncio.gather(
        *(batches.update(things, {"_id": f"u{n % 4}"}, {"$set": {"n": n}}, upsert=True) for n in range(12))
    )
    assert (first, again) == (Written(upserted=True), Written(matched=True, modified=True))
    assert sum(one.upserted for one in together) == 4


async def test_a_read_sees_what_was_written_before_it_was_asked(batches: Batches, things: Collection) -> None:
    async def write_and_read(n: int) -> int:
        await batches.update(things, {"_id": f"t{n}"}, {"$set": {"n": n}}, upsert=True)
        found = await batches.read(things, f"t{n}")
        return -1 if found is None else int(found["n"])

    assert await asyncio.gather(*(write_and_read(n) for n in range(MANY))) == list(range(MANY))


async def test_two_readers_of_one_document_share_nothing(batches: Batches, things: Collection) -> None:
    await things.insert_one({"_id": "t", "words": ["a"]})
    alone, one, another, absent = await asyncio.gather(
        batches.read(things, "t"), batches.read(things, "t"), batches.read(things, "t"),
        batches.read(things, "nobody"),
    )  # fmt: skip
    assert alone == one == another == {"_id": "t", "words": ["a"]}
    assert absent is None
    assert one is not None
    assert another is not None
    one["words"].append("b")
    assert another["words"] == ["a"]


async def test_an_older_server_gets_every_write_by_itself(world: World, things: Collection) -> None:
    batches = Batches(world.resources("catalog").client)  # it has not asked, so it does not know better
    await asyncio.gather(
        *(batches.update(things, {"_id": f"t{n}"}, {"$set": {"n": n}}, upsert=True) for n in range(4))
    )
    assert await things.count_documents({"n": {"$gte": 0}}) == 4


async def test_what_is_asked_meanwhile_goes_together_and_in_order() -> None:
    sent: list[list[int]] = []
    gate = asyncio.Event()

    async def many(asked: list[int]) -> list[int | Exception]:
        sent.append(asked)
        if len(sent) == 1:
            await gate.wait()
        return [ValueError("three") if one == 3 else one * 10 for one in asked]

    together: Together[int, int] = Together(many)
    asking = [asyncio.create_task(together.ask(0))]
    while not sent:
        await asyncio.sleep(0)
    asking += [asyncio.create_task(together.ask(n)) for n in (1, 2, 3, 4)]
    await asyncio.sleep(0)
    asking[2].cancel()
    await asyncio.sleep(0)
    gate.set()
    ends = await asyncio.gather(*asking, return_exceptions=True)
    assert sent == [[0], [1, 3, 4]]
    assert (ends[0], ends[1], ends[4]) == (0, 10, 40)
    assert isinstance(ends[2], asyncio.CancelledError)
    assert isinstance(ends[3], ValueError)


async def test_when_the_way_is_lost_everybody_who_waits_hears_of_it() -> None:
    async def many(asked: list[int]) -> list[int | Exception]:
        raise ConnectionError("gone")

    together: Together[int, int] = Together(many)
    ends = await asyncio.gather(*(together.ask(n) for n in range(3)), return_exceptions=True)
    assert [type(one) for one in ends] == [ConnectionError] * 3
