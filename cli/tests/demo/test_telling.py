"""What a person reads: lines, counts and the page at the end."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from rich.console import Console
from samlan.demo.messages import Languages
from samlan.demo.stories import HUSH_SECONDS, Stories
from samlan.demo.summary import Summary, checked
from samlan.demo.tally import tally
from samlan.demo.words import Columns, money, return_line
from samlan.playing import Fee, Notice, Return, Spread
from samlan.sample.workload import PlannedReturn

AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
NAMES = {"vast/lerum": "Lerums bibliotek", "vast/ale": "Ale bibliotek"}


def one_return(fact: str = "f1", **known: object) -> Return:
    planned = PlannedReturn("i1", "lerum-1", "vast/lerum", "home_here", late=False)
    made = Return(planned, fact, AT, material="music_cd")
    for name, value in known.items():
        setattr(made, name, value)
    return made


def home(fact: str = "f1", **more: object) -> Return:
    return one_return(fact, routed_to="stays", goes_to="vast/lerum", **more)


def ready(fact: str = "f1", **more: object) -> Return:
    return one_return(
        fact,
        routed_to="shelf",
        goes_to="vast/lerum",
        for_hold=True,
        borrower_id="L4711",
        ready=["e1"],
        **more,
    )


def told(notice: str, kind: str, channel: str = "sms") -> Notice:
    return Notice(notice, kind, channel)


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    mail, sms = tmp_path / "mail", tmp_path / "sms.jsonl"
    mail.mkdir()
    (mail / "n1@samlan.invalid.eml").write_text("Subject: x\nContent-Language: da\n\nHej\n")
    sms.write_text(json.dumps({"id": "n2", "language": "sv"}) + "\n" + '{"id": "n3", "lang')
    return Languages(mail, sms)


def said(one: Return, languages: Languages) -> str:
    return " ".join(return_line(one, NAMES, languages, Columns(26, 18)).plain.split())


def test_a_line_tells_where_an_item_goes_and_who_was_told(languages: Languages) -> None:
    line = said(ready(notices=[told("n1", "hold_ready", "email")]), languages)
    assert line == ("Lerums bibliotek music CD pickup shelf, hold ready for L4711, told in Danish by e-mail")


def test_a_line_tells_the_fee_and_that_nobody_could_be_told(languages: Languages) -> None:
    fee = Fee("e2", 2400, "SEK", "orebro")
    unsent = Notice("n9", "fee_charged", None, "no_channel")
    line = said(home(fees=[fee], due=date(2026, 11, 11), notices=[unsent]), languages)
    assert line.endswith("back on its shelf · 12 days late, fee 24.00 SEK, not told: no channel")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (home(), "back on its shelf"),
        (one_return(routed_to="home", goes_to="vast/ale"), "home to Ale bibliotek"),
        (
            one_return(routed_to="transit", goes_to="vast/ale", for_hold=True, borrower_id="L1"),
            "to Ale bibliotek, held for L1",
        ),
        (one_return(refused="unknown_item"), "to the staff: unknown item"),
        (one_return(), "waits to be routed"),
    ],
)
def test_every_end_of_a_return_has_its_words(one: Return, words: str, languages: Languages) -> None:
    assert said(one, languages).endswith(words)


def test_a_language_is_read_from_mail_and_texts_and_unknown_otherwise(
    languages: Languages, tmp_path: Path
) -> None:
    assert languages.of("n1", "email") == "Danish"
    assert languages.of("n2", "sms") == "Swedish"
    assert languages.of("n3", "sms") == "?"
    with (tmp_path / "sms.jsonl").open("a") as file:
        file.write('uage": "en"}\n')
    assert languages.of("n3", "sms") == "English"
    assert languages.of("never", "email") == "?"


@pytest.mark.parametrize(
    ("minor", "text"), [(0, "0.00 SEK"), (305, "3.05 SEK"), (123456789, "1\u202f234\u202f567.89 SEK")]
)
def test_money_is_written_with_its_currency(minor: int, text: str) -> None:
    assert money(minor, "SEK") == text


def test_a_return_is_told_once_when_it_has_been_silent() -> None:
    stories = Stories()
    one = home()
    stories.hear(one, 1.0)
    assert list(stories.ripe(1.0 + HUSH_SECONDS / 2)) == []
    assert list(stories.ripe(1.0 + HUSH_SECONDS * 2)) == [one]
    stories.hear(one, 2.0)  # the kiosk's answer came after everything else
    assert list(stories.ripe(9.0)) == []
    assert stories.told == 1


def test_a_return_waits_for_its_message_and_is_told_at_the_end_without() -> None:
    stories = Stories()
    waiting = ready(awaiting={"e1"})
    stories.hear(waiting, 1.0)
    assert list(stories.ripe(9.0)) == []
    assert list(stories.rest()) == [waiting]


def test_what_comes_later_is_told_once_more() -> None:
    stories = Stories()
    one = home()
    stories.hear(one, 1.0)
    list(stories.ripe(9.0))
    one.fees.append(Fee("e2", 100, "SEK", "vast"))
    stories.hear(one, 10.0)
    assert list(stories.ripe(19.0)) == [one]


RUN = [
    home("f1", fees=[Fee("e1", 2400, "SEK", "orebro")], notices=[told("n2", "fee_charged")]),
    home("f2", fees=[Fee("e2", 300, "DKK", "gladsaxe")], notices=[told("n2", "fee_charged")]),
    ready("f3", notices=[told("n1", "hold_ready", "email")]),
    one_return(
        "f4", routed_to="home", goes_to="vast/ale", notices=[Notice("n7", "receipt", None, "no_channel")]
    ),
    one_return("f5", refused="unknown_item"),
]


def test_the_summary_is_one_object_with_what_the_surface_promises(languages: Languages) -> None:
    summary = Summary(
        tally=tally(RUN, languages), seconds=2.0, reply=Spread(5.0, 9.0), effect=Spread(None, None)
    )  # fmt: skip
    assert summary.as_json(()) == {
        "returns": 5, "shelf": 1, "transit": 1, "home": 2, "holds_ready": 1, "fees_charged": 2,
        "fees_minor": {"DKK": 300, "SEK": 2400}, "notices": 2, "exceptions": 1, "seconds": 2.0,
        "reply_ms": {"p50": 5.0, "p99": 9.0}, "effect_ms": {"p50": None, "p99": None}, "check": "clean",
    }  # fmt: skip


def test_the_page_says_what_was_not_sent_and_why(languages: Languages) -> None:
    summary = Summary(
        tally=tally(RUN, languages), seconds=2.0, reply=Spread(5.0, 9.0), effect=Spread(None, None)
    )
    out = io.StringIO()
    Console(file=out, width=100).print(summary.page())
    assert "receipt not sent: no channel" in out.getvalue()
    assert summary.as_json(["1. item i1: on loan without a loan"])["check"] != "clean"


def test_the_check_names_the_first_violations_and_counts_the_rest() -> None:
    out = io.StringIO()
    found = [f"1. item i{n}: on loan without a loan" for n in range(25)]
    Console(file=out, width=100).print(checked(found))
    assert "check: 25 violations" in out.getvalue()
    assert "and 5 more" in out.getvalue()
