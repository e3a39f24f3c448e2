"""Loans and holds: nothing in the sample contradicts anything else in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime

import pytest

from .conftest import TODAY, Row, Sample, age

ON_THE_SHELF = (None, "available")


@pytest.fixture(scope="session")
def queues(sample: Sample) -> dict[str, list[Row]]:
    queues: dict[str, list[Row]] = defaultdict(list)
    for hold in sample.holds:
        queues[hold["title"]].append(hold)
    return queues


def test_an_item_is_lent_once_and_only_when_it_can_be(sample: Sample) -> None:
    lent = [sample.items[loan["item"]] for loan in sample.loans]
    assert len({item["item"] for item in lent}) == len(lent)
    for item in lent:
        assert item.get("loanable", True)
        assert item.get("state") in ON_THE_SHELF
        assert item["material"] != "ebook"


def test_a_loan_began_before_it_fell_due_while_its_branch_was_open(sample: Sample) -> None:
    for loan in sample.loans:
        borrowed = datetime.fromisoformat(loan["borrowed_at"])
        branch = sample.branches[loan["branch"]]
        assert borrowed.date() < date.fromisoformat(loan["due"])
        assert borrowed.date() < TODAY
        opens, closes = branch["opening"][f"{borrowed:%a}".lower()]
        assert opens < f"{borrowed:%H:%M}" < closes
        assert borrowed.date().isoformat() not in branch["closed"]


def test_a_third_is_overdue_and_most_of_it_by_days_rather_than_months(sample: Sample) -> None:
    late = [
        (TODAY - date.fromisoformat(loan["due"])).days
        for loan in sample.loans
        if loan["due"] < TODAY.isoformat()
    ]
    assert len(late) == 4000 // 3
    assert sum(days <= 30 for days in late) > len(late) / 2
    assert max(late) > 60


@pytest.mark.parametrize(
    ("member", "material", "days"),
    [
        ("orebro", "childrens_film", 5),
        ("orebro", "book", 28),
        ("orebro", "quick_loan", 10),
        ("kungsbacka", "feature_film", 7),
        ("kungsbacka", "music_cd", 28),
        ("vast", "theme_bag", 60),
    ],
)
def test_an_unrenewed_loan_runs_as_long_as_its_material(
    sample: Sample, member: str, material: str, days: int
) -> None:
    periods = {
        (date.fromisoformat(loan["due"]) - datetime.fromisoformat(loan["borrowed_at"]).date()).days
        for loan in sample.loans
        if loan["renewals"] == 0
        and not loan["branch"].endswith("bussen")
        and sample.items[loan["item"]]["branch"].startswith(member)
        and sample.items[loan["item"]]["material"] == material
    }
    assert periods == {days}


@pytest.mark.clause("D10")
def test_a_book_of_gladsaxe_is_lent_for_a_calendar_month(sample: Sample) -> None:
    for loan in sample.loans:
        item = sample.items[loan["item"]]
        if item["branch"].startswith("gladsaxe") and item["material"] == "book" and loan["renewals"] == 0:
            borrowed, due = (
                datetime.fromisoformat(loan["borrowed_at"]).date(),
                date.fromisoformat(loan["due"]),
            )
            assert (due.year * 12 + due.month) - (borrowed.year * 12 + borrowed.month) == 1


@pytest.mark.clause("K17")
def test_a_loan_from_the_mobile_library_falls_due_at_a_visit(sample: Sample) -> None:
    visits = {stop[:10] for stop in sample.branches["kungsbacka/biblioteksbussen"]["stops"]}
    on_the_bus = [loan for loan in sample.loans if loan["branch"] == "kungsbacka/biblioteksbussen"]
    assert on_the_bus
    assert {loan["due"] for loan in on_the_bus} <= visits


@pytest.mark.clause("O14")
def test_a_quick_loan_is_never_renewed(sample: Sample) -> None:
    assert not any(
        loan["renewals"] for loan in sample.loans if sample.items[loan["item"]]["material"] == "quick_loan"
    )


def test_borrowers_were_old_enough_registered_and_not_temporary(sample: Sample) -> None:
    for loan in sample.loans:
        patron, item = sample.patrons[loan["patron"]], sample.items[loan["item"]]
        assert age(patron, datetime.fromisoformat(loan["borrowed_at"]).date()) >= item.get("min_age", 0)
        assert patron["registered_at"][:10] < loan["borrowed_at"][:10]
        assert patron["status"] == "full"


@pytest.mark.clause("O15", "O16", "O17", "O18")
def test_nobody_in_orebro_has_more_at_a_time_than_allowed(sample: Sample) -> None:
    most = {"video_game": 1, "childrens_film": 2, "documentary_film": 2, "board_game": 2}
    had = Counter(
        (loan["patron"], sample.items[loan["item"]]["material"])
        for loan in sample.loans
        if sample.patrons[loan["patron"]]["member"] == "orebro"
    )
    assert all(many <= most.get(material, many) for (_, material), many in had.items())


def test_who_waits_for_a_title_has_no_copy_and_waits_once(sample: Sample) -> None:
    has = {(loan["patron"], sample.items[loan["item"]]["title"]) for loan in sample.loans}
    waits = [(hold["patron"], hold["title"]) for hold in sample.holds]
    assert len(set(waits)) == len(waits)
    assert not has & set(waits)


def test_who_waits_is_old_enough_for_every_copy(sample: Sample) -> None:
    for hold in sample.holds:
        oldest = max(
            item.get("min_age", 0) for item in sample.copies[hold["title"]] if item.get("loanable", True)
        )
        assert age(sample.patrons[hold["patron"]], TODAY) >= oldest or not _lendable_so_old(
            sample, hold, oldest
        )


def _lendable_so_old(sample: Sample, hold: Row, oldest: int) -> bool:
    copies = sample.copies[hold["title"]]
    return any(item.get("min_age", 0) == oldest and item.get("state") in ON_THE_SHELF for item in copies)


def test_holds_were_placed_after_registration_and_before_today(sample: Sample) -> None:
    for hold in sample.holds:
        placed = datetime.fromisoformat(hold["placed_at"])
        assert datetime.fromisoformat(sample.patrons[hold["patron"]]["registered_at"]) < placed
        assert placed.date() < TODAY
        assert sample.branches[hold["pickup"]]["kind"] == "library"


def test_queues_are_in_order_and_some_are_of_ten(queues: dict[str, list[Row]]) -> None:
    assert sum(len(queue) == 10 for queue in queues.values()) >= 15
    for queue in queues.values():
        assert [hold["placed_at"] for hold in queue] == sorted(hold["placed_at"] for hold in queue)


def test_some_holds_are_frozen_even_first_in_their_queue(queues: dict[str, list[Row]]) -> None:
    assert any(queue[0].get("frozen") for queue in queues.values())
    assert 40 < sum(bool(hold.get("frozen")) for queue in queues.values() for hold in queue) < 130


def test_need_by_dates_lie_ahead_and_some_pass_within_days(sample: Sample) -> None:
    left = [
        (date.fromisoformat(hold["last_needed"]) - TODAY).days
        for hold in sample.holds
        if "last_needed" in hold
    ]
    assert min(left) == 0
    assert sum(days <= 3 for days in left) > 30


def test_a_ready_hold_has_a_copy_that_is_not_on_loan_and_a_last_day_when_its_branch_is_open(
    sample: Sample,
) -> None:
    lent = {loan["item"] for loan in sample.loans}
    ready = [hold for hold in sample.holds if "item" in hold]
    assert len(ready) == len({hold["item"] for hold in ready}) > 60
    for hold in ready:
        item, branch = sample.items[hold["item"]], sample.branches[hold["pickup"]]
        assert item["title"] == hold["title"]
        assert hold["item"] not in lent
        assert item.get("loanable", True)
        assert item.get("state") in ON_THE_SHELF
        last = date.fromisoformat(hold["ready_until"])
        assert last >= TODAY
        assert f"{last:%a}".lower() in branch["opening"]
        assert hold["ready_until"] not in branch["closed"]
        assert not hold.get("frozen")
