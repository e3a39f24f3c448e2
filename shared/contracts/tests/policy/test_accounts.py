"""Accounts: the ages at which something changes, on both sides of each, and what patrons do without staff."""

from __future__ import annotations

from datetime import date

import pytest
from samlan_contracts.policy import (
    guardian_consents,
    may_block_own_card,
    may_change_contact_alone,
    old_enough_for_a_card,
    pin_digits,
)

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("decide", "member", "age", "value"),
    [
        pytest.param(may_change_contact_alone, "gothenburg", 17, False, marks=pytest.mark.clause("G03")),
        pytest.param(may_change_contact_alone, "gothenburg", 18, True, marks=pytest.mark.clause("G03")),
        (may_change_contact_alone, "vast", 12, True),
        pytest.param(old_enough_for_a_card, "kungsbacka", 4, False, marks=pytest.mark.clause("K07")),
        pytest.param(old_enough_for_a_card, "kungsbacka", 5, True, marks=pytest.mark.clause("K07")),
        (old_enough_for_a_card, "orebro", 0, True),
        pytest.param(guardian_consents, "kungsbacka", 17, True, marks=pytest.mark.clause("K07")),
        pytest.param(guardian_consents, "kungsbacka", 18, False, marks=pytest.mark.clause("K07")),
        pytest.param(guardian_consents, "orebro", 14, True, marks=pytest.mark.clause("O34")),
        pytest.param(guardian_consents, "orebro", 15, False, marks=pytest.mark.clause("O35")),
        (guardian_consents, "gladsaxe", 3, False),
    ],
)
def test_an_age_decides_as_the_book_says(books, decide, member, age, value) -> None:
    decision = decide(books, member=member, age=age, on=DAY)
    assert decision.value is value
    assert all(one["inputs"]["age"] == age for one in decision.because)


@pytest.mark.parametrize(
    ("member", "alone"),
    [
        pytest.param("vast", True, marks=pytest.mark.clause("V15")),
        pytest.param("kungsbacka", True, marks=pytest.mark.clause("K09")),
        pytest.param("orebro", True, marks=pytest.mark.clause("O04")),
        pytest.param("gladsaxe", False, marks=pytest.mark.clause("D08")),
    ],
)
def test_who_blocks_a_lost_card(books, member, alone) -> None:
    decision = may_block_own_card(books, member=member, on=DAY)
    assert decision.value is alone
    assert set(decision.because[0]["says"]) == {"sv", "da", "en"}


@pytest.mark.clause("V09", "K08")
def test_a_pin_has_as_many_digits_as_the_book_says(books) -> None:
    assert {pin_digits(books, member=member, on=DAY).value for member in books.members} == {4}
