"""A patron's pages, through real services."""

from __future__ import annotations

import pytest

from .conftest import BRANCHES, LERUM, PARTILLE, Town, only, reasons, shapes

LOAN = ("id", "item", "title", "name", "borrowed_at", "due", "renewals", "renewable", "overdue", "because")
HOLD = (
    "id", "title", "name", "pickup", "state", "position", "frozen", "last_needed", "item", "ready_until",
    "placed_at", "because",
)  # fmt: skip


async def test_a_session_opens_the_patrons_pages_until_it_is_ended(town: Town) -> None:
    who = await town.patron()
    async with town.door() as door:
        opened = only(
            await door.post("/v1/sessions", json={"member": "vast", "card": f"2{who}", "pin": "1234"}), 201
        )
    assert opened["patron"] == who
    assert opened["member"] == "vast"
    async with town.door(opened["token"]) as mine:
        assert only(await mine.get("/v1/me"))["borrower_id"] == f"L{who}"
        only(await mine.delete("/v1/sessions"), 204)
        only(await mine.delete("/v1/sessions"), 204)  # leaving twice is no harm
        refused = await mine.get("/v1/me")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"


async def test_a_wrong_pin_opens_nothing_and_says_not_what_was_wrong(town: Town) -> None:
    who = await town.patron()
    async with town.door() as door:
        wrong = await door.post("/v1/sessions", json={"member": "vast", "card": f"2{who}", "pin": "0000"})
        nobody = await door.post("/v1/sessions", json={"member": "vast", "card": "2nobody", "pin": "0000"})
    assert wrong.status_code == nobody.status_code == 403
    assert reasons(wrong) == reasons(nobody) == ["wrong_credentials"]


async def test_a_loan_is_shown_with_its_name_and_renewed_with_its_reason(town: Town) -> None:
    who, item = await town.patron(), await town.item()
    async with town.desk() as desk:
        lent = only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{who}"}), 201)
    shapes([lent], *LOAN)
    await town.consortium.settle()
    async with await town.log_in(who) as mine:
        (loan,) = only(await mine.get("/v1/me/loans"))["items"]
        assert (loan["id"], loan["item"], loan["name"]) == (lent["id"], item, "Röda rummet")
        assert "patron" not in loan
        assert loan["because"][0]["rule"]
        renewed = only(await mine.post("/v1/me/renewals", json={"loans": [loan["id"], "no-such-loan"]}))
    first, second = renewed["outcomes"]
    assert (first["loan"], first["renewed"], first["reasons"]) == (loan["id"], True, [])
    assert first["due"]
    assert (second["renewed"], [one["reason"] for one in second["reasons"]]) == (False, ["unknown_loan"])


async def test_a_loan_of_another_is_as_unknown_as_one_that_never_was(town: Town) -> None:
    owner, other, item = await town.patron(), await town.patron(), await town.item()
    async with town.desk() as desk:
        lent = only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{owner}"}), 201)
    await town.consortium.settle()
    async with await town.log_in(other) as theirs:
        renewed = only(await theirs.post("/v1/me/renewals", json={"loans": [lent["id"]]}))
        assert only(await theirs.get("/v1/me/loans"))["items"] == []
        never = only(await theirs.post("/v1/me/renewals", json={"loans": ["never-was"]}))
    (outcome,), (unknown,) = renewed["outcomes"], never["outcomes"]
    assert [one["reason"] for one in outcome["reasons"]] == ["unknown_loan"]
    assert outcome["reasons"][0]["because"][0]["says"]["en"] == "The loan is not known, or it is over."
    assert {**outcome, "loan": ""} == {**unknown, "loan": ""}


async def test_holds_are_placed_frozen_moved_and_cancelled(town: Town) -> None:
    who = await town.patron()
    await town.item("t2")
    async with await town.log_in(who) as mine:
        placed = only(await mine.post("/v1/me/holds", json={"title": "t2"}), 201)
        shapes([placed], *HOLD)
        assert (placed["name"], placed["pickup"], placed["state"]) == ("Pippi Långstrump", LERUM, "waiting")
        again = await mine.post("/v1/me/holds", json={"title": "t2"})
        assert (again.status_code, reasons(again)) == (409, ["already_held"])
        changes = [
            {"hold": placed["id"], "frozen": True, "unknown_field": 1},
            {"hold": placed["id"], "pickup": PARTILLE, "last_needed": "2026-12-24"},
            {"hold": "no-such-hold", "cancel": True},
        ]
        done = only(await mine.patch("/v1/me/holds", json={"changes": changes}))["outcomes"]
        assert [one["changed"] for one in done] == [True, True, False]
        assert [one["reason"] for one in done[2]["reasons"]] == ["unknown_hold"]
        (held,) = only(await mine.get("/v1/me/holds"))["items"]
        assert (held["state"], held["pickup"], held["last_needed"]) == ("frozen", PARTILLE, "2026-12-24")
        assert "patron" not in held
        only(
            await mine.patch("/v1/me/holds", json={"changes": [{"hold": placed["id"], "last_needed": None}]})
        )
        (held,) = only(await mine.get("/v1/me/holds"))["items"]
        assert held["last_needed"] is None
        only(await mine.patch("/v1/me/holds", json={"changes": [{"hold": placed["id"], "cancel": True}]}))
        assert only(await mine.get("/v1/me/holds"))["items"] == []
        await town.consortium.settle()
        (ended,) = only(await mine.get("/v1/me/holds", params={"finished": "true"}))["items"]
        assert ended["state"] == "cancelled"


async def test_anothers_hold_cannot_be_touched(town: Town) -> None:
    owner, other = await town.patron(), await town.patron()
    async with await town.log_in(owner) as mine:
        placed = only(await mine.post("/v1/me/holds", json={"title": "t3"}), 201)
    async with await town.log_in(other) as theirs:
        change = {"changes": [{"hold": placed["id"], "cancel": True}]}
        (outcome,) = only(await theirs.patch("/v1/me/holds", json=change))["outcomes"]
    assert (outcome["changed"], [one["reason"] for one in outcome["reasons"]]) == (False, ["unknown_hold"])
    assert outcome["pickup"] is None


async def test_fees_are_paid_once_and_only_by_their_debtor(town: Town) -> None:
    who, other = await town.patron("kungsbacka"), await town.patron("kungsbacka")
    fee = {
        "fee": f"f-{who}", "patron": who, "member": "kungsbacka", "kind": "overdue", "amount": 1500,
        "currency": "SEK", "charged_at": "2026-11-01T10:00:00+01:00",
    }  # fmt: skip
    await town.consortium.load(fees=[fee])
    async with await town.log_in(other, "kungsbacka") as theirs:
        refused = await theirs.post("/v1/me/payments", json={"fees": [fee["fee"]]})
        assert (refused.status_code, reasons(refused)) == (404, ["unknown_fee"])
    async with await town.log_in(who, "kungsbacka") as mine:
        owed = only(await mine.get("/v1/me/fees"))
        shapes(
            owed["items"],
            "id", "member", "kind", "amount", "outstanding", "item", "charged_at", "because",
        )  # fmt: skip
        assert owed["items"][0]["outstanding"] == {"amount": 1500, "currency": "SEK"}
        paid = only(await mine.post("/v1/me/payments", json={"fees": [fee["fee"]]}), 201)
        assert paid["amount"] == {"amount": 1500, "currency": "SEK"}
        again = await mine.post("/v1/me/payments", json={"fees": [fee["fee"]]})
        assert (again.status_code, reasons(again)) == (409, ["already_paid"])


async def test_contact_card_and_pin_are_the_patrons_own(town: Town) -> None:
    who = await town.patron(cards=["2901", "2902"])
    async with await town.log_in("901") as mine:
        changed = only(await mine.patch("/v1/me/contact", json={"email": "ny@example.org", "odd": True}))
        assert changed["email"] == "ny@example.org"
        bad = await mine.patch("/v1/me/contact", json={"email": "no address"})
        assert bad.status_code == 422
        assert only(await mine.get("/v1/me"))["patron"] == who
        wrong = await mine.put("/v1/me/pin", json={"old": "9999", "new": "4321"})
        assert (wrong.status_code, reasons(wrong)) == (403, ["wrong_credentials"])
        only(await mine.put("/v1/me/pin", json={"old": "1234", "new": "4321"}), 204)
        blocked = only(await mine.post("/v1/me/cards/2901/block"))
        assert {one["card"]: bool(one["blocked"]) for one in blocked["cards"]} == {
            "2901": True,
            "2902": False,
        }
        not_mine = await mine.post("/v1/me/cards/2other/block")
        assert (not_mine.status_code, reasons(not_mine)) == (403, ["card_not_yours"])
    await town.log_in("902", pin="4321")


async def test_a_guardian_sees_a_childs_pages_and_a_shield_hides_them(town: Town) -> None:
    guardian, stranger = await town.patron(), await town.patron()
    child = await town.patron(born="2016-05-01", guardian=guardian)
    hidden = await town.patron(born="2016-05-01", guardian=guardian, shielded=True)
    item = await town.item(audience="child")
    async with town.desk() as desk:
        only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{child}"}), 201)
    await town.consortium.settle()
    async with await town.log_in(guardian) as mine:
        assert [one["patron"] for one in only(await mine.get("/v1/me/children"))["items"]] == [child]
        (loan,) = only(await mine.get(f"/v1/me/children/{child}/loans"))["items"]
        assert loan["item"] == item
        assert only(await mine.get(f"/v1/me/children/{child}/holds"))["items"] == []
        assert only(await mine.get(f"/v1/me/children/{child}/fees"))["items"] == []
        for nobody in (hidden, stranger, "no-such-child"):
            refused = await mine.get(f"/v1/me/children/{nobody}/loans")
            assert (refused.status_code, reasons(refused)) == (404, ["unknown_patron"])
    async with await town.log_in(stranger) as theirs:
        assert (await theirs.get(f"/v1/me/children/{child}/loans")).status_code == 404


async def test_notices_and_history_are_lists(town: Town) -> None:
    who = await town.patron()
    async with await town.log_in(who) as mine:
        assert only(await mine.get("/v1/me/notices")) == {"items": [], "next": None}
        assert only(await mine.get("/v1/me/history")) == {"items": [], "next": None}


async def test_the_catalogue_is_open_to_anybody(town: Town) -> None:
    item = await town.item("t4", at=PARTILLE)
    async with town.door() as door:
        found = only(await door.get("/v1/titles", params={"q": "gösta"}))
        assert [one["title"] for one in found["items"]] == ["t4"]
        assert only(await door.get("/v1/titles/t4"))["name"] == "Gösta Berlings saga"
        copies = only(await door.get("/v1/titles/t4/availability"))
        assert (copies["available"], [one["item"] for one in copies["items"]]) == (1, [item])
        assert (await door.get("/v1/titles/none")).status_code == 404
        assert (await door.get("/v1/titles/none/availability")).status_code == 404
        assert {one["branch"] for one in only(await door.get("/v1/branches"))["items"]} == {
            *BRANCHES,
        }
        assert "vast" in {one["member"] for one in only(await door.get("/v1/members"))["items"]}


@pytest.mark.clause("K25", "O38")
async def test_a_guardian_pays_for_what_a_child_did_not_return_and_nobody_else_does(town: Town) -> None:
    mother, other = await town.patron("kungsbacka"), await town.patron("kungsbacka")
    child = await town.patron("kungsbacka", born="2016-01-01", guardian=mother)
    fee, own = (
        {"fee": f"lost-{who}", "patron": who, "member": "kungsbacka", "kind": "replacement",
         "amount": 12000, "currency": "SEK", "charged_at": "2026-11-01T12:00:00+01:00"}
        for who in (child, mother)
    )  # fmt: skip
    await town.consortium.load(fees=[fee, own])
    async with await town.log_in(other, "kungsbacka") as theirs:
        refused = await theirs.post("/v1/me/payments", json={"fees": [fee["fee"]]})
        assert (refused.status_code, reasons(refused)) == (404, ["unknown_fee"])
    async with await town.log_in(mother, "kungsbacka") as mine:
        mixed = await mine.post("/v1/me/payments", json={"fees": [own["fee"], fee["fee"]]})
        assert (mixed.status_code, reasons(mixed)) == (404, ["unknown_fee"])
        paid = only(await mine.post("/v1/me/payments", json={"fees": [fee["fee"]]}), 201)
        assert paid["amount"] == {"amount": 12000, "currency": "SEK"}
        (left,) = only(await mine.get("/v1/me/fees"))["items"]
        assert (left["id"], left["outstanding"]["amount"]) == (own["fee"], 12000)
        assert only(await mine.get(f"/v1/me/children/{child}/fees"))["balances"] == []
