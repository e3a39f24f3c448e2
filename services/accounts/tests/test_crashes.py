"""Accounts cut off at every point between write, publish and clear: nothing is lost, nothing differs."""

from __future__ import annotations

import json
from functools import partial
from itertools import count
from typing import Any

import pytest
from samlan_accounts import app
from samlan_contracts.events.accounts import PatronDescribed
from samlan_plumbing import topology
from samlan_testkit.crashes import CrashPoint, cut_off
from samlan_testkit.world import World


def row(number: int) -> dict[str, Any]:
    return {
        "patron": f"p{number}", "member": "vast", "name": "Madicken", "born": "1999-03-01",
        "borrower_id": f"L{number}", "cards": [f"2{number:09}"], "pin": "1234",
    }  # fmt: skip


async def import_and_block(world: World, number: int) -> None:
    """An import and a change of the desk; each step may be repeated."""
    rows = {"rows": [{"line": 1, "row": row(number)}]}
    assert (await world.post("accounts", "/import/patrons", rows)).status_code == 200
    async with world.ask("accounts") as client:
        answer = await client.patch(f"/private/v1/patrons/p{number}", json={"blocks": [{"cause": "staff"}]})
    assert answer.status_code == 200
    await world.settle()


async def heard(world: World, reader: str) -> set[str]:
    """The patrons a reader has been sent in snapshots."""
    queue = await world._channel.declare_queue(topology.events_queue(reader), passive=True, robust=False)
    found: set[str] = set()
    while message := await queue.get(fail=False):
        if message.type == "snapshot":
            found |= {one["subject"] for one in json.loads(message.body)["events"]}
        await message.ack()
    return found


@pytest.mark.usefixtures("sweeping_at_once")
async def test_every_point_of_an_import_and_a_change_is_cut_off_once(world: World) -> None:
    await world.start(app.build)
    points = 0
    for number in count(1):
        act = partial(import_and_block, world, number)
        if not await cut_off(world, app.build, CrashPoint("accounts", number), act):
            break
        points += 1
        await import_and_block(world, number)
    assert points >= 5
    state = (await world.get("accounts", "/state")).json()["items"]
    assert {(one["sequence"], len(one["blocks"])) for one in state} == {(2, 1)}
    everybody = {f"patron/p{number}" for number in range(1, points + 2)}
    assert {one.subject for one in world.told if one.data["blocks"]} == everybody
    assert {one.sequence for one in world.told} == {2}
    for reader in PatronDescribed.READERS:
        assert await heard(world, reader) == everybody
