"""Notices: when, by which channel, to whom."""

from __future__ import annotations

from datetime import date

import pytest
from samlan_contracts.policy import notice_rules

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("member", "days", "channels", "opt_in"),
    [
        pytest.param("gothenburg", 2, {"email", "sms"}, False, marks=pytest.mark.clause("G04")),
        pytest.param("kungsbacka", 3, {"email"}, False, marks=pytest.mark.clause("K45")),
        pytest.param("gladsaxe", 3, {"email", "sms"}, True, marks=pytest.mark.clause("D15")),
    ],
)
def test_a_due_reminder_comes_as_the_member_says(books, member, days, channels, opt_in) -> None:
    terms = notice_rules(books, member=member, kind="due_soon", on=DAY).value
    assert (terms.sent, terms.days_before_due, set(terms.channels), terms.opt_in) == (
        True,
        days,
        channels,
        opt_in,
    )


@pytest.mark.clause("K24")
@pytest.mark.parametrize("kind", ["overdue_1", "overdue_2", "invoice"])
def test_a_guardian_is_told_of_a_child_s_reminders_and_invoices(books, kind) -> None:
    assert notice_rules(books, member="kungsbacka", kind=kind, on=DAY).value.guardian_under == 18


@pytest.mark.clause("G05", "D18", "V14")
def test_a_ready_hold_is_told_at_once_and_to_everybody(books) -> None:
    for member in books.members:
        terms = notice_rules(books, member=member, kind="hold_ready", on=DAY).value
        assert (terms.sent, terms.bundle_seconds, terms.opt_in) == (True, 0, False)


def test_a_return_receipt_goes_by_email_to_those_who_asked(books) -> None:
    for member in books.members:
        terms = notice_rules(books, member=member, kind="receipt", on=DAY).value
        assert (terms.channels, terms.opt_in) == (("email",), True)


def test_a_fee_is_told_without_asking(books) -> None:
    for member in books.members:
        assert notice_rules(books, member=member, kind="fee_charged", on=DAY).value.opt_in is False
