"""Lending as the sources describe it, through the public door: cards, PINs, machines, receipts, history."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from .conftest import GLADSAXE, KUNGSBACKA, LERUM, OREBRO, PARTILLE, Town, only, reasons

IDENTITY = "19800229-4321"


async def lend(client: httpx2.AsyncClient, item: str, **who: Any) -> httpx2.Response:
    return await client.post("/v1/desk/loans", json={"item": item, **who})


@pytest.mark.clause("V10", "O08")
async def test_a_machine_asks_for_the_pin_with_the_card_and_with_the_identity_number(town: Town) -> None:
    who = await town.patron("orebro", identity=IDENTITY)
    async with town.desk(OREBRO) as machine:
        for shown in ({"card": f"2{who}"}, {"identity": IDENTITY}):
            item = await town.item(at=OREBRO)
            refused = await lend(machine, item, channel="machine", **shown)
            assert (refused.status_code, reasons(refused)) == (403, ["pin_required"])
            wrong = await lend(machine, item, channel="machine", pin="4321", **shown)
            assert (wrong.status_code, reasons(wrong)) == (403, ["wrong_credentials"])
            loan = only(await lend(machine, item, channel="machine", pin="1234", **shown), 201)
            assert loan["item"] == item
        loans = only(await machine.get(f"/v1/desk/patrons/{who}/loans"))["items"]
    assert len(loans) == 2


async def test_a_machine_tells_nobody_whose_numbers_exist_and_slows_guessing_down(town: Town) -> None:
    item = await town.item()
    async with town.desk() as machine:
        answers = [await lend(machine, item, channel="machine", card="29999", pin="0000") for _ in range(7)]
    assert reasons(answers[0]) == ["wrong_credentials"]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.clause("O33")
async def test_whoever_knows_anothers_identity_number_and_pin_borrows_for_that_person(town: Town) -> None:
    other = await town.patron("orebro", identity="19770707-7777", pin="7777")
    item = await town.item(at=OREBRO)
    async with town.desk(OREBRO) as machine:
        only(await lend(machine, item, channel="machine", identity="19770707-7777", pin="7777"), 201)
        loans = only(await machine.get(f"/v1/desk/patrons/{other}/loans"))["items"]
    assert [one["item"] for one in loans] == [item]


@pytest.mark.clause("O09", "O03")
async def test_at_the_desk_card_or_identification_is_enough(town: Town) -> None:
    who = await town.patron("orebro", identity="19660606-6666")
    async with town.desk(OREBRO) as desk:
        for shown in ({"card": f"2{who}"}, {"identity": "19660606-6666"}):
            only(await lend(desk, await town.item(at=OREBRO), **shown), 201)


@pytest.mark.clause("O32")
async def test_an_agent_borrows_for_a_patron_whose_loan_it_is(town: Town) -> None:
    who, agent, item = await town.patron("orebro"), await town.patron("orebro"), await town.item(at=OREBRO)
    async with town.desk(OREBRO) as desk:
        loan = only(await lend(desk, item, card=f"2{who}", agent=agent), 201)
        assert who not in str(loan)
        assert [
            len(only(await desk.get(f"/v1/desk/patrons/{one}/loans"))["items"]) for one in (who, agent)
        ] == [1, 0]


@pytest.mark.clause("D11", "K12")
@pytest.mark.parametrize(
    ("at", "member", "words"),
    [
        (KUNGSBACKA, "kungsbacka", "Lämnas tillbaka senast: 2026-12-21"),
        (OREBRO, "orebro", "Lämnas tillbaka senast: 2026-12-21"),
    ],
)
async def test_the_receipt_and_the_pages_state_the_due_date(
    town: Town, at: str, member: str, words: str
) -> None:
    who, item = await town.patron(member), await town.item(at=at)
    async with town.desk(at) as desk:
        loan = only(await lend(desk, item, card=f"2{who}"), 201)
    assert loan["slip"] == ["LÅNEKVITTO", f"Exemplar: {item}", words]
    async with await town.log_in(who, member) as mine:
        (shown,) = only(await mine.get("/v1/me/loans"))["items"]
    assert shown["due"] == loan["due"] == "2026-12-21"
    assert who not in str(loan["slip"])


@pytest.mark.clause("K17")
async def test_what_is_brought_home_has_a_period_of_its_own_also_when_it_is_renewed(town: Town) -> None:
    who = await town.patron("kungsbacka")
    items = [await town.item(at=KUNGSBACKA), await town.item("t2", at=KUNGSBACKA)]
    async with town.desk(KUNGSBACKA) as desk:
        home = only(await lend(desk, items[0], card=f"2{who}", service="home_delivery"), 201)
        here = only(await lend(desk, items[1], card=f"2{who}"), 201)
        assert (home["due"], here["due"]) == ("2027-01-04", "2026-12-21")
        assert home["because"][0]["rule"] == "kungsbacka/home_delivery"
        (renewed,) = only(await desk.post("/v1/desk/renewals", json={"loans": [home["id"]]}))["outcomes"]
        assert renewed["due"] == "2027-01-04"
        assert (await lend(desk, items[0], card=f"2{who}", service="by_drone")).status_code == 422


@pytest.mark.clause("V01")
async def test_what_is_borrowed_in_one_municipality_is_returned_in_another(town: Town) -> None:
    who, item = await town.patron(), await town.item(at=PARTILLE)
    async with town.desk(PARTILLE) as there, town.desk(LERUM) as here:
        only(await lend(there, item, card=f"2{who}"), 201)
        answer = only(await here.post("/v1/desk/returns", json={"item": item}))
        assert (answer["bin"], answer["branch"]) == ("transit", PARTILLE)
        await town.consortium.settle()
        assert only(await there.get(f"/v1/desk/patrons/{who}/loans"))["items"] == []


@pytest.mark.clause("K01")
async def test_one_card_opens_every_library_of_the_municipality_and_borrowing_is_free(town: Town) -> None:
    who = await town.patron("kungsbacka")
    async with town.desk(KUNGSBACKA) as desk:
        only(await lend(desk, await town.item(at=KUNGSBACKA), card=f"2{who}"), 201)
    await town.consortium.settle()
    async with await town.log_in(who, "kungsbacka") as mine:
        assert only(await mine.get("/v1/me/fees"))["items"] == []


@pytest.mark.clause("D20", "K36", "O22")
@pytest.mark.parametrize("way", ["web", "desk"])
async def test_a_renewal_answers_the_new_due_date_of_each_title(town: Town, way: str) -> None:
    who = await town.patron("kungsbacka")
    items = [await town.item(at=KUNGSBACKA), await town.item("t2", at=KUNGSBACKA)]
    async with town.desk(KUNGSBACKA) as desk, await town.log_in(who, "kungsbacka") as mine:
        loans = [only(await lend(desk, one, card=f"2{who}"), 201)["id"] for one in items]
        asker, path = (mine, "/v1/me/renewals") if way == "web" else (desk, "/v1/desk/renewals")
        outcomes = only(await asker.post(path, json={"loans": [*loans, "no-such-loan"]}))["outcomes"]
    assert [(one["renewed"], one["due"]) for one in outcomes] == [
        (True, "2026-12-21"), (True, "2026-12-21"), (False, None),
    ]  # fmt: skip
    assert [one["reason"] for one in outcomes[2]["reasons"]] == ["unknown_loan"]


@pytest.mark.clause("D21", "O14")
@pytest.mark.parametrize(
    ("at", "member", "material", "times"),
    [
        (GLADSAXE, "gladsaxe", "book", 3),
        (GLADSAXE, "gladsaxe", "quick_loan", 0),
        (OREBRO, "orebro", "quick_loan", 0),
        (OREBRO, "orebro", "book", 5),
        (KUNGSBACKA, "kungsbacka", "book", 5),
    ],
)
async def test_a_book_says_how_often_a_material_is_renewed(
    town: Town, at: str, member: str, material: str, times: int
) -> None:
    who, item = await town.patron(member), await town.item(at=at, material=material)
    async with town.desk(at) as desk:
        loan = only(await lend(desk, item, card=f"2{who}"), 201)
        for left in range(times, -1, -1):
            (outcome,) = only(await desk.post("/v1/desk/renewals", json={"loans": [loan["id"]]}))["outcomes"]
            assert outcome["renewed"] is (left > 0)
    assert [one["reason"] for one in outcome["reasons"]] == ["no_renewals_left"]
    assert outcome["reasons"][0]["because"][0]["says"]["sv"]


@pytest.mark.clause("V18", "K11", "K42", "K43")
async def test_history_is_the_patrons_own_and_goes_when_it_is_turned_off(town: Town) -> None:
    who = await town.patron("kungsbacka")
    kept, unkept = await town.item(at=KUNGSBACKA), await town.item("t2", at=KUNGSBACKA)

    async def borrow_and_return(item: str) -> None:
        only(await lend(desk, item, card=f"2{who}"), 201)
        only(await desk.post("/v1/desk/returns", json={"item": item}))
        await town.consortium.settle()

    async with town.desk(KUNGSBACKA) as desk, await town.log_in(who, "kungsbacka") as mine:
        await borrow_and_return(unkept)
        assert only(await mine.get("/v1/me/history"))["items"] == []
        assert only(await mine.put("/v1/me/history", json={"enabled": True})) == {"enabled": True}
        await town.consortium.settle()
        await borrow_and_return(kept)
        (ended,) = only(await mine.get("/v1/me/history"))["items"]
        assert ended["item"] == kept
        assert (await desk.get("/v1/me/history")).status_code == 403
        assert (await desk.get(f"/v1/desk/patrons/{who}/history")).status_code == 404
        assert only(await mine.put("/v1/me/history", json={"enabled": False})) == {"enabled": False}
        assert only(await mine.get("/v1/me/history"))["items"] == []
        await town.consortium.settle()
        await borrow_and_return(kept)
        assert only(await mine.get("/v1/me/history"))["items"] == []


@pytest.mark.clause("K43")
async def test_a_history_may_be_deleted_and_goes_on(town: Town) -> None:
    who, item = await town.patron(history=True), await town.item()
    async with town.desk() as desk, await town.log_in(who) as mine:
        for _ in range(2):
            only(await lend(desk, item, card=f"2{who}"), 201)
            only(await desk.post("/v1/desk/returns", json={"item": item}))
            await town.consortium.settle()
            assert len(only(await mine.get("/v1/me/history"))["items"]) == 1
            only(await mine.delete("/v1/me/history"), 204)
            assert only(await mine.get("/v1/me/history"))["items"] == []


@pytest.mark.clause("D13", "O26")
async def test_a_return_gives_a_receipt_at_the_desk_and_at_the_sorter(town: Town) -> None:
    who, item = await town.patron("orebro"), await town.item(at=OREBRO)
    async with town.desk(OREBRO) as desk:
        only(await lend(desk, item, card=f"2{who}"), 201)
        answer = only(await desk.post("/v1/desk/returns", json={"item": item}))
        assert answer["slip"] == ["TILLBAKA PÅ HYLLAN", f"Exemplar: {item}"]
        await town.consortium.settle()
        assert only(await desk.get(f"/v1/desk/patrons/{who}/loans"))["items"] == []
