"""A sixth member is one file: its kroner, its materials and its rules, with no change to any code."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from samlan_contracts.policy import (
    Money,
    PatronFacts,
    PolicyBooks,
    accepts_return,
    acts_stopped,
    fee,
    loan_period,
    local_first,
    may_borrow_more,
    may_serve,
    notice_rules,
    old_enough,
    overdue_fee,
    replacement_price,
    shelf_deadline,
    temporary_may,
)

OLA = PatronFacts(member="bergen", born=date(1990, 1, 1))
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


@pytest.fixture(scope="module")
def six(policies: Path, tmp_path_factory: pytest.TempPathFactory) -> PolicyBooks:
    folder = tmp_path_factory.mktemp("policies")
    for path in [*policies.glob("*.yaml"), Path(__file__).with_name("bergen.yaml")]:
        shutil.copy(path, folder)
    return PolicyBooks.load(folder)


@pytest.fixture
def bergen(branch):
    return branch("bergen/hovedbiblioteket", timezone="Europe/Oslo")


def test_it_stands_beside_the_five(six) -> None:
    assert len(six.members) == 6
    assert six.book("bergen").language == "no"
    assert "ski_set" in six.book("bergen").all_materials


def test_its_own_materials_have_their_own_periods(six, bergen, item, at) -> None:
    made = {"patron": OLA, "branch": bergen, "at": at("2026-11-17 12:00")}
    assert loan_period(six, item=item("bergen/ski_set"), queue_length=0, **made).value == FRIDAY
    assert loan_period(six, item=item("bergen/sheet_music"), queue_length=2, **made).value == date(
        2026, 12, 15
    )
    assert loan_period(six, item=item("bergen/sheet_music"), queue_length=3, **made).value == date(
        2026, 11, 24
    )


def test_its_loans_fall_due_on_opening_days(six, bergen, item, at) -> None:
    made = {"patron": OLA, "branch": bergen, "queue_length": 0, "at": at("2026-11-18 12:00")}
    decision = loan_period(six, item=item("bergen/ski_set"), **made)
    assert decision.value == MONDAY
    assert decision.because[1]["inputs"]["counted"] == "2026-11-21"


def test_only_days_it_opens_count_as_late_and_a_fee_has_its_cap(six, bergen, item, at) -> None:
    late = {"patron": OLA, "due": FRIDAY, "branch": bergen}
    assert overdue_fee(
        six, item=item("bergen/book"), returned_at=at("2026-11-22 12:00"), **late
    ).value.total == (Money(0, "NOK"))
    monday = overdue_fee(six, item=item("bergen/book"), returned_at=at("2026-11-23 12:00"), **late).value
    assert (monday.total, monday.days_late) == (Money(150, "NOK"), 1)
    skis = overdue_fee(six, item=item("bergen/ski_set"), returned_at=at("2026-11-30 12:00"), **late).value
    assert (skis.total, skis.days_late) == (Money(12000, "NOK"), 6)


def test_a_new_tariff_published_ahead_takes_effect_by_itself(six, bergen, item, at) -> None:
    late = {"patron": OLA, "due": date(2026, 12, 29), "branch": bergen, "returned_at": at("2027-01-01 12:00")}
    parts = overdue_fee(six, item=item("bergen/book"), **late).value.parts
    assert [(part.days, part.amount.amount_minor) for part in parts] == [(2, 300), (1, 250)]


def test_it_says_itself_whose_rule_applies(six, bergen, branch, item, at) -> None:
    """In Bergen the branch's tariff counts; the same late item in Kungsbacka costs by its owner's."""
    late = {
        "item": item("kungsbacka/book"),
        "patron": OLA,
        "due": FRIDAY,
        "returned_at": at("2026-11-23 12:00"),
    }
    assert overdue_fee(six, branch=bergen, **late).value.total == Money(150, "NOK")
    assert overdue_fee(six, branch=branch(), **late).value.total == Money(900, "SEK")
    last_day = shelf_deadline(six, pickup=bergen, patron_member="kungsbacka", ready_at=at("2026-11-20 12:00"))
    assert last_day.because[0]["rule"] == "kungsbacka/pickup_shelf"


def test_its_other_rules_are_its_own(six, bergen, item, at) -> None:
    noon = at("2026-11-20 12:00")
    skis = item("bergen/ski_set")
    here = {"patron": OLA, "branch": bergen, "at": noon}
    young = PatronFacts(member="bergen", born=date(2014, 11, 21))
    assert not may_borrow_more(six, item=skis, on_loan={"ski_set": 1}, **here).value
    assert not old_enough(six, item=skis, patron=young, branch=bergen, at=noon).value
    assert accepts_return(six, branch=bergen, item_member="vast", at=noon).value.closes == "as_of_seen"
    assert not may_serve(six, item=skis, patron=OLA, pickup=bergen, at=noon).value
    assert may_serve(six, item=item("vast/book"), patron=OLA, pickup=bergen, at=noon).value
    assert shelf_deadline(six, pickup=bergen, patron_member="bergen", ready_at=noon).value == date(
        2026, 11, 25
    )


def test_its_amounts_are_norwegian(six, item) -> None:
    assert fee(six, member="bergen", kind="card", patron=OLA, on=FRIDAY).value == Money(6000, "NOK")
    lost = item("bergen/ski_set", price_minor=999900)
    assert replacement_price(six, item=lost, on=FRIDAY).value == Money(150000, "NOK")
    owed = {"member": "bergen", "cause": "debt", "on": FRIDAY, "age": 36}
    assert acts_stopped(six, balance=Money(20000, "NOK"), **owed).value == {"borrow", "hold"}
    assert acts_stopped(six, balance=Money(20000, "SEK"), **owed).value == frozenset()


def test_what_it_leaves_out_is_not_done(six) -> None:
    assert not notice_rules(six, member="bergen", kind="receipt", on=FRIDAY).value.sent
    assert not temporary_may(six, member="bergen", act="hold", on=FRIDAY).value
    first = local_first(six, item_member="bergen", on=FRIDAY)
    assert (first.value, first.because[0]["inputs"]) == (5, {"local_first_places": 5})
    assert "de 5 första i kön" in first.because[0]["says"]["sv"]
