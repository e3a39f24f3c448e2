"""Rows of `fees.jsonl`: each becomes a fee, or says which field cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from samlan_billing.domain.importing import FeeRow, fee_of, read_row
from samlan_billing.domain.ledger import Account
from samlan_contracts.policy import PolicyBooks

BOOKS = PolicyBooks.load(Path(__file__).parents[3] / "policies")
NOON = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
ROW = {
    "fee": "f1", "patron": "karin", "member": "vast", "kind": "overdue", "amount": 1500,
    "currency": "SEK", "charged_at": "2026-10-01T12:00:00+02:00", "unheard_of": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"amount": "1500"}, "amount"),
        ({"amount": 15.5}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"currency": "DKK"}, "currency"),
        ({"currency": "kr"}, "currency"),
        ({"member": "atlantis"}, "member"),
        ({"kind": "gift"}, "kind"),
        ({"charged_at": "2026-10-01T12:00:00"}, "charged_at"),
        ({"charged_at": "yesterday"}, "charged_at"),
        ({"patron": ""}, "patron"),
        ({"fee": 7}, "fee"),
        ({"invoice_due": "soon"}, "invoice_due"),
    ],
)
def test_a_row_that_cannot_be_used_says_where(wrong: dict[str, Any], place: str) -> None:
    said = read_row({**ROW, **wrong}, BOOKS)
    assert isinstance(said, str)
    assert said.startswith(f"{place}:")


@pytest.mark.parametrize("row", [None, [], "f1", 3])
def test_a_row_that_is_no_object_is_refused(row: Any) -> None:
    assert isinstance(read_row(row, BOOKS), str)


def test_a_good_row_becomes_a_fee() -> None:
    row = read_row(ROW, BOOKS)
    assert isinstance(row, FeeRow)
    assert (fee_of(row, BOOKS, NOON).outstanding, fee_of(row, BOOKS, NOON).account) == (
        1500,
        Account("vast", "SEK"),
    )
