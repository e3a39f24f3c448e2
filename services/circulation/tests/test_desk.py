"""The desk: lending, renewing, taking in, marking; refusals name every reason."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, get_args

import pytest
from samlan_circulation.domain.refusals import STATUS, Reason, Refusal
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached, MoneyBlock
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.events.circulation import (
    ItemBorrowed,
    ItemReturned,
    ItemWhereaboutsChanged,
    LoanRenewed,
    RoutingRefused,
)
from samlan_contracts.shapes import Block

from .conftest import OPENING, Library, ago, reasons

LERUM = "vast/lerum"
PARTILLE = "vast/partille"


async def take_in(library: Library, item: str, branch: str = LERUM, **more: Any) -> Any:
    return await library.world.post("circulation", "/returns", {"item": item, "branch": branch, **more})


async def renew(
    library: Library, *loans: str, patron: str | None = "astrid", **more: Any
) -> list[dict[str, Any]]:
    body = {"loans": list(loans), "patron": patron, "channel": "web", **more}
    return (await library.world.post("circulation", "/renewals", body)).json()["outcomes"]  # type: ignore[no-any-return]


def test_every_reason_meets_http_in_one_table() -> None:
    assert set(STATUS) == set(Reason.__args__)  # type: ignore[attr-defined]


RULED = {
    "temporary_account", "blocked", "age_limit", "too_many_loans", "others_are_waiting", "no_renewals_left",
}  # fmt: skip


@pytest.mark.parametrize("reason", sorted(set(get_args(Reason)) - RULED))
def test_what_no_rule_of_a_book_refuses_says_why_all_the_same(reason: Reason) -> None:
    (why,) = Refusal(reason).because
    assert (why["rule"], set(why["says"])) == (reason, {"sv", "da", "en"})


async def test_a_loan_has_the_shape_of_the_surface_and_says_why_it_falls_due(library: Library) -> None:
    await library.thing("i1", "orebro/adolfsberg")
    loan = await library.lend("i1", "olof", "orebro/adolfsberg")
    assert {
        "id",
        "item",
        "title",
        "borrowed_at",
        "due",
        "renewals",
        "renewable",
        "overdue",
        "because",
    } <= set(loan)
    assert (loan["due"], loan["renewals"], loan["renewable"], loan["overdue"]) == (
        "2026-12-21",
        0,
        True,
        False,
    )
    assert loan["because"][0]["cites"] == ["O10"]
    [told] = await library.told(ItemBorrowed)
    assert (told.loan, told.patron, told.hold) == (loan["id"], "olof", None)


@pytest.mark.clause("O10")
async def test_a_queue_shortens_the_loan(library: Library) -> None:
    await library.thing("i1", "orebro/adolfsberg")
    await library.queue("karin")
    assert (await library.lend("i1", "olof", "orebro/adolfsberg"))["due"] == "2026-12-07"


async def test_the_borrowers_own_hold_does_not_shorten_the_loan(library: Library) -> None:
    await library.thing("i1", "orebro/adolfsberg")
    await library.queue("olof")
    assert (await library.lend("i1", "olof", "orebro/adolfsberg"))["due"] == "2026-12-21"


async def test_the_same_command_again_is_the_same_loan(library: Library) -> None:
    await library.thing("i1")
    first = await library.lend("i1", "astrid", command="c1")
    assert await library.lend("i1", "astrid", command="c1") == first
    await library.world.settle()
    assert len(library.world.events(ItemBorrowed)) == 1


async def test_all_reasons_at_once(library: Library) -> None:
    stops = Block(cause="lost_card", stops=("borrow",))
    await library.patron("emil", blocks=(stops,), status="temporary")
    await library.thing("i1", "kungsbacka/fyren", material="video_game", loanable=False)
    refused = await library.try_to_lend("i1", "emil", "kungsbacka/fyren")
    assert refused.headers["content-type"] == "application/problem+json"
    assert reasons(refused) == ["not_for_loan", "temporary_account", "blocked", "age_limit"]
    assert refused.status_code == 403


@pytest.mark.clause("V07")
async def test_an_account_that_rests_borrows_and_renews_nothing_until_staff_open_it(library: Library) -> None:
    """What nobody verified within its days rests from then on: that does not make a borrower of it."""
    await library.thing("i1")
    await library.thing("i2", title="mio")
    loan = await library.lend("i1", "astrid")
    await library.patron("astrid", status="inactive")
    refused = await library.try_to_lend("i2", "astrid")
    assert (refused.status_code, reasons(refused)) == (403, ["account_inactive"])
    (outcome,) = await renew(library, loan["id"])
    assert [one["reason"] for one in outcome["reasons"]] == ["account_inactive"]
    await library.patron("astrid", status="full")
    assert (await renew(library, loan["id"]))[0]["renewed"]
    await library.lend("i2", "astrid")


@pytest.mark.clause("V07")
async def test_a_temporary_account_does_not_borrow_at_its_last_minute_nor_after_it(library: Library) -> None:
    await library.thing("i1")
    until = library.world.clock.now() + timedelta(minutes=1)
    await library.patron("astrid", status="temporary", valid_until=until)
    assert reasons(await library.try_to_lend("i1", "astrid")) == ["temporary_account"]
    library.world.clock.set(until)
    assert reasons(await library.try_to_lend("i1", "astrid")) == ["account_expired", "temporary_account"]


@pytest.mark.clause("K41")
async def test_without_staff_a_loan_of_somebody_registered_closes_and_another_waits_for_the_staff(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Monday evening the machine takes both; on Tuesday the staff scan the one, as of Monday evening."""
    hours = {"timezone": "Europe/Stockholm", "opening": OPENING, "staffless": ("07:00", "22:00")}
    fyren = BranchDescribed(branch="kungsbacka/fyren", member="kungsbacka", name="Fyren", **hours)  # type: ignore[arg-type]
    await library.tell(fyren, "branch/kungsbacka/fyren")
    await library.patron("karin", staffless=True)
    await library.patron("sven", member="kungsbacka")
    for item, who in (("i1", "karin"), ("i2", "sven")):
        await library.thing(item, "kungsbacka/fyren")
        await library.lend(item, who, "kungsbacka/fyren")
    evening = library.world.clock.now().replace(hour=19, minute=30)
    library.world.clock.set(evening)
    answers = [await library.ask_and_wait(item, device="fyren-1") for item in ("i2",)]
    await library.hand_in("i1", device="fyren-1")
    await library.world.settle()
    assert (answers[0]["bin"], answers[0]["reason"]) == ("exception", "not_accepted_here")
    assert await library.loans("karin") == []
    assert [loan["item"] for loan in await library.loans("sven")] == ["i2"]
    (noted,) = await library.exceptions("kungsbacka/fyren")
    assert (noted["item"], noted["because"][0]["cites"]) == ("i2", ["K41"])
    library.world.clock.set(evening + timedelta(hours=14))
    monkeypatch.setattr("samlan_circulation.handlers.answers.DEADLINE", timedelta(0))  # nobody routes it
    await take_in(library, "i2", "kungsbacka/fyren")
    assert await library.loans("sven") == []
    ended = (await library.told(ItemReturned, 2))[-1].loan
    assert (ended.patron, ended.returned_at) == ("sven", evening)


@pytest.mark.clause("K41")
async def test_who_registers_for_staffless_hours_after_borrowing_returns_in_them(library: Library) -> None:
    hours = {"timezone": "Europe/Stockholm", "opening": OPENING, "staffless": ("07:00", "22:00")}
    fyren = BranchDescribed(branch="kungsbacka/fyren", member="kungsbacka", name="Fyren", **hours)  # type: ignore[arg-type]
    await library.tell(fyren, "branch/kungsbacka/fyren")
    await library.thing("i1", "kungsbacka/fyren")
    await library.lend("i1", "karin", "kungsbacka/fyren")
    await library.patron("karin", staffless=True)
    library.world.clock.set(library.world.clock.now().replace(hour=20, minute=59))
    await library.hand_in("i1", device="fyren-1")
    await library.world.settle()
    assert await library.loans("karin") == []


async def test_unknown_things_are_not_there(library: Library) -> None:
    assert reasons(await library.try_to_lend("none", "astrid")) == ["unknown_item"]
    assert reasons(await library.try_to_lend("none", "nobody")) == ["unknown_patron"]
    assert reasons(await library.try_to_lend("none", "astrid", "vast/atlantis")) == ["unknown_branch"]


async def test_an_item_on_loan_is_not_lent_again(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    refused = await library.try_to_lend("i1", "karin")
    assert (refused.status_code, reasons(refused)) == (409, ["already_on_loan"])


@pytest.mark.clause("K28")
async def test_a_debt_stops_borrowing_until_it_is_paid(library: Library) -> None:
    await library.thing("i1")
    because = [{"rule": "kungsbacka/debt_block", "cites": ["K28"]}]
    owed = MoneyBlock(
        member="kungsbacka", outstanding_minor=10_100, currency="SEK", stops=("borrow",), because=because
    )
    await library.tell(DebtLimitReached(patron="karin", blocks=(owed,)), "ledger/karin")
    await library.world.settle()
    refused = await library.try_to_lend("i1", "karin")
    assert refused.json()["reasons"] == [{"reason": "blocked", "because": because}]
    await library.tell(DebtLimitCleared(patron="karin"), "ledger/karin")
    await library.world.settle()
    await library.lend("i1", "karin")


async def test_an_older_word_on_a_debt_does_not_undo_a_newer_one(library: Library) -> None:
    await library.thing("i1")
    owed = MoneyBlock(member="vast", outstanding_minor=1, currency="SEK", stops=("borrow",))
    await library.tell(DebtLimitCleared(patron="astrid"), "ledger/astrid", sequence=5)
    await library.tell(DebtLimitReached(patron="astrid", blocks=(owed,)), "ledger/astrid", sequence=4)
    await library.world.settle()
    await library.lend("i1", "astrid")


@pytest.mark.clause("O15")
async def test_two_desks_at_the_same_instant_do_not_pass_a_limit_together(library: Library) -> None:
    games = [f"g{number}" for number in range(6)]
    for game in games:
        await library.thing(game, "orebro/adolfsberg", material="video_game", title=game)
    answers = await asyncio.gather(
        *(library.try_to_lend(game, "olof", "orebro/adolfsberg") for game in games)
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409, 409, 409]
    assert {reason for one in answers if one.status_code == 409 for reason in reasons(one)} == {
        "too_many_loans"
    }
    assert len(await library.loans("olof")) == 1


async def test_a_reservation_that_a_crash_left_is_forgotten(library: Library) -> None:
    await library.thing("g1", "orebro/adolfsberg", material="video_game")
    old = library.world.services["circulation"].resources.machine_clock.now() - timedelta(minutes=5)
    left = {"loan": "never", "material": "video_game", "at": old}
    await library.database()["fences"].insert_one(
        {"_id": "olof", "revision": 1, "sequence": 0, "reserved": [left]}
    )
    await library.lend("g1", "olof", "orebro/adolfsberg")


# -- reserved items ------------------------------------------------------------------------------------


async def shelved_for_karin(library: Library) -> None:
    await library.thing("i1")
    await take_in_unrouted(library, "i1")
    await library.route("i1", "shelf", LERUM, patron="karin")
    await library.world.settle()


async def take_in_unrouted(library: Library, item: str) -> None:
    before = len(library.world.events(ItemReturned))
    await library.hand_in(item)
    await library.told(ItemReturned, before + 1)


async def test_a_ready_hold_is_collected_by_its_patron_and_refused_to_others(library: Library) -> None:
    await shelved_for_karin(library)
    refused = await library.try_to_lend("i1", "astrid")
    assert (refused.status_code, reasons(refused)) == (409, ["reserved"])
    await library.lend("i1", "karin")
    [told] = await library.told(ItemBorrowed)
    assert (told.hold, told.patron) == ("hold-karin", "karin")
    assert (await library.item("i1"))["hold"] is None


async def test_a_patron_blocked_while_the_hold_is_ready_is_refused_at_check_out(library: Library) -> None:
    await shelved_for_karin(library)
    await library.patron("karin", blocks=(Block(cause="staff", stops=("borrow",)),))
    refused = await library.try_to_lend("i1", "karin")
    assert reasons(refused) == ["blocked"]
    [why] = refused.json()["reasons"][0]["because"]
    assert why.pop("says")["en"] == "Staff have blocked the account, which stops: borrow."
    assert why == {
        "rule": "block/staff", "cites": [], "version": "", "in_force": [None, None],
        "inputs": {"cause": "staff", "stops": ["borrow"]},
    }  # fmt: skip
    assert (await library.item("i1"))["state"] == "hold_shelf"


async def test_an_item_on_its_way_is_lent_to_its_holds_patron_only(library: Library) -> None:
    await library.thing("i1")
    await take_in_unrouted(library, "i1")
    await library.route("i1", "transit", PARTILLE, patron="karin")
    await library.world.settle()
    assert reasons(await library.try_to_lend("i1", "astrid")) == ["reserved"]
    await library.lend("i1", "karin")


async def test_an_item_that_waits_for_routing_is_lent_only_when_nobody_else_waits(library: Library) -> None:
    await library.thing("i1")
    await take_in_unrouted(library, "i1")
    await library.queue("karin")
    refused = await library.try_to_lend("i1", "astrid")
    assert reasons(refused) == ["reserved"]
    [why] = refused.json()["reasons"][0]["because"]
    assert (why["rule"], why["inputs"]["holds_waiting"]) == ("reserved", 1)
    assert why["says"]["sv"] == "Kan inte lånas ut: 1 reservation väntar."
    await library.queue()
    await library.lend("i1", "astrid")
    await library.route("i1", "shelf", LERUM, patron="karin")
    [refused] = await library.told(RoutingRefused)
    assert refused.hold == "hold-karin"
    await library.world.settle()
    assert (await library.item("i1"))["state"] == "on_loan"


async def test_the_one_who_waits_first_gets_the_item_that_waits_for_routing(library: Library) -> None:
    await library.thing("i1")
    await take_in_unrouted(library, "i1")
    await library.queue("astrid")
    await library.lend("i1", "astrid")


async def test_a_hold_that_moved_sends_the_shelved_item_on_at_its_next_scan(library: Library) -> None:
    await shelved_for_karin(library)
    await library.route("i1", "move", PARTILLE, patron="astrid", fact="")
    await library.world.settle()
    item = await library.item("i1")
    assert (item["state"], item["goes_to"], item["hold"]["hold"]) == ("hold_shelf", PARTILLE, "hold-astrid")
    assert reasons(await library.try_to_lend("i1", "karin")) == ["reserved"]
    await library.lend("i1", "astrid")


async def test_a_cancelled_hold_frees_the_item_on_the_shelf(library: Library) -> None:
    await shelved_for_karin(library)
    await library.route("i1", "move", LERUM, fact="")
    await library.world.settle()
    await library.lend("i1", "astrid")


# -- returns at the desk -------------------------------------------------------------------------------


async def test_the_desk_gets_the_kiosks_answer_with_its_reasons(library: Library) -> None:
    await library.thing("i1")
    asking = asyncio.create_task(take_in(library, "i1", command="c1"))
    await library.told(ItemReturned)
    because = [{"rule": "vast/shelf", "cites": ["V14"]}]
    await library.route("i1", "shelf", LERUM, patron="karin", because=because)
    answer = (await asking).json()
    assert (answer["bin"], answer["hold"], answer["reason"]) == ("shelf", {"borrower_id": "K-4"}, None)
    assert because[0] in answer["because"]
    again = (await take_in(library, "i1", command="c1")).json()
    assert {**again, "because": []} == {**answer, "because": []}
    await library.world.settle()
    assert len(library.world.events(ItemReturned)) == 1


async def test_the_desk_is_told_when_no_routing_came_in_time(library: Library, haste: None) -> None:
    await library.thing("i1")
    answer = (await take_in(library, "i1")).json()
    assert (answer["bin"], answer["reason"], answer["branch"]) == ("exception", "routing_pending", LERUM)


async def test_the_routing_may_come_by_another_replica(library: Library) -> None:
    await library.replica()
    for number in range(4):
        item = f"i{number}"
        await library.thing(item)
        asking = asyncio.create_task(take_in(library, item))
        await library.told(ItemReturned, number + 1)
        await library.route(item, "stays", LERUM)
        assert (await asking).json()["bin"] == "home"


async def test_a_command_used_for_another_item_is_refused(library: Library, haste: None) -> None:
    await library.thing("i1")
    await take_in(library, "i1", command="c1")
    assert reasons(await take_in(library, "i2", command="c1")) == ["command_reused"]


async def test_the_desk_sends_an_unknown_item_to_staff(library: Library) -> None:
    answer = (await take_in(library, "none")).json()
    assert (answer["bin"], answer["reason"]) == ("exception", "unknown_item")
    assert [one["reason"] for one in await library.exceptions(LERUM)] == ["unknown_item"]
    assert reasons(await take_in(library, "none", "vast/atlantis")) == ["unknown_branch"]
    future = (library.world.clock.now() + timedelta(minutes=3)).isoformat()
    assert reasons(await take_in(library, "none", happened_at=future)) == ["in_the_future"]


# -- renewals ------------------------------------------------------------------------------------------


@pytest.mark.clause("G07")
async def test_each_of_several_renewals_has_its_own_outcome(library: Library) -> None:
    for item, title in (("i1", "roda-rummet"), ("i2", "hemsoborna")):
        await library.thing(item, title=title)
    first, second = await library.lend("i1", "astrid"), await library.lend("i2", "astrid")
    await library.queue("karin", title="hemsoborna")
    library.world.clock.set(library.world.clock.now() + timedelta(days=7))
    outcomes = await renew(library, first["id"], second["id"], "none")
    assert [one["renewed"] for one in outcomes] == [True, False, False]
    assert outcomes[0]["due"] > first["due"]
    assert [[r["reason"] for r in one["reasons"]] for one in outcomes[1:]] == [
        ["others_are_waiting"],
        ["unknown_loan"],
    ]
    [told] = await library.told(LoanRenewed)
    assert (told.loan, told.renewals, told.due.isoformat()) == (first["id"], 1, outcomes[0]["due"])
    [loan] = [one for one in await library.loans("astrid") if one["id"] == first["id"]]
    assert (loan["due"], loan["renewals"]) == (outcomes[0]["due"], 1)


async def test_a_renewal_repeated_by_its_command_counts_once(library: Library) -> None:
    await library.thing("i1")
    loan = await library.lend("i1", "astrid")
    first = await renew(library, loan["id"], command="c1")
    assert await renew(library, loan["id"], command="c1") == first
    assert first[0]["renewals"] == 1


async def test_nobody_renews_anothers_loan_but_staff_do(library: Library) -> None:
    await library.thing("i1")
    loan = await library.lend("i1", "astrid")
    [refused] = await renew(library, loan["id"], patron="karin")
    assert [one["reason"] for one in refused["reasons"]] == ["not_your_loan"]
    [renewed] = await renew(library, loan["id"], patron=None)
    assert renewed["renewed"]


@pytest.mark.clause("O22")
async def test_renewals_run_out_and_a_block_is_named_beside(library: Library) -> None:
    await library.thing("i1", "orebro/adolfsberg")
    loan = await library.lend("i1", "olof", "orebro/adolfsberg")
    for _ in range(5):
        [outcome] = await renew(library, loan["id"], patron="olof")
        assert outcome["renewed"]
    await library.patron("olof", blocks=(Block(cause="staff", stops=("renew",)),))
    [outcome] = await renew(library, loan["id"], patron="olof")
    assert [one["reason"] for one in outcome["reasons"]] == ["no_renewals_left", "blocked"]


async def test_a_renewal_that_moves_no_date_keeps_the_reason_of_the_date(library: Library) -> None:
    await library.thing("i1")
    far = (library.world.clock.now() + timedelta(days=60)).date().isoformat()
    row = {"item": "i1", "patron": "astrid", "branch": LERUM, "due": far, "renewals": 0,
           "borrowed_at": ago(library.world, days=3).isoformat()}  # fmt: skip
    answer = await library.world.post("circulation", "/import/loans", {"rows": [{"line": 1, "row": row}]})
    assert answer.json()["refused"] == []
    [before] = await library.loans("astrid")
    [outcome] = await renew(library, before["id"])
    assert (outcome["due"], outcome["renewals"], outcome["because"]) == (far, 1, before["because"])
    assert outcome["because"][0]["inputs"]["due"] == far


async def test_a_renewed_date_is_what_the_return_tells(library: Library) -> None:
    await library.thing("i1")
    loan = await library.lend("i1", "astrid", happened_at=ago(library.world, days=9))
    [outcome] = await renew(library, loan["id"])
    await library.hand_in("i1")
    [told] = await library.told(ItemReturned)
    assert (told.loan.due.isoformat(), told.loan.renewals) == (outcome["due"], 1)


# -- marks and views -----------------------------------------------------------------------------------


async def mark(library: Library, item: str, state: str, branch: str = LERUM) -> Any:
    async with library.world.ask("circulation") as client:
        return await client.patch(f"/private/v1/items/{item}", json={"state": state, "branch": branch})


@pytest.mark.parametrize(
    ("word", "state"),
    [("lost", "lost"), ("damaged", "in_repair"), ("missing", "missing"), ("claimed_returned",) * 2],
)
async def test_staff_mark_an_item_and_holds_is_told(library: Library, word: str, state: str) -> None:
    await shelved_for_karin(library)
    assert (await mark(library, "i1", word)).json()["state"] == state
    [told] = await library.told(ItemWhereaboutsChanged)
    assert (told.state, (await library.item("i1"))["hold"]) == (state, None)
    await mark(library, "i1", word)
    await library.world.settle()
    assert len(library.world.events(ItemWhereaboutsChanged)) == 1


async def test_found_is_a_return_at_the_desk(library: Library, haste: None) -> None:
    await library.thing("i1", state="lost")
    assert (await mark(library, "i1", "found")).json()["state"] == "returned"
    [told] = await library.told(ItemReturned)
    assert (told.was, told.mode) == ("lost", "desk")


async def test_marks_are_refused_where_they_make_no_sense(library: Library) -> None:
    await library.thing("i1")
    assert (await mark(library, "i1", "eaten")).status_code == 422
    assert (await mark(library, "none", "lost")).status_code == 404
    assert reasons(await mark(library, "i1", "lost", "vast/atlantis")) == ["unknown_branch"]


async def test_availability_shows_copies_and_no_patron(library: Library) -> None:
    for item in ("i1", "i2", "i3"):
        await library.thing(item)
    loan = await library.lend("i2", "astrid")
    await library.queue("karin")
    shown = (await library.world.get("circulation", "/titles/roda-rummet/availability")).json()
    assert (shown["available"], shown["total"], shown["waiting"]) == (2, 3, 1)
    assert [(one["item"], one["state"], one["due"]) for one in shown["items"]] == [
        ("i1", "available", None), ("i2", "on_loan", loan["due"]), ("i3", "available", None),
    ]  # fmt: skip
    assert "astrid" not in repr(shown)


async def test_a_desk_sees_the_borrower_id_only_where_the_hold_is_served(library: Library) -> None:
    await shelved_for_karin(library)
    here = (await library.world.get("circulation", "/items/i1", branch=LERUM)).json()
    there = (await library.world.get("circulation", "/items/i1", branch=PARTILLE)).json()
    assert (here["hold"]["borrower_id"], "borrower_id" in there["hold"]) == ("K-4", False)
    assert "karin" not in repr({k: v for k, v in here["hold"].items() if k != "hold"})


async def test_requests_that_cannot_be_read_name_the_place(library: Library) -> None:
    for path, body in (("/loans", {"item": "i1"}), ("/returns", {}), ("/renewals", {"loans": []})):
        answer = await library.world.post("circulation", path, body)
        assert (answer.status_code, bool(answer.json()["errors"])) == (422, True)


async def test_only_services_are_let_in(library: Library) -> None:
    async with library.world.ask("circulation") as client:
        answer = await client.get("/private/v1/patrons/astrid/loans", headers={"authorization": "Bearer x"})
    assert answer.status_code == 401
