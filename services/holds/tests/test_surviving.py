"""Crashes between any two lines, races of replicas, news in every order, and queues of a thousand."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.circulation import ItemReturned
from samlan_contracts.events.holds import HoldCollected, HoldPlaced, HoldReady, ItemRouted
from samlan_contracts.shapes import Thing
from samlan_holds import app
from samlan_plumbing.snapshots import Row, send_snapshot
from samlan_testkit.crashes import CrashPoint, cut_off

LERUM, PARTILLE = "vast/lerum", "vast/partille"
RED = "roda-rummet"


# -- crashes ----------------------------------------------------------------------------------------------


async def journey(holds: Any) -> None:
    """Two wait; the item comes back, stands ready, and is collected."""
    for patron in ("anna", "cilla"):
        status, _ = await holds.place(patron, command=f"place-{patron}")
        assert status == 201
    await holds.scan("red-1", sequence=1)
    await holds.shelve("red-1", sequence=2)
    await holds.lend("anna", sequence=3)


async def test_a_scan_repeated_after_a_crash_may_meet_a_hold_and_says_so_in_an_event_of_its_own(
    holds: Any,
) -> None:
    red = Thing(item="red-1", title=RED, member="vast", home=LERUM, material="book")
    returned = ItemReturned.model_validate(
        {
            "fact": "f1", "thing": red, "branch": LERUM, "mode": "kiosk",
            "returned_at": holds.world.clock.now(), "was": "on_loan", "route": True,
        }
    )  # fmt: skip
    scan = {"subject": "item/red-1", "sequence": 1, "cause": "f1"}
    await holds.world.tell(returned, **scan)
    await holds.world.settle()
    copies = holds.world.services["holds"].resources.database["whereabouts"]
    await copies.delete_one({"_id": "red-1"})  # it crashed before it had noted its own answer
    await holds.placed("anna")
    await holds.world.tell(returned, **scan)
    await holds.world.settle()
    nobody, somebody = [one for one in holds.world.told if one.type == ItemRouted.NAME]
    assert (nobody.data["to"], somebody.data["to"]) == ("stays", "shelf")
    assert nobody.id != somebody.id
    await holds.refuse(holds.routed())
    assert (await holds.state("anna"))["state"] == "waiting", "circulation had let the item stay"


POINTS = 34


@pytest.mark.usefixtures("sweeping_at_once")
@pytest.mark.parametrize("point", range(1, POINTS + 1, 2))
async def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(holds: Any, point: int) -> None:
    await cut_off(holds.world, app.build, CrashPoint("holds", point), partial(journey, holds))
    await holds.world.settle()
    await journey(holds)
    assert await holds.ended("anna") == "collected"
    shown = await holds.state("cilla")
    assert (shown["state"], shown["position"]) == ("waiting", 1)
    assert [one.patron for one in holds.world.events(HoldPlaced)] == ["anna", "cilla"]
    assert [(one.patron, one.allotment) for one in holds.world.events(HoldReady)] == [("anna", 1)]
    assert [one.patron for one in holds.world.events(HoldCollected)] == ["anna"]
    assert {(one.answers, one.hold.patron) for one in holds.routings()} == {(1, "anna")}
    assert holds.length() == 1


async def test_the_points_of_the_journey_are_all_tried(holds: Any) -> None:
    counting = CrashPoint("holds", 0)
    await cut_off(holds.world, app.build, counting, partial(journey, holds))
    assert len(counting.reached) <= POINTS + 10
    assert {"before-write", "after-write", "before-publish", "after-publish", "before-acknowledge"} <= set(
        counting.reached
    )


async def test_what_a_crash_left_untaught_is_taught_by_whoever_comes_next(holds: Any) -> None:
    hold = await holds.placed("anna")
    await holds.change({"hold": hold, "cancel": True})
    database = holds.world.services["holds"].resources.database
    await database["holds"].update_one({"_id": hold}, {"$set": {"state": "open", "revision": 0}})
    told = {
        "slot": 1, "r": 2, "hold": hold, "ended": "cancelled", "at": holds.world.clock.now(),
        "because": [], "entry": None,
    }  # fmt: skip
    await database["queues"].update_one({"_id": RED}, {"$push": {"amended": told}})
    assert await holds.holds("anna") == []
    while (await database["holds"].find_one({"_id": hold}))["state"] != "cancelled":
        await asyncio.sleep(0.05)
    while (await holds.document())["amended"]:
        await asyncio.sleep(0.05)


async def test_particulars_whose_hold_never_joined_its_queue_are_cleared_away(holds: Any) -> None:
    kept = await holds.placed("anna")
    database = holds.world.services["holds"].resources.database
    orphan = dict(await database["holds"].find_one({"_id": kept}), _id="orphan", patron="bo")
    await database["holds"].insert_one(orphan)
    assert await holds.holds("bo") == []
    await holds.at(holds.world.clock.now() + timedelta(days=1))
    assert await database["holds"].find_one({"_id": "orphan"}) is None
    assert (await holds.state("anna"))["state"] == "waiting"


# -- races and orders -------------------------------------------------------------------------------------


async def test_two_replicas_serve_each_hold_once_and_in_order(holds: Any) -> None:
    await holds.world.start(app.build, name="second")
    patrons = ["anna", "bo", "cilla", "david"]
    await holds.queue_of(*patrons)
    for round_ in range(3):
        for number in (1, 2, 3):
            branch = LERUM if number % 2 else PARTILLE
            await holds.scan(f"red-{number}", branch, sequence=10 * (round_ + 1), times=2, settle=False)
    await holds.world.settle()
    document = await holds.document()
    items = [one["i"] for one in document["allotted"]]
    assert sorted(items) == ["red-1", "red-2", "red-3"]
    assert {one["p"] for one in document["allotted"]} == {"anna", "bo", "cilla"}
    assert [one["p"] for one in document["waiting"]] == ["david"]


async def test_replicas_place_freeze_cancel_and_allot_at_once_and_the_count_is_right(holds: Any) -> None:
    await holds.world.start(app.build, name="second")
    services = itertools.cycle(("holds", "second"))
    people = [f"p{number}" for number in range(12)]
    for patron in people:
        await holds.patron(patron)
    await holds.world.settle()

    async def one(patron: str, number: int) -> None:
        body = {"patron": patron, "title": RED, "channel": "web", "command": patron}
        answer = await holds.post(next(services), "/holds", body)
        assert answer.status_code == 201, answer.text
        wish = [{"frozen": True}, {"cancel": True}, {"pickup": PARTILLE}, {}][number % 4]
        await holds.change({"hold": answer.json()["id"], **wish}, patron=patron)

    scans = [holds.scan(f"red-{n}", sequence=1, settle=False) for n in (1, 2, 3)]
    await asyncio.gather(*(one(patron, number) for number, patron in enumerate(people)), *scans)
    await holds.world.settle()
    document = await holds.document()
    assert document["active"] == sum(not entry.get("f") for entry in document["waiting"])
    assert holds.length() == document["active"]
    entries = [entry["p"] for entry in (*document["waiting"], *document["allotted"])]
    assert len(entries) == len(set(entries)) == 9
    assert document["amended"] == []
    places = [(entry["t"], entry["h"]) for entry in document["waiting"]]
    assert places == sorted(places)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
async def test_news_of_an_item_in_any_order_comes_to_the_same_end(holds: Any, order: tuple[int, ...]) -> None:
    """Lent to David, returned, lent to Anna who waits, returned: whoever hears of it when."""
    await holds.queue_of("anna", "cilla")
    start = holds.world.clock.now()
    news = [
        lambda: holds.lend("david", sequence=1, at=start - timedelta(days=1)),
        lambda: holds.scan("red-1", sequence=2),
        lambda: holds.lend("anna", sequence=3, at=start + timedelta(minutes=1)),
        lambda: holds.scan("red-1", sequence=4),
    ]
    for place in order:
        await news[place]()
    for routed in [one for one in holds.routings() if one.answers == 2 and one.hold]:
        await holds.refuse(routed)
    await holds.scan("red-1", sequence=5, was="hold_shelf")
    assert await holds.ended("anna") == "collected"
    shown = await holds.state("cilla")
    assert (shown["state"], shown["item"]) == ("allotted", "red-1")
    database = holds.world.services["holds"].resources.database
    assert (await database["whereabouts"].find_one({"_id": "red-1"}))["patron"] is None


async def test_two_clicks_at_once_place_one_hold(holds: Any) -> None:
    await holds.world.start(app.build, name="second")
    body = {"patron": "anna", "title": RED, "channel": "web"}
    answers = await asyncio.gather(*(holds.post(one, "/holds", body) for one in ("holds", "second") * 4))
    assert sorted(one.status_code for one in answers) == [201] + [409] * 7
    assert len(await holds.holds("anna")) == 1


# -- a thousand who wait ----------------------------------------------------------------------------------


async def crowd(holds: Any, title: str, size: int) -> list[str]:
    """A queue of a size, imported; its patrons in order."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    people = [f"{title}-{number:04d}" for number in range(size)]
    events = [PatronDescribed(patron=one, member="vast", borrower_id=one, pickup=LERUM) for one in people]
    await send_snapshot(
        holds.world.services["holds"].resources,
        [Row(one, f"patron/{one.patron}", 1) for one in events], readers=("holds",),
    )  # fmt: skip
    await holds.title(title)
    await holds.world.settle()
    rows = [
        {
            "title": title,
            "patron": one,
            "pickup": LERUM,
            "placed_at": (start + timedelta(minutes=n)).isoformat(),
        }
        for n, one in enumerate(people)
    ]
    for part in range(0, size, 500):
        report = await holds.imported(*rows[part : part + 500])
        assert report["refused"] == []
    return people


async def test_a_long_queue_is_served_in_order_whatever_happens_behind(holds: Any) -> None:
    people = await crowd(holds, "long", 80)
    held = {one: (await holds.state(one))["id"] for one in people[60:63]}
    gone, cold, moved = people[60:63]
    await holds.change(
        {"hold": held[gone], "cancel": True}, {"hold": held[cold], "frozen": True},
        {"hold": held[moved], "pickup": PARTILLE},
    )  # fmt: skip
    await holds.placed("anna", "long")
    assert holds.length("long") == 79
    assert (await holds.state("anna"))["position"] == 80
    assert (await holds.state(people[63]))["position"] == 63
    assert (await holds.place(people[65], "long"))[1]["reasons"][0]["reason"] == "already_held"
    for number in range(79):
        await holds.scan(f"long-{number}", title="long", settle=False)
    await holds.world.settle()
    document = await holds.document("long")
    served = [entry["p"] for entry in document["allotted"]]
    assert served == [*(one for one in people if one not in (gone, cold)), "anna"]
    assert [entry["p"] for entry in document["waiting"]] == [cold]
    assert (document["active"], document["behind"], document["amended"]) == (0, 0, [])
    entry = next(entry for entry in document["allotted"] if entry["p"] == moved)
    assert (entry["k"], entry["state"]) == (PARTILLE, "in_transit")


async def test_a_long_queue_with_a_frozen_front_reaches_those_behind(holds: Any) -> None:
    people = await crowd(holds, "cold", 75)
    database = holds.world.services["holds"].resources.database
    rows = await database["holds"].find({"title": "cold"}).to_list()
    held = {one["patron"]: one["_id"] for one in rows}
    await holds.change(*({"hold": held[one], "frozen": True} for one in people[:65]))
    assert holds.length("cold") == 10
    await holds.scan("cold-1", title="cold")
    assert holds.routed("cold-1").hold.patron == people[65]
    [decision] = (await holds.get("/decisions", item="cold-1"))["items"]
    assert len(decision["passed"]) == 65


async def test_a_queue_of_a_thousand_is_as_small_a_document_as_one_of_fifty(holds: Any) -> None:
    people = await crowd(holds, "vast", 1000)
    document = await holds.document("vast")
    assert len(document["waiting"]) == 50
    assert (document["behind"], document["active"], document["amended"]) == (950, 1000, [])
    assert (await holds.state(people[-1]))["position"] == 1000
    hold = (await holds.state(people[700]))["id"]
    await holds.change({"hold": hold, "cancel": True})
    assert (await holds.state(people[-1]))["position"] == 999
    assert await holds.ended(people[700]) == "cancelled"
    await holds.scan("vast-1", title="vast")
    assert holds.routed("vast-1").hold.patron == people[0]
    assert holds.length("vast") == 998
