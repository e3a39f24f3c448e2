"""Placing, changing and seeing holds; import; staff lists; and what nobody should send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from samlan_contracts.event import Reading
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.circulation import ItemWhereaboutsChanged
from samlan_contracts.events.holds import HoldCancelled, HoldExpired, HoldPlaced, HoldReady, ItemRouted
from samlan_holds.domain.refusals import Reason, Refusal
from samlan_plumbing.snapshots import Row, send_snapshot

LERUM, PARTILLE = "vast/lerum", "vast/partille"
RED = "roda-rummet"


def reasons(problem: dict[str, Any]) -> list[str]:
    return [one["reason"] for one in problem["reasons"]]


RULED = {
    "age_limit", "blocked", "channel_not_offered", "local_first", "member_does_not_take_it",
    "temporary_account",
}  # fmt: skip


@pytest.mark.parametrize("reason", sorted(set(get_args(Reason)) - RULED))
def test_what_no_rule_of_a_book_refuses_says_why_all_the_same(reason: Reason) -> None:
    (why,) = Refusal(reason).because
    assert (why["rule"], set(why["says"])) == (reason, {"sv", "da", "en"})


@pytest.mark.clause("G08", "D17")
async def test_a_hold_is_placed_with_its_channel_and_its_place(holds: Any) -> None:
    await holds.placed("anna")
    status, hold = await holds.place("bo", channel="phone", last_needed="2026-12-24", pickup=LERUM)
    assert status == 201
    assert (hold["state"], hold["position"], hold["pickup"], hold["channel"], hold["last_needed"]) == (
        "waiting", 2, LERUM, "phone", "2026-12-24",
    )  # fmt: skip
    assert hold["because"][0]["cites"] is not None
    await holds.world.settle()
    assert [one.channel for one in holds.world.events(HoldPlaced)] == ["web", "phone"]


@pytest.mark.clause("K38")
async def test_without_a_pickup_branch_the_patrons_own_is_taken_and_without_that_one_must_be_chosen(
    holds: Any,
) -> None:
    _, hold = await holds.place("bo")
    assert hold["pickup"] == PARTILLE
    await holds.patron("anna", pickup=None)
    await holds.world.settle()
    status, problem = await holds.place("anna")
    assert (status, reasons(problem)) == (409, ["no_pickup"])
    assert (await holds.place("anna", pickup=LERUM))[0] == 201


async def test_every_reason_is_given_at_once(holds: Any) -> None:
    await holds.lend("anna", "red-3")
    await holds.blocked("anna", "hold")
    await holds.world.settle()
    status, problem = await holds.place(
        "anna", pickup="vast/nowhere", last_needed="2026-11-22", channel="pigeon"
    )
    assert status == 409
    assert reasons(problem) == [
        "blocked", "unknown_branch", "not_needed_any_more", "channel_not_offered", "has_it_on_loan",
    ]  # fmt: skip
    [why] = problem["reasons"][0]["because"]
    assert why.pop("says")["sv"] == "Personalen har spärrat kontot, vilket hindrar: reservera."
    assert why == {
        "rule": "block/staff", "cites": [], "version": "", "in_force": [None, None],
        "inputs": {"cause": "staff", "stops": ["hold"]},
    }  # fmt: skip
    assert await holds.holds("anna") == []


@pytest.mark.parametrize(
    ("patron", "title", "status", "reason"),
    [("nobody", RED, 404, "unknown_patron"), ("anna", "no-such-title", 404, "unknown_title")],
)
async def test_what_is_not_there_is_said(
    holds: Any, patron: str, title: str, status: int, reason: str
) -> None:
    answer = await holds.place(patron, title)
    assert (answer[0], reasons(answer[1])) == (status, [reason])


async def test_a_patron_waits_for_a_title_once(holds: Any) -> None:
    await holds.placed("anna")
    assert reasons((await holds.place("anna"))[1]) == ["already_held"]
    await holds.scan("red-1")
    assert reasons((await holds.place("anna"))[1]) == ["already_held"]


async def test_a_patron_with_the_title_on_loan_holds_it_again_once_it_is_returned(holds: Any) -> None:
    await holds.lend("anna")
    assert reasons((await holds.place("anna"))[1]) == ["has_it_on_loan"]
    await holds.scan("red-1")
    assert (await holds.place("anna"))[0] == 201


async def test_a_return_known_before_its_loan_leaves_no_loan_behind(holds: Any) -> None:
    await holds.scan("red-1", sequence=2)
    await holds.lend("anna", sequence=1)
    assert (await holds.place("anna"))[0] == 201


@pytest.mark.clause("K28")
async def test_a_block_that_stops_holds_refuses_and_one_that_stops_borrowing_does_not(holds: Any) -> None:
    await holds.owes("anna", "borrow", "hold")
    await holds.owes("cilla", "borrow")
    await holds.world.settle()
    status, problem = await holds.place("anna")
    assert (status, problem["reasons"]) == (403, [{"reason": "blocked", "because": [{"rule": "vast/debt"}]}])
    assert (await holds.place("cilla"))[0] == 201


@pytest.mark.clause("V04", "V05")
async def test_a_temporary_account_holds_until_it_expires(holds: Any) -> None:
    until = holds.world.clock.now() + timedelta(days=7)
    await holds.patron("david", status="temporary", valid_until=until)
    await holds.world.settle()
    holds.world.clock.set(until)
    assert reasons((await holds.place("david"))[1]) == ["account_expired"]
    holds.world.clock.set(until - timedelta(seconds=1))
    assert (await holds.place("david"))[0] == 201


async def test_a_command_repeated_answers_as_the_first_time(holds: Any) -> None:
    _, first = await holds.place("anna", command="c-1")
    _, again = await holds.place("anna", command="c-1")
    assert first == again
    await holds.scan("red-1")
    assert (await holds.place("anna", command="c-1"))[1]["state"] == "allotted"
    await holds.change({"hold": first["id"], "cancel": True})
    assert (await holds.place("anna", command="c-1"))[1]["state"] == "cancelled"
    assert len(holds.world.events(HoldPlaced)) == 1


@pytest.mark.clause("G12", "G13", "G14")
async def test_a_batch_gives_each_hold_its_own_outcome(holds: Any) -> None:
    await holds.title("second")
    await holds.title("third")
    await holds.world.settle()
    one, two, three = [await holds.placed("anna", title) for title in (RED, "second", "third")]
    foreign = await holds.placed("bo")
    await holds.scan("red-1", LERUM)
    outcomes = await holds.change(
        {"hold": one, "frozen": True},
        {"hold": two, "frozen": True},
        {"hold": three, "cancel": True},
        {"hold": foreign, "cancel": True},
        {"hold": "no-such-hold", "frozen": True},
        {"hold": three, "frozen": False},
        patron="anna",
    )
    assert [(o["changed"], o["state"], reasons(o)) for o in outcomes] == [
        (False, "allotted", ["already_allotted"]),
        (True, "frozen", []),
        (True, "cancelled", []),
        (False, None, ["unknown_hold"]),
        (False, None, ["unknown_hold"]),
        (False, "cancelled", ["already_ended"]),
    ]
    assert [one["state"] for one in await holds.holds("bo")] == ["waiting"]
    [outcome] = await holds.change({"hold": two, "frozen": False}, patron="anna")
    assert (outcome["state"], outcome["frozen"]) == ("waiting", False)


async def test_cancelling_twice_is_done_once(holds: Any) -> None:
    hold = await holds.placed("anna")
    for _ in range(2):
        [outcome] = await holds.change({"hold": hold, "cancel": True}, patron="anna")
        assert (outcome["changed"], outcome["state"]) == (True, "cancelled")
    assert len(holds.world.events(HoldCancelled)) == 1


async def test_a_wish_refused_in_one_part_is_refused_whole(holds: Any) -> None:
    hold = await holds.placed("anna")
    [outcome] = await holds.change(
        {"hold": hold, "frozen": True, "pickup": "vast/nowhere", "last_needed": "2020-01-01"}
    )
    assert reasons(outcome) == ["unknown_branch", "not_needed_any_more"]
    assert (await holds.state("anna"))["frozen"] is False


async def test_a_change_that_changes_nothing_writes_nothing(holds: Any) -> None:
    hold = await holds.placed("anna")
    before = await holds.document()
    await holds.change({"hold": hold, "frozen": False, "pickup": LERUM})
    assert (await holds.document())["revision"] == before["revision"]


async def test_an_erased_patron_leaves_no_hold_and_no_particulars(holds: Any) -> None:
    await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    await holds.patron("anna", erased=True)
    await holds.world.settle()
    assert (holds.routed().to, holds.routed().hold.patron) == ("move", "cilla")
    database = holds.world.services["holds"].resources.database
    assert await database["holds"].count_documents({"patron": "anna"}) == 0
    await holds.patron("anna")
    await holds.world.settle()
    assert reasons((await holds.place("anna"))[1]) == ["unknown_patron"]


# -- import -----------------------------------------------------------------------------------------------


def row(patron: str, **more: Any) -> dict[str, Any]:
    return {"title": RED, "patron": patron, "pickup": LERUM, "placed_at": "2026-11-01T10:00:00+01:00", **more}


async def test_imported_holds_stand_in_the_order_they_were_placed_and_again_changes_nothing(
    holds: Any,
) -> None:
    rows = [
        row("cilla", placed_at="2026-11-03T10:00:00+01:00", frozen=True),
        row("anna", placed_at="2026-11-01T10:00:00+01:00", last_needed="2026-12-01"),
        row("bo", placed_at="2026-11-02T10:00:00+01:00", pickup=PARTILLE),
    ]
    assert await holds.imported(*rows) == {"stored": 3, "same": 0, "refused": []}
    assert [(await holds.state(one))["position"] for one in ("anna", "bo", "cilla")] == [1, 2, 3]
    assert holds.length() == 2
    assert await holds.imported(*rows) == {"stored": 0, "same": 3, "refused": []}
    assert holds.world.events(HoldPlaced) == []
    [outcome] = await holds.change({"hold": (await holds.state("anna"))["id"], "cancel": True})
    assert outcome["changed"]
    assert await holds.imported(*rows) == {"stored": 0, "same": 3, "refused": []}


async def test_an_imported_hold_on_the_shelf_is_ready_and_circulation_hears_of_its_item(holds: Any) -> None:
    report = await holds.imported(row("anna", item="red-1", ready_until="2026-11-27"), row("cilla"))
    assert report["stored"] == 2
    shown = await holds.state("anna")
    assert (shown["state"], shown["item"], shown["ready_until"]) == ("ready", "red-1", "2026-11-27")
    [routed] = holds.routings()
    assert (routed.to, routed.branch, routed.answers, routed.hold.patron) == ("shelf", LERUM, 0, "anna")
    assert holds.world.events(HoldReady) == []
    [kept] = (await holds.get("/pickup-shelf", branch=LERUM))["items"]
    assert (kept["action"], kept["hold"]["borrower_id"]) == ("keep", "id-anna")
    await holds.at(datetime(2026, 11, 27, 18, tzinfo=UTC))
    assert (holds.routed().to, holds.routed().answers, holds.routed().hold.patron) == ("move", 0, "cilla")
    await holds.scan("red-1", was="hold_shelf")
    assert (holds.routed().to, holds.routed().answers) == ("shelf", 1)


async def test_circulation_may_refuse_an_imported_shelf_item_and_the_hold_waits(holds: Any) -> None:
    await holds.imported(row("anna", item="red-1"))
    await holds.refuse(holds.routed())
    assert (await holds.state("anna"))["state"] == "waiting"


async def test_a_shelf_deadline_that_was_over_before_the_import_tells_nobody(holds: Any) -> None:
    await holds.imported(row("anna", item="red-1", ready_until="2026-11-20"))
    await holds.at(holds.world.clock.now())
    assert await holds.ended("anna") == "expired"
    assert holds.world.events(HoldExpired) == []
    assert holds.routed().to == "move"


@pytest.mark.clause("G10")
async def test_a_hold_whose_last_needed_day_was_over_before_the_import_is_taken_in_as_expired(
    holds: Any,
) -> None:
    rows = [
        row("anna", last_needed="2026-11-22"),
        row("bo", placed_at="2024-11-01T10:00:00+01:00", last_needed="2024-12-24", frozen=True),
        row("cilla", last_needed="2026-11-23"),
    ]
    assert await holds.imported(*rows) == {"stored": 3, "same": 0, "refused": []}
    assert [await holds.ended("anna"), await holds.ended("bo")] == ["expired", "expired"]
    [shown] = await holds.holds("anna", finished=True)
    assert datetime.fromisoformat(shown["ended_at"]) == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert ((await holds.state("cilla"))["position"], holds.length()) == (1, 1)
    await holds.at(holds.world.clock.now())
    assert holds.world.events(HoldExpired) == []
    assert await holds.imported(*rows) == {"stored": 0, "same": 3, "refused": []}


async def test_whoever_holds_the_title_again_may_have_an_expired_hold_imported_too(holds: Any) -> None:
    await holds.placed("anna")
    report = await holds.imported(row("anna", last_needed="2026-11-22"))
    assert (report["stored"], report["refused"]) == (1, [])
    assert (await holds.state("anna"))["state"] == "waiting"
    [over] = await holds.holds("anna", finished=True)
    assert over["state"] == "expired"


async def test_rows_that_cannot_be_used_are_named_and_the_rest_goes_on(holds: Any) -> None:
    report = await holds.imported(
        row("anna"),
        row("anna", placed_at="2026-11-02T10:00:00+01:00"),
        row("ghost"),
        row("cilla", title="no-such-title"),
        row("cilla", pickup="vast/nowhere"),
        row("cilla", placed_at="2026-11-24T10:00:00+01:00"),
        row("cilla", placed_at="yesterday"),
        row("cilla", placed_at="2026-11-02T10:00:00"),
        row("cilla", item="no-such-item"),
        "not a row",
        row("bo", item="red-1"),
        row("david", item="red-1"),
        {"title": RED},
        None,
    )
    assert report["stored"] == 2
    assert [(one["line"], one["reason"].partition(":")[0]) for one in report["refused"]] == [
        (2, "already_held"), (3, "unknown_patron"), (4, "unknown_title"), (5, "unknown_branch"),
        (6, "in_the_future"), (7, "placed_at"), (8, "placed_at"), (9, "unknown_item"),
        (10, "row"), (12, "already_allotted"), (13, "patron"), (14, "row"),
    ]  # fmt: skip


async def test_an_imported_hold_on_what_its_patron_has_on_loan_is_refused_as_placing_is(holds: Any) -> None:
    await holds.lend("anna", "red-2")
    report = await holds.imported(row("anna"), row("bo"), row("anna", title=RED, item="red-1"))
    assert report == {
        "stored": 1, "same": 0,
        "refused": [{"line": line, "reason": "has_it_on_loan"} for line in (1, 3)],
    }  # fmt: skip
    await holds.scan("red-2", LERUM)
    assert (await holds.imported(row("anna")))["stored"] == 1


async def test_an_imported_queue_of_hundreds_is_served_in_order(holds: Any) -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    patrons = [f"p{number:04d}" for number in range(230)]
    events = [PatronDescribed(patron=one, member="vast", borrower_id=one) for one in patrons]
    resources = holds.world.services["holds"].resources
    await send_snapshot(
        resources, [Row(one, f"patron/{one.patron}", 1) for one in events], readers=("holds",)
    )
    await holds.world.settle()
    rows = [row(one, placed_at=(start + timedelta(minutes=n)).isoformat()) for n, one in enumerate(patrons)]
    shuffled = rows[::7] + [one for place, one in enumerate(rows) if place % 7]
    report = await holds.imported(*shuffled)
    assert (report["stored"], report["refused"]) == (230, [])
    assert holds.length() == 230
    for number in (0, 49, 50, 120, 229):
        assert (await holds.state(patrons[number]))["position"] == number + 1
    for number in range(3):
        await holds.scan(f"red-{number + 1}")
        assert holds.routed(f"red-{number + 1}").hold.patron == patrons[number]
    assert (await holds.state(patrons[229]))["position"] == 227


# -- lists ------------------------------------------------------------------------------------------------


async def test_the_pull_list_proposes_the_best_copy_for_each_waiting_hold(holds: Any) -> None:
    await holds.title("second")
    await holds.item("sec-1", title="second")
    await holds.item("sec-2", title="second", home=PARTILLE)
    await holds.world.settle()
    bo = await holds.placed("bo", "second")
    [row_] = (await holds.get("/pull-list", branch=PARTILLE))["items"]
    assert (row_["item"], row_["goes_to"], row_["hold"]["id"]) == ("sec-2", PARTILLE, bo)
    assert (await holds.get("/pull-list", branch=LERUM))["items"] == []
    await holds.lend("david", "sec-2", title="second")
    [row_] = (await holds.get("/pull-list", branch=LERUM))["items"]
    assert (row_["item"], row_["goes_to"]) == ("sec-1", PARTILLE)
    assert (await holds.state("bo"))["state"] == "waiting"
    await holds.scan("sec-1", title="second", was="available")
    assert (await holds.get("/pull-list", branch=LERUM))["items"] == []
    assert holds.routed("sec-1").hold.patron == "bo"


async def test_the_pull_list_uses_each_copy_once_and_leaves_out_who_may_not_have_it(holds: Any) -> None:
    wanted = await holds.queue_of("kim", "anna", "cilla", "david", "bo")
    await holds.change({"hold": wanted["cilla"], "frozen": True})
    found = (await holds.get("/pull-list", branch=LERUM))["items"]
    assert [one["hold"]["id"] for one in found] == [wanted["anna"], wanted["david"], wanted["bo"]]
    assert len({one["item"] for one in found}) == 3


async def test_who_waits_is_told_by_title_in_the_order_they_are_served(holds: Any) -> None:
    for title in ("second", "untouched"):
        await holds.title(title)
    wanted = await holds.queue_of("kim", "anna", "cilla", title="second")
    await holds.change({"hold": wanted["cilla"], "frozen": True})
    asked = {"titles": ["second", "untouched", "unheard-of"]}
    answer = await holds.world.post(holds.service, "/waiting", asked)
    [queue] = answer.json()["items"]
    assert queue["title"] == "second"
    assert [(one["patron"], one["frozen"]) for one in queue["waiting"]] == [
        ("kim", False), ("anna", False), ("cilla", True),
    ]  # fmt: skip
    too_many = await holds.world.post(holds.service, "/waiting", {"titles": ["second"] * 501})
    assert too_many.status_code == 422


async def test_the_pickup_shelf_is_in_order_of_borrower_ids(holds: Any) -> None:
    await holds.ready("david", "red-1")
    await holds.ready("anna", "red-2")
    found = (await holds.get("/pickup-shelf", branch=LERUM))["items"]
    assert [(one["item"], one["hold"]["borrower_id"], one["action"]) for one in found] == [
        ("red-2", "id-anna", "keep"), ("red-1", "id-david", "keep"),
    ]  # fmt: skip
    await holds.lend("anna", "red-2")
    assert len((await holds.get("/pickup-shelf", branch=LERUM))["items"]) == 1


async def test_the_state_for_the_check_is_paged_and_complete(holds: Any) -> None:
    wanted = await holds.queue_of("anna", "cilla")
    await holds.scan("red-1")
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await holds.get("/state", limit=3, **({"after": cursor} if cursor else {}))
        rows += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    [queue] = [one for one in rows if one["kind"] == "queue"]
    assert [one["hold"] for one in queue["waiting"]] == [wanted["cilla"]]
    assert [(one["hold"], one["item"]) for one in queue["allotted"]] == [(wanted["anna"], "red-1")]
    assert {one["key"] for one in rows if one.get("of") == "patron"} >= {"anna", "bo", "olle"}
    assert {one["of"] for one in rows if one["kind"] == "copy"} == {
        "patron",
        "title",
        "item",
        "branch",
        "whereabouts",
    }


async def test_a_snapshot_of_loans_says_who_has_a_title_and_sets_nothing_off(holds: Any) -> None:
    event = ItemWhereaboutsChanged(item="red-1", title=RED, state="on_loan", branch=LERUM, patron="anna")
    assert event.READING is Reading.STATE
    await send_snapshot(holds.world.services["holds"].resources, [Row(event, "item/red-1", 1)])
    await holds.world.settle()
    assert reasons((await holds.place("anna"))[1]) == ["has_it_on_loan"]
    assert holds.world.events(ItemRouted) == []


# -- hostile input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {}, [], "x", {"patron": "anna"}, {"patron": "anna", "title": RED},
        {"patron": "", "title": RED, "channel": "web"},
        {"patron": "anna", "title": RED, "channel": "web", "last_needed": "tomorrow"},
        {"patron": {"$gt": ""}, "title": RED, "channel": "web"},
        {"patron": "anna", "title": "x" * 500, "channel": "web"},
        {"patron": "anna", "title": RED, "channel": "web", "surprise": 1},
    ],
)  # fmt: skip
async def test_a_body_that_cannot_be_read_is_refused_and_the_next_one_served(holds: Any, body: Any) -> None:
    answer = await holds.world.post("holds", "/holds", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await holds.place("anna"))[0] == 201


async def test_names_that_mean_something_to_a_datastore_are_only_names(holds: Any) -> None:
    for title in ("$where", "a.b", "../x", "\x00"):
        status, problem = await holds.place("anna", title)
        assert (status, reasons(problem)) == (404, ["unknown_title"]), title
    assert (await holds.get("/patrons/%24ne/holds"))["items"] == []
    assert (await holds.get("/decisions", item="$x"))["items"] == []


async def test_nobody_gets_in_without_a_service_token(holds: Any) -> None:
    async with holds.world.ask("holds") as client:
        client.headers["authorization"] = "Bearer nonsense"
        for path in ("/holds/x", "/patrons/anna/holds", "/pull-list?branch=x", "/state", "/decisions?item=x"):
            assert (await client.get(f"/private/v1{path}")).status_code == 401


async def test_an_unreadable_event_dies_alone_and_the_next_one_is_served(holds: Any) -> None:
    world = holds.world
    await holds.placed("anna")
    await world.publish("events", "circulation.item_returned.v1", b"not json", message_id="bad-1")
    await world.publish("events", "circulation.item_returned.v1", b'{"id": 1}', message_id="bad-2")
    await holds.scan("red-1")
    assert holds.routed().hold.patron == "anna"
    letters = (await holds.get("/dead-letters"))["items"]
    assert len(letters) == 2


async def test_a_hold_imported_before_one_already_served_is_marked_as_having_come_late(holds: Any) -> None:
    await holds.imported(row("cilla", placed_at="2026-11-03T10:00:00+01:00"))
    await holds.scan("red-1")
    await holds.imported(row("anna", placed_at="2026-11-01T10:00:00+01:00"))
    await holds.imported(row("david", placed_at="2026-11-05T10:00:00+01:00"))
    [queue] = [one for one in (await holds.get("/state"))["items"] if one["kind"] == "queue"]
    assert [one["came_back"] for one in queue["waiting"]] == [True, False]


@pytest.mark.clause("D19")
async def test_what_nobody_owns_is_asked_for_elsewhere_and_served_when_it_comes(holds: Any) -> None:
    await holds.title("rare")
    hold = await holds.placed("anna", "rare", pickup=LERUM)
    await holds.placed("bo", RED, pickup=LERUM)
    assert [one["id"] for one in await requests(holds, LERUM)] == [hold]
    assert await requests(holds, PARTILLE) == []
    shown = await holds.state("anna")
    assert (shown["interlibrary"], shown["state"]) == (True, "waiting")
    assert [why["rule"] for why in shown["because"]] == ["vast/hold_terms", "interlibrary"]
    assert "fjärrlån" in shown["because"][1]["says"]["sv"]
    await holds.world.settle()
    assert [one.interlibrary for one in holds.world.events(HoldPlaced)] == [True, False]

    await holds.item("rare-1", title="rare")
    await holds.scan("rare-1", LERUM, was="available", title="rare")
    await holds.world.settle()
    assert (await holds.state("anna"))["item"] == "rare-1"
    assert await requests(holds, LERUM) == []
    await holds.placed("cilla", "rare", pickup=LERUM)
    await holds.world.settle()
    assert [one.interlibrary for one in holds.world.events(HoldPlaced)][-1] is False


@pytest.mark.clause("D19")
async def test_a_request_that_is_cancelled_is_no_longer_asked_for(holds: Any) -> None:
    await holds.title("rare")
    hold = await holds.placed("anna", "rare", pickup=LERUM)
    await holds.change({"hold": hold, "cancel": True}, patron="anna")
    assert await requests(holds, LERUM) == []


async def requests(holds: Any, branch: str) -> list[dict[str, Any]]:
    """The interlibrary requests of a branch."""
    answer = await holds.world.get("holds", "/interlibrary", branch=branch)
    return list(answer.json()["items"])
