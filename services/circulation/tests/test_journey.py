"""The journey of a return as far as circulation decides it, on the real broker and datastore."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from samlan_circulation.handlers import answers
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.circulation import (
    ItemBorrowed,
    ItemReturned,
    ItemShelved,
    LoanClosingMoved,
    LoanRemembered,
    RoutingRefused,
)
from samlan_contracts.shapes import ClosedLoan, Queue, Thing
from samlan_plumbing.relay import Relay

from .conftest import Library, accounts, ago

LERUM = "vast/lerum"
PARTILLE = "vast/partille"


async def test_a_return_closes_the_loan_and_the_kiosk_learns_its_bin(library: Library) -> None:
    await library.thing("i1")
    loan = await library.lend("i1", "astrid")
    fact = await library.hand_in("i1", reply_to="replies.lerum-1")
    [told] = await library.told(ItemReturned)
    assert (told.fact, told.loan.loan, told.loan.patron, told.route) == (fact, loan["id"], "astrid", True)
    await library.route("i1", "stays", LERUM)
    answer = await library.answer(fact)
    assert answer == {
        "id": fact, "item": "i1", "bin": "home", "branch": LERUM, "hold": None, "reason": None,
        "slip": ["TILLBAKA PÅ HYLLAN", "Exemplar: i1"],
    }  # fmt: skip
    await library.world.settle()
    assert (await library.item("i1"))["state"] == "available"
    assert (await library.fact(fact))["routed"] is None, "the answer says it"
    assert await library.loans("astrid") == []


async def test_with_a_hold_here_it_is_shelved_under_the_borrower_id(library: Library) -> None:
    await library.thing("i1")
    fact = await library.hand_in("i1", reply_to="replies.lerum-1")
    await library.told(ItemReturned)
    await library.route("i1", "shelf", LERUM, patron="karin")
    answer = await library.answer(fact)
    assert (answer["bin"], answer["branch"], answer["hold"]) == ("shelf", LERUM, {"borrower_id": "K-4"})
    assert answer["slip"] == ["HÄMTHYLLA", "Låntagar-ID: K-4", "Exemplar: i1"]
    [shelved] = await library.told(ItemShelved)
    assert (shelved.hold, shelved.branch) == ("hold-karin", LERUM)
    assert (await library.item("i1"))["state"] == "hold_shelf"


async def test_with_a_hold_elsewhere_it_travels_and_its_arrival_makes_it_ready(library: Library) -> None:
    await library.thing("i1")
    fact = await library.hand_in("i1", reply_to="replies.lerum-1")
    await library.told(ItemReturned)
    await library.route("i1", "transit", PARTILLE, patron="karin")
    answer = await library.answer(fact)
    assert (answer["bin"], answer["branch"]) == ("transit", PARTILLE)
    assert "Till: Partille bibliotek" in answer["slip"]
    assert (await library.item("i1"))["goes_to"] == PARTILLE

    arrival = await library.hand_in("i1", device="partille-1", reply_to="replies.partille-1")
    [_, told] = await library.told(ItemReturned, 2)
    assert (told.was, told.branch, told.loan) == ("in_transit", PARTILLE, None)
    await library.route("i1", "shelf", PARTILLE, patron="karin")
    assert (await library.answer(arrival))["bin"] == "shelf"
    assert [one.branch for one in await library.told(ItemShelved)] == [PARTILLE]


async def test_a_routing_overtaken_by_a_newer_one_answers_the_kiosk_by_the_newer(library: Library) -> None:
    await library.thing("i1")
    fact = await library.hand_in("i1", reply_to="replies.lerum-1")
    await library.told(ItemReturned)
    await library.route("i1", "move", PARTILLE, patron="astrid", fact="", sequence=12)
    await library.world.settle()
    await library.route("i1", "shelf", LERUM, patron="karin", sequence=11)
    answer = await library.answer(fact)
    assert (answer["bin"], answer["branch"], answer["hold"]) == ("transit", PARTILLE, {"borrower_id": "A-17"})
    assert library.world.events(ItemShelved) == []


async def test_two_moves_of_one_scan_in_reverse_order_leave_the_newer_hold_on_the_item(
    library: Library,
) -> None:
    await library.thing("i1")
    await library.hand_in("i1")
    await library.told(ItemReturned)
    await library.route("i1", "transit", PARTILLE, patron="karin", sequence=11)
    await library.route("i1", "move", LERUM, patron="astrid", fact="", sequence=14)
    await library.route("i1", "move", PARTILLE, patron="emil", fact="", sequence=12)
    await library.world.settle()
    shown = await library.item("i1")
    assert (shown["goes_to"], shown["hold"]["hold"]) == (LERUM, "hold-astrid")


async def test_without_a_hold_and_at_home_elsewhere_it_travels_home(library: Library) -> None:
    await library.thing("i1", PARTILLE)
    fact = await library.hand_in("i1", reply_to="replies.lerum-1")
    await library.told(ItemReturned)
    await library.route("i1", "home", PARTILLE)
    answer = await library.answer(fact)
    assert (answer["bin"], answer["branch"], answer["hold"]) == ("transit", PARTILLE, None)


async def test_an_item_scanned_on_its_way_elsewhere_is_routed_on_from_there(library: Library) -> None:
    await library.thing("i1")
    await library.hand_in("i1")
    await library.told(ItemReturned)
    await library.route("i1", "transit", PARTILLE, patron="karin")
    await library.world.settle()
    await library.hand_in("i1", device="lerum-2")
    [_, told] = await library.told(ItemReturned, 2)
    assert (told.was, told.branch, told.route) == ("in_transit", LERUM, True)


async def test_a_danish_branch_speaks_danish(library: Library) -> None:
    await library.thing("i1", "gladsaxe/hovedbiblioteket")
    fact = await library.hand_in("i1", device="hoved-1", reply_to="replies.hoved-1")
    await library.told(ItemReturned)
    await library.route("i1", "stays", "gladsaxe/hovedbiblioteket")
    assert (await library.answer(fact))["slip"][0] == "TILBAGE PÅ HYLDEN"


@pytest.mark.clause("K40")
async def test_not_accepted_here_leaves_the_loan_open_and_tells_staff_where_it_belongs(
    library: Library,
) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    answer = await library.ask_and_wait("i1", device="fyren-1")
    assert (answer["bin"], answer["reason"], answer["branch"]) == ("exception", "not_accepted_here", LERUM)
    assert "Orsak: tas inte emot här" in answer["slip"]
    [loan] = await library.loans("astrid")
    assert loan["item"] == "i1"
    [noted] = await library.exceptions("kungsbacka/fyren")
    assert (noted["reason"], noted["item"], noted["belongs"]) == ("not_accepted_here", "i1", LERUM)
    assert noted["fact"] == answer["id"]
    assert library.world.events(ItemReturned) == []
    await library.hand_in("i1")
    [told] = await library.told(ItemReturned)
    assert told.loan.patron == "astrid"


@pytest.mark.clause("O27", "O28")
async def test_a_book_drop_after_closing_counts_at_the_next_opening_but_not_at_the_main_library(
    library: Library,
) -> None:
    night = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    for item, device in (("i1", "adolfsberg-drop"), ("i2", "stads-drop")):
        await library.thing(item, "orebro/adolfsberg")
        await library.lend(item, "olof", "orebro/adolfsberg", happened_at=ago(library.world, days=9))
        await library.hand_in(item, device=device, mode="drop", happened_at=night.isoformat())
    told = {one.thing.item: one for one in await library.told(ItemReturned, 2)}
    assert told["i1"].loan.returned_at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert told["i2"].loan.returned_at == night
    assert told["i1"].route and told["i2"].route


async def test_the_same_fact_again_changes_nothing_and_gets_the_same_answer(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    fact = await library.hand_in("i1", reply_to="replies.lerum-1", sequence=7)
    await library.told(ItemReturned)
    await library.route("i1", "shelf", LERUM, patron="karin")
    first = await library.answer(fact)
    await library.world.settle()
    await library.hand_in("i1", id=fact, reply_to="replies.lerum-1", sequence=7)
    assert await library.answer(fact, nth=2) == first
    await library.world.settle()
    assert len(library.world.events(ItemReturned)) == 1
    assert await library.exceptions() == []


async def test_a_repeat_that_comes_before_the_routing_is_answered_with_it(library: Library) -> None:
    await library.thing("i1")
    fact = await library.hand_in("i1", reply_to="replies.lerum-1", sequence=7)
    await library.told(ItemReturned)
    await library.hand_in("i1", id=fact, reply_to="replies.lerum-1", sequence=7)
    await library.world.settle()
    await library.route("i1", "stays", LERUM)
    assert await library.answer(fact, nth=2) == await library.answer(fact)


async def test_without_routing_in_time_the_kiosk_is_told_so_and_the_next_scan_gives_the_bin(
    library: Library, haste: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await library.thing("i1")
    answer = await library.ask_and_wait("i1", sequence=1)
    assert (answer["bin"], answer["reason"], answer["branch"]) == ("exception", "routing_pending", LERUM)
    await library.told(ItemReturned)
    await library.route("i1", "stays", LERUM)
    await library.world.settle()
    assert (await library.item("i1"))["state"] == "available", "the fact stands"
    shown = await library.fact(answer["id"])
    assert (shown["answer"]["reason"], shown["routed"]["bin"]) == ("routing_pending", "home")
    await library.hand_in("i1", id=answer["id"], sequence=1, reply_to="replies.lerum-1")
    assert await library.answer(answer["id"], nth=2) == answer, "a repeat gets the same answer"
    monkeypatch.setattr(answers, "DEADLINE", timedelta(minutes=1))
    fact = await library.hand_in("i1", reply_to="replies.lerum-1")
    await library.told(ItemReturned, 2)
    await library.route("i1", "stays", LERUM)
    assert (await library.answer(fact))["bin"] == "home"


async def test_the_deadline_of_an_answer_leaves_the_broker_time_to_bring_it() -> None:
    assert timedelta(milliseconds=500) < answers.DEADLINE <= timedelta(milliseconds=600)


async def test_an_answer_that_is_held_up_holds_up_nobody_elses_deadline(
    library: Library, haste: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_up, reply = asyncio.Event(), Relay.reply

    async def slow_for_one(relay: Relay, queue: str, *more: Any) -> bool:
        if queue == "replies.lerum-1":
            held_up.set()
            await asyncio.Event().wait()
        return await reply(relay, queue, *more)

    monkeypatch.setattr(Relay, "reply", slow_for_one)
    await library.thing("i1")
    await library.thing("i2")
    await library.hand_in("i1", reply_to="replies.lerum-1")
    await held_up.wait()
    assert (await library.ask_and_wait("i2", device="lerum-2"))["reason"] == "routing_pending"


async def test_the_same_item_twice_within_a_minute_closes_one_loan_and_follows_the_last_routing(
    library: Library,
) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    await library.hand_in("i1")
    await library.told(ItemReturned)
    await library.hand_in("i1", device="lerum-2")
    first, second = await library.told(ItemReturned, 2)
    assert (first.loan is not None, second.loan) == (True, None)
    await library.route("i1", "shelf", LERUM, patron="karin", answers=2)
    [refused] = await library.told(RoutingRefused)
    assert (refused.hold, refused.answers) == ("hold-karin", 2)
    await library.route("i1", "shelf", LERUM, patron="karin", times=2)
    await library.told(ItemShelved)
    await library.world.settle()
    assert len(library.world.events(ItemShelved)) == 1


async def test_an_item_that_was_not_on_loan_is_routed_like_any_other(library: Library) -> None:
    await library.thing("i1")
    await library.hand_in("i1")
    [told] = await library.told(ItemReturned)
    assert (told.was, told.loan, told.route) == ("available", None, True)


async def test_an_item_never_heard_of_is_an_exception_and_stays_one(library: Library) -> None:
    answer = await library.ask_and_wait("nobody-knows")
    assert (answer["bin"], answer["reason"]) == ("exception", "unknown_item")
    [noted] = await library.exceptions(LERUM)
    assert (noted["reason"], noted["item"], noted["fact"]) == ("unknown_item", "nobody-knows", answer["id"])
    await library.thing("nobody-knows")
    assert (await library.item("nobody-knows"))["state"] == "available"
    assert library.world.events(ItemReturned) == []


async def test_a_lost_item_that_turns_up_ends_its_loan(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    await library.world.post("circulation", "/items/states", {"items": ["i1"]})
    async with library.world.ask("circulation") as client:
        marked = await client.patch("/private/v1/items/i1", json={"state": "lost", "branch": LERUM})
    assert marked.json()["state"] == "lost"
    library.world.clock.set(library.world.clock.now().replace(hour=12))
    await library.hand_in("i1")
    [told] = await library.told(ItemReturned)
    assert (told.was, told.loan.patron) == ("lost", "astrid")


async def test_two_replicas_take_the_same_fact_once(library: Library) -> None:
    await library.replica()
    await library.thing("i1")
    await library.lend("i1", "astrid")
    fact = await library.hand_in("i1", sequence=1)
    for _ in range(5):
        await library.hand_in("i1", id=fact, sequence=1)
    await library.told(ItemReturned)
    await library.world.settle()
    assert len(library.world.events(ItemReturned)) == 1
    assert await library.exceptions() == []


async def test_two_copies_at_two_branches_are_two_returns(library: Library) -> None:
    for item in ("i1", "i2"):
        await library.thing(item)
        await library.lend(item, "astrid")
    await asyncio.gather(library.hand_in("i1"), library.hand_in("i2", device="partille-1"))
    told = await library.told(ItemReturned, 2)
    assert {(one.thing.item, one.branch) for one in told} == {("i1", LERUM), ("i2", PARTILLE)}


async def test_yesterdays_offline_upload_counts_as_of_yesterday(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid", happened_at=ago(library.world, days=9))
    yesterday = ago(library.world, days=1)
    await library.hand_in("i1", mode="offline", happened_at=yesterday.isoformat())
    [told] = await library.told(ItemReturned)
    assert (told.loan.returned_at, told.route) == (yesterday, True)


async def test_an_older_offline_loan_after_the_return_that_closed_it(library: Library) -> None:
    await library.world.start(accounts)
    await library.thing("i1")
    await library.hand_in("i1")
    await library.told(ItemReturned)
    await library.world.fact(
        type="item_borrowed_offline", item="i1", card="2000", due="2026-11-20", mode="offline",
        happened_at=ago(library.world, days=20).isoformat(),
    )  # fmt: skip
    [borrowed] = await library.told(ItemBorrowed)
    assert (borrowed.patron, borrowed.over, borrowed.due.isoformat()) == ("astrid", True, "2026-11-20")
    ended = (await library.told(ItemReturned, 2))[-1]
    assert (ended.loan.patron, ended.loan.returned_at, ended.route) == (
        "astrid", library.world.clock.now(), False,
    )  # fmt: skip
    assert await library.loans("astrid") == []


async def test_an_earlier_return_moves_the_closing_back(library: Library) -> None:
    await library.patron("astrid", history=True)
    await library.thing("i1")
    loan = await library.lend("i1", "astrid", happened_at=ago(library.world, days=9))
    await library.hand_in("i1")
    await library.told(ItemReturned)
    earlier = ago(library.world, days=2)
    await library.hand_in("i1", device="partille-1", mode="offline", happened_at=earlier.isoformat())
    [moved] = await library.told(LoanClosingMoved)
    assert (moved.loan.loan, moved.loan.returned_at) == (loan["id"], earlier)
    assert (await library.item("i1"))["branch"] == LERUM
    await library.world.settle()
    [kept] = (await library.world.get("circulation", "/patrons/astrid/history")).json()["items"]
    assert datetime.fromisoformat(kept["returned_at"]) == earlier


async def test_an_end_may_move_before_its_loan_is_remembered(library: Library) -> None:
    await library.patron("astrid", history=True)
    ended, earlier = ago(library.world, days=1), ago(library.world, days=2)
    loan = LoanRemembered(
        loan="l1", patron="astrid", item="i1", title="t1", borrowed_at=ago(library.world, days=9),
        returned_at=ended,
    )  # fmt: skip
    closed = ClosedLoan(
        loan="l1", patron="", patron_member="", branch=LERUM, borrowed_at=ago(library.world, days=9),
        due=ended.date(), returned_at=earlier,
    )  # fmt: skip
    thing = Thing(item="i1", title="t1", member="vast", home=LERUM, material="book")
    moved = LoanClosingMoved(fact="f1", thing=thing, loan=closed)
    await library.world.tell(moved, subject="item/i1", sequence=1)
    await library.world.settle()
    assert (await library.world.get("circulation", "/patrons/astrid/history")).json()["items"] == []
    await library.world.tell(loan, subject="loan/l1", sequence=1)
    await library.world.settle()
    [kept] = (await library.world.get("circulation", "/patrons/astrid/history")).json()["items"]
    assert datetime.fromisoformat(kept["returned_at"]) == earlier


async def test_a_queue_that_rides_along_with_a_routing_is_known_at_once(library: Library) -> None:
    await library.thing("i1")
    await library.thing("i2")
    await library.hand_in("i1")
    await library.told(ItemReturned)
    queue = Queue(title="roda-rummet", sequence=9, waiting=2, patrons=("karin", "olof"))
    await library.route("i1", "stays", LERUM, queue=queue)
    await library.world.settle()
    loan = await library.lend("i2", "astrid")
    [renewal] = (
        await library.world.post("circulation", "/renewals", {"loans": [loan["id"]], "patron": "astrid"})
    ).json()["outcomes"]
    assert [one["reason"] for one in renewal["reasons"]] == ["others_are_waiting"]


@pytest.mark.clause("V18", "K11")
async def test_a_history_is_kept_only_while_the_patron_wants_it(library: Library) -> None:
    await library.patron("astrid", history=True)
    for item in ("i1", "i2"):
        await library.thing(item)
        await library.lend(item, "astrid" if item == "i1" else "olof")
        await library.hand_in(item)
    await library.told(ItemReturned, 2)
    await library.world.settle()
    [kept] = (await library.world.get("circulation", "/patrons/astrid/history")).json()["items"]
    assert kept["item"] == "i1"
    assert (await library.world.get("circulation", "/patrons/olof/history")).json()["items"] == []
    await library.patron("astrid", history=False)
    assert (await library.world.get("circulation", "/patrons/astrid/history")).json()["items"] == []


async def test_history_turned_on_during_a_loan_keeps_that_loan(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    await library.patron("astrid", history=True, receipts=True)
    await library.hand_in("i1")
    [told] = await library.told(ItemReturned)
    assert told.loan.receipt
    await library.world.settle()
    assert len((await library.world.get("circulation", "/patrons/astrid/history")).json()["items"]) == 1


async def test_no_loan_keeps_its_patron_after_its_end(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    await library.hand_in("i1")
    await library.told(ItemReturned)
    await library.route("i1", "stays", LERUM)
    await library.world.settle()
    database = library.database()
    for name in ("items", "facts", "exceptions", "fences", "history"):
        kept = [doc async for doc in database[name].find({"_id": {"$ne": "astrid"}})]
        assert "astrid" not in repr(kept), name
    assert "A-17" not in repr([doc async for doc in database["facts"].find()])


async def test_of_an_erased_patron_only_a_tombstone_is_left(library: Library) -> None:
    await library.patron("astrid", erased=True, status="erased")
    await library.tell(PatronDescribed(patron="astrid", member="vast"), "patron/astrid", sequence=99)
    await library.world.settle()
    await library.thing("i1")
    refused = await library.try_to_lend("i1", "astrid")
    assert (refused.status_code, [one["reason"] for one in refused.json()["reasons"]]) == (
        404,
        ["unknown_patron"],
    )
    doc = await library.database()["patrons"].find_one({"_id": "astrid"})
    assert set(doc) == {"_id", "removed", "sequence"}
