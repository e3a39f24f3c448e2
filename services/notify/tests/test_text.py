"""What messages say, in every language and for every kind and channel."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, get_args

import pytest
from samlan_contracts.policy import Money, NoticeKind, says
from samlan_contracts.policy.texts import LANGUAGES
from samlan_notify.domain import occasions
from samlan_notify.domain.notice import Kind, Notice
from samlan_notify.domain.text import Branch, Names, Text, clean, money, write

from .cast import NOON, fee_charged, hold_expired, hold_ready, invoice_issued, item_returned, stage_reached

NAMES = Names(
    titles={"t1": "Röda rummet", "t2": "Mio min Mio"},
    branches={"vast/lerum": Branch("Lerums bibliotek", "Europe/Stockholm")},
    members={"vast": "Bibliotek i Väst"},
    patrons={"anna": "Anna Ek", "mio": "Mio Ek"},
)


def notice(occasion: Any, **more: Any) -> Notice:
    return replace(
        occasions.owed(occasion, cause="e", now=NOON, machine_now=NOON, bundle_seconds=lambda *_: 0), **more
    )


def written(
    notices: list[Notice], language: str = "sv", channel: Any = "email", names: Names = NAMES
) -> Text:
    return write(notices[0].kind, language=language, channel=channel, notices=notices, names=names)


READY = notice(occasions.hold_ready(hold_ready()))
FEE = notice(occasions.fee_charged(fee_charged(), 1))
EXPIRED = notice(occasions.hold_expired(hold_expired()))
RECEIPT = notice(occasions.receipt(item_returned()))
STAGES = [
    notice(occasions.stage(stage_reached(stage=one), 1)) for one in ("due_soon", "reminder_1", "reminder_2")
]
INVOICE = notice(occasions.invoice(invoice_issued(), 1))
EVERY: dict[Kind, Notice] = {one.kind: one for one in (READY, FEE, EXPIRED, RECEIPT, *STAGES, INVOICE)}


def test_a_book_speaks_of_no_kind_of_notice_that_nobody_sends() -> None:
    assert set(EVERY) == set(get_args(NoticeKind))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("count", [1, 3])
def test_every_kind_is_written_in_every_language(kind: Kind, language: str, count: int) -> None:
    text = written([EVERY[kind]] * count, language)
    assert "Röda rummet" in text.body
    assert text.subject
    assert "\n" not in text.subject
    assert not {"None", "{", "}", "Undefined"} & set(text.body.split())
    assert "\n\n\n" not in text.body
    assert text.body.endswith("\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [one for one in EVERY if one != "receipt"])
def test_every_kind_that_goes_by_sms_is_short_there(kind: Kind, language: str) -> None:
    text = written([EVERY[kind]], language, "sms")
    assert "Röda rummet" in text.body
    assert len(text.body) <= 306  # two parts
    assert text.body.count("\n") == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "channel"),
    [
        (kind, channel)
        for kind in EVERY
        for channel in ("email", "sms")
        if (kind, channel) != ("receipt", "sms")
    ],
)
@pytest.mark.parametrize("to", ["patron", "guardian"])
@pytest.mark.parametrize("count", [1, 3])
def test_no_sentence_is_glued_to_the_next(
    kind: Kind, channel: str, language: str, to: Any, count: int
) -> None:
    text = written([replace(EVERY[kind], to=to)] * count, language, channel)
    assert not re.search(r"[.!?)\d][A-ZÅÄÖÆØ]", text.body)
    assert "  " not in text.body.replace("\n  ", "\n")


@pytest.mark.clause("V14", "K39")
@pytest.mark.parametrize(
    ("language", "day"),
    [("sv", "lördag 5 december 2026"), ("da", "lørdag 5 december 2026"), ("en", "Saturday 5 December 2026")],
)
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_ready_hold_says_where_until_when_and_under_which_borrower_id(
    language: str, day: str, channel: str
) -> None:
    body = written([READY], language, channel).body
    assert "Lerums bibliotek" in body
    assert "L4711" in body
    assert day in body


@pytest.mark.parametrize(
    ("language", "amount", "reason"),
    [
        ("sv", "12,00 kr", "4 dagar för sent"),
        ("da", "12,00 SEK", "4 dage for sent"),
        ("en", "12.00 SEK", "4 days late"),
    ],
)
def test_a_fee_says_its_amount_and_why_as_the_language_writes_it(
    language: str, amount: str, reason: str
) -> None:
    body = written([FEE], language).body
    assert amount in body
    assert reason in body


def test_several_fees_are_summed_per_currency_and_never_across() -> None:
    danish = notice(occasions.fee_charged(fee_charged(currency="DKK", minor=2000, member="gladsaxe"), 1))
    text = written([FEE, FEE, danish])
    assert "Summa: 20,00 Dkr + 24,00 kr" in text.body
    assert text.subject == "3 nya avgifter: 20,00 Dkr + 24,00 kr"


def test_a_guardian_reads_which_child_it_is_about() -> None:
    mio = replace(FEE, patron="mio", to="guardian")
    assert "Gäller: Mio Ek" in written([mio]).body
    assert "Mio Ek" not in written([replace(FEE, patron="mio", to="patron")]).body


@pytest.mark.clause("O37")
@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_guardian_learns_no_title_of_a_shielded_child(channel: str, language: str) -> None:
    mio = replace(FEE, patron="mio", to="guardian")
    text = written([mio], language, channel, replace(NAMES, shielded=frozenset({"mio"})))
    assert "rummet" not in text.subject + text.body
    assert "12" in text.body
    assert "rummet" in written([mio], language, channel, replace(NAMES, shielded=frozenset({"lo"}))).body


def test_a_receipt_names_the_day_at_the_branch() -> None:
    late = item_returned()
    assert late.loan is not None
    loan = late.loan.model_copy(update={"returned_at": NOON.replace(hour=23, minute=30)})
    after_midnight = notice(occasions.receipt(late.model_copy(update={"loan": loan})))
    assert "tisdag 24 november 2026" in written([after_midnight]).body


@pytest.mark.parametrize("why", ["not_collected", "not_needed_any_more"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_expired_hold_says_which_deadline_passed(why: str, language: str) -> None:
    told = {one: written([notice(occasions.hold_expired(hold_expired(why=one)))], language).body
            for one in ("not_collected", "not_needed_any_more")}  # fmt: skip
    assert told[why] != told["not_collected" if why != "not_collected" else "not_needed_any_more"]


@pytest.mark.parametrize("kind", EVERY)
def test_a_title_cannot_break_out_of_its_line(kind: Kind) -> None:
    hostile = "Bok\r\nBcc: alla@example.org\r\n\r\n{{ 7 * 7 }}\x00\u2028\u202e" + "x" * 5000
    text = written([EVERY[kind]], names=replace(NAMES, titles={"t1": hostile}))
    assert "\n" not in text.subject
    assert len(text.subject) < 300
    assert "{{ 7 * 7 }}" in text.body
    assert not any(line.startswith("Bcc") for line in text.body.splitlines())
    assert "\x00" not in text.body
    assert "\u202e" not in text.body


def test_a_title_that_is_gone_is_not_a_hole() -> None:
    assert "(titel saknas)" in written([READY], names=replace(NAMES, titles={"t1": None})).body


def test_a_fee_without_a_title_has_none() -> None:
    card = notice(occasions.fee_charged(fee_charged(title=None, kind="card", because=[]), 1))
    assert "titel" not in written([card]).body.lower()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("currency", ["SEK", "DKK", "NOK"])
def test_an_amount_reads_the_same_in_a_message_and_in_its_reason(currency: str, language: Any) -> None:
    assert money(152350, currency, language) == says.money(Money(152350, currency), language)


def test_amounts_have_plain_spaces() -> None:
    assert money(152350, "SEK", "sv") == "1 523,50 kr"


@pytest.mark.parametrize(
    ("text", "expected"), [("a\tb", "a b"), ("  a  ", "a"), ("abcdef", "abc…"), ("", "")]
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text, 4) == expected
