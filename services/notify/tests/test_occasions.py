"""Which events owe a notice, under which key, and when it falls due."""

from __future__ import annotations

from datetime import timedelta

import pytest
from samlan_notify.domain import occasions

from .cast import NOON, fee_charged, hold_expired, hold_ready, item_returned


@pytest.mark.clause("V14", "K39", "G05", "D18")
def test_a_hold_that_is_ready_is_owed_once_per_item_given_to_it() -> None:
    first, again = occasions.hold_ready(hold_ready()), occasions.hold_ready(hold_ready(allotment=2))
    assert first.key == ("h1", "1")
    assert again.key == ("h1", "2")
    assert first.about == {
        "title": "t1", "branch": "vast/lerum", "borrower_id": "L4711", "last_day": "2026-12-05",
    }  # fmt: skip


def test_a_receipt_is_owed_only_to_who_asked_for_it_and_only_for_a_closed_loan() -> None:
    asked = occasions.receipt(item_returned())
    assert asked is not None
    assert (asked.kind, asked.key, asked.patron, asked.member) == ("receipt", ("l1",), "anna", "vast")
    assert occasions.receipt(item_returned(receipt=False)) is None
    assert occasions.receipt(item_returned().model_copy(update={"loan": None})) is None


def test_a_fee_keeps_its_amount_and_the_sentences_that_explain_it() -> None:
    fee = occasions.fee_charged(fee_charged(), 1)
    assert fee.key == ("f1",)
    assert fee.about["amount_minor"] == 1200
    assert fee.about["says"][0]["da"].startswith("4 dage")


def test_an_expired_hold_is_told_by_the_book_of_the_patrons_member() -> None:
    assert occasions.hold_expired(hold_expired()).member is None


def test_a_notice_falls_due_at_once_and_closes_when_the_book_says() -> None:
    asked: list[tuple[str, str]] = []

    def bundle_seconds(member: str, kind: str) -> int:
        asked.append((member, kind))
        return 5

    notice = occasions.owed(
        occasions.fee_charged(fee_charged(), 1),
        cause="e1",
        now=NOON,
        machine_now=NOON,
        bundle_seconds=bundle_seconds,
    )
    assert asked == [("vast", "fee_charged")]
    assert (notice.due_at, notice.closes_at) == (NOON, NOON + timedelta(seconds=5))
    assert (notice.slot, notice.when) == ("due", notice.closes_at)
