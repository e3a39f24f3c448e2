"""What one return sets off at holds: every branch of the journey that holds decides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from samlan_contracts.events.holds import HoldReady, ItemRouted, QueueChanged

LERUM, PARTILLE, KUNGSBACKA = "vast/lerum", "vast/partille", "kungsbacka/stadsbiblioteket"


async def test_an_item_nobody_waits_for_stays_at_home_without_any_queue(holds: Any) -> None:
    await holds.scan("red-1")
    assert (holds.routed().to, holds.routed().branch, holds.routed().hold) == ("stays", LERUM, None)
    assert await holds.world.services["holds"].resources.database["queues"].count_documents({}) == 0


async def test_an_item_nobody_waits_for_travels_home(holds: Any) -> None:
    await holds.scan("red-1", PARTILLE)
    assert (holds.routed().to, holds.routed().branch) == ("home", LERUM)


async def test_an_item_held_for_pickup_here_goes_to_the_shelf_and_then_the_hold_is_ready(holds: Any) -> None:
    hold = await holds.placed("anna")
    sequence = await holds.scan("red-1")
    routed = holds.routed()
    assert (routed.to, routed.branch, routed.answers) == ("shelf", LERUM, sequence)
    assert (routed.hold.hold, routed.hold.borrower_id, routed.fact) == (hold, "id-anna", "fact-red-1-1")
    assert routed.queue.waiting == 0 and holds.length() == 0
    assert (await holds.state("anna"))["state"] == "allotted"
    await holds.shelve()
    [ready] = holds.world.events(HoldReady)
    assert (ready.hold, ready.allotment, ready.patron, ready.pickup) == (hold, 1, "anna", LERUM)
    assert ready.ready_until == date(2026, 11, 30)
    assert ready.because[0]["rule"] == "vast/pickup_shelf"
    shown = await holds.state("anna")
    assert (shown["state"], shown["item"], shown["ready_until"]) == ("ready", "red-1", "2026-11-30")


async def test_an_item_held_for_another_branch_travels_and_its_arrival_makes_the_hold_ready(
    holds: Any,
) -> None:
    await holds.placed("bo")
    await holds.scan("red-1", LERUM)
    assert (holds.routed().to, holds.routed().branch) == ("transit", PARTILLE)
    assert (await holds.state("bo"))["state"] == "in_transit"
    await holds.scan("red-1", PARTILLE, was="in_transit")
    assert (holds.routed().to, holds.routed().hold.patron) == ("shelf", "bo")
    await holds.shelve()
    assert [one.patron for one in holds.world.events(HoldReady)] == ["bo"]


async def test_an_allotted_item_scanned_on_its_way_stays_with_its_hold_and_goes_on(holds: Any) -> None:
    await holds.queue_of("bo", "anna")
    await holds.scan("red-1", LERUM)
    await holds.scan("red-1", KUNGSBACKA, was="in_transit")
    assert (holds.routed().to, holds.routed().branch, holds.routed().hold.patron) == (
        "transit",
        PARTILLE,
        "bo",
    )
    assert (await holds.state("anna"))["state"] == "waiting"


async def test_the_same_item_handed_in_twice_never_serves_a_second_hold(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    await holds.scan("red-1", was="returned")
    assert {one.hold.patron for one in holds.routings()} == {"anna"}
    assert [one.answers for one in holds.routings()] == [1, 2]
    assert (await holds.state("cilla"))["state"] == "waiting"


async def test_the_same_return_told_three_times_is_one_routing(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1", times=3)
    assert len(holds.routings()) == 1
    await holds.scan("red-2", times=3)
    assert [one.hold.patron for one in holds.routings("red-2")] == ["cilla"]


async def test_an_older_scan_that_comes_late_changes_nothing(holds: Any) -> None:
    await holds.placed("bo")
    await holds.scan("red-1", PARTILLE, sequence=7)
    await holds.scan("red-1", LERUM, sequence=6)
    assert [(one.answers, one.to) for one in holds.routings()] == [(7, "shelf")]


async def test_a_late_fact_that_says_nothing_of_where_the_item_is_routes_nothing(holds: Any) -> None:
    await holds.placed("anna")
    await holds.scan("red-1", route=False)
    assert holds.routings() == []


async def test_the_first_of_several_waiting_gets_the_item_and_the_rest_keep_their_order(holds: Any) -> None:
    await holds.queue_of("cilla", "anna", "david")
    await holds.scan("red-1")
    assert holds.routed().hold.patron == "cilla"
    assert holds.routed().queue.patrons == ("anna", "david")
    assert [(await holds.state(one))["position"] for one in ("anna", "david")] == [1, 2]


@pytest.mark.clause("G12")
async def test_a_frozen_hold_is_passed_over_and_keeps_its_place(holds: Any) -> None:
    wanted = await holds.queue_of("anna", "cilla")
    await holds.change({"hold": wanted["anna"], "frozen": True}, patron="anna")
    assert holds.length() == 1
    await holds.scan("red-1")
    assert holds.routed().hold.patron == "cilla"
    shown = await holds.state("anna")
    assert (shown["state"], shown["position"], shown["frozen"]) == ("frozen", 1, True)
    [decision] = (await holds.get("/decisions", item="red-1", sequence=1))["items"]
    (passed,) = decision["passed"]
    assert (passed["hold"], passed["reasons"]) == (wanted["anna"], ["frozen"])
    assert passed["because"][0]["says"]["en"] == "The hold is frozen."


@pytest.mark.clause("G10")
@pytest.mark.parametrize(("minutes", "served"), [(-1, "anna"), (0, "cilla")])
async def test_a_hold_is_served_until_midnight_of_its_last_needed_day(
    holds: Any, minutes: int, served: str
) -> None:
    await holds.placed("anna", last_needed="2026-11-23")
    await holds.placed("cilla")
    midnight = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # in Lerum
    holds.world.clock.set(midnight + timedelta(minutes=minutes))
    await holds.scan("red-1")
    assert holds.routed().hold.patron == served


@pytest.mark.clause("K28")
async def test_a_blocked_patron_is_passed_over_with_the_rule_that_blocks(holds: Any) -> None:
    wanted = await holds.queue_of("anna", "bo", "cilla")
    await holds.blocked("anna")
    await holds.owes("bo", "borrow", "renew", "hold")
    await holds.world.settle()
    await holds.scan("red-1")
    assert holds.routed().hold.patron == "cilla"
    [decision] = (await holds.get("/decisions", item="red-1"))["items"]
    assert [(one["hold"], one["reasons"]) for one in decision["passed"]] == [
        (wanted["anna"], ["blocked"]),
        (wanted["bo"], ["blocked"]),
    ]
    assert [one["rule"] for one in decision["passed"][0]["because"]] == ["block/staff"]
    assert decision["passed"][1]["because"] == [{"rule": "vast/debt"}]
    await holds.owes("bo")
    await holds.world.settle()
    await holds.scan("red-2")
    assert holds.routed("red-2").hold.patron == "bo"


@pytest.mark.clause("K37", "K40")
async def test_a_member_that_does_not_take_the_item_is_passed_over_and_served_by_its_own(holds: Any) -> None:
    wanted = await holds.queue_of("kim", "anna")
    await holds.scan("red-1")
    assert holds.routed().hold.patron == "anna"
    [decision] = (await holds.get("/decisions", item="red-1"))["items"]
    assert decision["passed"][0]["hold"] == wanted["kim"]
    assert decision["passed"][0]["reasons"] == ["member_does_not_take_it"]
    assert decision["passed"][0]["because"][0]["cites"]
    await holds.scan("red-2", KUNGSBACKA, member="kungsbacka", home=KUNGSBACKA)
    assert holds.routed("red-2").hold.patron == "kim"


@pytest.mark.clause("K15")
async def test_an_item_with_an_age_limit_passes_a_child_over(holds: Any) -> None:
    await holds.queue_of("mio", "anna")
    await holds.scan("red-1", min_age=15)
    assert holds.routed().hold.patron == "anna"
    await holds.scan("red-2", audience="child")
    assert holds.routed("red-2").hold.patron == "mio"


async def test_an_item_that_is_not_lent_serves_nobody(holds: Any) -> None:
    await holds.placed("anna")
    await holds.scan("red-1", loanable=False)
    assert (holds.routed().to, holds.routed().hold) == ("stays", None)


async def test_when_nobody_who_waits_may_have_it_the_item_goes_home(holds: Any) -> None:
    await holds.placed("kim")
    await holds.scan("red-1", PARTILLE)
    assert (holds.routed().to, holds.length()) == ("home", 1)


async def test_two_copies_returned_at_once_at_two_branches_serve_two_holds(holds: Any) -> None:
    await holds.queue_of("anna", "bo")
    await holds.scan("red-1", LERUM, settle=False)
    await holds.scan("red-2", PARTILLE, settle=False)
    await holds.world.settle()
    served = {holds.routed(item).hold.patron for item in ("red-1", "red-2")}
    assert served == {"anna", "bo"}
    assert holds.length() == 0


@pytest.mark.clause("V05")
async def test_a_temporary_account_is_served_while_it_is_valid(holds: Any) -> None:
    until = holds.world.clock.now() + timedelta(days=7)
    await holds.patron("david", status="temporary", valid_until=until)
    await holds.world.settle()
    await holds.queue_of("david", "anna")
    holds.world.clock.set(until)
    await holds.scan("red-1")
    assert holds.routed().hold.patron == "anna"
    holds.world.clock.set(until - timedelta(seconds=1))
    await holds.scan("red-2")
    assert holds.routed("red-2").hold.patron == "david"


async def test_a_refused_routing_puts_the_hold_back_in_its_old_place(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    await holds.refuse(holds.routed(), times=2)
    shown = await holds.state("anna")
    assert (shown["state"], shown["position"], shown["item"]) == ("waiting", 1, None)
    assert holds.length() == 2
    await holds.scan("red-2")
    assert holds.routed("red-2").hold.patron == "anna"
    await holds.shelve("red-2")
    assert [one.allotment for one in holds.world.events(HoldReady)] == [2]


async def test_a_refusal_that_a_newer_scan_overtook_changes_nothing(holds: Any) -> None:
    await holds.placed("anna")
    await holds.scan("red-1")
    first = holds.routed()
    await holds.scan("red-1", was="returned")
    await holds.refuse(first)
    assert (await holds.state("anna"))["state"] == "allotted"


@pytest.mark.parametrize("state", ["lost", "in_repair", "withdrawn", "missing", "claimed_returned"])
async def test_a_hold_whose_item_is_out_of_reach_waits_again(holds: Any, state: str) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    await holds.shelve()
    await holds.whereabouts("red-1", state)
    shown = await holds.state("anna")
    assert (shown["state"], shown["position"]) == ("waiting", 1)
    assert holds.length() == 2


async def test_a_withdrawn_item_frees_its_hold(holds: Any) -> None:
    await holds.placed("anna")
    await holds.scan("red-1")
    await holds.item("red-1", removed=True)
    await holds.world.settle()
    assert (await holds.state("anna"))["state"] == "waiting"


async def test_old_news_of_a_lost_item_does_not_take_it_from_the_hold_it_was_found_for(holds: Any) -> None:
    await holds.placed("anna")
    holds.sequences["item/red-1"] = 4
    await holds.scan("red-1")
    holds.sequences["item/red-1"] = 2
    await holds.whereabouts("red-1", "lost")
    assert (await holds.state("anna"))["state"] == "allotted"


async def test_a_shelving_older_than_the_last_scan_makes_nothing_ready(holds: Any) -> None:
    await holds.placed("anna")
    await holds.scan("red-1", sequence=1)
    await holds.scan("red-1", PARTILLE, sequence=3, was="hold_shelf")
    assert holds.routed().to == "transit"
    await holds.shelve(sequence=2)
    assert (await holds.state("anna"))["state"] == "in_transit"
    assert holds.world.events(HoldReady) == []


async def test_a_ready_item_scanned_again_at_its_shelf_stays_ready_and_is_told_once(holds: Any) -> None:
    await holds.ready("anna")
    await holds.scan("red-1", was="hold_shelf")
    assert holds.routed().to == "shelf"
    await holds.shelve()
    assert (await holds.state("anna"))["state"] == "ready"
    assert len(holds.world.events(HoldReady)) == 1


async def test_a_ready_item_carried_away_comes_back_ready_with_the_later_day(holds: Any) -> None:
    await holds.ready("anna")
    await holds.scan("red-1", PARTILLE, was="hold_shelf")
    assert (await holds.state("anna"))["state"] == "in_transit"
    holds.world.clock.set(holds.world.clock.now() + timedelta(days=2))
    await holds.scan("red-1", LERUM, was="in_transit")
    await holds.shelve()
    shown = await holds.state("anna")
    assert (shown["state"], shown["ready_until"]) == ("ready", "2026-12-02")
    assert {(one.hold, one.allotment) for one in holds.world.events(HoldReady)} == {(shown["id"], 1)}


async def test_every_change_of_the_length_is_told_once_and_with_growing_sequence(holds: Any) -> None:
    await holds.queue_of("anna", "cilla", "david")
    await holds.scan("red-1")
    told = [one.queue for one in holds.world.events(QueueChanged)]
    assert [one.waiting for one in told] == [1, 2, 3]
    assert holds.world.events(ItemRouted)[-1].queue.waiting == 2
    sequences = [one.sequence for one in told] + [holds.routed().queue.sequence]
    assert sequences == sorted(set(sequences))
