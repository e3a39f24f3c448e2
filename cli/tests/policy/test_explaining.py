"""`samlan policy explain` without a consortium: the books alone answer, from the facts given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Answer = Callable[..., dict[str, Any]]
OREBRO = ("--branch", "orebro/stadsbiblioteket", "--on", "2026-11-20")
FYREN = ("--branch", "kungsbacka/fyren", "--on", "2026-11-20")


def decided(told: dict[str, Any], act: str, decision: str) -> dict[str, Any]:
    (found,) = [one for one in told["decisions"] if (one["act"], one["decision"]) == (act, decision)]
    return found


@pytest.mark.parametrize(("waiting", "due"), [("0", "2026-12-18"), ("1", "2026-12-04")])
@pytest.mark.clause("O10")
def test_a_due_date_with_its_rule_version_dates_and_inputs(answer: Answer, waiting: str, due: str) -> None:
    told = answer("explain", *OREBRO, "--material", "book", "--audience", "adult", "--holds-waiting", waiting)
    found = decided(told, "borrow", "due_date")
    assert found["value"] == due
    (why,) = found["because"]
    assert why["cites"] == ["O10"]
    assert why["inputs"]["holds_waiting"] == int(waiting)
    assert why["version"].startswith("1+")
    assert why["in_force"] == [None, None]
    assert set(found["says"]) == {"sv", "da", "en"}
    assert all(due in said for said in found["says"].values())


@pytest.mark.clause("K15", "K28")
def test_a_refusal_lists_every_reason(answer: Answer) -> None:
    told = answer(
        "explain", *FYREN, "--material", "feature_film", "--born", "2011-11-21", "--owes", "100.01",
        "--blocked", "lost_card", "--temporary",
    )  # fmt: skip
    found = decided(told, "borrow", "allowed")
    assert found["value"] == {
        "allowed": False, "reasons": ["temporary_account", "blocked", "age_limit"]
    }  # fmt: skip
    rules = {why["rule"] for why in found["because"]}
    assert {"kungsbacka/lost_card", "kungsbacka/feature_films_from_15"} <= rules
    assert "Lånas ut från 15 år; låntagaren är 14 år." in found["says"]["sv"]


@pytest.mark.clause("K20", "K35")
def test_a_fee_if_it_is_returned_on_a_date(answer: Answer) -> None:
    told = answer(
        "explain", *FYREN, "--material", "book", "--due", "2026-11-18", "--renewals", "5",
        "--returned", "2026-12-25",
    )  # fmt: skip
    returned = decided(told, "return", "overdue_fee")
    assert returned["value"] == {
        "amount": 11100, "currency": "SEK", "returned": "2026-12-25", "days_late": 37
    }  # fmt: skip
    assert "111,00 kr" in returned["says"]["sv"]
    assert decided(told, "return", "counts_as_returned")["value"].startswith("2026-12-25T12:00")
    today = answer("explain", *FYREN, "--act", "return", "--material", "book", "--due", "2026-11-18")
    assert decided(today, "return", "overdue_fee")["value"]["amount"] == 600
    borrowed = decided(told, "borrow", "overdue_fee")
    assert borrowed["value"] == {"amount": 2100, "currency": "SEK", "returned": "2026-12-25", "days_late": 7}
    renewed = decided(told, "renew", "allowed")
    assert renewed["value"] == {"allowed": False, "reasons": ["no_renewals_left"]}


@pytest.mark.clause("K45", "K24", "K22", "K23", "K30")
def test_what_follows_a_loan_that_is_not_returned(answer: Answer) -> None:
    told = answer("explain", *FYREN, "--act", "borrow", "--material", "book", "--born", "2010-01-01")
    soon = decided(told, "borrow", "notice_due_soon")
    assert (soon["value"]["on"], soon["value"]["channels"]) == ("2026-12-15", ["email"])
    assert soon["value"]["to"] == "guardian"
    grown = answer("explain", *FYREN, "--act", "borrow", "--material", "book", "--born", "1990-01-01")
    assert decided(grown, "borrow", "fee_reminder_1")["value"]["amount"] == 2000
    assert decided(grown, "borrow", "fee_invoice")["value"]["amount"] == 4000
    assert decided(grown, "borrow", "late_days_invoiced")["value"]["amount"] == 12600
    assert decided(grown, "borrow", "replacement")["value"]["amount"] == 25000
    assert decided(told, "borrow", "fee_reminder_1")["value"]["amount"] == 0


@pytest.mark.clause("K35", "O22")
def test_a_refused_renewal_says_once_that_it_is_refused(answer: Answer) -> None:
    told = answer(
        "explain", *OREBRO, "--act", "renew", "--material", "book", "--due", "2026-11-30", "--renewals", "5",
        "--holds-waiting", "1",
    )  # fmt: skip
    said = decided(told, "renew", "allowed")["says"]
    assert said["en"] == "Cannot be renewed: 1 hold waiting. Already renewed 5 of at most 5 times."
    assert said["sv"] == "Kan inte lånas om: 1 reservation väntar. Redan omlånat 5 av högst 5 gånger."


@pytest.mark.clause("K40", "O25")
def test_whether_a_branch_takes_it_back(answer: Answer) -> None:
    foreign = answer("explain", *FYREN, "--act", "return", "--material", "book", "--home", "vast/lerum")
    assert decided(foreign, "return", "accepted")["value"]["accepted"] is False
    partner = answer(
        "explain", "--branch", "orebro/patientbiblioteket", "--branch-kind", "partner", "--on", "2026-11-20",
        "--act", "return", "--material", "book", "--home", "orebro/stadsbiblioteket",
    )  # fmt: skip
    assert decided(partner, "return", "accepted")["value"]["accepted"] is False


@pytest.mark.clause("O27")
def test_what_lies_in_a_drop_counts_from_the_next_opening(answer: Answer) -> None:
    told = answer(
        "explain", "--branch", "orebro/odensbacken", "--on", "2026-11-20T21:00", "--act", "return",
        "--material", "book", "--due", "2026-11-20", "--drop", "--closed", "2026-11-21",
    )  # fmt: skip
    assert decided(told, "return", "counts_as_returned")["value"].startswith("2026-11-22T09:00")
    assert decided(told, "return", "overdue_fee")["value"]["days_late"] == 2


@pytest.mark.clause("K17")
def test_what_is_brought_home_has_its_own_period_and_says_so(answer: Answer) -> None:
    told = answer("explain", *FYREN, "--act", "borrow", "--material", "book", "--home-delivery")
    found = decided(told, "borrow", "due_date")
    assert found["value"] == "2027-01-01"
    assert found["because"][0]["rule"] == "kungsbacka/home_delivery"
    assert found["because"][0]["inputs"]["service"] == "home_delivery"


@pytest.mark.clause("V05", "V07")
def test_a_temporary_account_may_hold_and_not_borrow(answer: Answer) -> None:
    told = answer(
        "explain", "--branch", "vast/lerum", "--on", "2026-11-20", "--material", "book", "--temporary"
    )
    assert decided(told, "hold", "allowed")["value"]["allowed"] is True
    assert decided(told, "borrow", "allowed")["value"]["reasons"] == ["temporary_account"]
    assert decided(told, "hold", "pickup_shelf")["value"] == "2026-11-27"
    assert decided(told, "hold", "notice_hold_ready")["value"]["sent"] is True


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("sv", "Åter senast 2026-12-04: 14 dagar från 2026-11-20, för 1 reservation väntar."),
        ("da", "Skal afleveres senest 2026-12-04: 14 dage fra 2026-11-20, for 1 reservering venter."),
        ("en", "Due 2026-12-04: 14 days from 2026-11-20, with 1 hold waiting."),
    ],
)
def test_a_person_reads_one_sentence_for_each_decision(run, language: str, said: str) -> None:
    result = run("explain", *OREBRO, "--material", "book", "--holds-waiting", "1", "--language", language)
    assert result.exit_code == 0
    assert said in result.stdout
    assert "orebro/adult_book_queue (O10), version 1+" in result.stdout


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        ("orebro/stadsbiblioteket", "Åter senast 2026-"),
        ("gladsaxe/hovedbiblioteket", "Skal afleveres senest 2026-"),
    ],
)
def test_without_a_language_the_branchs_own_is_read(run, branch: str, said: str) -> None:
    result = run("explain", "--branch", branch, "--on", "2026-11-20", "--act", "borrow", "--material", "book")
    assert result.exit_code == 0
    assert said in result.stdout


def test_of_a_member_whose_language_nobody_writes_english_is_read(run, policies, tmp_path) -> None:
    book = (policies / "vast.yaml").read_text("utf-8").replace("language: sv", "language: nb")
    (tmp_path / "vast.yaml").write_text(book, "utf-8")
    asked = ("--branch", "vast/lerum", "--on", "2026-11-20", "--act", "borrow", "--material", "book")
    result = run("explain", *asked, "--policies", str(tmp_path))
    assert "Due 2026-" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--branch", "nowhere"), "--branch is written member/branch"),
        (("--branch", "mars/base", "--material", "book"), "no policy book for the member 'mars'"),
        (("--branch", "vast/lerum"), "say which item"),
        (("--branch", "vast/lerum", "--material", "sledge"), "vast has no material 'sledge'"),
        (("--branch", "vast/lerum", "--material", "book", "--on", "soon"), "--on is a day or a local time"),
        (("--branch", "vast/lerum", "--material", "book", "--born", "1990"), "--born is a day"),
        (("--branch", "vast/lerum", "--material", "book", "--owes", "100"), "an amount has a unit"),
        (("--branch", "vast/lerum", "--material", "book", "--on-loan", "games"), "--on-loan is written"),
        (("--branch", "vast/lerum", "--material", "book", "--blocked", "rain"), "--blocked is one of"),
        (("--branch", "vast/lerum", "--material", "book", "--due", "9999-12-31"), "--due lies between"),
        (("--branch", "vast/lerum", "--material", "book", "--on", "9999-12-30"), "--on lies between"),
        (
            ("--branch", "vast/lerum", "--material", "book", "--on", "2026-11-20", "--born", "2026-11-21"),
            "--born 2026-11-21 is later than 2026-11-20",
        ),
        (
            ("--branch", "vast/lerum", "--material", "book", "--channel", "fax"),
            "--channel is one of web, phone",
        ),
        (("--branch", "vast/lerum", "--patron", "anna", "--data", "nowhere"), "nothing runs on nowhere"),
    ],
)
def test_a_mistake_is_told_in_one_line(trouble, arguments: tuple[str, ...], said: str) -> None:
    told = trouble("explain", *arguments)
    assert said in told
    assert "\n" not in told
