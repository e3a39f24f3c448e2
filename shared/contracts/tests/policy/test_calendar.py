"""A branch's days: opening, closing, lateness, and the two nights on which the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from samlan_contracts.policy import BranchCalendar

FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


def test_a_branch_is_open_from_its_first_minute_to_before_its_last(branch, at) -> None:
    fyren = branch()
    assert not fyren.is_open(at("2026-11-20 09:59:59"))
    assert fyren.is_open(at("2026-11-20 10:00"))
    assert fyren.is_open(at("2026-11-20 18:59:59"))
    assert not fyren.is_open(at("2026-11-20 19:00"))


def test_a_missing_weekday_and_a_closing_day_are_closed(branch) -> None:
    fyren = branch(closed=["2026-11-20"])
    assert not fyren.is_opening_day(SATURDAY)
    assert not fyren.is_opening_day(FRIDAY)
    assert fyren.closing_of(FRIDAY) is None
    assert fyren.opening_day_from(FRIDAY) == MONDAY


def test_a_branch_may_open_twice_on_one_day(branch, at) -> None:
    split = branch(opening={"fri": ["10:00", "12:00", "13:00", "24:00"]})
    assert not split.is_open(at("2026-11-20 12:30"))
    assert split.next_opening(at("2026-11-20 12:30")) == at("2026-11-20 13:00")
    assert split.is_open(at("2026-11-20 23:59"))
    assert split.closing_of(FRIDAY) == at("2026-11-21 00:00")


def test_the_next_opening_is_now_while_open_else_the_next_day_that_opens(branch, at) -> None:
    fyren = branch(closed=["2026-11-23"])
    assert fyren.next_opening(at("2026-11-20 11:00")) == at("2026-11-20 11:00")
    assert fyren.next_opening(at("2026-11-20 07:00")) == at("2026-11-20 10:00")
    assert fyren.next_opening(at("2026-11-20 19:00")) == at("2026-11-24 10:00")


def test_a_branch_that_never_opens_has_no_next_opening_and_moves_no_day(branch, at) -> None:
    closed = branch(opening={})
    assert closed.next_opening(at("2026-11-20 11:00")) is None
    assert closed.opening_day_from(SATURDAY) == SATURDAY
    assert closed.opening_days_after(SATURDAY, 3) == date(2026, 11, 24)
    assert closed.end_of(SATURDAY) == at("2026-11-22 00:00")


def test_opening_days_are_counted_without_the_first(branch) -> None:
    assert branch().opening_days_after(FRIDAY, 1) == MONDAY
    assert branch().opening_days_after(FRIDAY, 3) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("returned", "late"),
    [
        ("2026-11-20 23:59:59", 0),
        ("2026-11-21 00:00", 1),
        ("2026-11-21 23:59:59", 1),
        ("2026-11-22 00:00", 2),
    ],
)
def test_an_item_is_late_from_midnight_after_its_due_day(branch, at, returned: str, late: int) -> None:
    assert branch().days_late(FRIDAY, at(returned)) == late


def test_lateness_is_judged_by_the_branch_s_clock_and_not_by_utc(branch) -> None:
    half_past_eleven_utc = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert branch().days_late(FRIDAY, half_past_eleven_utc) == 1
    assert branch(timezone="UTC").days_late(FRIDAY, half_past_eleven_utc) == 0


@pytest.mark.parametrize("changed", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_that_the_clock_changes_is_one_day(branch, changed: date) -> None:
    fyren = branch()
    before, after = fyren.start_of(changed), fyren.start_of(changed + timedelta(days=1))
    assert after - before != timedelta(hours=24)
    assert fyren.days_late(changed - timedelta(days=1), before) == 1
    assert fyren.days_late(changed - timedelta(days=1), after - timedelta(seconds=1)) == 1
    assert fyren.days_late(changed - timedelta(days=1), after) == 2


def test_the_repeated_hour_in_october_is_still_that_day(branch) -> None:
    second_half_past_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert branch().local_date(second_half_past_two) == date(2026, 10, 25)
    night = branch(opening={"sun": ["02:30", "03:30"]})
    assert night.is_open(second_half_past_two)


def test_an_opening_in_the_hour_that_march_skips_still_comes(branch) -> None:
    night = branch(opening={"sun": ["02:30", "12:00"]})
    opens = night.next_opening(datetime(2026, 3, 28, 20, tzinfo=UTC))
    assert opens is not None
    assert night.local_date(opens) == date(2026, 3, 29)


@pytest.mark.clause("K17")
def test_a_mobile_library_opens_on_the_days_it_visits(branch, at) -> None:
    bus = branch(
        "kungsbacka/bussen", kind="mobile", stops=["2026-12-17T14:00", "2026-12-03T16:00", "2026-12-03T14:00"]
    )
    assert bus.is_open(at("2026-12-03 14:00"))
    assert not bus.is_open(at("2026-12-03 13:59"))
    assert not bus.is_open(at("2026-12-04 14:00"))
    assert bus.opening_day_from(date(2026, 12, 4)) == date(2026, 12, 17)
    assert bus.opening_day_from(date(2026, 12, 18)) == date(2026, 12, 18)


@pytest.mark.clause("K03")
def test_staffless_hours_surround_the_opening_hours_every_day(branch, at) -> None:
    fyren = branch(staffless=["07:00", "22:00"])
    assert fyren.is_staffless(at("2026-11-20 07:00"))
    assert not fyren.is_staffless(at("2026-11-20 12:00"))
    assert fyren.is_staffless(at("2026-11-21 12:00"))
    assert not fyren.is_staffless(at("2026-11-21 22:00"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "timezone is missing"),
        ({"timezone": "Europe/Kungsbacka"}, "unknown time zone"),
        ({"timezone": "Europe/Stockholm", "opening": {"lördag": ["10:00", "12:00"]}}, "unknown weekday"),
        ({"timezone": "Europe/Stockholm", "opening": {"mon": ["10:00"]}}, "pairs of opening and closing"),
        ({"timezone": "Europe/Stockholm", "opening": {"mon": ["19:00", "10:00"]}}, "go forward"),
        ({"timezone": "Europe/Stockholm", "opening": {"mon": ["10:00", "25:00"]}}, "branch kungsbacka/fyren"),
        ({"timezone": "Europe/Stockholm", "opening": ["10:00"]}, "branch kungsbacka/fyren"),
        ({"timezone": "Europe/Stockholm", "closed": ["24 dec"]}, "branch kungsbacka/fyren"),
        ({"timezone": "Europe/Stockholm", "kind": "pub"}, "kind cannot be 'pub'"),
        ({"timezone": "Europe/Stockholm", "drop": "now"}, "drop cannot be 'now'"),
        ({"timezone": "Europe/Stockholm", "stops": ["Thursday"]}, "branch kungsbacka/fyren"),
    ],
)
def test_bad_branch_data_are_refused_in_one_sentence(data: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BranchCalendar.of("kungsbacka/fyren", data)


def test_a_branch_needs_its_member_and_an_instant_its_zone(branch) -> None:
    with pytest.raises(ValueError, match="member/branch"):
        BranchCalendar.of("fyren", {"timezone": "Europe/Stockholm"})
    with pytest.raises(ValueError, match="time zone"):
        branch().is_open(datetime(2026, 11, 20, 12))
