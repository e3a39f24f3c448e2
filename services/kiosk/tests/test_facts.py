"""What a device says, and under which id and sequence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from samlan_kiosk.domain import facts
from samlan_kiosk.domain.facts import Answer, NotAFact, Origin, answer_of, body_of, fact_id, mode_of

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
LERUM = Origin("vast", "lerum", "lerum-1")


def test_a_return_has_the_body_of_the_public_surface() -> None:
    event = facts.item_returned("35177001234567", happened_at=NOON, mode="kiosk")
    assert body_of(event, fact="id", sequence=4711, origin=LERUM) == {
        "id": "id", "type": "item_returned", "version": 1, "device": "lerum-1", "branch": "vast/lerum",
        "sequence": 4711, "item": "35177001234567",
        "happened_at": "2026-11-23T11:00:00+00:00", "mode": "kiosk",
    }  # fmt: skip


def test_a_loan_made_offline_carries_the_card_and_the_printed_due_date() -> None:
    event = facts.item_borrowed_offline("i", card="2001", due=date(2026, 12, 1), happened_at=NOON)
    assert dict(event.fields) == {"item": "i", "card": "2001", "due": "2026-12-01"}
    assert event.mode == "offline"


@pytest.mark.parametrize("item", ["", "x" * 201, "a\nb", "a\x00", "\u2028"])
def test_what_no_scanner_reads_is_refused_by_name(item: str) -> None:
    with pytest.raises(NotAFact, match="item"):
        facts.item_returned(item, happened_at=NOON, mode="kiosk")


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(NotAFact, match="happened_at"):
        facts.device_seen(happened_at=NOON.replace(tzinfo=None), mode="kiosk")


@pytest.mark.parametrize("word", ["", "a.b", "a/b", "#", "*", "å", "a b"])
def test_a_device_cannot_name_itself_into_anothers_routing_key(word: str) -> None:
    for origin in ((word, "lerum", "d"), ("vast", word, "d"), ("vast", "lerum", word)):
        with pytest.raises(NotAFact):
            Origin(*origin)


@pytest.mark.clause("O27")
@pytest.mark.parametrize(
    ("mode", "connected", "expected"),
    [("kiosk", True, "kiosk"), ("kiosk", False, "offline"), ("sorter", False, "offline"),
     ("drop", False, "drop"), ("drop", True, "drop")],
)  # fmt: skip
def test_what_happened_while_cut_off_is_offline_except_in_a_book_drop(
    mode: Any, connected: bool, expected: str
) -> None:
    assert mode_of(mode, connected=connected) == expected


def test_ids_are_of_version_7_and_sort_by_time() -> None:
    ids = [fact_id(NOON + timedelta(milliseconds=n), bytes([255 - n] * 10)) for n in range(20)]
    assert ids == sorted(ids)
    assert {UUID(one).version for one in ids} == {7}
    assert {UUID(one).variant for one in ids} == {"specified in RFC 4122"}


def test_a_new_store_counts_from_above_what_an_older_one_can_have_used() -> None:
    an_hour_of_scans = 3600 * 10
    assert facts.first_sequence(NOON) + an_hour_of_scans < facts.first_sequence(NOON + timedelta(hours=1))
    assert facts.first_sequence(NOON) < 2**53


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"bin": "shelf", "branch": "vast/lerum", "hold": {"borrower_id": "L1"}, "slip": ["a", "b"]},
         Answer("shelf", "vast/lerum", "L1", None, ("a", "b"))),
        ({"bin": "exception", "hold": None, "reason": "routing_pending"},
         Answer("exception", None, None, "routing_pending")),
        ({"bin": "somewhere new"}, Answer("exception")),
        ({}, Answer("exception")),
    ],
)  # fmt: skip
def test_answers_are_read_as_they_are_and_unknown_bins_are_exceptions(body: Any, expected: Answer) -> None:
    assert answer_of(body) == expected
