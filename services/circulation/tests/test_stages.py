"""Stages of loans that are not returned: each on its day, once per due date, whoever was down meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from samlan_circulation import app
from samlan_circulation.domain.model import BranchId, Loan, LoanId, PatronId
from samlan_circulation.domain.staging import reach, scheduled, stages_of
from samlan_circulation.handlers import imports
from samlan_contracts.events.circulation import LoanStageReached
from samlan_testkit.crashes import CrashPoint, cut_off

from .conftest import Library
from .story import KARIN, KUNGSBACKA, books, branch, item, thing

FYREN = "kungsbacka/fyren"
DUE = date(2026, 12, 21)  # four weeks from the Monday on which everything begins
STOCKHOLM = ZoneInfo("Europe/Stockholm")
WARNED, FIRST, SECOND, INVOICED = (
    date(2026, 12, 18),
    date(2026, 12, 28),
    date(2027, 1, 11),
    date(2027, 2, 1),
)


def morning(day: date, *, seconds: int = 0) -> datetime:
    """Eight in the morning in Kungsbacka, as its book says."""
    return datetime(day.year, day.month, day.day, 8, tzinfo=STOCKHOLM).astimezone(UTC) + timedelta(
        seconds=seconds
    )


async def lent(library: Library, item: str = "i1", patron: str = "karin") -> dict[str, Any]:
    await library.thing(item, FYREN)
    loan = await library.lend(item, patron, FYREN)
    assert loan["due"] == DUE.isoformat()
    return loan


async def until(library: Library, now: datetime) -> list[tuple[str, date]]:
    """Library time comes to an instant; what has been told by then."""
    library.world.clock.set(now)
    for name in [one for one in library.world.services if one.startswith("circulation")]:
        await library.world.services[name].jobs.run_due()
    await library.world.settle()
    return told(library)


def told(library: Library) -> list[tuple[str, date]]:
    return [(one.stage, one.reached_on) for one in library.world.events(LoanStageReached)]


@pytest.mark.clause("K22", "K23", "K45", "O24")
async def test_a_loan_comes_to_each_stage_on_its_day_and_not_a_second_before(library: Library) -> None:
    loan = await lent(library)
    expected: list[tuple[str, date]] = []
    for stage, day in (
        ("due_soon", WARNED), ("reminder_1", FIRST), ("reminder_2", SECOND), ("invoiced", INVOICED)
    ):  # fmt: skip
        assert await until(library, morning(day, seconds=-1)) == expected
        assert (await library.world.get("circulation", "/clock/next")).json()["due"] == (
            morning(day).isoformat()
        )
        expected.append((stage, day))
        assert await until(library, morning(day)) == expected
    assert await until(library, morning(INVOICED) + timedelta(days=90)) == expected
    assert (await library.world.get("circulation", "/clock/next")).json()["due"] is None
    last = library.world.events(LoanStageReached)[-1]
    assert (last.loan, last.patron, last.patron_member, last.branch, last.due, last.renewals) == (
        loan["id"], "karin", "kungsbacka", FYREN, DUE, 0,
    )  # fmt: skip
    assert (last.born, last.thing.item) == (date(1975, 1, 1), "i1")
    [why] = last.because
    assert (why["rule"], why["cites"]) == ("kungsbacka/invoice_sent", ["K23"])
    assert set(why["says"]) == {"sv", "da", "en"}
    [held] = await library.loans("karin")
    assert (held["due"], held["overdue"]) == (DUE.isoformat(), True)


@pytest.mark.clause("G04")
async def test_a_warning_comes_as_the_patrons_own_member_says_and_the_rest_as_the_items(
    library: Library,
) -> None:
    await library.patron("gun", member="gothenburg")
    await lent(library, patron="gun")
    assert await until(library, morning(date(2026, 12, 19), seconds=-1)) == []
    assert await until(library, morning(date(2026, 12, 19))) == [("due_soon", date(2026, 12, 19))]
    await until(library, morning(FIRST))
    assert library.world.events(LoanStageReached)[-1].because[0]["rule"] == "kungsbacka/reminder_1_sent"


async def test_a_renewal_starts_the_stages_anew_and_one_that_moves_no_date_starts_nothing(
    library: Library,
) -> None:
    loan = await lent(library)
    await renew(library, loan)  # the same Monday: the same due date
    assert await until(library, morning(WARNED)) == [("due_soon", WARNED)]
    later = date.fromisoformat(await renew(library, loan))
    assert later == WARNED + timedelta(days=28)
    assert await until(library, morning(later - timedelta(days=3), seconds=-1)) == [("due_soon", WARNED)]
    again = await until(library, morning(later - timedelta(days=3)))
    assert again == [("due_soon", WARNED), ("due_soon", later - timedelta(days=3))]
    assert [one.due for one in library.world.events(LoanStageReached)] == [DUE, later]


async def renew(library: Library, loan: dict[str, Any]) -> str:
    body = {"loans": [loan["id"]], "patron": "karin"}
    [outcome] = (await library.world.post("circulation", "/renewals", body)).json()["outcomes"]
    assert outcome["renewed"], outcome
    return str(outcome["due"])


async def test_what_came_back_comes_to_no_stage(library: Library) -> None:
    await lent(library)
    assert await until(library, morning(FIRST))
    await library.hand_in("i1", device="fyren-1")
    await library.world.settle()
    assert len(await until(library, morning(INVOICED))) == 1
    assert (await library.world.get("circulation", "/clock/next")).json()["due"] is None


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (morning(DUE), [("due_soon", WARNED)]),
        (morning(DUE + timedelta(days=1), seconds=-8 * 3600 - 1), [("due_soon", WARNED)]),
        (morning(DUE + timedelta(days=1), seconds=-8 * 3600), []),
        (morning(FIRST + timedelta(days=3)), [("reminder_1", FIRST)]),
        (morning(SECOND + timedelta(days=3)), [("reminder_1", FIRST), ("reminder_2", SECOND)]),
    ],
)  # fmt: skip
async def test_whoever_was_down_catches_up_with_the_right_dates(
    library: Library, back: datetime, expected: list[tuple[str, date]]
) -> None:
    await lent(library)
    await library.world.stop("circulation")
    library.world.clock.set(back)
    await library.world.start(app.build)
    assert await until(library, back) == expected
    when = [e.happened_at for e in library.world.told if e.type == LoanStageReached.NAME]
    assert when == [morning(day) for _, day in expected]


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2026-11-16", ["reminder_2", "invoiced"]),  # its first reminder fell due four hours ago
        ("2026-11-17", ["reminder_1", "reminder_2", "invoiced"]),
        ("2026-11-02", ["invoiced"]),
        ("2026-10-12", []),
        ("2026-11-26", ["reminder_1", "reminder_2", "invoiced"]),  # its warning fell due four hours ago
        ("2026-11-27", ["due_soon", "reminder_1", "reminder_2", "invoiced"]),
    ],
)
async def test_an_imported_loan_meets_only_what_falls_due_after_the_import(
    library: Library, monkeypatch: pytest.MonkeyPatch, due: str, expected: list[str]
) -> None:
    monkeypatch.setattr(imports, "ARRIVING_SECONDS", 0.0)
    await library.thing("i1", FYREN)
    row = {
        "item": "i1", "patron": "karin", "branch": FYREN, "borrowed_at": "2026-09-01T10:00:00+02:00",
        "due": due, "renewals": 0,
    }  # fmt: skip
    await library.world.post("circulation", "/import/loans", {"rows": [{"line": 1, "row": row}]})
    await until(library, morning(date(2026, 11, 24)))
    assert [stage for stage, _ in await until(library, morning(INVOICED))] == expected


async def test_of_two_replicas_one_tells(library: Library) -> None:
    for number in range(5):
        await lent(library, f"i{number}")
    await library.replica()
    library.world.clock.set(morning(FIRST))
    await asyncio.gather(*(one.jobs.run_due() for one in library.world.services.values()))
    await library.world.settle()
    stages = [e for e in library.world.told if e.type == LoanStageReached.NAME]
    assert sorted(e.data["thing"]["item"] for e in stages) == [f"i{n}" for n in range(5)]


async def test_a_stage_is_told_once_wherever_circulation_dies(library: Library) -> None:
    for point in (1, 2, 3, 4):
        item = f"i{point}"
        await library.thing(item, FYREN)
        await library.lend(item, "karin", FYREN)
        day = date.fromisoformat((await library.item(item))["due"]) + timedelta(days=7)
        library.world.clock.set(morning(day, seconds=-1))
        await library.world.services["circulation"].jobs.run_due()
        await library.world.settle()
        library.world.clock.set(morning(day))
        run_due = library.world.services["circulation"].jobs.run_due
        assert await cut_off(library.world, app.build, CrashPoint("circulation", point), run_due)
        await library.world.services["circulation"].jobs.run_due()
        await library.world.settle()
        await told_of(library, item)
        await library.hand_in(item, device="fyren-1")
        await library.world.settle()


async def told_of(library: Library, item: str) -> None:
    while "reminder_1" not in (found := stages_told(library, item)):
        await asyncio.sleep(0.01)
    assert found.count("reminder_1") == 1, item


def stages_told(library: Library, item: str) -> list[str]:
    return [one.stage for one in library.world.events(LoanStageReached) if one.thing.item == item]


async def test_what_the_patron_says_was_handed_in_comes_to_no_stage_and_what_is_lost_does(
    library: Library,
) -> None:
    for barcode, word in (("claimed", "claimed_returned"), ("gone", "lost")):
        await lent(library, barcode)
        body = {"state": word, "branch": FYREN}
        async with library.world.ask("circulation") as client:
            assert (await client.patch(f"/private/v1/items/{barcode}", json=body)).status_code == 200
    await until(library, morning(INVOICED))
    assert stages_told(library, "claimed") == []
    assert stages_told(library, "gone")[-1] == "invoiced"


# -- the pure rule -------------------------------------------------------------------------------------------


def a_loan(due: date, where: str = FYREN) -> Loan:
    return Loan(
        id=LoanId("loan-1"), patron=PatronId("karin"), patron_member=KARIN.member, born=None,
        branch=BranchId(where), borrowed_at=datetime(2026, 1, 1, tzinfo=UTC), due=due, because=[],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("due", "utc"),
    [
        (date(2026, 3, 21), datetime(2026, 3, 28, 7, tzinfo=UTC)),
        (date(2026, 3, 22), datetime(2026, 3, 29, 6, tzinfo=UTC)),  # the night lost an hour
        (date(2026, 10, 17), datetime(2026, 10, 24, 6, tzinfo=UTC)),
        (date(2026, 10, 18), datetime(2026, 10, 25, 7, tzinfo=UTC)),  # the night had one more
        (date(2028, 2, 22), datetime(2028, 2, 29, 7, tzinfo=UTC)),
    ],
)
def test_the_hour_is_the_branchs_own_when_the_clocks_change(due: date, utc: datetime) -> None:
    plan = stages_of(a_loan(due), thing(FYREN), books(), KUNGSBACKA)
    assert [stage.at for stage in plan if stage.name == "reminder_1"] == [utc]


def test_a_branch_in_another_zone_counts_its_own_days() -> None:
    here = branch("kungsbacka/far-away", timezone="America/New_York")
    [warned, *_] = stages_of(a_loan(DUE, "kungsbacka/far-away"), thing(FYREN), books(), here)
    assert warned.at == datetime(2026, 12, 18, 13, tzinfo=UTC)


def test_a_member_without_a_book_has_no_stages() -> None:
    nowhere = branch("nowhere/here")
    assert stages_of(a_loan(DUE, "nowhere/here"), thing(FYREN), books(), nowhere) == ()


@pytest.mark.parametrize("earlier", [timedelta(days=-2), timedelta(days=2)])
def test_a_book_that_changed_meanwhile_decides_by_what_it_says_now(earlier: timedelta) -> None:
    """The loan was planned by another book, two days before or after what the book says today."""
    planned = scheduled(a_loan(DUE), thing(FYREN), books(), KUNGSBACKA, after=morning(WARNED))
    assert planned.next_at == morning(FIRST)
    lent = item(FYREN, state="on_loan", loan=replace(planned, next_at=morning(FIRST) + earlier))
    now = morning(FIRST) + max(earlier, timedelta(0))
    moved = reach(lent, books(), KUNGSBACKA, now if earlier > timedelta(0) else now + earlier)
    assert (moved.events, moved.state.loan.next_at) == ((), morning(FIRST))
    [told] = reach(moved.state, books(), KUNGSBACKA, now).events
    assert (told.stage, told.reached_on) == ("reminder_1", FIRST)  # type: ignore[attr-defined]


def test_a_stage_that_the_book_dropped_is_left_out() -> None:
    planned = replace(a_loan(DUE), next_stage="due_soon", next_at=morning(WARNED), patron_member="bergen")
    lent = item(FYREN, state="on_loan", loan=planned)
    done = reach(lent, books(), KUNGSBACKA, morning(WARNED))
    assert (done.events, done.state.loan.next_at) == ((), morning(FIRST))  # Bergen has no book to warn by
