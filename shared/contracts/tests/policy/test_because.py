"""Reasons: the surface's shape, three languages, and no word about who it is."""

from __future__ import annotations

import json
from datetime import date
from string import Formatter
from typing import get_args

import pytest
from samlan_contracts.policy import (
    Money,
    PatronFacts,
    Stop,
    accepts_return,
    acts_stopped,
    fee,
    loan_period,
    may_serve,
    old_enough,
    overdue_fee,
    shelf_deadline,
)
from samlan_contracts.policy.figures import Cause, FeeKind
from samlan_contracts.policy.says import Kind, say
from samlan_contracts.policy.texts import SENTENCES


@pytest.mark.clause("O10")
def test_a_reason_has_the_surface_s_shape(books, branch, item, at) -> None:
    patron = PatronFacts(member="orebro", born=date(1980, 1, 1))
    (why,) = loan_period(
        books, item=item("orebro/book"), patron=patron, branch=branch("orebro/stadsbiblioteket"),
        queue_length=1, at=at("2026-11-20 12:00"),
    ).because  # fmt: skip
    assert why == {
        "rule": "orebro/adult_book_queue",
        "cites": ["O10"],
        "version": books.book("orebro").version,
        "in_force": [None, None],
        "inputs": {
            "due": "2026-12-04", "period": "14 days", "from_day": "2026-11-20", "holds_waiting": 1,
            "normal_period": "28 days", "material": "book",
        },
        "says": {
            "sv": "Åter senast 2026-12-04: 14 dagar från 2026-11-20, för 1 reservation väntar.",
            "da": "Skal afleveres senest 2026-12-04: 14 dage fra 2026-11-20, for 1 reservering venter.",
            "en": "Due 2026-12-04: 14 days from 2026-11-20, with 1 hold waiting.",
        },
    }  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_every_sentence_is_said_in_three_languages_with_the_same_inputs(name: str) -> None:
    texts = SENTENCES[name]
    assert set(texts) == {"sv", "da", "en"}
    inputs = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in texts.values()]
    assert all(found == inputs[0] for found in inputs)
    assert all(
        text.endswith(".") and text[0] in "ABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖÆØ{" for text in texts.values()
    )


def test_reasons_are_plain_json_and_tell_an_age_and_no_birth_date(books, branch, item, at) -> None:
    born = date(2013, 7, 6)
    patron, fyren, noon = PatronFacts(member="orebro", born=born), branch(), at("2026-11-20 12:00")
    decided = [
        loan_period(books, item=item("orebro/book"), patron=patron, branch=fyren, queue_length=0, at=noon),
        old_enough(books, item=item("orebro/board_game"), patron=patron, branch=fyren, at=noon),
        accepts_return(books, branch=fyren, item_member="vast", at=noon),
        may_serve(books, item=item("vast/book"), patron=patron, pickup=fyren, at=noon),
        shelf_deadline(books, pickup=fyren, patron_member="orebro", ready_at=noon),
        acts_stopped(books, member="orebro", cause="lost_card", on=date(2026, 11, 20), age=13),
        overdue_fee(
            books,
            item=item("orebro/book"),
            patron=patron,
            due=date(2026, 11, 1),
            returned_at=noon,
            branch=fyren,
        ),
    ]
    for decision in decided:
        assert decision.because
        told = json.dumps(decision.because)
        assert json.loads(told) == decision.because
        assert born.isoformat() not in told
        assert "{" not in "".join("".join(why["says"].values()) for why in decision.because)


def test_amounts_and_lists_read_as_each_language_writes_them(books) -> None:
    (why,) = acts_stopped(
        books, member="orebro", cause="debt", on=date(2026, 11, 20), age=40, balance=Money(5050, "SEK")
    ).because
    assert why["says"]["sv"] == (
        "Skulden på 50,50 kr är minst 50,00 kr och hindrar: låna; spärren hävs genom: betalning."
    )
    assert why["says"]["en"] == (
        "The debt of 50.50 SEK is at least 50.00 SEK and stops: borrow; the block is lifted by: payment."
    )
    (why,) = acts_stopped(
        books, member="kungsbacka", cause="debt", on=date(2026, 11, 20), age=40, balance=Money(9_000, "SEK")
    ).because
    assert why["says"]["sv"] == "Skulden på 90,00 kr hindrar ingenting förrän den är mer än 100,00 kr."
    assert why["says"]["da"] == "Gælden på 90,00 SEK hindrer intet, før den er mere end 100,00 SEK."


def test_a_sentence_that_ends_with_an_abbreviated_currency_has_one_full_stop() -> None:
    assert (
        say("waiver_limit", {"limit": Money(5_000, "DKK")})["da"] == "Personalet må eftergive højst 50,00 kr."
    )


@pytest.mark.parametrize("cause", [*get_args(Cause), "of_another_system"])
def test_a_block_without_a_rule_has_the_surface_s_shape_too(books, cause: str) -> None:
    (ruled,) = acts_stopped(books, member="orebro", cause="lost_card", on=date(2026, 11, 20)).because
    (why,) = Stop(cause=cause, acts=frozenset({"borrow", "hold"})).why
    assert list(why) == list(ruled)
    assert (why["rule"], why["cites"], why["in_force"]) == (f"block/{cause}", [], [None, None])
    assert why["inputs"] == {"cause": cause, "stops": ["borrow", "hold"]}
    assert set(why["says"]) == {"sv", "da", "en"}
    assert why["says"]["sv"].endswith(" hindrar: låna, reservera.")
    assert json.loads(json.dumps(why)) == why


def test_fees_and_members_are_named_as_people_know_them(books, branch, item, at, adult) -> None:
    (card,) = fee(books, member="kungsbacka", kind="card", patron=adult, on=date(2026, 11, 20)).because
    assert card["inputs"]["kind"] == "card"
    assert card["says"]["sv"] == "Nytt bibliotekskort: 25,00 kr."
    (refused,) = accepts_return(books, branch=branch(), item_member="vast", at=at("2026-11-20 12:00")).because
    assert refused["inputs"]["item_member"] == "vast"
    assert "Bibliotek i Väst" in refused["says"]["en"]


@pytest.mark.clause("K20", "K23", "K25")
def test_one_late_day_and_the_fee_of_an_invoice_read_as_people_say_them(
    books, branch, item, at, adult
) -> None:
    noon = at("2026-11-21 12:00")
    book = item("kungsbacka/book")
    late = {"item": book, "due": date(2026, 11, 20), "returned_at": noon, "branch": branch()}
    (one,) = overdue_fee(books, patron=adult, **late).because
    assert one["says"]["sv"] == "Förseningsavgift 3,00 kr: 1 dag (2026-11-21)."
    child = PatronFacts(member="kungsbacka", born=date(2016, 1, 1))
    (none,) = overdue_fee(books, patron=child, **late).because
    assert none["says"]["da"] == "Intet gebyr for sen aflevering for 1 dag (2026-11-21)."
    (invoice,) = fee(books, member="kungsbacka", kind="invoice", patron=adult, on=date(2026, 11, 20)).because
    assert invoice["says"]["sv"] == "Fakturaavgift: 40,00 kr."


@pytest.mark.parametrize("kind", get_args(FeeKind))
def test_every_kind_of_fee_has_its_name(kind: str) -> None:
    assert len(say("fee_at_cost", {"kind": Kind(kind)})) == 3
