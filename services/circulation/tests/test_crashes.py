"""A return survives a crash at every point between its writes, its publishes and its acknowledgement."""

from __future__ import annotations

import asyncio

from samlan_circulation import app
from samlan_contracts.events.circulation import ItemReturned, ItemShelved
from samlan_testkit.crashes import CrashPoint, cut_off

from .conftest import Library

LERUM = "vast/lerum"
POINTS = (2, 5, 8, 12)  # some of a return's points; the fault suite takes every one, through all services


async def test_a_return_is_told_once_wherever_circulation_dies(library: Library) -> None:
    for point in POINTS:
        item = f"i{point}"
        await library.thing(item)
        await library.lend(item, "astrid")
        await handed_in_with_a_crash(library, item, at=point)
        await passes(library, item, point)
    assert await library.loans("astrid") == []
    assert await library.exceptions() == []
    assert await library.database()["facts"].count_documents({"open": True}) == 0


async def handed_in_with_a_crash(library: Library, item: str, *, at: int) -> None:
    async def act() -> None:
        await library.hand_in(item, sequence=at)
        await through(library, item)

    reached = await cut_off(library.world, app.build, CrashPoint("circulation", at), act)
    assert reached, f"a return has more points than {at}"


async def through(library: Library, item: str) -> None:
    """The whole way of the return without a crash: handed in, routed, shelved, and quiet."""
    await passes(library, item, 0)


async def passes(library: Library, item: str, number: int) -> None:
    while not (told := [one for one in library.world.events(ItemReturned) if one.thing.item == item]):
        await asyncio.sleep(0.01)
    assert [one.loan.patron for one in told] == ["astrid"], number
    await library.route(item, "shelf", LERUM, patron="karin", times=2)
    while not (shelved := [one for one in library.world.events(ItemShelved) if one.item == item]):
        await asyncio.sleep(0.01)
    await library.world.settle()
    assert (len(shelved), (await library.item(item))["state"]) == (1, "hold_shelf"), number
    told = [one for one in library.world.events(ItemReturned) if one.thing.item == item]
    assert len(told) == 1, number
