"""What follows a loan that is not returned: reminder fees, invoices, what a late return takes off them."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from samlan_contracts.events.billing import (
    DebtLimitCleared,
    DebtLimitReached,
    FeeCharged,
    FeeCorrected,
    InvoiceIssued,
    InvoiceSentToCollection,
)
from samlan_plumbing import seams
from samlan_plumbing.ids import derive
from samlan_testkit.world import POLICIES

from .conftest import DUE, morning

KUNGSBACKA = ("kungsbacka", "SEK")
INVOICED_ON = DUE + timedelta(days=42)
PAYABLE = INVOICED_ON + timedelta(days=30)
COLLECTED_ON = PAYABLE + timedelta(weeks=5)


async def costs(billing: Any, patron: str = "karin") -> dict[str, list[int]]:
    """What a patron was charged and owes still of each kind of fee."""
    await billing.world.settle()
    found: dict[str, list[int]] = {}
    for fee in await billing.fees(patron):
        if fee["amount"]["amount"]:
            found.setdefault(fee["kind"], []).append(fee["amount"]["amount"])
    await billing.owed(patron)
    return {kind: sorted(amounts) for kind, amounts in sorted(found.items())}


async def back(billing: Any, on: date, **more: Any) -> None:
    """The item comes back at noon of a day, and is told of then."""
    at = morning(on) + timedelta(hours=4)
    billing.world.clock.set(max(at, billing.world.clock.now()))
    await billing.returned(at=at, days_late=(on - more.get("due", DUE)).days, **more)
    await billing.world.settle()


async def run(billing: Any, at: datetime) -> None:
    """Library time comes to an instant, and what is due is done."""
    billing.world.clock.set(at)
    for service in billing.world.services.values():
        await service.jobs.run_due()
    await billing.world.settle()


async def with_a_book(bare: Any, folder: Path, *changed: tuple[str, str]) -> None:
    """Billing starts with a book of Kungsbacka in which other things are said."""
    text = (POLICIES / "kungsbacka.yaml").read_text(encoding="utf-8")
    for before, after in changed:
        assert text.count(before) == 1
        text = text.replace(before, after)
    (folder / "kungsbacka.yaml").write_text(text, encoding="utf-8")
    bare.world.policies = folder
    await bare.start()
    await bare.branch("kungsbacka/stadsbiblioteket")
    await bare.patron("karin")
    await bare.world.settle()


# -- reminders -----------------------------------------------------------------------------------------------


@pytest.mark.clause("K22")
async def test_each_reminder_costs_twenty_kronor_once(billing: Any) -> None:
    await billing.stage("due_soon")
    await billing.stage("reminder_1", times=3)
    assert await costs(billing) == {"reminder": [2000]}
    await billing.stage("reminder_2", times=2)
    await billing.stage("reminder_1")
    assert await costs(billing) == {"reminder": [2000, 2000]}
    told = billing.world.events(FeeCharged)
    assert [(one.fee, one.kind, one.amount_minor, one.title) for one in told] == [
        (derive("fee", "loan-1", stage, DUE.isoformat()), "reminder", 2000, "title-of-item-of-loan-1")
        for stage in ("reminder_1", "reminder_2")
    ]
    [first, _] = await billing.fees()
    [why] = first["because"]
    assert (why["rule"], why["cites"]) == ("kungsbacka/reminder_fee", ["K19", "K22"])
    assert why["says"]["sv"] == "Första påminnelsen: 20,00 kr."


@pytest.mark.clause("K19", "K22")
@pytest.mark.parametrize(("due", "owed"), [(date(2018, 8, 24), {}), (date(2018, 8, 25), {KUNGSBACKA: 2000})])
async def test_reminders_cost_something_from_the_first_of_september_2018(
    billing: Any, due: date, owed: dict[Any, int]
) -> None:
    await billing.stage("reminder_1", due=due)
    await billing.world.settle()
    assert await billing.owed() == owed


@pytest.mark.clause("K22")
async def test_a_renewed_loan_is_reminded_of_its_new_date_and_pays_again(billing: Any) -> None:
    await billing.stage("reminder_1")
    await billing.stage("reminder_1", due=DUE + timedelta(days=35))
    assert await costs(billing) == {"reminder": [2000, 2000]}


@pytest.mark.clause("K25", "O38")
async def test_a_child_pays_for_no_reminder_and_no_invoice_but_for_the_item(billing: Any) -> None:
    for stage in ("reminder_1", "reminder_2", "invoiced"):
        await billing.stage(stage, "lasse", audience="child")
        await billing.stage(stage, "lasse", audience="child", member="orebro", loan="loan-2")
    assert await costs(billing, "lasse") == {"replacement": [12000, 12000]}
    assert [one.amount_minor for one in billing.world.events(InvoiceIssued)] == [12000, 12000]


@pytest.mark.clause("K25")
async def test_who_turned_eighteen_pays_for_reminders_from_that_very_day(billing: Any) -> None:
    await billing.stage("reminder_1", "emil", due=date(2026, 11, 17))  # the day before the birthday
    assert await costs(billing, "emil") == {}
    await billing.stage("reminder_1", "emil", due=date(2026, 11, 18), loan="loan-2")
    assert await costs(billing, "emil") == {"reminder": [2000]}


# -- invoices ------------------------------------------------------------------------------------------------


@pytest.mark.clause("K23", "K30")
async def test_an_invoice_has_its_fee_the_price_of_the_item_and_a_day_to_be_paid(billing: Any) -> None:
    await billing.stage("invoiced", times=2)
    assert await costs(billing) == {"invoice": [4000], "overdue": [12600], "replacement": [25000]}
    [told] = billing.world.events(InvoiceIssued)
    assert (told.patron, told.member, told.amount_minor, told.currency) == ("karin", *_kr(41600))
    assert (told.issued_on, told.due, told.loan_due, told.loan) == (INVOICED_ON, PAYABLE, DUE, "loan-1")
    parts = [("invoice", 4000), ("overdue", 12600), ("replacement", 25000)]
    assert [(one.kind, one.amount_minor) for one in told.fees] == parts
    assert billing.world.events(FeeCharged) == []  # the invoice tells of them all
    fees = await billing.fees()
    assert {(one["invoice"], one["invoice_due"]) for one in fees} == {(told.invoice, PAYABLE.isoformat())}
    assert [one["rule"] for one in told.because] == [
        "kungsbacka/invoice_fee", "kungsbacka/invoice_terms", "kungsbacka/adult_media",
        "kungsbacka/invoice_terms", "kungsbacka/adult_book", "kungsbacka/invoice_terms",
    ]  # fmt: skip


def _kr(amount_minor: int) -> tuple[str, int, str]:
    return ("kungsbacka", amount_minor, "SEK")


PRICES = (
    ("book", "adult", 25000), ("audiobook", "adult", 25000), ("book", "child", 12000),
    ("audiobook", "child", 12000), ("dvd", "adult", 40000), ("feature_film", "adult", 40000),
    ("music_cd", "adult", 15000), ("periodical", "adult", 5000), ("periodical", "child", 2500),
    ("book_club_bag", "adult", 14000), ("theme_bag", "child", 14000),
)  # fmt: skip


@pytest.mark.clause("K30")
async def test_every_kind_of_item_has_its_price(billing: Any) -> None:
    for number, (material, audience, _) in enumerate(PRICES):
        await billing.stage("invoiced", material=material, audience=audience, loan=f"loan-{number}")
    await billing.world.settle()
    prices = [one for one in await billing.fees() if one["kind"] == "replacement"]
    paid = {one["loan"]: one["amount"]["amount"] for one in prices}
    assert [paid[f"loan-{number}"] for number in range(len(PRICES))] == [price for *_, price in PRICES]


@pytest.mark.clause("K31")
async def test_a_higher_new_price_is_charged_and_a_lower_one_is_not(billing: Any) -> None:
    for number, price in enumerate((24999, 25000, 25001, 39900)):
        await billing.stage("invoiced", price=price, loan=f"loan-{number}")
    assert (await costs(billing))["replacement"] == [25000, 25000, 25001, 39900]
    assert [one.because[-2]["rule"] for one in billing.world.events(InvoiceIssued)] == [
        "kungsbacka/adult_book"
    ] * 4


@pytest.mark.clause("O29", "O38")
async def test_orebro_takes_no_invoice_fee_and_the_price_of_the_item(billing: Any) -> None:
    await billing.stage("invoiced", member="orebro")
    found = await costs(billing)
    assert (found.get("invoice"), found["replacement"]) == (None, [25000])


# -- returned after all --------------------------------------------------------------------------------------


@pytest.mark.clause("K32")
async def test_after_an_invoice_all_fees_stay_but_the_price_of_the_item(billing: Any) -> None:
    for stage in ("reminder_1", "reminder_2", "invoiced"):
        await billing.stage(stage)
    await back(billing, INVOICED_ON + timedelta(days=8))
    kept = {"invoice": [4000], "overdue": [15000], "reminder": [2000, 2000]}
    assert await costs(billing) == kept
    assert await billing.owed() == {KUNGSBACKA: 23000}
    [corrected] = billing.world.events(FeeCorrected)
    assert (corrected.amount_minor, corrected.left_minor) == (25000, 0)


@pytest.mark.clause("K30", "K32")
async def test_what_the_desk_charged_for_a_lost_item_its_invoice_does_not_charge_again(billing: Any) -> None:
    thing = {"item": "item-of-loan-1", "title": "t1", "member": "kungsbacka", "home": "kungsbacka/fyren",
             "material": "book", "audience": "adult"}  # fmt: skip
    lost = {"id": "loan-1", "due": DUE.isoformat()}
    asked = {"patron": "karin", "kind": "replacement", "item": thing["item"], "thing": thing, "lost": lost}
    assert (await billing.world.post("billing", "/fees", asked)).status_code == 201
    await billing.stage("invoiced")
    assert await costs(billing) == {"invoice": [4000], "overdue": [12600], "replacement": [25000]}
    await back(billing, INVOICED_ON + timedelta(days=1))
    assert await costs(billing) == {"invoice": [4000], "overdue": [12900]}


@pytest.mark.clause("K20", "K32")
async def test_a_return_adds_the_late_days_since_the_invoice_and_tells_of_these_alone(billing: Any) -> None:
    await billing.stage("invoiced")
    await back(billing, INVOICED_ON + timedelta(days=8))
    [told] = billing.world.events(FeeCharged)
    assert (told.kind, told.amount_minor) == ("overdue", 2400)
    assert [one["rule"] for one in told.because] == ["kungsbacka/adult_media", "kungsbacka/invoice_terms"]
    assert told.because[-1]["says"]["en"] == (
        "Of this 126.00 SEK was charged with the invoice; 24.00 SEK is added for the days since then."
    )
    fee = next(one for one in await billing.fees() if one["kind"] == "overdue")
    assert [one["amount"]["amount"] for one in fee["entries"]] == [12600, 2400]
    [why] = fee["because"]
    assert why["inputs"]["days_late"] == 50


@pytest.mark.clause("K20", "K32")
@pytest.mark.parametrize(("days", "owed"), [(-43, {}), (-42, {}), (-41, {KUNGSBACKA: 300})])
async def test_who_came_back_before_the_invoice_pays_the_late_days_until_then_though_it_is_known_late(
    billing: Any, days: int, owed: dict[Any, int]
) -> None:
    """The day before the due date, the due date, the day after it: an invoice was sent in the meantime."""
    await billing.stage("invoiced")
    await back(billing, INVOICED_ON + timedelta(days=days))
    assert await billing.owed() == owed


@pytest.mark.clause("K32")
@pytest.mark.parametrize("paid", [True, False])
async def test_late_days_that_were_paid_or_forgiven_with_the_invoice_leave_those_since_then(
    billing: Any, paid: bool
) -> None:
    await billing.stage("invoiced")
    await billing.world.settle()
    fees = {one["kind"]: one["id"] for one in await billing.fees()}
    done = await (billing.pay(fees["overdue"]) if paid else billing.waive(fees["overdue"]))
    assert done.status_code in (200, 201)
    await run(billing, morning(INVOICED_ON) + timedelta(hours=1))
    await back(billing, INVOICED_ON + timedelta(days=1))
    await back(billing, INVOICED_ON + timedelta(days=1))  # the same again
    assert await billing.owed() == {KUNGSBACKA: 4300}
    await billing.closing_moved(at=morning(INVOICED_ON))
    await billing.world.settle()
    assert await billing.owed() == {KUNGSBACKA: 4000}


@pytest.mark.clause("K32")
@pytest.mark.parametrize("order", [("invoiced", "returned"), ("returned", "invoiced")])
async def test_a_book_may_drop_late_days_after_an_invoice_in_whatever_order_it_is_heard(
    bare: Any, order: tuple[str, str], tmp_path: Path
) -> None:
    terms = "kept_on_return: [overdue, reminder, invoice]\n    dropped_on_return: [replacement]"
    other = "kept_on_return: [reminder, invoice]\n    dropped_on_return: [replacement, overdue]"
    await with_a_book(bare, tmp_path, (terms, other))
    for news in order:
        await (bare.stage("invoiced") if news == "invoiced" else back(bare, INVOICED_ON + timedelta(days=8)))
    assert await costs(bare) == {"invoice": [4000]}
    await back(bare, DUE + timedelta(days=30), loan="loan-2")  # never invoiced: each late day counts
    assert (await costs(bare))["overdue"] == [9000]


@pytest.mark.clause("K22", "K23", "K32")
async def test_no_order_of_the_news_changes_what_a_loan_costs(billing: Any) -> None:
    """Two reminders, the invoice, the return after it, and news of a return between the reminders."""
    news = ("reminder_1", "reminder_2", "invoiced", "returned", "moved")
    between = morning(DUE + timedelta(days=10)) + timedelta(hours=4)
    late = morning(INVOICED_ON + timedelta(days=8))
    billing.world.clock.set(late)
    orders = list(permutations(news))
    for number, order in enumerate(orders):
        loan = {"patron": f"reader-{number}", "loan": f"loan-{number}", "born": date(1990, 1, 1)}
        for one in order:
            if one == "returned":
                await billing.returned(at=late, **loan)
            elif one == "moved":
                await billing.closing_moved(at=between, **{**loan, "born": None})
            else:
                await billing.stage(one, **loan)
    await billing.world.settle()
    ends = {order: await costs(billing, f"reader-{number}") for number, order in enumerate(orders)}
    expected = {"overdue": [3000], "reminder": [2000]}
    assert {order: end for order, end in ends.items() if end != expected} == {}


@pytest.mark.clause("K22")
async def test_who_came_back_in_time_pays_nothing_though_it_is_known_late(billing: Any) -> None:
    for loan, first in (("loan-1", "stage"), ("loan-2", "return")):
        if first == "stage":
            await billing.stage("reminder_1", loan=loan)
            await billing.world.settle()
        billing.world.clock.set(morning(DUE + timedelta(days=8)))
        await billing.returned(days_late=-1, loan=loan)
        await billing.world.settle()
        if first == "return":
            await billing.stage("reminder_1", loan=loan)
    assert await costs(billing) == {}
    assert await billing.owed() == {}


async def test_a_return_in_time_that_is_told_in_time_writes_nothing(billing: Any) -> None:
    due = DUE + timedelta(days=14)
    await back(billing, due + timedelta(days=5), due=due, audience="child")
    assert await billing.documents("closings") == await billing.documents("ledgers") == []


@pytest.mark.clause("K32")
async def test_an_invoice_of_an_earlier_due_date_falls_when_the_renewed_loan_ends(billing: Any) -> None:
    await billing.stage("invoiced")
    await billing.world.settle()
    later = INVOICED_ON + timedelta(days=28)
    at = morning(later) - timedelta(days=3)
    closed = billing.closed(due=later, at=at).model_copy(update={"renewals": 1})
    billing.closed = lambda *_, **__: closed
    billing.world.clock.set(at)
    await billing.returned()
    assert await costs(billing) == {"invoice": [4000]}


@pytest.mark.clause("K32")
@pytest.mark.parametrize(("days", "credit"), [(180, True), (181, False)])
async def test_a_paid_item_that_is_found_in_time_is_paid_back(billing: Any, days: int, credit: bool) -> None:
    await billing.stage("invoiced", audience="child", material="book")
    await billing.world.settle()
    fees = [one["id"] for one in await billing.fees()]
    assert (await billing.pay(*fees)).status_code == 201
    await run(billing, morning(INVOICED_ON + timedelta(days=days)))
    await back(billing, INVOICED_ON + timedelta(days=days), audience="child")
    assert await billing.owed() == ({KUNGSBACKA: -12000} if credit else {})


async def test_a_return_on_the_way_to_an_invoice_costs_the_same_whoever_is_heard_first(billing: Any) -> None:
    """Every order of two reminders, the invoice and the return after it, with nothing known to be earlier."""
    late = morning(INVOICED_ON + timedelta(days=8))
    billing.world.clock.set(late)
    orders = list(permutations(("reminder_1", "reminder_2", "invoiced", "returned")))
    for number, order in enumerate(orders):
        loan = {"patron": f"reader-{number}", "loan": f"loan-{number}", "born": date(1990, 1, 1)}
        for one in order:
            await (billing.returned(at=late, **loan) if one == "returned" else billing.stage(one, **loan))
    await billing.world.settle()
    ends = {order: await costs(billing, f"reader-{number}") for number, order in enumerate(orders)}
    expected = {"invoice": [4000], "overdue": [15000], "reminder": [2000, 2000]}
    assert {order: end for order, end in ends.items() if end != expected} == {}


# -- collection ----------------------------------------------------------------------------------------------


@pytest.mark.clause("K33")
async def test_an_unpaid_invoice_goes_to_collection_five_weeks_after_its_day_and_once(billing: Any) -> None:
    await billing.stage("invoiced")
    await run(billing, morning(COLLECTED_ON, seconds=-1))
    assert billing.world.events(InvoiceSentToCollection) == []
    due = (await billing.world.get("billing", "/clock/next")).json()["due"]
    assert due == morning(COLLECTED_ON).isoformat()
    await run(billing, morning(COLLECTED_ON))
    await run(billing, morning(COLLECTED_ON + timedelta(days=400)))
    [told] = billing.world.events(InvoiceSentToCollection)
    assert (told.patron, told.outstanding_minor, told.due, told.sent_on) == (
        "karin", 41600, PAYABLE, COLLECTED_ON,
    )  # fmt: skip
    assert told.because[0]["cites"] == ["K32", "K33"]
    assert {one["collected_at"] is not None for one in await billing.fees()} == {True}


@pytest.mark.clause("K33")
async def test_what_was_paid_or_taken_off_goes_to_no_collection(billing: Any) -> None:
    for number in range(4):
        await billing.stage("invoiced", loan=f"loan-{number}")
    await billing.world.settle()
    by_loan = {(one["loan"], one["kind"]): one["id"] for one in await billing.fees()}
    await billing.pay(by_loan["loan-0", "invoice"], by_loan["loan-0", "replacement"])
    await billing.pay(by_loan["loan-1", "invoice"])
    await back(billing, PAYABLE, loan="loan-2", audience="child")
    await run(billing, morning(COLLECTED_ON))
    told = {one.outstanding_minor for one in billing.world.events(InvoiceSentToCollection)}
    assert told == {12600, 37600, 4000, 41600}


@pytest.mark.clause("K32", "K33")
async def test_who_is_owed_more_than_she_owes_is_sent_to_no_collection(billing: Any) -> None:
    """Karin paid for the book and brought it back: 250 kronor are hers, 190 are the library's."""
    await billing.stage("invoiced")
    await billing.world.settle()
    price = next(one["id"] for one in await billing.fees() if one["kind"] == "replacement")
    await billing.pay(price)
    await back(billing, INVOICED_ON + timedelta(days=8))
    assert await billing.owed() == {KUNGSBACKA: 4000 + 15000 - 25000}
    await run(billing, morning(COLLECTED_ON))
    assert billing.world.events(InvoiceSentToCollection) == []
    asked = {"patron": "karin", "kind": "interlibrary_copy", "amount": 6001}
    assert (await billing.world.post("billing", "/fees", asked)).status_code == 201
    await run(billing, morning(COLLECTED_ON + timedelta(days=1)))
    [told] = billing.world.events(InvoiceSentToCollection)
    assert told.sent_on == COLLECTED_ON


@pytest.mark.clause("K33")
async def test_an_imported_invoice_goes_to_collection_only_when_its_day_is_still_to_come(
    billing: Any,
) -> None:
    await billing.imported(
        {"fee": "past", "kind": "replacement", "amount": 25000, "invoice": "i1", "invoice_due": "2026-10-19"},
        {"fee": "next", "kind": "replacement", "amount": 25000, "invoice": "i2", "invoice_due": "2026-10-20"},
    )  # five weeks later is the day of the import, four hours ago, and the day after it
    await run(billing, morning(date(2026, 12, 31)))
    assert [one.invoice for one in billing.world.events(InvoiceSentToCollection)] == ["i2"]


async def test_two_replicas_send_an_invoice_to_collection_once(billing: Any) -> None:
    await billing.stage("invoiced")
    await billing.stage("invoiced", loan="loan-2")
    await billing.world.settle()
    await billing.start("billing-2")
    billing.world.clock.set(morning(COLLECTED_ON))
    await asyncio.gather(*(one.jobs.run_due() for one in billing.world.services.values()))
    await billing.world.settle()
    told = [one.id for one in billing.world.told if one.type == InvoiceSentToCollection.NAME]
    assert len(told) == len(set(told)) == 2


# -- what an invoice stops -----------------------------------------------------------------------------------


async def stopped_by(billing: Any, patron: str = "karin") -> list[str]:
    await billing.world.settle()
    return [one["cause"] for one in (await billing.account(patron))["blocks"]]


@pytest.mark.clause("K34")
@pytest.mark.parametrize("ends", ["payment", "return"])
async def test_an_invoice_for_an_item_stops_the_card_until_a_return_or_a_payment(
    billing: Any, ends: str
) -> None:
    await billing.stage("reminder_1", material="periodical", audience="child")
    assert await stopped_by(billing) == []
    await billing.stage("invoiced", material="periodical", audience="child")
    assert await stopped_by(billing) == ["invoice"]  # 85 kronor: less than a debt that stops
    [told] = billing.world.events(DebtLimitReached)
    assert set(told.blocks[0].stops) == {"borrow", "renew", "hold", "book_computer", "staffless"}
    assert told.blocks[0].because[0]["cites"] == ["K34"]
    if ends == "payment":
        paid = next(one["id"] for one in await billing.fees() if one["kind"] == "replacement")
        await billing.pay(paid)
    else:
        await back(billing, INVOICED_ON + timedelta(days=1), material="periodical", audience="child")
    assert await stopped_by(billing) == []
    assert len(billing.world.events(DebtLimitCleared)) == 1


OF_AN_INVOICE = "stops: [borrow, renew, hold, book_computer, staffless]\n    lifted_by: "
KEEPS_THE_PRICE = (
    "kept_on_return: [overdue, reminder, invoice]\n    dropped_on_return: [replacement]",
    "kept_on_return: [overdue, reminder, invoice, replacement]\n    dropped_on_return: []",
)


def lifted_by(what: str) -> tuple[str, str]:
    """A book in which something else lifts what an invoice stops."""
    said = f"cause: invoice\n    {OF_AN_INVOICE}[payment, return]"
    return said, said.replace("[payment, return]", what)


@pytest.mark.clause("K34")
@pytest.mark.parametrize(
    ("what", "paid", "back_too"),
    [("[payment, return]", [], []), ("[payment]", [], ["invoice"]), ("[return]", ["invoice"], [])],
)
async def test_what_an_invoice_stops_is_lifted_by_what_the_book_says(
    bare: Any, tmp_path: Path, what: str, paid: list[str], back_too: list[str]
) -> None:
    """In a book that keeps the price of what comes back: one reader pays it, another brings the item."""
    await with_a_book(bare, tmp_path, lifted_by(what), KEEPS_THE_PRICE)
    loan = {"material": "periodical", "audience": "child"}
    for reader in ("karin", "emil"):
        await bare.stage("invoiced", reader, loan=f"loan-of-{reader}", born=date(1980, 2, 29), **loan)
        assert await stopped_by(bare, reader) == ["invoice"]
    price = next(one["id"] for one in await bare.fees("karin") if one["kind"] == "replacement")
    await bare.pay(price)
    await run(bare, morning(INVOICED_ON + timedelta(days=400)))  # of the fee its amount is left
    assert await stopped_by(bare, "karin") == paid
    [told] = [one.blocks[0] for one in bare.world.events(DebtLimitReached) if one.patron == "karin"]
    assert told.because[0]["inputs"]["lifted_by"] == what.strip("[]").split(", ")
    for reader in ("karin", "emil"):
        await back(bare, INVOICED_ON + timedelta(days=401), loan=f"loan-of-{reader}", **loan)
    assert await stopped_by(bare, "karin") == []
    await bare.patron("emil")
    await bare.returned("emil", loan="loan-of-emil", at=morning(INVOICED_ON + timedelta(days=402)), **loan)
    assert await stopped_by(bare, "emil") == back_too


@pytest.mark.clause("K34")
@pytest.mark.parametrize(("what", "stopped"), [("[payment]", ["invoice"]), ("[return]", [])])
async def test_an_item_that_came_back_before_its_invoice_is_heard_of_stops_the_same(
    bare: Any, tmp_path: Path, what: str, stopped: list[str]
) -> None:
    await with_a_book(bare, tmp_path, lifted_by(what), KEEPS_THE_PRICE)
    loan = {"material": "periodical", "audience": "child"}
    await back(bare, INVOICED_ON + timedelta(days=1), **loan)
    await bare.stage("invoiced", **loan)
    assert await stopped_by(bare) == stopped
    assert (await costs(bare))["replacement"] == [2500]


@pytest.mark.clause("K28")
async def test_an_edited_book_binds_the_debts_there_are(bare: Any, tmp_path: Path) -> None:
    """The limit is raised, and then lowered, while billing is down."""
    limit = 'when: "> 100.00 SEK"'
    await with_a_book(bare, tmp_path)
    for loan in range(6):
        await bare.stage("reminder_1", loan=f"loan-{loan}")
    assert await stopped_by(bare) == ["debt"]
    for above, stopped in (("120.00", []), ("119.99", ["debt"])):
        await bare.world.stop("billing")
        await with_a_book(bare, tmp_path, (limit, limit.replace("100.00", above)))
        await run(bare, bare.world.clock.now())
        assert await stopped_by(bare) == stopped
    assert len(bare.world.events(DebtLimitReached)) == 2
    assert len(bare.world.events(DebtLimitCleared)) == 1


@pytest.mark.clause("K28", "K29")
async def test_a_debt_above_a_hundred_kronor_stops_until_it_is_no_longer_above(billing: Any) -> None:
    for loan in range(5):
        await billing.stage("reminder_1", loan=f"loan-{loan}")
    assert await stopped_by(billing) == []  # a hundred kronor
    await billing.stage("reminder_1", loan="loan-5")
    assert await stopped_by(billing) == ["debt"]
    await billing.pay((await billing.fees())[0]["id"])
    assert await stopped_by(billing) == []


@pytest.mark.clause("O30", "O31")
async def test_an_invoice_of_orebro_stops_an_adult_and_never_a_child(billing: Any) -> None:
    for patron in ("karin", "lasse"):
        await billing.patron(patron, member="orebro")
        await billing.stage("invoiced", patron, member="orebro", loan=f"loan-of-{patron}")
    assert await stopped_by(billing, "karin") == ["debt"]
    assert await stopped_by(billing, "lasse") == []
    assert (await billing.owed("lasse")) == {("orebro", "SEK"): 25000}


# -- whatever happens ----------------------------------------------------------------------------------------


async def test_an_invoice_is_booked_and_told_once_wherever_billing_dies(billing: Any) -> None:
    for point in (1, 2, 3, 4):
        died = asyncio.Event()
        left = [point]

        async def dies(service: str, _: str, died: Any = died, left: list[int] = left) -> None:
            left[0] -= service == "billing"
            if left[0] == 0 and not died.is_set():
                died.set()
                await asyncio.Future()

        seams.install(dies)
        try:
            await billing.stage("invoiced", loan=f"loan-{point}")
            await asyncio.wait_for(died.wait(), 20)
        finally:
            seams.install(None)
        await billing.world.crash("billing")
        await billing.start()
        await billing.world.settle()
        while len(billing.world.events(InvoiceIssued)) < point:
            await asyncio.sleep(0.01)
    assert await costs(billing) == {
        "invoice": [4000] * 4, "overdue": [12600] * 4, "replacement": [25000] * 4,
    }  # fmt: skip
    assert len(billing.world.events(InvoiceIssued)) == 4
