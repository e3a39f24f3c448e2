"""The cast of the policy tests: the five books, some branches, some patrons, some items."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from samlan_contracts.policy import BranchCalendar, ItemFacts, PatronFacts, PolicyBooks

POLICIES = Path(__file__).parents[4] / "policies"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


@pytest.fixture(scope="session")
def policies() -> Path:
    return POLICIES


@pytest.fixture(scope="session")
def books() -> PolicyBooks:
    return PolicyBooks.load(POLICIES)


@pytest.fixture
def at() -> Callable[[str], datetime]:
    """An instant from local Swedish (and Danish) wall-clock time."""
    return lambda written: datetime.fromisoformat(written).replace(tzinfo=STOCKHOLM)


@pytest.fixture
def branch() -> Callable[..., BranchCalendar]:
    """A branch that is open on weekdays from ten to seven, unless said otherwise."""

    def make(name: str = "kungsbacka/fyren", **data: object) -> BranchCalendar:
        usual = {"timezone": "Europe/Stockholm", "opening": {day: ["10:00", "19:00"] for day in WEEKDAYS}}
        return BranchCalendar.of(name, {**usual, **data})

    return make


@pytest.fixture
def item() -> Callable[..., ItemFacts]:
    def make(name: str, **facts: object) -> ItemFacts:
        member, _, material = name.partition("/")
        return ItemFacts(member=member, material=material, **facts)  # type: ignore[arg-type]

    return make


@pytest.fixture
def adult() -> PatronFacts:
    return PatronFacts(member="kungsbacka", born=date(1980, 2, 29))


@pytest.fixture
def child() -> PatronFacts:
    """Twelve years old in 2026."""
    return PatronFacts(member="kungsbacka", born=date(2014, 1, 1))
