"""The patrons: all ages and contacts, none of them a person who exists."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from samlan.sample.streams import luhn

from .conftest import TODAY, Sample, age


def test_patrons_are_of_all_ages(sample: Sample) -> None:
    ages = [age(patron, TODAY) for patron in sample.patrons.values()]
    assert min(ages) == 5
    assert max(ages) > 90
    assert sum(years < 18 for years in ages) > 300


@pytest.mark.clause("K07")
def test_children_have_guardians_who_are_adults_of_the_same_member(sample: Sample) -> None:
    children = [patron for patron in sample.patrons.values() if age(patron, TODAY) < 18]
    for child in children:
        if "guardian" in child:
            guardian = sample.patrons[child["guardian"]]
            assert age(guardian, TODAY) >= age(child, TODAY) + 18
            assert guardian["member"] == child["member"]
        else:
            assert child["member"] == "orebro"
            assert age(child, TODAY) >= 15
    assert any(child.get("shielded") for child in children)
    assert not any("guardian" in patron for patron in sample.patrons.values() if age(patron, TODAY) >= 18)


@pytest.mark.clause("V04", "V08")
def test_temporary_accounts_are_adults_of_vast_registered_within_a_week(sample: Sample) -> None:
    temporary = [patron for patron in sample.patrons.values() if patron["status"] == "temporary"]
    assert temporary
    for patron in temporary:
        assert patron["member"] == "vast"
        assert age(patron, TODAY) >= 18
        assert 0 < (TODAY - datetime.fromisoformat(patron["registered_at"]).date()).days < 7
        assert patron["cards"] == []
        assert patron["identity"]


def test_contacts_are_of_every_kind_and_lead_to_nobody(sample: Sample) -> None:
    kinds = Counter(tuple(patron["channels"]) for patron in sample.patrons.values())
    assert set(kinds) == {("email",), ("sms",), ("email", "sms"), ()}
    for patron in sample.patrons.values():
        assert ("email" in patron) == ("email" in patron["channels"])
        assert ("mobile" in patron) == ("sms" in patron["channels"])
        assert patron.get("email", "@example.org").endswith("@example.org")
        assert patron.get("mobile", "+4500").startswith(("+467017406", "+4500"))
    mobiles = [patron["mobile"] for patron in sample.patrons.values() if "mobile" in patron]
    assert len(set(mobiles)) == len(mobiles)
    assert max(map(len, mobiles)) <= 16


def test_languages_are_swedish_danish_english_and_unknown(sample: Sample) -> None:
    assert {patron.get("language") for patron in sample.patrons.values()} == {"sv", "da", "en", None}


def test_identity_numbers_are_those_kept_for_tests(sample: Sample) -> None:
    identities = [patron["identity"] for patron in sample.patrons.values() if "identity" in patron]
    assert len(set(identities)) == len(identities)
    for patron in sample.patrons.values():
        match patron.get("identity", "").split("-"):
            case [born, serial] if len(born) == 8:
                assert born == patron["born"].replace("-", "")
                assert 980 <= int(serial[:3]) <= 999
                assert serial[3] == luhn(born[2:] + serial[:3])
            case [born, _]:
                assert patron["member"] == "gladsaxe"
                assert int(born[:2]) == int(patron["born"][8:]) + 60
            case _:
                assert "identity" not in patron


def test_blocks_name_their_cause_and_a_lost_card_its_card(sample: Sample) -> None:
    blocks = [(patron, block) for patron in sample.patrons.values() for block in patron.get("blocks", ())]
    assert {block["cause"] for _, block in blocks} == {"lost_card", "staff"}
    assert all(block["card"] in patron["cards"] for patron, block in blocks if block["cause"] == "lost_card")


@pytest.mark.clause("K09")
def test_two_cards_of_one_patron_differ_in_the_last_two_digits_only(sample: Sample) -> None:
    pairs = [patron["cards"] for patron in sample.patrons.values() if len(patron["cards"]) == 2]
    assert pairs
    assert all(first[:-2] == second[:-2] != "" and first != second for first, second in pairs)


@pytest.mark.clause("K25", "O38")
def test_a_child_owes_for_what_is_lost_and_never_for_being_late(sample: Sample) -> None:
    kinds = {fee["kind"] for fee in sample.fees if age(sample.patrons[fee["patron"]], TODAY) < 18}
    assert kinds <= {"card", "replacement", "invoice"}


def test_debts_are_in_the_members_currency_and_about_items_that_are_in(sample: Sample) -> None:
    lent = {loan["item"] for loan in sample.loans}
    assert len({fee["fee"] for fee in sample.fees}) == len(sample.fees)
    for fee in sample.fees:
        assert fee["member"] == sample.patrons[fee["patron"]]["member"]
        assert fee["currency"] == ("DKK" if fee["member"] == "gladsaxe" else "SEK")
        assert datetime.fromisoformat(fee["charged_at"]).date() < TODAY
        assert fee.get("item") not in lent
        assert ("invoice" in fee) == ("invoice_due" in fee)


@pytest.mark.clause("O30", "K28")
def test_debts_lie_below_on_and_above_the_limits(sample: Sample) -> None:
    owed: Counter[str] = Counter()
    for fee in sample.fees:
        owed[fee["patron"]] += fee["amount"]
    assert {4900, 5000, 10000, 10300} <= set(owed.values())
