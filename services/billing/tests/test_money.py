"""Commands about money on the running service: pay, waive, charge at the desk, and what a debt stops."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest
from samlan_billing.api import STATUS
from samlan_billing.domain.refusals import Reason, Refusal
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached, FeeCharged, FeePaid
from samlan_contracts.events.holds import HoldPlaced
from samlan_plumbing.ids import derive

KUNGSBACKA = ("kungsbacka", "SEK")
FEE = derive("fee", "loan-1", "overdue")
ALL_ACTS = ["book_computer", "borrow", "hold", "renew", "staffless"]


def reasons(answer: Any) -> list[tuple[str, str | None]]:
    assert answer.headers["content-type"].startswith("application/problem+json")
    return [(one["reason"], one.get("fee")) for one in answer.json()["reasons"]]


async def blocks(billing: Any, patron: str = "karin") -> list[tuple[str, list[str]]]:
    return [(one["member"], one["stops"]) for one in (await billing.account(patron))["blocks"]]


def test_every_reason_has_its_status() -> None:
    assert set(STATUS) == set(get_args(Reason))


@pytest.mark.parametrize(
    "reason", sorted(set(get_args(Reason)) - {"amount_needed", "amount_not_wanted", "waiver_limit"})
)
def test_what_no_rule_of_a_book_refuses_says_why_all_the_same(reason: Reason) -> None:
    (why,) = Refusal(reason=reason).because
    assert (why["rule"], set(why["says"])) == (reason, {"sv", "da", "en"})
    assert set(STATUS.values()) <= {403, 404, 409}


# -- payments ------------------------------------------------------------------------------------------------


async def test_a_payment_is_booked_at_once_and_its_fees_leave_the_ledger(billing: Any) -> None:
    await billing.returned(days_late=2)
    await billing.world.settle()
    answer = await billing.pay(FEE, command="c1")
    assert answer.status_code == 201
    assert answer.json()["amount"] == {"amount": 600, "currency": "SEK"}
    (fee,) = await billing.fees()
    assert (fee["id"], fee["outstanding"]["amount"]) == (FEE, 0)
    assert await billing.owed() == {}
    (ledger,) = await billing.documents("ledgers")
    assert (ledger["open"], ledger["moved"]) == ([], 1)
    await billing.world.settle()
    assert [one.fees for one in billing.world.events(FeePaid)] == [(FEE,)]


async def test_services_are_told_whose_a_fee_is_open_or_settled(billing: Any) -> None:
    await billing.imported({"fee": "f1", "amount": 100})
    assert (await billing.world.get("billing", "/fees/f1")).json()["patron"] == "karin"
    await billing.pay("f1")
    assert (await billing.world.get("billing", "/fees/f1")).json()["patron"] == "karin"
    assert (await billing.world.get("billing", "/fees/f2")).status_code == 404


async def test_the_same_payment_again_is_answered_the_same_and_another_is_refused(billing: Any) -> None:
    await billing.returned(days_late=2)
    await billing.world.settle()
    first = await billing.pay(FEE, command="c1")
    again = await billing.pay(FEE, command="c1")
    assert (again.status_code, again.json()) == (201, first.json())
    other = await billing.pay(FEE, command="c2")
    assert (other.status_code, reasons(other)) == (409, [("already_paid", FEE)])
    await billing.world.settle()
    assert len(billing.world.events(FeePaid)) == 1


async def test_a_payment_is_all_or_nothing_with_every_reason(billing: Any) -> None:
    await billing.imported(
        {"fee": "f1", "amount": 100},
        {"fee": "f2", "amount": 200},
        {"fee": "x", "amount": 1, "patron": "lasse"},
    )
    await billing.imported({"fee": "dk", "amount": 300, "currency": "DKK", "member": "gladsaxe"})
    await billing.pay("f2")
    answer = await billing.pay("f1", "f2", "dk", "x", "nobodys")
    assert answer.status_code == 409
    assert reasons(answer) == [
        ("unknown_fee", "x"), ("unknown_fee", "nobodys"), ("already_paid", "f2"), ("other_currency", "dk"),
    ]  # fmt: skip
    assert await billing.owed() == {KUNGSBACKA: 100, ("gladsaxe", "DKK"): 300}


async def test_a_fee_named_twice_is_paid_once(billing: Any) -> None:
    await billing.imported({"fee": "f1", "amount": 100})
    assert (await billing.pay("f1", "f1")).json()["amount"]["amount"] == 100


async def test_ten_payments_of_one_fee_at_once_take_the_money_once(billing: Any) -> None:
    await billing.start("billing-2")
    await billing.imported({"fee": "f1", "amount": 100})
    answers = await asyncio.gather(*(billing.pay("f1", command=f"c{number}") for number in range(10)))
    assert sorted(one.status_code for one in answers) == [201, *[409] * 9]
    await billing.world.settle()
    assert len(billing.world.events(FeePaid)) == 1


UNREADABLE_PAYMENTS: tuple[Any, ...] = (
    {},
    [],
    {"patron": "karin", "fees": []},
    {"patron": "karin", "fees": "f1"},
    {"patron": "karin", "fees": [1]},
    {"patron": "karin", "fees": ["f"] * 501},
    {"patron": "", "fees": ["f1"]},
    {"patron": {"$ne": None}, "fees": ["f1"]},
    {"patron": "karin", "fees": [{"$gt": ""}]},
)


async def test_a_payment_that_cannot_be_read_is_a_clear_error(billing: Any) -> None:
    for body in UNREADABLE_PAYMENTS:
        answer = await billing.world.post("billing", "/payments", body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"], body


async def test_private_routes_open_to_service_tokens_only(billing: Any) -> None:
    async with billing.world.ask("billing") as client:
        client.headers.pop("authorization")
        answer = await client.get("/private/v1/patrons/karin/fees")
    assert answer.status_code == 401


# -- waivers -------------------------------------------------------------------------------------------------


async def test_a_part_is_forgiven_once_for_one_command(billing: Any) -> None:
    await billing.imported({"fee": "f1", "amount": 1000})
    for _ in range(2):
        answer = await billing.waive("f1", amount=400, command="w1")
        assert (answer.status_code, answer.json()["waived"]["amount"]) == (200, 400)
        assert answer.json()["outstanding"]["amount"] == 600
    assert (await billing.waive("f1", command="w2")).json()["outstanding"]["amount"] == 0
    again = await billing.waive("f1", command="w2")
    assert (again.status_code, again.json()["waived"]["amount"]) == (200, 600)
    assert reasons(await billing.waive("f1")) == [("already_paid", "f1")]


async def test_above_the_limit_only_an_operator_forgives(billing: Any) -> None:
    await billing.imported({"fee": "f1", "amount": 50001})
    answer = await billing.waive("f1")
    assert (answer.status_code, reasons(answer)) == (403, [("waiver_limit", "f1")])
    assert answer.json()["reasons"][0]["because"][0]["rule"] == "kungsbacka/desk_waives_up_to"
    assert (await billing.waive("f1", amount=50000)).status_code == 200
    assert (await billing.waive("f1")).status_code == 403
    assert (await billing.waive("f1", role="operator")).status_code == 200
    assert await billing.owed() == {}


async def test_what_nobody_owes_is_not_forgiven(billing: Any) -> None:
    assert (await billing.waive("nobodys")).status_code == 404
    await billing.imported({"fee": "f1", "amount": 100})
    assert reasons(await billing.waive("f1", amount=101)) == [("amount_above_outstanding", "f1")]


UNREADABLE_WAIVERS: tuple[dict[str, Any], ...] = (
    {"why": ""}, {"why": "   "}, {"role": "patron"},
    {"amount": 0}, {"amount": -5}, {"amount": "5"}, {"amount": 1.5},
)  # fmt: skip


async def test_a_waiver_that_cannot_be_read_is_a_clear_error(billing: Any) -> None:
    await billing.imported({"fee": "f1", "amount": 100})
    for more in UNREADABLE_WAIVERS:
        body = {"role": "desk", "why": "kindness", **more}
        assert (await billing.world.post("billing", "/fees/f1/waive", body)).status_code == 422, more
    assert await billing.owed() == {KUNGSBACKA: 100}


# -- the desk ------------------------------------------------------------------------------------------------


async def charge(billing: Any, kind: str, patron: str = "karin", **more: Any) -> Any:
    return await billing.world.post("billing", "/fees", {"patron": patron, "kind": kind, **more})


@pytest.mark.clause("K10")
@pytest.mark.parametrize(("patron", "minor"), [("karin", 2500), ("lasse", 1000)])
async def test_a_new_card_costs_adults_more_than_children(billing: Any, patron: str, minor: int) -> None:
    answer = await charge(billing, "card", patron)
    assert (answer.status_code, answer.json()["amount"]["amount"]) == (201, minor)
    await billing.world.settle()
    assert [(one.kind, one.amount_minor) for one in billing.world.events(FeeCharged)] == [("card", minor)]


@pytest.mark.clause("K27")
async def test_a_printed_page_costs_by_its_size_and_colour(billing: Any) -> None:
    prices = {"print_a4_bw": 300, "print_a4_colour": 500, "print_a3_bw": 500, "print_a3_colour": 700}
    for kind, minor in prices.items():
        assert (await charge(billing, kind)).json()["amount"]["amount"] == minor
        assert (await charge(billing, kind, pages=3)).json()["amount"]["amount"] == 3 * minor


@pytest.mark.clause("K27")
@pytest.mark.parametrize(("pages", "minor"), [(1, 0), (5, 0), (6, 300), (7, 600)])
async def test_five_pages_of_what_is_not_lent_are_free(billing: Any, pages: int, minor: int) -> None:
    fee = (await charge(billing, "print_a4_bw", pages=pages, reference=True)).json()
    assert fee["amount"]["amount"] == minor
    [why] = fee["because"]
    assert (why["inputs"]["pages"], why["inputs"]["free_pages"]) == (pages, min(pages, 5))
    assert (await billing.owed()).get(KUNGSBACKA, 0) == minor


@pytest.mark.clause("K30", "K31")
@pytest.mark.parametrize(("price", "minor"), [(None, 12000), (12000, 12000), (12001, 12001)])
async def test_a_damaged_item_costs_its_price_also_a_child(
    billing: Any, price: int | None, minor: int
) -> None:
    thing = {"item": "i9", "title": "t9", "member": "kungsbacka", "home": "kungsbacka/fyren",
             "material": "book", "audience": "child", "price_minor": price}  # fmt: skip
    fee = (await charge(billing, "replacement", "lasse", item="i9", thing=thing)).json()
    assert (fee["kind"], fee["item"], fee["amount"]["amount"]) == ("replacement", "i9", minor)
    assert fee["because"][0]["cites"] == ["K30", "K31"]
    assert reasons(await charge(billing, "replacement", "lasse", thing=thing, amount=1)) == [
        ("amount_not_wanted", None)
    ]
    assert reasons(await charge(billing, "replacement", "lasse")) == [("unknown_kind", None)]


@pytest.mark.clause("K26")
async def test_an_interlibrary_loan_costs_twenty_kronor_and_a_copy_what_it_cost(billing: Any) -> None:
    assert (await charge(billing, "interlibrary")).json()["amount"]["amount"] == 2000
    assert reasons(await charge(billing, "interlibrary_copy")) == [("amount_needed", None)]
    copy = (await charge(billing, "interlibrary_copy", amount=777)).json()
    assert copy["amount"]["amount"] == 777
    [why] = copy["because"]  # which alone says what it is: the figure stands in it
    assert why["inputs"]["amount"] == copy["amount"]
    assert why["says"]["sv"] == "Fjärrlånekopia: 7,77 kr, den faktiska kostnaden."
    assert reasons(await charge(billing, "interlibrary", amount=1)) == [("amount_not_wanted", None)]


async def test_the_same_command_charges_once(billing: Any) -> None:
    first = await charge(billing, "card", command="c1")
    again = await charge(billing, "card", command="c1")
    assert first.json() == again.json()
    await billing.pay(first.json()["id"])
    assert (await charge(billing, "card", command="c1")).json()["id"] == first.json()["id"]
    await billing.world.settle()
    assert len(billing.world.events(FeeCharged)) == 1


async def test_nobody_and_nothing_are_not_charged(billing: Any) -> None:
    assert (await charge(billing, "card", "nobody")).status_code == 404
    assert reasons(await charge(billing, "moonlight")) == [("unknown_kind", None)]
    assert reasons(await charge(billing, "card", member="atlantis")) == [("unknown_member", None)]
    assert (await charge(billing, "print_a4_bw", pages=0)).status_code == 422


# -- what a debt stops ---------------------------------------------------------------------------------------


@pytest.mark.clause("K28")
async def test_more_than_a_hundred_kronor_stops_every_act_in_kungsbacka(billing: Any) -> None:
    await billing.returned(days_late=33)
    await billing.world.settle()
    assert await blocks(billing) == []
    await billing.imported({"fee": "f1", "amount": 100})
    assert await blocks(billing) == []
    await billing.returned(days_late=1, loan="loan-2")
    await billing.world.settle()
    assert await blocks(billing) == [("kungsbacka", ALL_ACTS)]
    (told,) = billing.world.events(DebtLimitReached)
    assert (told.blocks[0].outstanding_minor, told.blocks[0].currency) == (10300, "SEK")
    assert told.blocks[0].because[0]["cites"] == ["K28", "K29"]


@pytest.mark.clause("K29")
async def test_a_paid_debt_stops_nothing_any_more(billing: Any) -> None:
    await billing.returned(days_late=34)
    await billing.world.settle()
    assert await blocks(billing) == [("kungsbacka", ALL_ACTS)]
    await billing.pay(FEE)
    await billing.world.settle()
    assert await blocks(billing) == []
    (cleared,) = billing.world.events(DebtLimitCleared)
    assert cleared.blocks == ()
    sequences = {one.type: one.sequence for one in billing.world.told if one.subject == "ledger/karin"}
    assert sequences["billing.debt_limit_cleared"] > sequences["billing.debt_limit_reached"]


@pytest.mark.clause("O30")
@pytest.mark.parametrize(("days_late", "stopped"), [(24, []), (25, [("orebro", ["borrow"])])])
async def test_fifty_kronor_stop_borrowing_in_orebro(billing: Any, days_late: int, stopped: Any) -> None:
    await billing.patron("olle", member="orebro", born=date(1990, 1, 1))
    await billing.returned("olle", member="orebro", days_late=days_late, born=date(1990, 1, 1))
    await billing.world.settle()
    assert await blocks(billing, "olle") == stopped


@pytest.mark.clause("O31")
async def test_a_child_is_never_stopped_in_orebro_until_the_day_it_comes_of_age(billing: Any) -> None:
    await billing.patron("emil", member="orebro")
    await billing.world.settle()
    await billing.imported({"fee": "f1", "amount": 90000, "member": "orebro", "patron": "emil"})
    assert await blocks(billing, "emil") == []
    billing.world.clock.set(datetime(2026, 11, 24, 22, 59, tzinfo=UTC))
    await billing.world.post("billing", "/clock/run")
    assert await blocks(billing, "emil") == []
    due = (await billing.world.get("billing", "/clock/next")).json()["due"]
    assert datetime.fromisoformat(due) == datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    billing.world.clock.set(datetime(2026, 11, 24, 23, 0, tzinfo=UTC))
    await billing.world.post("billing", "/clock/run")
    await billing.world.settle()
    assert await blocks(billing, "emil") == [("orebro", ["borrow"])]
    assert [one.patron for one in billing.world.events(DebtLimitReached)] == ["emil"]


async def test_a_debt_to_gladsaxe_and_one_to_kungsbacka_never_stop_together(billing: Any) -> None:
    await billing.imported(
        {"fee": "f1", "amount": 9000},
        {"fee": "f2", "amount": 9000, "member": "gladsaxe", "currency": "DKK"},
        {"fee": "f3", "amount": 9000, "member": "orebro"},
    )
    assert await blocks(billing) == []


async def test_a_birth_date_that_accounts_corrects_changes_what_a_debt_stops(billing: Any) -> None:
    await billing.patron("lasse", member="orebro")
    await billing.world.settle()
    await billing.imported({"fee": "f1", "amount": 6000, "member": "orebro", "patron": "lasse"})
    assert await blocks(billing, "lasse") == []
    await billing.patron("lasse", member="orebro", born=date(2000, 1, 1))
    await billing.world.settle()
    assert await blocks(billing, "lasse") == [("orebro", ["borrow"])]


async def ordered(billing: Any, patron: str, hold: str, *, interlibrary: bool = True) -> None:
    event = HoldPlaced(
        hold=hold, patron=patron, title="t1", pickup="kungsbacka/fyren", channel="web",
        interlibrary=interlibrary,
    )  # fmt: skip
    await billing.world.tell(event, subject="title/t1", sequence=1)
    await billing.world.settle()


@pytest.mark.clause("K26", "D19")
async def test_a_hold_on_what_nobody_owns_costs_the_interlibrary_fee_once(billing: Any) -> None:
    await ordered(billing, "karin", "h1")
    await ordered(billing, "karin", "h1")
    (fee,) = await billing.fees("karin")
    assert (fee["kind"], fee["amount"]) == ("interlibrary", {"amount": 2000, "currency": "SEK"})
    assert fee["because"][0]["cites"] == ["K19", "K26"]


@pytest.mark.clause("K26", "D19")
async def test_a_hold_on_what_somebody_owns_costs_nothing_nor_does_one_where_the_book_is_free(
    billing: Any,
) -> None:
    await billing.patron("bodil", member="gladsaxe", born="1980-01-01")
    await ordered(billing, "karin", "h1", interlibrary=False)
    await ordered(billing, "bodil", "h2")
    assert await billing.fees("karin") == []
    assert await billing.fees("bodil") == []


async def test_a_hold_heard_of_before_its_patron_is_charged_once_the_patron_is_known(billing: Any) -> None:
    await billing.world.tell(
        HoldPlaced(
            hold="h9", patron="new", title="t1", pickup="kungsbacka/fyren", channel="web", interlibrary=True
        ),
        subject="title/t1",
        sequence=9,
    )
    await billing.patron("new", born="1980-01-01")
    await billing.world.settle()
    assert [one["kind"] for one in await billing.fees("new")] == ["interlibrary"]
