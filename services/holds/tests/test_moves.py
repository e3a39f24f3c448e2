"""Holds that change while their item is allotted, in transit or ready; collecting; deadlines."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
from samlan_contracts.events.holds import HoldCancelled, HoldCollected, HoldExpired, HoldReady
from samlan_holds import app
from samlan_holds.handlers.deadlines import Deadlines
from samlan_holds.store.copies import Copies
from samlan_holds.store.holds import Holds
from samlan_holds.store.queues import Queues

LERUM, PARTILLE, KUNGSBACKA = "vast/lerum", "vast/partille", "kungsbacka/stadsbiblioteket"
CLOSES = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)  # Lerum closes at 19:00 on the last day of the shelf


async def bring(holds: Any, state: str) -> None:
    """Brings red-1 for Bo, who picks up in Partille, to a state."""
    await holds.scan("red-1", PARTILLE if state == "allotted" else LERUM)
    if state == "ready":
        await holds.scan("red-1", PARTILLE, was="in_transit")
        await holds.shelve()
    assert (await holds.state("bo"))["state"] == state


STATES = ("allotted", "in_transit", "ready")


@pytest.mark.clause("G14")
@pytest.mark.parametrize("state", STATES)
async def test_a_hold_cancelled_while_its_item_is_anywhere_gives_it_to_the_next(
    holds: Any, state: str
) -> None:
    wanted = await holds.queue_of("bo", "anna")
    await bring(holds, state)
    [outcome] = await holds.change({"hold": wanted["bo"], "cancel": True}, patron="bo")
    assert (outcome["changed"], outcome["state"], outcome["reasons"]) == (True, "cancelled", [])
    assert await holds.ended("bo") == "cancelled"
    moved = holds.routed()
    assert (moved.to, moved.branch, moved.hold.patron, moved.answers) == (
        "move", LERUM, "anna", 1 if state != "ready" else 2,
    )  # fmt: skip
    travels = "in_transit" if state == "in_transit" else "allotted"
    assert (await holds.state("anna"))["state"] == travels
    assert [one.patron for one in holds.world.events(HoldReady)] == (["bo"] if state == "ready" else [])
    await holds.scan("red-1", LERUM, was="in_transit")
    await holds.shelve()
    assert holds.world.events(HoldReady)[-1].patron == "anna"
    assert [one.patron for one in holds.world.events(HoldCancelled)] == ["bo"]


@pytest.mark.parametrize("state", STATES)
async def test_a_cancelled_hold_with_nobody_behind_it_sends_its_item_home(holds: Any, state: str) -> None:
    wanted = await holds.queue_of("bo")
    await bring(holds, state)
    await holds.change({"hold": wanted["bo"], "cancel": True})
    assert (holds.routed().to, holds.routed().branch, holds.routed().hold) == ("move", LERUM, None)


@pytest.mark.clause("G12")
@pytest.mark.parametrize("state", STATES)
async def test_a_hold_does_not_freeze_once_its_item_is_on_the_way(holds: Any, state: str) -> None:
    wanted = await holds.queue_of("bo")
    await bring(holds, state)
    before = len(holds.routings())
    [outcome] = await holds.change({"hold": wanted["bo"], "frozen": True}, patron="bo")
    assert (outcome["changed"], [one["reason"] for one in outcome["reasons"]]) == (
        False,
        ["already_allotted"],
    )
    assert (await holds.state("bo"))["state"] == state
    assert len(holds.routings()) == before


@pytest.mark.clause("G09")
@pytest.mark.parametrize("state", ["allotted", "in_transit"])
async def test_a_hold_moved_before_it_is_ready_has_its_item_routed_again(holds: Any, state: str) -> None:
    wanted = await holds.queue_of("bo", "anna")
    await bring(holds, state)
    [outcome] = await holds.change({"hold": wanted["bo"], "pickup": LERUM}, patron="bo")
    assert (outcome["changed"], outcome["pickup"]) == (True, LERUM)
    moved = holds.routed()
    assert (moved.to, moved.branch, moved.hold.patron, moved.hold.pickup) == ("move", LERUM, "bo", LERUM)
    await holds.scan("red-1", LERUM, was="in_transit")
    assert holds.routed().to == "shelf"
    await holds.shelve()
    assert (holds.world.events(HoldReady)[0].patron, holds.world.events(HoldReady)[0].pickup) == ("bo", LERUM)


@pytest.mark.clause("K37", "K40")
@pytest.mark.parametrize("state", ["allotted", "in_transit"])
async def test_a_hold_moved_to_where_its_item_may_not_serve_waits_again_and_the_next_gets_it(
    holds: Any, state: str
) -> None:
    wanted = await holds.queue_of("bo", "anna")
    await bring(holds, state)
    [outcome] = await holds.change({"hold": wanted["bo"], "pickup": KUNGSBACKA}, patron="bo")
    assert (outcome["changed"], outcome["state"], outcome["pickup"]) == (True, "waiting", KUNGSBACKA)
    assert outcome["because"][0]["rule"].startswith("kungsbacka/")
    shown = await holds.state("bo")
    assert (shown["state"], shown["position"], shown["pickup"], shown["item"]) == (
        "waiting", 1, KUNGSBACKA, None,
    )  # fmt: skip
    moved = holds.routed()
    assert (moved.to, moved.branch, moved.hold.patron, moved.answers) == ("move", LERUM, "anna", 1)
    assert (await holds.state("anna"))["state"] == state
    decision = (await holds.get("/decisions", item="red-1"))["items"][-1]
    assert (decision["hold"], decision["passed"][0]["hold"]) == (wanted["anna"], wanted["bo"])
    assert decision["passed"][0]["reasons"] == ["member_does_not_take_it"]
    assert holds.length() == 1
    await holds.change({"hold": wanted["bo"], "pickup": LERUM})
    await holds.scan("red-3", LERUM)
    assert holds.routed("red-3").hold.patron == "bo"


@pytest.mark.clause("K37", "K40")
async def test_a_hold_moved_to_where_its_item_may_not_serve_sends_it_home_and_says_why(holds: Any) -> None:
    wanted = await holds.queue_of("bo")
    await bring(holds, "in_transit")
    await holds.change({"hold": wanted["bo"], "pickup": KUNGSBACKA}, patron="bo")
    moved = holds.routed()
    assert (moved.to, moved.branch, moved.hold) == ("move", LERUM, None)
    assert moved.because[0]["rule"].startswith("kungsbacka/")
    assert (await holds.state("bo"))["state"] == "waiting"


@pytest.mark.parametrize("state", ["waiting", "allotted", "in_transit"])
async def test_a_hold_is_not_moved_to_a_branch_whose_member_has_no_book(holds: Any, state: str) -> None:
    wanted = await holds.queue_of("bo")
    if state != "waiting":
        await bring(holds, state)
    await holds.branch("atlantis/base")
    await holds.world.settle()
    for nowhere in ("atlantis/base", "vast/nowhere"):
        [outcome] = await holds.change({"hold": wanted["bo"], "pickup": nowhere}, patron="bo")
        assert [one["reason"] for one in outcome["reasons"]] == ["unknown_branch"]
    assert ((await holds.state("bo"))["state"], (await holds.state("bo"))["pickup"]) == (state, PARTILLE)


async def test_a_moved_hold_is_explained_for_where_it_is_picked_up_now(holds: Any) -> None:
    wanted = await holds.queue_of("bo")
    await bring(holds, "in_transit")
    assert {one["inputs"]["pickup"] for one in (await holds.state("bo"))["because"]} == {PARTILLE}
    [outcome] = await holds.change({"hold": wanted["bo"], "pickup": LERUM}, patron="bo")
    assert {one["inputs"]["pickup"] for one in outcome["because"]} == {LERUM}
    assert holds.routed().because == outcome["because"]
    await holds.scan("red-1", PARTILLE, was="in_transit")
    assert (await holds.state("bo"))["because"] == holds.routed().because == outcome["because"]


async def test_a_ready_hold_whose_item_was_carried_away_is_no_longer_explained_by_its_shelf(
    holds: Any,
) -> None:
    await holds.ready("anna")
    assert (await holds.state("anna"))["because"][0]["rule"] == "vast/pickup_shelf"
    await holds.scan("red-1", LERUM, was="hold_shelf")
    assert (await holds.state("anna"))["because"][0]["rule"] == "vast/pickup_shelf"
    await holds.scan("red-1", PARTILLE, was="hold_shelf")
    [why] = (await holds.state("anna"))["because"]
    assert why["rule"] == "vast/items_of_the_seven_municipalities"


async def test_a_shelving_at_the_old_branch_makes_a_moved_hold_not_ready(holds: Any) -> None:
    wanted = await holds.queue_of("anna")
    await holds.scan("red-1", LERUM)
    shelf = holds.routed()
    await holds.change({"hold": wanted["anna"], "pickup": PARTILLE})
    await holds.world.settle()
    from samlan_contracts.events.circulation import ItemShelved

    event = ItemShelved(
        item="red-1", title=shelf.title, hold=wanted["anna"], branch=LERUM,
        shelved_at=holds.world.clock.now(),
    )  # fmt: skip
    await holds.tell(event, "item/red-1")
    await holds.world.settle()
    assert (await holds.state("anna"))["state"] == "allotted"
    await holds.scan("red-1", LERUM, was="hold_shelf")
    assert (holds.routed().to, holds.routed().branch) == ("transit", PARTILLE)


async def test_a_ready_hold_is_not_moved(holds: Any) -> None:
    hold = await holds.ready("anna")
    [outcome] = await holds.change({"hold": hold, "pickup": PARTILLE})
    assert [one["reason"] for one in outcome["reasons"]] == ["already_ready"]
    assert (await holds.state("anna"))["pickup"] == LERUM


@pytest.mark.parametrize("state", STATES)
async def test_a_block_after_allotment_changes_nothing(holds: Any, state: str) -> None:
    await holds.queue_of("bo", "anna")
    await bring(holds, state)
    before = holds.routings()
    await holds.blocked("bo")
    await holds.owes("bo", "borrow", "hold")
    await holds.world.settle()
    assert (await holds.state("bo"))["state"] == state
    assert holds.routings() == before
    await holds.scan("red-1", LERUM, was="in_transit")
    assert holds.routed().hold.patron == "bo"


@pytest.mark.parametrize("state", ["waiting", "in_transit"])
async def test_a_hold_that_ended_is_shown_as_it_last_stood(holds: Any, state: str) -> None:
    wanted = await holds.queue_of("bo")
    if state == "in_transit":
        await bring(holds, state)
    await holds.change({"hold": wanted["bo"], "pickup": LERUM, "last_needed": "2026-12-24"})
    [outcome] = await holds.change({"hold": wanted["bo"], "cancel": True})
    assert (outcome["pickup"], outcome["last_needed"]) == (LERUM, "2026-12-24")
    [shown] = await holds.holds("bo", finished=True)
    assert (shown["state"], shown["pickup"], shown["last_needed"]) == ("cancelled", LERUM, "2026-12-24")


async def test_a_collected_hold_is_shown_as_it_last_stood(holds: Any) -> None:
    wanted = await holds.queue_of("bo")
    await holds.change({"hold": wanted["bo"], "pickup": LERUM})
    await holds.scan("red-1", LERUM)
    await holds.shelve()
    await holds.lend("bo")
    [shown] = await holds.holds("bo", finished=True)
    assert (shown["state"], shown["pickup"]) == ("collected", LERUM)


async def test_an_expired_hold_is_shown_as_it_last_stood(holds: Any) -> None:
    wanted = await holds.queue_of("bo", "anna")
    await holds.change({"hold": wanted["bo"], "pickup": LERUM})
    await holds.change({"hold": wanted["anna"], "last_needed": "2026-11-24", "pickup": PARTILLE})
    await holds.scan("red-1", LERUM)
    await holds.shelve()
    await holds.at(CLOSES)
    [bo] = await holds.holds("bo", finished=True)
    [anna] = await holds.holds("anna", finished=True)
    assert (bo["state"], bo["pickup"]) == ("expired", LERUM)
    assert (anna["state"], anna["pickup"], anna["last_needed"]) == ("expired", PARTILLE, "2026-11-24")


# -- collecting -------------------------------------------------------------------------------------------


async def test_the_patron_who_borrows_the_ready_item_has_collected_the_hold(holds: Any) -> None:
    hold = await holds.ready("anna")
    await holds.lend("anna", hold=hold, times=2)
    assert await holds.ended("anna") == "collected"
    assert [one.hold for one in holds.world.events(HoldCollected)] == [hold]
    assert (await holds.document())["allotted"] == []


async def test_another_copy_borrowed_collects_the_hold_and_frees_its_item_for_the_next(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    await holds.lend("anna", "red-2")
    assert await holds.ended("anna") == "collected"
    assert (holds.routed().to, holds.routed().hold.patron) == ("move", "cilla")


@pytest.mark.parametrize("waits", ["cilla", None])
async def test_an_item_handed_in_again_before_its_loan_was_heard_of_is_free_once_it_is(
    holds: Any, waits: str | None
) -> None:
    """The scan met the hold that the loan had collected; once the loan is heard of, the item goes on."""
    await holds.queue_of("anna", *filter(None, [waits]))
    await holds.scan("red-1", sequence=2)
    await holds.shelve(sequence=3)
    await holds.scan("red-1", sequence=8)
    assert holds.routed().hold.patron == "anna"
    await holds.lend("anna", sequence=5, times=2)
    assert await holds.ended("anna") == "collected"
    moved = holds.routed()
    assert (moved.to, moved.answers, moved.hold and moved.hold.patron) == ("move", 8, waits)
    if waits:
        assert (await holds.state(waits))["state"] == "allotted"


async def test_an_item_handed_in_says_that_it_was_lent_though_nobody_heard_of_that_yet(holds: Any) -> None:
    wanted = await holds.queue_of("anna", "cilla")
    await holds.scan("red-1", sequence=2)
    await holds.shelve(sequence=3)
    await holds.scan("red-1", sequence=8, lent_to="anna", times=2)
    assert holds.routed().hold.patron == "cilla"
    assert await holds.ended("anna") == "collected"
    await holds.lend("anna", sequence=5)
    assert [one.hold for one in holds.world.events(HoldCollected)] == [wanted["anna"]]
    assert [one.hold.patron for one in holds.routings()] == ["anna", "cilla"]


async def test_an_item_handed_in_collects_no_hold_placed_since_it_was_lent(holds: Any) -> None:
    holds.world.clock.set(holds.world.clock.now() + timedelta(days=1))
    await holds.queue_of("anna")
    await holds.scan("red-1", lent_to="anna")
    assert holds.routed().hold.patron == "anna"


async def test_a_waiting_hold_is_collected_by_any_copy(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.lend("anna", "red-2")
    assert await holds.ended("anna") == "collected"
    assert holds.length() == 1


async def test_an_allotted_item_lent_to_another_puts_the_hold_back_in_its_place(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    await holds.lend("david")
    shown = await holds.state("anna")
    assert (shown["state"], shown["position"]) == ("waiting", 1)


async def test_an_item_allotted_to_another_may_be_lent_to_one_who_waits(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    await holds.lend("cilla")
    assert await holds.ended("cilla") == "collected"
    assert (await holds.state("anna"))["state"] == "waiting"


async def test_the_loan_known_before_the_return_that_preceded_it_wins(holds: Any) -> None:
    await holds.queue_of("anna")
    await holds.lend("david", sequence=2)
    await holds.scan("red-1", sequence=1)
    assert holds.routings() == []
    assert (await holds.state("anna"))["state"] == "waiting"


async def test_a_return_repeated_after_its_item_was_collected_serves_nobody_else(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1", sequence=1)
    await holds.lend("anna", sequence=3)
    await holds.scan("red-1", sequence=1)
    assert [one.hold.patron for one in holds.routings()] == ["anna"]
    assert (await holds.state("cilla"))["state"] == "waiting"


async def test_a_loan_that_was_over_collects_only_a_hold_placed_before_it(holds: Any) -> None:
    now = holds.world.clock.now()
    await holds.queue_of("anna", "cilla")
    await holds.lend("anna", "red-2", over=True, at=now - timedelta(hours=1))
    assert (await holds.state("anna"))["state"] == "waiting"
    await holds.lend("cilla", "red-3", over=True, at=now + timedelta(hours=1))
    assert await holds.ended("cilla") == "collected"


async def test_an_older_loan_does_not_take_an_item_from_the_hold_it_is_now_kept_for(holds: Any) -> None:
    await holds.placed("anna")
    await holds.scan("red-1", sequence=5)
    await holds.lend("david", sequence=4, at=holds.world.clock.now() - timedelta(days=1))
    assert (await holds.state("anna"))["state"] == "allotted"


async def test_a_repeat_of_an_old_loan_does_not_collect_a_new_hold(holds: Any) -> None:
    start = holds.world.clock.now()
    await holds.lend("anna", sequence=1)
    await holds.scan("red-1", sequence=2)
    holds.world.clock.set(start + timedelta(days=1))
    await holds.placed("anna")
    await holds.lend("anna", sequence=1, at=start)
    assert (await holds.state("anna"))["state"] == "waiting"


# -- deadlines --------------------------------------------------------------------------------------------


async def test_the_shelf_deadline_runs_out_when_the_branch_closes_and_not_before(holds: Any) -> None:
    await holds.ready("anna")
    await holds.placed("cilla")
    due = (await holds.get("/clock/next"))["due"]
    assert datetime.fromisoformat(due) == CLOSES
    await holds.at(CLOSES - timedelta(seconds=1))
    assert (await holds.state("anna"))["state"] == "ready"
    await holds.at(CLOSES)
    assert await holds.ended("anna") == "expired"
    [expired] = holds.world.events(HoldExpired)
    assert (expired.patron, expired.why, expired.expired_at) == ("anna", "not_collected", CLOSES)
    assert expired.because[0]["rule"] == "vast/pickup_shelf"
    assert (holds.routed().to, holds.routed().hold.patron) == ("move", "cilla")
    assert len(holds.world.events(HoldReady)) == 1
    [row] = (await holds.get("/pickup-shelf", branch=LERUM))["items"]
    assert (row["item"], row["action"], row["goes_to"], row["hold"]["borrower_id"]) == (
        "red-1", "move", LERUM, "id-cilla",
    )  # fmt: skip
    await holds.scan("red-1", was="hold_shelf")
    await holds.shelve()
    assert holds.world.events(HoldReady)[-1].patron == "cilla"


async def test_who_moves_an_item_to_another_branch_learns_no_borrower(holds: Any) -> None:
    await holds.ready("anna", pickup=LERUM)
    await holds.placed("cilla", pickup=PARTILLE)
    await holds.at(CLOSES)
    [row] = (await holds.get("/pickup-shelf", branch=LERUM))["items"]
    assert (row["action"], row["goes_to"]) == ("move", PARTILLE)
    assert "borrower_id" not in row["hold"]


async def test_a_job_that_was_down_for_days_catches_up_with_the_right_date(holds: Any) -> None:
    await holds.ready("anna")
    await holds.at(CLOSES + timedelta(days=3))
    assert [one.expired_at for one in holds.world.events(HoldExpired)] == [CLOSES]


async def test_a_branch_that_opens_longer_than_known_keeps_its_holds_until_then(holds: Any) -> None:
    await holds.ready("anna")
    await holds.branch(LERUM, opening=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("10:00", "21:00")))
    await holds.world.settle()
    await holds.at(CLOSES)
    assert (await holds.state("anna"))["state"] == "ready"
    await holds.at(CLOSES + timedelta(hours=2))
    assert await holds.ended("anna") == "expired"


async def test_a_collection_that_circulation_accepted_wins_over_the_deadline(holds: Any) -> None:
    hold = await holds.ready("anna")
    await holds.placed("cilla")
    await holds.at(CLOSES)
    assert (await holds.state("cilla"))["state"] == "allotted"
    await holds.lend("anna", hold=hold, at=CLOSES - timedelta(minutes=1))
    assert await holds.ended("anna") == "collected"
    shown = await holds.state("cilla")
    assert (shown["state"], shown["position"]) == ("waiting", 1)


async def test_many_deadlines_at_one_instant_all_run_out_once(holds: Any) -> None:
    for patron, item in (("anna", "red-1"), ("cilla", "red-2"), ("david", "red-3")):
        await holds.ready(patron, item)
    await holds.world.start(app.build, name="second")
    holds.world.clock.set(CLOSES)
    answers = await asyncio.gather(*(holds.post(one, "/clock/run") for one in ("holds", "second")))
    assert [one.status_code for one in answers] == [200, 200]
    await holds.world.settle()
    assert sorted(one.patron for one in holds.world.events(HoldExpired)) == ["anna", "cilla", "david"]


@pytest.mark.clause("G10")
async def test_a_hold_nothing_came_for_disappears_after_its_last_needed_day(holds: Any) -> None:
    hold = await holds.placed("anna", last_needed="2026-11-25")
    midnight = datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
    await holds.at(midnight - timedelta(minutes=1))
    assert (await holds.state("anna"))["state"] == "waiting"
    await holds.at(midnight)
    assert await holds.ended("anna") == "expired"
    [expired] = holds.world.events(HoldExpired)
    assert (expired.hold, expired.why, expired.expired_at) == (hold, "not_needed_any_more", midnight)
    [shown] = await holds.holds("anna", finished=True)
    assert shown["because"] == expired.because
    assert expired.because[0]["inputs"] == {"last_needed": "2026-11-25"}
    assert "2026-11-25" in expired.because[0]["says"]["sv"]
    assert holds.length() == 0


@pytest.mark.clause("G10")
async def test_a_hold_whose_item_is_ready_by_its_last_needed_day_is_kept(holds: Any) -> None:
    await holds.ready("anna", last_needed="2026-11-25")
    await holds.at(datetime(2026, 11, 26, 12, tzinfo=UTC))
    assert (await holds.state("anna"))["state"] == "ready"
    await holds.whereabouts("red-1", "lost")
    await holds.at(datetime(2026, 11, 27, 12, tzinfo=UTC))
    assert await holds.ended("anna") == "expired"


async def test_a_last_needed_day_may_be_moved_and_taken_away(holds: Any) -> None:
    wanted = await holds.queue_of("anna", "cilla")
    await holds.change({"hold": wanted["anna"], "last_needed": "2026-11-24"})
    await holds.change({"hold": wanted["cilla"], "last_needed": "2026-11-24"})
    await holds.change(
        {"hold": wanted["cilla"], "last_needed": None}, {"hold": wanted["anna"], "frozen": True}
    )
    await holds.at(datetime(2026, 11, 24, 23, tzinfo=UTC))
    assert await holds.ended("anna") == "expired"
    assert (await holds.state("cilla"))["last_needed"] is None


async def test_a_hold_that_ends_while_leftovers_are_looked_through_is_not_forgotten(
    holds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = await holds.ready("anna")
    resources = next(iter(holds.world.services.values())).resources
    store = Holds(resources)
    read_before = await store.read(hold)
    await holds.change({"hold": hold, "cancel": True})
    monkeypatch.setattr(store, "due", AsyncMock(return_value=[read_before]))
    deadlines = Deadlines(Queues(resources, store, Copies(resources)), store)
    await deadlines.leftovers(holds.world.clock.now())
    assert await holds.ended("anna") == "cancelled"
