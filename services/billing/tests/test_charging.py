"""Overdue fees of the running service: each figure at its edges, and every way the news may come."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
from samlan_contracts.events.billing import DebtLimitReached, FeeCharged, FeeCorrected
from samlan_plumbing.ids import derive

from .conftest import HOME

KUNGSBACKA = ("kungsbacka", "SEK")


async def costs(billing: Any, *loans: dict[str, Any]) -> list[int]:
    """What each of these loans cost, in minor units; each its own."""
    for number, loan in enumerate(loans):
        await billing.returned(loan=f"loan-{number}", **loan)
    await billing.world.settle()
    fees = {fee["loan"]: fee["amount"]["amount"] for fee in await billing.fees()}
    assert 0 not in fees.values()
    return [fees.get(f"loan-{number}", 0) for number in range(len(loans))]


@pytest.mark.clause("K20")
async def test_adult_media_cost_three_kronor_a_day_in_kungsbacka(billing: Any) -> None:
    assert await costs(billing, *({"days_late": days} for days in (-1, 0, 1, 2, 8))) == [0, 0, 300, 600, 2400]


@pytest.mark.clause("K20", "K25")
async def test_a_childrens_book_costs_nobody_anything(billing: Any) -> None:
    await billing.returned(days_late=8, audience="child")
    await billing.world.settle()
    assert await billing.fees() == []


@pytest.mark.clause("K21")
async def test_films_and_games_cost_five_kronor_a_day(billing: Any) -> None:
    film, game = {"material": "feature_film"}, {"material": "video_game"}
    late = [{**one, "days_late": days} for one in (film, game) for days in (0, 1, 2)]
    assert await costs(billing, *late) == [0, 500, 1000, 0, 500, 1000]


async def test_a_calendar_told_anew_counts_from_the_next_return_on(billing: Any) -> None:
    """Half an hour past midnight in Sweden is still the due date on the Azores."""
    past_midnight = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    loan: dict[str, Any] = {"due": date(2026, 3, 2), "at": past_midnight}
    before = await costs(billing, loan)
    await billing.branch(HOME["kungsbacka"], timezone="Atlantic/Azores")
    await billing.world.settle()
    await billing.returned(loan="later", **loan)
    await billing.world.settle()
    assert (before, [fee["loan"] for fee in await billing.fees()]) == ([300], ["loan-0"])


@pytest.mark.clause("O24")
async def test_a_late_return_costs_the_same_whether_or_not_anybody_was_reminded(billing: Any) -> None:
    await billing.patron("olof", member="orebro", born=date(1970, 1, 1))
    await billing.returned("olof", member="orebro", days_late=1, loan="unreminded")
    await billing.world.settle()
    assert [one["kind"] for one in await billing.fees("olof")] == ["overdue"]


@pytest.mark.clause("K19")
async def test_only_days_from_the_first_of_september_2018_cost_anything(billing: Any) -> None:
    await billing.returned(days_late=4, due=date(2018, 8, 29))
    await billing.world.settle()
    (fee,) = await billing.fees()
    assert fee["amount"]["amount"] == 600
    assert [one["inputs"]["amount"]["amount"] for one in fee["because"]] == [0, 600]


@pytest.mark.clause("K25")
async def test_a_child_pays_no_overdue_fee_in_kungsbacka(billing: Any) -> None:
    await billing.returned("lasse", days_late=30)
    await billing.world.settle()
    assert await billing.fees("lasse") == []
    assert await billing.documents("ledgers") == []


@pytest.mark.clause("K25")
async def test_days_before_the_eighteenth_birthday_are_free_and_those_after_are_not(billing: Any) -> None:
    await billing.returned("emil", days_late=3, due=date(2026, 11, 23))
    await billing.world.settle()
    assert await billing.owed("emil") == {KUNGSBACKA: 600}


@pytest.mark.clause("O29")
async def test_a_late_return_costs_a_fee_in_orebro(billing: Any) -> None:
    assert await costs(billing, *({"days_late": days, "member": "orebro"} for days in (0, 1))) == [0, 200]
    assert await billing.owed() == {("orebro", "SEK"): 200}


@pytest.mark.clause("O38")
async def test_a_child_pays_no_overdue_fee_in_orebro(billing: Any) -> None:
    await billing.returned("lasse", member="orebro", days_late=30)
    await billing.world.settle()
    assert await billing.fees("lasse") == []


@pytest.mark.clause("D16")
async def test_a_late_return_costs_danish_kroner_in_gladsaxe(billing: Any) -> None:
    assert await costs(billing, *({"days_late": days, "member": "gladsaxe"} for days in (0, 1))) == [0, 200]
    assert await billing.owed() == {("gladsaxe", "DKK"): 200}


async def test_debts_in_two_currencies_stand_apart(billing: Any) -> None:
    await billing.returned(days_late=1)
    await billing.returned(member="gladsaxe", days_late=1, loan="loan-2")
    await billing.world.settle()
    assert await billing.owed() == {KUNGSBACKA: 300, ("gladsaxe", "DKK"): 200}


CLOCK_CHANGES = (
    (date(2026, 10, 24), datetime(2026, 10, 24, 21, 59, 59, tzinfo=UTC), 0),
    (date(2026, 10, 24), datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 300),
    (date(2026, 10, 24), datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), 300),
    (date(2026, 10, 24), datetime(2026, 10, 25, 23, 0, tzinfo=UTC), 600),
    (date(2026, 3, 28), datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 300),
    (date(2026, 3, 28), datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), 300),
    (date(2026, 3, 28), datetime(2026, 3, 29, 22, 0, tzinfo=UTC), 600),
)


async def test_a_day_that_the_clock_changes_is_one_day(billing: Any) -> None:
    loans = [{"due": due, "at": at} for due, at, _ in CLOCK_CHANGES]
    assert await costs(billing, *loans) == [owed for *_, owed in CLOCK_CHANGES]


async def test_a_return_in_time_writes_and_tells_nothing(billing: Any) -> None:
    await billing.returned(days_late=0)
    await billing.world.settle()
    assert await billing.documents("ledgers") == []
    assert [one for one in billing.world.told if one.type.startswith("billing.")] == []


async def test_the_fee_carries_its_id_its_reasons_and_its_cause(billing: Any) -> None:
    loan = await billing.returned(days_late=2)
    await billing.world.settle()
    (told,) = billing.world.events(FeeCharged)
    (fee,) = await billing.fees()
    assert fee["id"] == told.fee == derive("fee", loan.loan, "overdue")
    assert (told.amount_minor, told.currency, told.title) == (600, "SEK", "title-of-item-of-loan-1")
    assert fee["because"][0]["rule"] == "kungsbacka/adult_media"
    assert set(fee["because"][0]["says"]) == {"sv", "da", "en"}
    envelope = next(one for one in billing.world.told if one.type == "billing.fee_charged")
    returned = next(one for one in billing.world.told if one.type == "circulation.item_returned")
    assert (envelope.cause, envelope.subject) == (returned.id, "ledger/karin")
    by_loan = (await billing.world.get("billing", f"/loans/{loan.loan}/fees")).json()["items"]
    assert [one["id"] for one in by_loan] == [fee["id"]]


async def test_the_same_event_three_times_charges_once(billing: Any) -> None:
    await billing.returned(days_late=2, times=3)
    await billing.world.settle()
    assert await billing.owed() == {KUNGSBACKA: 600}
    assert len(billing.world.events(FeeCharged)) == 1


async def test_another_return_of_the_same_loan_changes_nothing(billing: Any) -> None:
    await billing.returned(days_late=2)
    await billing.returned(days_late=5)
    await billing.world.settle()
    assert await billing.owed() == {KUNGSBACKA: 600}


async def test_a_return_after_the_fee_was_paid_and_left_the_ledger_charges_nothing(billing: Any) -> None:
    await billing.returned(days_late=2)
    await billing.world.settle()
    fee = derive("fee", "loan-1", "overdue")
    assert (await billing.pay(fee)).status_code == 201
    assert [len(one.get("open", [])) for one in await billing.documents("ledgers")] == [0]
    await billing.returned(days_late=2)
    await billing.world.settle()
    assert await billing.owed() == {}
    assert len(billing.world.events(FeeCharged)) == 1


async def test_an_earlier_return_lowers_the_fee_whichever_news_comes_first(billing: Any) -> None:
    await billing.returned(days_late=5)
    await billing.world.settle()
    await billing.closing_moved(days_late=2, times=2)
    await billing.closing_moved(loan="loan-2", days_late=2)
    await billing.world.settle()
    await billing.returned(loan="loan-2", days_late=5)
    await billing.world.settle()
    assert {fee["loan"]: fee["amount"]["amount"] for fee in await billing.fees()} == {
        "loan-1": 600,
        "loan-2": 600,
    }
    (corrected,) = billing.world.events(FeeCorrected)
    assert (corrected.amount_minor, corrected.corrects) == (900, corrected.fee)


async def test_an_earlier_return_in_time_that_comes_first_keeps_no_name_and_charges_nothing(
    billing: Any,
) -> None:
    await billing.closing_moved(days_late=0)
    await billing.world.settle()
    await billing.returned(days_late=5)
    await billing.world.settle()
    assert await billing.fees() == []
    (kept,) = await billing.documents("closings")
    assert set(kept) == {"_id", "returned_at"}
    assert await billing.documents("settled") == []
    assert billing.world.events(FeeCharged) == []


async def test_what_was_overpaid_is_a_credit_and_pays_the_next_fee(billing: Any) -> None:
    await billing.returned(days_late=5)
    await billing.world.settle()
    await billing.pay(derive("fee", "loan-1", "overdue"))
    await billing.closing_moved(days_late=1)
    await billing.world.settle()
    assert await billing.owed() == {KUNGSBACKA: -1200}
    await billing.returned(loan="loan-2", days_late=6)
    await billing.world.settle()
    paid = await billing.pay(derive("fee", "loan-2", "overdue"))
    assert (paid.json()["amount"]["amount"], paid.json()["credit"]["amount"]) == (600, 1200)
    assert await billing.owed() == {}


async def test_a_return_that_comes_before_its_branch_waits_for_it(bare: Any) -> None:
    await bare.start()
    await bare.returned(days_late=1)
    while not await bare.waiting():
        await asyncio.sleep(0.01)
    await bare.branch("kungsbacka/stadsbiblioteket")
    await bare.world.settle()
    assert await bare.owed() == {KUNGSBACKA: 300}


async def test_a_return_needs_nothing_known_of_its_patron(billing: Any) -> None:
    await billing.returned("stranger", days_late=34, born=date(2000, 1, 1))
    await billing.world.settle()
    assert await billing.owed("stranger") == {KUNGSBACKA: 10200}
    assert [one.patron for one in billing.world.events(DebtLimitReached)] == ["stranger"]


async def test_two_replicas_racing_on_one_ledger_charge_every_loan_once(billing: Any) -> None:
    await billing.start("billing-2")
    for number in range(40):
        await billing.returned(loan=f"loan-{number}", days_late=1, times=2)
    await billing.world.settle()
    fees = await billing.fees()
    assert len(fees) == 40
    assert await billing.owed() == {KUNGSBACKA: 12000}
    assert len(billing.world.events(FeeCharged)) == 40
    assert len(billing.world.events(DebtLimitReached)) == 1
    sequences = [one.sequence for one in billing.world.told if one.subject == "ledger/karin"]
    assert len(set(sequences)) == 41


async def test_an_unreadable_event_is_a_dead_letter_and_the_next_is_served(billing: Any) -> None:
    key = "circulation.item_returned.v1"
    for body in (b"\xff\xfe", b"[]", b'{"type": "circulation.item_returned"}'):
        await billing.world.publish("events", key, body, message_id=body.hex(), type=key, headers={})
    await billing.returned(days_late=1)
    await billing.world.settle()
    assert await billing.owed() == {KUNGSBACKA: 300}
    assert (await billing.world.get("billing", "/flow")).json()["dead"] == 3
