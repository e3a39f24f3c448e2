"""Standing: which debts stop what for whom, and what a temporary account may do."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from samlan_contracts.policy import (
    Money,
    acts_stopped,
    debt_threshold,
    lifted_by,
    staffless_hours,
    temporary_expires,
    temporary_may,
)

DAY = date(2026, 11, 20)
EVERYTHING = {"borrow", "renew", "hold", "book_computer", "staffless"}


@pytest.mark.parametrize(
    ("member", "owed", "age", "stopped"),
    [
        pytest.param("kungsbacka", 10000, 40, set(), marks=pytest.mark.clause("K28")),
        pytest.param("kungsbacka", 10001, 40, EVERYTHING, marks=pytest.mark.clause("K28")),
        pytest.param("kungsbacka", 10001, 12, EVERYTHING, marks=pytest.mark.clause("K28")),
        pytest.param("orebro", 4999, 40, set(), marks=pytest.mark.clause("O30")),
        pytest.param("orebro", 5000, 40, {"borrow"}, marks=pytest.mark.clause("O30")),
        pytest.param("orebro", 5000, 18, {"borrow"}, marks=pytest.mark.clause("O31")),
        pytest.param("orebro", 999900, 17, set(), marks=pytest.mark.clause("O31")),
        ("gothenburg", 999900, 40, set()),
    ],
)
def test_a_debt_stops_exactly_what_the_book_says(books, member, owed, age, stopped) -> None:
    balance = Money(owed, books.book(member).currency)
    decision = acts_stopped(books, member=member, cause="debt", on=DAY, age=age, balance=balance)
    assert decision.value == stopped


def test_a_debt_in_another_currency_meets_no_threshold(books) -> None:
    owed = {"member": "kungsbacka", "cause": "debt", "on": DAY, "age": 40}
    assert acts_stopped(books, balance=Money(999900, "DKK"), **owed).value == frozenset()


@pytest.mark.clause("K34")
def test_an_invoice_for_lost_items_blocks_in_the_same_way(books) -> None:
    assert acts_stopped(books, member="kungsbacka", cause="invoice", on=DAY, age=40).value == EVERYTHING
    assert acts_stopped(books, member="orebro", cause="invoice", on=DAY, age=40).value == frozenset()


def test_a_lost_card_stops_borrowing_everywhere_and_holds_nowhere(books) -> None:
    for member in books.members:
        stopped = acts_stopped(books, member=member, cause="lost_card", on=DAY).value
        assert "borrow" in stopped
        assert "hold" not in stopped


@pytest.mark.clause("K29", "O30")
def test_what_lifts_a_block_differs(books) -> None:
    assert lifted_by(books, member="kungsbacka", cause="debt", on=DAY).value == {"payment", "return"}
    assert lifted_by(books, member="kungsbacka", cause="invoice", on=DAY).value == {"payment", "return"}
    assert lifted_by(books, member="orebro", cause="debt", on=DAY).value == {"payment"}
    assert lifted_by(books, member="vast", cause="debt", on=DAY).value == frozenset()


@pytest.mark.clause("K29", "K34", "O30")
def test_a_block_says_what_lifts_it(books) -> None:
    asked = {"on": DAY, "age": 40, "balance": Money(20_000, "SEK")}
    for member, cause, lifted in (
        ("kungsbacka", "debt", "betalning, återlämning"), ("kungsbacka", "invoice", "betalning, återlämning"),
        ("orebro", "debt", "betalning"), ("orebro", "lost_card", "personalen"),
    ):  # fmt: skip
        (why,) = acts_stopped(books, member=member, cause=cause, **asked).because
        assert why["says"]["sv"].endswith(f"; spärren hävs genom: {lifted}.")


@pytest.mark.clause("K28", "O30")
def test_the_threshold_itself_can_be_asked_for(books) -> None:
    assert str(debt_threshold(books, member="kungsbacka", on=DAY).value) == "> 100.00 SEK"
    assert str(debt_threshold(books, member="orebro", on=DAY).value) == ">= 50.00 SEK"
    assert debt_threshold(books, member="gladsaxe", on=DAY).value is None


@pytest.mark.clause("V05", "V07")
def test_a_temporary_account_may_hold_and_not_borrow(books) -> None:
    assert temporary_may(books, member="vast", act="hold", on=DAY).value
    assert not temporary_may(books, member="vast", act="borrow", on=DAY).value


@pytest.mark.clause("V04")
def test_a_temporary_account_lasts_seven_days_also_when_the_clock_changes(books) -> None:
    registered = datetime(2026, 10, 20, 10, tzinfo=UTC)
    expires = temporary_expires(books, member="vast", registered_at=registered).value
    assert expires == datetime(2026, 10, 27, 11, tzinfo=UTC)


@pytest.mark.clause("K03")
def test_staffless_hours_are_seven_to_ten(books) -> None:
    assert str(staffless_hours(books, member="kungsbacka", on=DAY).value) == "07:00-22:00"
    assert staffless_hours(books, member="orebro", on=DAY).value is None
