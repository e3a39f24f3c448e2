"""Holds: which items serve them, how long they wait on the shelf, where they are placed."""

from __future__ import annotations

from datetime import date

import pytest
from samlan_contracts.policy import (
    Decision,
    PatronFacts,
    hold_channels,
    local_first,
    may_serve,
    shelf_deadline,
)


@pytest.mark.parametrize(
    ("owner", "patron", "pickup", "serves"),
    [
        pytest.param("kungsbacka", "kungsbacka", "kungsbacka/fyren", True, marks=pytest.mark.clause("K37")),
        pytest.param("vast", "kungsbacka", "kungsbacka/fyren", False, marks=pytest.mark.clause("K37", "K40")),
        pytest.param("vast", "gothenburg", "kungsbacka/fyren", False, marks=pytest.mark.clause("K40")),
        pytest.param("vast", "kungsbacka", "vast/lerum", False, marks=pytest.mark.clause("K37")),
        ("kungsbacka", "vast", "vast/lerum", True),
        pytest.param("vast", "vast", "vast/lerum", True, marks=pytest.mark.clause("V01")),
        pytest.param("orebro", "orebro", "orebro/stadsbiblioteket", True, marks=pytest.mark.clause("O23")),
        ("gladsaxe", "gothenburg", "orebro/stadsbiblioteket", True),
    ],
)
def test_both_the_patron_s_member_and_the_pickup_branch_s_must_take_the_item(
    books, branch, item, at, owner: str, patron: str, pickup: str, serves: bool
) -> None:
    asked = {"item": item(f"{owner}/book"), "patron": PatronFacts(member=patron), "pickup": branch(pickup)}
    assert may_serve(books, at=at("2026-11-20 12:00"), **asked).value is serves


@pytest.mark.clause("O23")
@pytest.mark.parametrize("home", ["orebro/tegelbruket", "orebro/patientbiblioteket"])
def test_partners_items_serve_holds_in_orebro(books, branch, item, at, home: str) -> None:
    asked = {"patron": PatronFacts(member="orebro"), "pickup": branch("orebro/stadsbiblioteket")}
    decision = may_serve(books, item=item("orebro/book", home=home), at=at("2026-11-20 12:00"), **asked)
    assert decision.value
    assert decision.because[0]["rule"] == "orebro/items_of_partners"


def test_a_refusal_names_every_member_that_does_not_take_the_item(books, branch, item, at) -> None:
    refusal = may_serve(
        books,
        item=item("vast/book"),
        patron=PatronFacts(member="kungsbacka"),
        pickup=branch("gothenburg/hisingen"),
        at=at("2026-11-20 12:00"),
    )
    assert [why["rule"] for why in refusal.because] == ["kungsbacka/no_items_of_others"]


@pytest.mark.parametrize(
    ("ready", "closed", "last"),
    [
        ("2026-11-20 12:00", [], date(2026, 11, 27)),
        ("2026-11-20 23:59", [], date(2026, 11, 27)),
        ("2026-11-21 00:00", [], date(2026, 11, 30)),
        ("2026-11-20 12:00", ["2026-11-27"], date(2026, 11, 30)),
    ],
)
def test_a_held_item_waits_a_week_and_to_an_opening_day(books, branch, at, ready, closed, last) -> None:
    decision = shelf_deadline(books, pickup=branch(closed=closed), patron_member="vast", ready_at=at(ready))
    assert decision.value == last
    assert decision.because[0]["rule"] == "kungsbacka/pickup_shelf"


def test_a_branch_without_known_opening_still_has_a_deadline(books, branch, at) -> None:
    never = branch(opening={})
    deadline = shelf_deadline(books, pickup=never, patron_member="vast", ready_at=at("2026-11-20 12:00"))
    assert deadline.value == date(2026, 11, 27)


@pytest.mark.clause("D17")
def test_holds_are_placed_on_the_web_by_telephone_and_at_the_desk(books) -> None:
    day = date(2026, 11, 20)
    assert hold_channels(books, member="gladsaxe", on=day).value == {"web", "phone", "desk"}
    assert local_first(books, item_member="gladsaxe", on=day) == Decision(0, [])
