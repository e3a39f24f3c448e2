"""To whom a notice goes, by which channel, in which language."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from samlan_contracts.policy import PatronFacts
from samlan_notify.domain.address import (
    Contact,
    Patron,
    Recipient,
    channel_of,
    contact_of,
    language_of,
    recipient_of,
)

BOTH = ("email", "sms")
REACHABLE = Contact(email="a@example.org", mobile="+46701")


def recipient(kind: Any = "hold_ready", **more: Any) -> Any:
    fields = {
        "patron": "mio", "known": Patron(member="vast", guardian="anna"), "age": 12,
        "guardian_under": 18, "guardian_known": True,
    }  # fmt: skip
    return recipient_of(kind, **{**fields, **more})


@pytest.mark.clause("K24")
@pytest.mark.parametrize("kind", ["hold_ready", "fee_charged", "receipt", "hold_expired"])
@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 11, 23), Recipient("anna", "guardian")),
        (date(2026, 11, 24), Recipient("mio", "patron")),
        (date(2026, 11, 25), Recipient("mio", "patron")),
    ],
)
def test_until_the_day_before_the_eighteenth_birthday_the_guardian_is_told(
    kind: str, today: date, expected: Recipient
) -> None:
    born = PatronFacts(member="vast", born=date(2008, 11, 24))
    assert recipient(kind, age=born.age_on(today)) == expected


def test_a_book_without_an_age_tells_the_child() -> None:
    assert recipient(guardian_under=None) == Recipient("mio", "patron")


def test_an_unknown_birth_date_is_nobodys_childhood() -> None:
    assert recipient(age=None) == Recipient("mio", "patron")


@pytest.mark.clause("O37")
@pytest.mark.parametrize("kind", ["hold_ready", "hold_expired", "receipt"])
def test_a_shielded_child_is_told_of_loans_and_holds_itself(kind: str) -> None:
    known = Patron(member="orebro", guardian="anna", shielded=True)
    assert recipient(kind, known=known) == Recipient("mio", "patron")


@pytest.mark.clause("O36")
def test_a_shielded_childs_money_is_still_its_guardians_to_pay() -> None:
    known = Patron(member="orebro", guardian="anna", shielded=True)
    assert recipient("fee_charged", known=known) == Recipient("anna", "guardian")


def test_a_child_without_a_guardian_is_told_itself_but_nobody_is_told_of_its_money() -> None:
    alone = Patron(member="orebro")
    assert recipient("hold_ready", known=alone) == Recipient("mio", "patron")
    assert recipient("fee_charged", known=alone) == "guardian_missing"
    assert recipient("fee_charged", guardian_known=False) == "guardian_missing"


@pytest.mark.clause("G04", "K45", "D15")
@pytest.mark.parametrize(
    ("channels", "contact", "book", "expected"),
    [
        (("email", "sms"), REACHABLE, BOTH, "email"),
        (("sms", "email"), REACHABLE, BOTH, "sms"),
        (("sms",), REACHABLE, BOTH, "sms"),
        ((), REACHABLE, BOTH, "email"),
        ((), REACHABLE, ("sms", "email"), "sms"),
        (("sms",), REACHABLE, ("email",), "email"),
        (("sms",), Contact(email="a@example.org"), BOTH, "email"),
        (("email",), Contact(mobile="+46701"), BOTH, "sms"),
        (("email",), Contact(mobile="+46701"), ("email",), None),
        (("pigeon",), Contact(), BOTH, None),
    ],
)
def test_the_first_preferred_channel_that_exists_and_stands_in_the_book(
    channels: tuple[str, ...], contact: Contact, book: tuple[str, ...], expected: str | None
) -> None:
    wishing = Contact(email=contact.email, mobile=contact.mobile, channels=channels)
    assert channel_of("hold_ready", wishing, book=book) == expected


def test_a_receipt_goes_by_mail_or_not_at_all() -> None:
    assert channel_of("receipt", REACHABLE, book=BOTH) == "email"
    assert channel_of("receipt", Contact(mobile="+46701", channels=("sms",)), book=BOTH) is None


@pytest.mark.parametrize(
    ("chosen", "member", "expected"),
    [("da", "sv", "da"), ("en-GB", "sv", "en"), (None, "da", "da"), ("fi", "da", "da"), ("fi", "nb", "en")],
)
def test_the_persons_language_or_the_members(chosen: str | None, member: str, expected: str) -> None:
    assert language_of(Contact(language=chosen), member_language=member) == expected


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "a@b\r\nBcc: all@example.org",
        "a b@example.org",
        "a@b@c",
        "<a@b>",
        "a@" + "x" * 300,
        None,
        7,
    ],
)
def test_an_address_that_could_break_a_header_is_no_address(email: Any) -> None:
    assert contact_of({"email": email}).email is None


@pytest.mark.parametrize(
    ("mobile", "expected"),
    [
        ("070-123 45 67", "0701234567"),
        ("+46 (0)70", "+46070"),
        ("070\n1", None),
        ("ring mig", None),
        ("1", None),
    ],
)
def test_a_number_is_digits(mobile: str, expected: str | None) -> None:
    assert contact_of({"mobile": mobile}).mobile == expected
