"""What one return sets off, through every service, branch by branch of the journey."""

from __future__ import annotations

import pytest
from samlan_contracts.events.billing import FeeCharged
from samlan_contracts.events.holds import HoldReady

from .town import Town, held, lent

IN_TIME = "2026-12-01"


async def test_nobody_waits_and_home_is_here(town: Town) -> None:
    await town.load(loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)])
    await town.scan("roda-lerum", "vast/lerum")
    assert (await town.where("roda-lerum"))["state"] == "available"
    assert await town.loans_of("anna") == []
    assert await town.fees_of("anna") == []
    assert town.mails("hold_ready") == []
    await town.assert_clean()


@pytest.mark.clause("V01")
async def test_nobody_waits_and_home_is_elsewhere_so_it_travels_home(town: Town) -> None:
    await town.load(loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)])
    await town.scan("roda-lerum", "vast/partille")
    found = await town.where("roda-lerum")
    assert (found["state"], found["branch"], found["goes_to"]) == (
        "in_transit",
        "vast/partille",
        "vast/lerum",
    )
    await town.assert_clean()
    await town.scan("roda-lerum", "vast/lerum")
    assert (await town.where("roda-lerum"))["state"] == "available"
    await town.assert_clean()


@pytest.mark.clause("V14")
async def test_a_hold_for_this_branch_is_shelved_and_told_once(town: Town) -> None:
    await town.load(
        loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)],
        holds=[held("roda", "cilla", "vast/lerum")],
    )
    await town.scan("roda-lerum", "vast/lerum")
    assert (await town.where("roda-lerum"))["state"] == "hold_shelf"
    (hold,) = await town.holds_of("cilla")
    assert (hold["state"], hold["item"]) == ("ready", "roda-lerum")
    (mail,) = town.mails("hold_ready")
    assert mail["To"] == f"cilla.{town.tag}@example.org"
    assert mail["Content-Language"] == "en"
    text = mail.get_content()
    assert "Lcilla" in text
    assert "lerum bibliotek" in text
    await town.assert_clean()


async def test_a_hold_for_another_branch_becomes_ready_when_the_item_arrives(town: Town) -> None:
    await town.load(
        loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)],
        holds=[held("roda", "cilla", "vast/ale")],
    )
    await town.scan("roda-lerum", "vast/lerum")
    found = await town.where("roda-lerum")
    assert (found["state"], found["goes_to"]) == ("in_transit", "vast/ale")
    assert town.mails("hold_ready") == []
    assert (await town.holds_of("cilla"))[0]["state"] == "in_transit"
    await town.assert_clean()
    await town.scan("roda-lerum", "vast/ale")
    assert (await town.holds_of("cilla"))[0]["state"] == "ready"
    assert len(town.mails("hold_ready")) == 1
    await town.assert_clean()


async def test_a_frozen_hold_is_passed_over_and_keeps_its_place(town: Town) -> None:
    await town.load(
        loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)],
        holds=[
            held("roda", "cilla", "vast/lerum", frozen=True, day=1),
            held("roda", "bo", "vast/lerum", day=2),
        ],
    )
    await town.scan("roda-lerum", "vast/lerum")
    assert (await town.holds_of("bo"))[0]["state"] == "ready"
    assert (await town.holds_of("cilla"))[0]["state"] == "frozen"
    (text,) = town.texts()
    assert "Lbo" in text["text"]
    await town.assert_clean()


async def test_a_hold_past_its_last_needed_date_gets_nothing(town: Town) -> None:
    await town.load(
        loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)],
        holds=[held("roda", "cilla", "vast/lerum", last_needed="2026-11-23"), held("roda", "bo", "vast/ale")],
    )
    town.world.clock.set(town.world.clock.now().replace(day=25))
    await town.scan("roda-lerum", "vast/lerum")
    assert (await town.where("roda-lerum"))["goes_to"] == "vast/ale"
    assert await town.holds_of("cilla") == []
    await town.assert_clean()


@pytest.mark.clause("K20", "K19")
async def test_an_adult_pays_for_each_late_day_and_is_told(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-11-20")])
    fact = await town.scan("roda-fyren", "kungsbacka/fyren")
    (fee,) = await town.fees_of("dag")
    assert (fee["amount"], fee["kind"]) == ({"amount": 900, "currency": "SEK"}, "overdue")
    assert "K20" in [clause for because in fee["because"] for clause in because["cites"]]
    (mail,) = town.mails("fee_charged")
    assert [mail["X-Samlan-Cause"]] == town.told(FeeCharged)
    assert "9,00" in mail.get_content()
    assert fact
    await town.assert_clean()


@pytest.mark.clause("K25")
async def test_a_child_is_never_charged_for_being_late(town: Town) -> None:
    await town.load(loans=[lent("mio-fyren", "barn", "kungsbacka/fyren", due="2026-10-20")])
    await town.scan("mio-fyren", "kungsbacka/fyren")
    assert await town.fees_of("barn") == []
    assert town.mails("fee_charged") == []
    await town.assert_clean()


@pytest.mark.clause("K40")
async def test_an_item_of_another_municipality_stays_on_loan_and_staff_are_told(town: Town) -> None:
    await town.load(loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)])
    await town.scan("roda-lerum", "kungsbacka/fyren")
    (told,) = await town.exceptions_at("kungsbacka/fyren")
    assert told["reason"] == "not_accepted_here"
    assert len(await town.loans_of("anna")) == 1
    await town.scan("roda-lerum", "vast/partille")
    assert await town.loans_of("anna") == []
    await town.assert_clean()


@pytest.mark.clause("O25")
async def test_orebro_takes_its_items_at_tegelbruket_and_not_at_the_patient_library(town: Town) -> None:
    await town.load(loans=[lent("roda-orebro", "karl", "orebro/stadsbiblioteket", due=IN_TIME)])
    await town.scan("roda-orebro", "orebro/patientbiblioteket")
    assert len(await town.loans_of("karl")) == 1
    await town.scan("roda-orebro", "orebro/tegelbruket")
    assert await town.loans_of("karl") == []
    assert (await town.where("roda-orebro"))["goes_to"] == "orebro/stadsbiblioteket"
    await town.assert_clean()


@pytest.mark.clause("O27", "O28")
@pytest.mark.parametrize(
    ("branch", "device", "late"),
    [
        ("orebro/odensbacken", "odensbacken-drop", True),
        ("orebro/stadsbiblioteket", "stadsbiblioteket-drop", False),
    ],
)
async def test_a_drop_after_closing_counts_as_its_branch_says(
    town: Town, branch: str, device: str, late: bool
) -> None:
    await town.load(loans=[lent("roda-orebro", "karl", "orebro/stadsbiblioteket", due="2026-11-23")])
    town.world.clock.set(town.world.clock.now().replace(hour=21))
    await town.scan("roda-orebro", branch, device=device, mode="drop")
    assert bool(await town.fees_of("karl")) is late
    await town.assert_clean()


async def test_the_same_fact_twice_and_the_item_handed_in_twice_change_nothing_more(town: Town) -> None:
    await town.load(
        loans=[lent("roda-lerum", "anna", "vast/lerum", due="2026-11-01")],
        holds=[held("roda", "cilla", "vast/lerum")],
    )
    await town.scan("roda-lerum", "vast/lerum", id=f"one-{town.tag}", sequence=900001)
    await town.scan("roda-lerum", "vast/lerum", id=f"one-{town.tag}", sequence=900001)
    await town.scan("roda-lerum", "vast/lerum")
    assert len(set(town.told(HoldReady))) == 1
    assert len(town.mails("hold_ready")) == 1
    await town.assert_clean()


async def test_two_copies_returned_at_once_serve_two_different_holds(town: Town) -> None:
    await town.load(
        loans=[
            lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME),
            lent("roda-partille", "bo", "vast/partille", due=IN_TIME),
        ],
        holds=[
            held("roda", "cilla", "vast/lerum"),
            held("roda", "karl", "orebro/stadsbiblioteket", day=2),
        ],
    )
    for item, branch in (("roda-lerum", "vast/lerum"), ("roda-partille", "vast/partille")):
        await town.fact(item, branch)
    await town.settle()
    served = {hold["item"] for who in ("cilla", "karl") for hold in await town.holds_of(who) if hold["item"]}
    assert len(served) == 2
    await town.assert_clean()


async def test_an_unknown_item_is_an_exception_of_its_branch(town: Town) -> None:
    await town.scan("never-heard-of", "vast/lerum")
    (told,) = await town.exceptions_at("vast/lerum")
    assert told["reason"] == "unknown_item"
    await town.assert_clean()


async def test_whoever_asked_for_receipts_gets_one_by_mail(town: Town) -> None:
    await town.load(loans=[lent("roda-orebro", "karl", "orebro/stadsbiblioteket", due=IN_TIME)])
    await town.scan("roda-orebro", "orebro/stadsbiblioteket")
    (mail,) = town.mails("receipt")
    assert mail["To"] == f"karl.{town.tag}@example.org"
    assert "Röda rummet" in mail.get_content()
    await town.assert_clean()
