"""Whether a notice can go now, never, or later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from samlan_notify.domain import occasions
from samlan_notify.domain.address import Patron, Recipient
from samlan_notify.domain.notice import PATIENCE, Notice, failed, forget, later, sent
from samlan_notify.domain.text import Branch
from samlan_notify.domain.verdict import Known, Never, NotYet, Terms, verdict

from .cast import NOON, hold_ready

TERMS = Terms(sent=True, channels=("email",), guardian_under=18, bundled=False)
EVERYTHING = Known(
    patrons={"anna": Patron(member="vast")},
    titles={"t1": "Röda rummet"},
    branches={"vast/lerum": Branch("Lerum", "Europe/Stockholm")},
)


def owed(**more: Any) -> Notice:
    notice = occasions.owed(
        occasions.hold_ready(hold_ready()), cause="e", now=NOON, machine_now=NOON, bundle_seconds=lambda *_: 0
    )
    return replace(notice, **more)


def judge(notice: Notice, known: Known = EVERYTHING, terms: Terms = TERMS) -> Any:
    return verdict(notice, known=known, terms=terms, age=40)


def test_with_all_at_hand_it_goes() -> None:
    assert judge(owed()) == Recipient("anna", "patron")


@pytest.mark.parametrize(
    ("field", "missing"),
    [("patrons", "unknown_patron"), ("titles", "unknown_title"), ("branches", "unknown_branch")],
)
def test_what_has_not_arrived_is_waited_for_and_named_in_the_end(field: str, missing: str) -> None:
    known = replace(EVERYTHING, **{field: {}})
    assert judge(owed(misses=PATIENCE - 1), known) == NotYet(missing)  # type: ignore[arg-type]
    assert judge(owed(misses=PATIENCE), known) == Never(missing)  # type: ignore[arg-type]


def test_a_title_that_was_removed_is_known_and_has_no_name() -> None:
    assert judge(owed(), replace(EVERYTHING, titles={"t1": None})) == Recipient("anna", "patron")


def test_an_erased_patron_is_never_told_anything() -> None:
    gone = replace(EVERYTHING, patrons={"anna": Patron(removed=True)})
    assert judge(owed(), gone) == Never("erased")
    assert judge(owed(patron=None)) == Never("erased")


def test_what_the_book_does_not_send_is_not_sent() -> None:
    assert judge(owed(), terms=replace(TERMS, sent=False)) == Never("not_by_policy")


def test_the_pause_grows_and_stays_within_an_hour() -> None:
    notice, pauses = owed(), []
    for _ in range(12):
        notice = later(notice, machine_now=NOON)
        assert notice.when is not None
        pauses.append((notice.when - NOON).total_seconds())
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1, 3600)
    assert notice.misses == 0


@pytest.mark.clause("K51")
def test_text_and_titles_go_once_a_notice_is_over() -> None:
    for over in (
        sent(owed(), channel="email", to="patron", at=NOON),
        failed(owed(), reason="no_channel", at=NOON),
    ):
        assert over.over
        assert (over.about, over.slot, over.when) == (None, None, None)
        assert over.patron == "anna"


@pytest.mark.clause("K57")
def test_nothing_of_an_erased_patron_is_left_in_a_notice() -> None:
    unsent, told = forget(owed(), at=NOON), forget(sent(owed(), channel="sms", to="patron", at=NOON), at=NOON)
    assert (unsent.patron, unsent.state, unsent.reason, unsent.about) == (None, "failed", "erased", None)
    assert (told.patron, told.state, told.channel) == (None, "sent", "sms")
