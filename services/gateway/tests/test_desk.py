"""A branch's desk: lends, takes in, works through its lists, and sees no patron but the one it must serve."""

from __future__ import annotations

import pytest

from .conftest import KUNGSBACKA, LERUM, PARTILLE, Town, only, reasons, shapes

ITEM = ("item", "title", "name", "state", "branch", "goes_to", "hold")
ANSWER = ("id", "item", "bin", "branch", "hold", "reason", "slip", "because")


async def test_lending_by_card_and_by_identity_number(town: Town) -> None:
    who = await town.patron(identity="19800229-1234")
    one, two = await town.item(), await town.item()
    async with town.desk() as desk:
        only(await desk.post("/v1/desk/loans", json={"item": one, "card": f"2{who}"}), 201)
        loan = only(await desk.post("/v1/desk/loans", json={"item": two, "identity": "19800229-1234"}), 201)
        assert (loan["item"], loan["name"]) == (two, "Röda rummet")
        nobody = await desk.post("/v1/desk/loans", json={"item": one, "card": "2nobody"})
        assert (nobody.status_code, reasons(nobody)) == (404, ["unknown_patron"])
        for body in ({"item": one}, {"item": one, "card": "1", "identity": "2"}):
            assert (await desk.post("/v1/desk/loans", json=body)).status_code == 422


async def test_a_refusal_at_the_desk_names_every_reason_with_its_rules(town: Town) -> None:
    child = await town.patron("kungsbacka", born="2016-05-01", guardian=await town.patron("kungsbacka"))
    film = await town.item(at=KUNGSBACKA, material="feature_film", min_age=15, loanable=False)
    async with town.desk(KUNGSBACKA) as desk:
        refused = await desk.post("/v1/desk/loans", json={"item": film, "card": f"2{child}"})
    assert refused.status_code in (403, 409)
    assert {"age_limit", "not_for_loan"} <= set(reasons(refused))
    assert all("because" in one for one in refused.json()["reasons"])


async def test_a_blocked_card_borrows_nothing(town: Town) -> None:
    who, item = await town.patron(cards=["29911", "29912"]), await town.item()
    async with await town.log_in("9911") as mine:
        only(await mine.post("/v1/me/cards/29911/block"))
    async with town.desk() as desk:
        refused = await desk.post("/v1/desk/loans", json={"item": item, "card": "29911"})
        assert (refused.status_code, reasons(refused)) == (403, ["blocked_card"])
        only(await desk.post("/v1/desk/loans", json={"item": item, "card": "29912"}), 201)
        assert only(await desk.get(f"/v1/desk/patrons/{who}/loans"))["items"][0]["item"] == item


async def test_an_item_taken_in_is_answered_like_a_kiosk_and_says_why(town: Town) -> None:
    home, far = await town.item(), await town.item(at=PARTILLE)
    async with town.desk() as desk:
        stays = only(await desk.post("/v1/desk/returns", json={"item": home}))
        shapes([stays], *ANSWER)
        assert (stays["bin"], stays["branch"], stays["hold"]) == ("home", LERUM, None)
        goes = only(await desk.post("/v1/desk/returns", json={"item": far}))
        assert (goes["bin"], goes["branch"]) == ("transit", PARTILLE)
        unknown = only(await desk.post("/v1/desk/returns", json={"item": "no-such-item"}))
        assert (unknown["bin"], unknown["reason"]) == ("exception", "unknown_item")
        listed = only(await desk.get("/v1/desk/exceptions"))["items"]
        (mine,) = [one for one in listed if one["item"] == "no-such-item"]
        shapes([mine], "id", "fact", "reason", "item", "branch", "happened_at")
        assert mine["fact"] == unknown["id"]
        async with town.desk(PARTILLE) as other:
            assert only(await other.get("/v1/desk/exceptions", params={"branch": LERUM}))["items"] == []
            refused = await other.post(f"/v1/desk/exceptions/{mine['id']}/resolve")
            assert (refused.status_code, reasons(refused)) == (404, ["unknown_exception"])
        only(await desk.post(f"/v1/desk/exceptions/{mine['id']}/resolve"))
        assert mine["id"] not in {one["id"] for one in only(await desk.get("/v1/desk/exceptions"))["items"]}


async def test_a_hold_is_pulled_shelved_and_shown_only_where_it_is_served(town: Town) -> None:
    who = await town.patron()
    item = await town.item("t3", at=LERUM)
    async with town.desk() as desk, town.desk(PARTILLE) as other:
        asked = {"title": "t3", "card": f"2{who}", "channel": "phone"}
        hold = only(await desk.post("/v1/desk/holds", json=asked), 201)
        await town.consortium.settle()
        pull = only(await desk.get("/v1/desk/pull-list"))["items"]
        (row,) = [one for one in pull if one["item"] == item]
        shapes([row], *ITEM)
        assert (row["name"], row["hold"]["id"]) == ("Doktor Glas", hold["id"])
        bin_ = only(await desk.post("/v1/desk/returns", json={"item": item}))
        assert (bin_["bin"], bin_["hold"]) == ("shelf", {"borrower_id": f"L{who}"})
        await town.consortium.settle()
        here = only(await desk.get(f"/v1/desk/items/{item}"))
        shapes([here], *ITEM)
        assert (here["state"], here["hold"]["borrower_id"]) == ("hold_shelf", f"L{who}")
        there = only(await other.get(f"/v1/desk/items/{item}"))
        assert there["hold"]["id"] == hold["id"]
        assert not there["hold"].get("borrower_id")
        assert who not in str({**here, "hold": None})
        shelf = only(await desk.get("/v1/desk/pickup-shelf"))["items"]
        (kept,) = [one for one in shelf if one["item"] == item]
        assert (kept["action"], kept["hold"]["borrower_id"]) == ("keep", f"L{who}")
        assert kept["ready_until"]
        assert only(await other.get("/v1/desk/pickup-shelf", params={"branch": LERUM}))["items"] == []


async def test_an_item_is_lost_and_found(town: Town) -> None:
    item = await town.item()
    async with town.desk() as desk:
        assert only(await desk.patch(f"/v1/desk/items/{item}", json={"state": "lost"}))["state"] == "lost"
        await town.consortium.settle()
        only(await desk.patch(f"/v1/desk/items/{item}", json={"state": "found"}))
        await town.consortium.settle()
        assert only(await desk.get(f"/v1/desk/items/{item}"))["state"] == "available"
        assert (await desk.patch(f"/v1/desk/items/{item}", json={"state": "eaten"})).status_code == 422
        assert (await desk.patch("/v1/desk/items/none", json={"state": "lost"})).status_code == 404


async def test_a_desk_renews_by_telephone(town: Town) -> None:
    who, item = await town.patron(), await town.item()
    async with town.desk() as desk:
        loan = only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{who}"}), 201)
        await town.consortium.settle()
        (outcome,) = only(await desk.post("/v1/desk/renewals", json={"loans": [loan["id"]]}))["outcomes"]
    assert outcome["renewed"]
    assert outcome["due"] >= loan["due"]


async def test_a_desk_registers_and_changes_patrons_of_its_own_member(town: Town) -> None:
    form = {
        "name": "Ny Patron", "born": "1990-01-01", "cards": ["29921"], "pin": "1234", "member": "kungsbacka",
        "email": "ny@example.org",
    }  # fmt: skip
    async with town.desk() as desk, town.desk(KUNGSBACKA) as elsewhere:
        made = only(await desk.post("/v1/desk/patrons", json=form), 201)
        assert made["member"] == "vast"
        who = made["patron"]
        changed = only(await desk.patch(f"/v1/desk/patrons/{who}", json={"shielded": True}))
        assert changed["shielded"] is True
        assert only(await desk.get("/v1/desk/patrons", params={"card": "29921"}))["items"][0]["patron"] == who
        assert only(await desk.get("/v1/desk/patrons", params={"card": "2none"})) == {
            "items": [], "next": None,
        }  # fmt: skip
        assert (await desk.get("/v1/desk/patrons")).status_code == 422
        for method, path in (
            ("GET", ""),
            ("PATCH", ""),
            ("GET", "/loans"),
            ("GET", "/holds"),
            ("GET", "/fees"),
        ):
            refused = await elsewhere.request(
                method, f"/v1/desk/patrons/{who}{path}", json={"status": "full"}
            )
            assert (refused.status_code, reasons(refused)) == (404, ["unknown_patron"])


async def test_a_guest_is_served_but_not_changed(town: Town) -> None:
    guest = await town.patron("kungsbacka", identity="19800229-9876")
    async with town.desk() as desk:
        (seen,) = only(await desk.get("/v1/desk/patrons", params={"card": f"2{guest}"}))["items"]
        assert seen["patron"] == guest
        assert "identity" not in seen
        only(await desk.post("/v1/desk/loans", json={"item": await town.item(), "card": f"2{guest}"}), 201)
        await town.consortium.settle()
        assert len(only(await desk.get(f"/v1/desk/patrons/{guest}/loans"))["items"]) == 1
        refused = await desk.patch(f"/v1/desk/patrons/{guest}", json={"status": "inactive"})
        assert (refused.status_code, reasons(refused)) == (403, ["other_member"])


async def test_a_card_that_nobody_has_is_refused_in_words(town: Town) -> None:
    async with town.desk() as desk:
        refused = await desk.post("/v1/desk/loans", json={"item": await town.item(), "card": "29999999"})
    (why,) = refused.json()["reasons"][0]["because"]
    assert (refused.status_code, why["rule"], set(why["says"])) == (
        404, "unknown_patron", {"sv", "da", "en"},
    )  # fmt: skip


@pytest.mark.clause("K27")
async def test_five_pages_are_free_of_what_is_not_lent(town: Town) -> None:
    """The desk names the work, and whether it is lent is known; or says that it is a work of reference."""
    who = await town.patron("kungsbacka")
    kept, lent = await town.item(at=KUNGSBACKA, loanable=False), await town.item(at=KUNGSBACKA)
    async with town.desk(KUNGSBACKA) as desk:
        for asked, minor in (
            ({"item": kept}, 600), ({"reference": True}, 600), ({"item": lent}, 2100), ({}, 2100),
            ({"item": kept, "pages": 5}, 0), ({"item": kept, "pages": 6}, 300),
        ):  # fmt: skip
            body = {"patron": who, "kind": "print_a4_bw", "pages": 7, **asked}
            fee = only(await desk.post("/v1/desk/fees", json=body), 201)
            assert fee["amount"] == {"amount": minor, "currency": "SEK"}, asked


@pytest.mark.clause("K30", "K31")
async def test_the_desk_charges_what_a_damaged_item_costs(town: Town) -> None:
    who, item = await town.patron("kungsbacka"), await town.item(at=KUNGSBACKA, price=26000)
    async with town.desk(KUNGSBACKA) as desk:
        fee = only(
            await desk.post("/v1/desk/fees", json={"patron": who, "kind": "replacement", "item": item}), 201
        )
        assert (fee["amount"], fee["item"]) == ({"amount": 26000, "currency": "SEK"}, item)
        refused = await desk.post("/v1/desk/fees", json={"patron": who, "kind": "replacement", "item": "no"})
        assert (refused.status_code, reasons(refused)) == (409, ["unknown_kind"])


@pytest.mark.clause("K32")
@pytest.mark.parametrize(("lost", "owed"), [(True, 0), (False, 26000)])
async def test_the_price_of_a_lost_item_falls_when_it_is_back_and_that_of_a_damaged_one_stays(
    town: Town, lost: bool, owed: int
) -> None:
    who, item = await town.patron("kungsbacka"), await town.item(at=KUNGSBACKA, price=26000)
    async with town.desk(KUNGSBACKA) as desk:
        only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{who}"}), 201)
        await town.consortium.settle()
        if lost:
            only(await desk.patch(f"/v1/desk/items/{item}", json={"state": "lost"}))
        asked = {"patron": who, "kind": "replacement", "item": item}
        fee = only(await desk.post("/v1/desk/fees", json=asked), 201)
        assert fee["outstanding"]["amount"] == 26000
        if lost:  # another desk asks for it once more
            assert only(await desk.post("/v1/desk/fees", json=asked), 201)["id"] == fee["id"]
        only(await desk.post("/v1/desk/returns", json={"item": item}))
    await town.consortium.settle()
    async with await town.log_in(who, "kungsbacka") as mine:
        [shown] = only(await mine.get("/v1/me/fees"))["items"]
    assert shown["outstanding"]["amount"] == owed


async def test_fees_are_charged_by_the_book_waived_within_its_limit_and_paid(town: Town) -> None:
    who = await town.patron("kungsbacka")
    async with town.desk(KUNGSBACKA) as desk, town.desk(LERUM) as elsewhere:
        asked = {"patron": who, "kind": "card"}
        fee = only(await desk.post("/v1/desk/fees", json=asked), 201)
        assert fee["amount"]["amount"] > 0
        assert fee["because"][0]["cites"]
        refused = await elsewhere.post(f"/v1/desk/fees/{fee['id']}/waive", json={"why": "kind"})
        assert (refused.status_code, reasons(refused)) == (404, ["unknown_fee"])
        waived = only(
            await desk.post(f"/v1/desk/fees/{fee['id']}/waive", json={"amount": 100, "why": "kind"})
        )
        left = fee["amount"]["amount"] - 100
        assert (waived["waived"]["amount"], waived["outstanding"]["amount"]) == (100, left)
        assert (await desk.post(f"/v1/desk/fees/{fee['id']}/waive", json={"why": " "})).status_code == 422
        paid = only(await desk.post("/v1/desk/payments", json={"fees": [fee["id"]]}), 201)
        assert paid["amount"]["amount"] == left
        assert "patron" not in str(paid)
        again = await desk.post("/v1/desk/payments", json={"fees": [fee["id"]], "card": f"2{who}"})
        assert (again.status_code, reasons(again)) == (409, ["already_paid"])
        unknown = await desk.post("/v1/desk/payments", json={"fees": ["none"]})
        assert (unknown.status_code, reasons(unknown)) == (404, ["unknown_fee"])


async def test_above_the_books_limit_only_an_operator_waives(town: Town) -> None:
    who = await town.patron("kungsbacka")
    fee = {
        "fee": f"big-{who}", "patron": who, "member": "kungsbacka", "kind": "replacement", "amount": 900_000,
        "currency": "SEK", "charged_at": "2026-11-01T10:00:00+01:00",
    }  # fmt: skip
    await town.consortium.load(fees=[fee])
    async with town.desk(KUNGSBACKA) as desk, town.operator() as operator:
        path = f"/v1/desk/fees/{fee['fee']}/waive"
        refused = await desk.post(path, json={"why": "burnt house"})
        assert (refused.status_code, reasons(refused)) == (403, ["waiver_limit"])
        assert only(await operator.post(path, json={"why": "burnt house"}))["outstanding"]["amount"] == 0
