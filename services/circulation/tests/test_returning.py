"""Handing an item in: what one scan does, whatever the state says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from samlan_circulation.domain.marking import mark
from samlan_circulation.domain.model import Borrower, BranchId, Place
from samlan_contracts.events.circulation import ItemReturned, LoanRemembered

from .story import (
    ADOLFSBERG,
    ASTRID,
    ASTRIDS_HOLD,
    EMIL,
    KARINS_HOLD,
    KUNGSBACKA,
    LERUM,
    NOON,
    OLOF,
    PARTILLE,
    PATIENTBIBLIOTEKET,
    STADSBIBLIOTEKET,
    TEGELBRUKET,
    Story,
    at,
    item,
)


def last_return(story: Story) -> ItemReturned:
    return story.told_of(ItemReturned)[-1]


def test_a_return_closes_the_loan_and_asks_where_the_item_goes() -> None:
    story = Story(item(), sequence=4).borrowed(ASTRID, at(-9), due=at(-2).date()).returned(LERUM, at())
    told = last_return(story)
    assert told.loan is not None and told.route
    assert (told.loan.patron, told.loan.due, told.loan.returned_at) == ("astrid", at(-2).date(), at())
    assert (told.loan.born, told.loan.patron_member) == (ASTRID.born, "vast")
    assert (story.item.state, story.item.loan) == ("returned", None)
    assert story.item.asked is not None and story.item.asked.sequence == 6, "4, then the loan, then this"


def test_nothing_of_the_patron_stays_in_the_item_once_the_loan_is_closed() -> None:
    story = Story(item()).borrowed(ASTRID, at(-9), fact="b").returned(LERUM, at())
    assert "astrid" not in repr(story.item)


def test_a_loan_is_remembered_only_for_a_patron_who_turned_the_history_on() -> None:
    without = Story(item()).borrowed(ASTRID, at(-9)).returned(LERUM, at())
    assert without.told_of(LoanRemembered) == []
    keeper = replace(ASTRID, history=True)
    [remembered] = Story(item()).borrowed(keeper, at(-9)).returned(LERUM, at()).told_of(LoanRemembered)
    assert (remembered.patron, remembered.returned_at) == ("astrid", at())


@pytest.mark.parametrize(
    "state",
    ["available", "in_transit", "hold_shelf", "lost", "missing", "claimed_returned", "in_repair", "returned"],
)
def test_a_scan_is_accepted_in_every_state_and_says_what_the_item_was(state: str) -> None:
    story = Story(item(state=state)).returned(PARTILLE, at())
    assert (last_return(story).was, last_return(story).loan, last_return(story).route) == (state, None, True)
    assert (story.item.state, story.item.branch) == ("returned", "vast/partille")


def test_a_scan_where_nothing_is_taken_back_speaks_of_no_loan_when_there_is_none() -> None:
    story = Story(item("vast/lerum", state="in_transit")).returned(KUNGSBACKA, at())
    assert (story.outcome.exception, story.outcome.because) == (None, [])


def test_a_lost_item_that_turns_up_closes_the_loan_it_was_lost_on() -> None:
    story = Story(item()).borrowed(ASTRID, at(-60), due=at(-30).date())
    story.item = mark(story.item, "lost", BranchId("vast/lerum"), Place.of(at(-5), "desk", 1, "m")).state
    assert story.item.loan is not None, "lost is still lent"
    story.returned(LERUM, at())
    told = last_return(story)
    assert (told.was, told.loan and told.loan.patron) == ("lost", "astrid")


def test_an_item_scanned_on_its_way_keeps_its_hold_until_it_is_routed() -> None:
    travelling = item(state="in_transit", goes_to=BranchId("vast/partille"), hold=KARINS_HOLD)
    story = Story(travelling).returned(LERUM, at())
    assert (story.item.state, story.item.goes_to, story.item.hold) == ("returned", None, KARINS_HOLD)


def test_a_scan_older_than_the_newest_known_routes_nothing() -> None:
    story = Story(item()).returned(PARTILLE, at())
    before = story.item.asked
    story.returned(LERUM, at(-1))
    assert (story.item.branch, story.item.asked) == ("vast/partille", before)
    assert len(story.told) == 1
    assert story.outcome.answer is not None
    assert (story.outcome.answer.bin, story.outcome.answer.reason) == ("exception", "superseded")


def test_a_late_return_of_the_open_loan_closes_it_as_of_then_and_is_not_routed() -> None:
    story = Story(item()).borrowed(ASTRID, at(-9), fact="b").returned(KUNGSBACKA, at(), fact="seen")
    story.returned(LERUM, at(-2), fact="late")
    told = last_return(story)
    assert told.loan is not None and (told.loan.returned_at, told.route) == (at(-2), False)
    assert (story.item.state, story.item.goes_to) == ("in_transit", "vast/lerum")


def test_a_withdrawn_item_that_turns_up_is_handed_to_staff_and_not_routed() -> None:
    story = Story(item(state="withdrawn")).returned(LERUM, at())
    assert story.outcome.exception == "withdrawn"
    assert (story.item.state, story.told) == ("withdrawn", [])


@pytest.mark.clause("K40")
def test_kungsbacka_does_not_take_what_was_borrowed_elsewhere_and_the_loan_stays_open() -> None:
    story = Story(item("vast/lerum")).borrowed(ASTRID, at(-9), due=at(-2).date()).returned(KUNGSBACKA, at())
    assert story.outcome.exception == "not_accepted_here"
    assert story.outcome.belongs == "vast/lerum"
    assert story.outcome.answer is not None and story.outcome.answer.branch == "vast/lerum"
    assert story.item.loan is not None and story.item.loan.seen_at == at()
    assert [entry["cites"] for entry in story.outcome.because] == [["K40"]]
    story.returned(LERUM, at(3))
    closed = last_return(story).loan
    assert closed is not None and closed.returned_at == at(3), "as of the accepting scan"


@pytest.mark.clause("K40")
def test_kungsbacka_takes_its_own_items() -> None:
    story = Story(item("kungsbacka/fyren")).borrowed(ASTRID, at(-9)).returned(KUNGSBACKA, at())
    assert story.item.loan is None


@pytest.mark.clause("O25")
@pytest.mark.parametrize(
    ("branch", "accepted"),
    [(STADSBIBLIOTEKET, True), (ADOLFSBERG, True), (TEGELBRUKET, True), (PATIENTBIBLIOTEKET, False)],
)
def test_orebro_takes_its_items_at_every_library_and_tegelbruket_but_not_the_patient_library(
    branch: object, accepted: bool
) -> None:
    story = Story(item("orebro/stadsbiblioteket")).borrowed(OLOF, at(-9)).returned(branch, at())  # type: ignore[arg-type]
    assert (story.item.loan is None) is accepted


@pytest.mark.clause("V01")
def test_an_item_of_one_library_of_the_consortium_is_taken_at_another() -> None:
    story = Story(item("vast/lerum")).borrowed(EMIL, at(-9)).returned(PARTILLE, at())
    assert story.item.loan is None


@pytest.mark.clause("O27")
@pytest.mark.parametrize(
    ("dropped", "counts"),
    [
        (datetime(2026, 11, 23, 17, 59, tzinfo=UTC), datetime(2026, 11, 23, 17, 59, tzinfo=UTC)),
        (datetime(2026, 11, 23, 18, 0, tzinfo=UTC), datetime(2026, 11, 24, 9, 0, tzinfo=UTC)),
        (datetime(2026, 11, 27, 22, 0, tzinfo=UTC), datetime(2026, 11, 30, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_book_drop_after_closing_counts_from_the_next_opening(dropped: datetime, counts: datetime) -> None:
    story = Story(item("orebro/adolfsberg")).borrowed(OLOF, at(-9)).returned(ADOLFSBERG, dropped, mode="drop")
    told = last_return(story)
    assert told.loan is not None and (told.loan.returned_at, told.returned_at) == (counts, counts)
    assert told.route, "decided and routed at once"


@pytest.mark.clause("O28")
def test_the_drop_of_the_main_library_registers_at_once() -> None:
    night = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    story = (
        Story(item("orebro/adolfsberg")).borrowed(OLOF, at(-9)).returned(STADSBIBLIOTEKET, night, mode="drop")
    )
    told = last_return(story)
    assert told.loan is not None and told.loan.returned_at == night


def test_a_fact_that_the_item_took_before_a_crash_is_not_taken_twice() -> None:
    story = Story(item()).borrowed(ASTRID, at(-9)).returned(LERUM, at(), fact="f")
    before, told = story.item, len(story.told)
    story.returned(LERUM, at(), fact="f")
    assert (story.item, len(story.told)) == (before, told)
    assert story.outcome.did == "returned" and story.outcome.answer is None, "still waits for its routing"


def test_the_same_item_twice_within_a_minute_is_two_scans_and_one_closing() -> None:
    story = Story(item()).borrowed(ASTRID, at(-9)).returned(LERUM, at(), fact="f1")
    story.returned(LERUM, at(hours=0.01), fact="f2")
    assert [told.loan is not None for told in story.told_of(ItemReturned)] == [True, False]


def test_a_hold_that_the_item_carries_survives_a_scan_at_the_desk() -> None:
    story = Story(item(state="hold_shelf", hold=ASTRIDS_HOLD)).returned(LERUM, at(), mode="desk")
    assert story.item.hold == ASTRIDS_HOLD


def test_a_patron_without_a_birth_date_is_told_without_one() -> None:
    nobody = Borrower(patron=ASTRID.patron, member="vast")
    story = Story(item()).borrowed(nobody, NOON, due=date(2026, 12, 1)).returned(LERUM, at(1))
    closed = last_return(story).loan
    assert closed is not None and closed.born is None
