"""The plans: returns in the shares asked for, and what is lent before the next run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from samlan.sample import Scale, generate
from samlan.sample.workload import (
    STORM,
    Facts,
    Kiosk,
    Lent,
    Mix,
    Waiting,
    facts_in,
    lent_by,
    plan_holds_for_next_run,
    plan_loans_for_next_run,
    plan_returns,
)

from .conftest import TODAY, Sample, age

LERUM, PARTILLE = Kiosk("lerum-1", "vast/lerum"), Kiosk("partille-1", "vast/partille")


@pytest.fixture(scope="session")
def facts(sample: Sample) -> Facts:
    return facts_in(sample.folder, today=TODAY)


def lent(item: str, title: str = "t1", home: str = "vast/lerum") -> Lent:
    return Lent(item, title, home, TODAY, "p1")


def waiting(patron: str, pickup: str, day: int, title: str = "t1") -> Waiting:
    return Waiting(title, patron, pickup, datetime(2026, 11, day))


def test_five_hundred_returns_have_the_shares_of_the_mix(facts: Facts) -> None:
    plan = plan_returns(500, 7, facts, today=TODAY)
    assert len({planned.item for planned in plan}) == len(plan) == 500
    assert sum(planned.late for planned in plan) == 167
    outcomes = Counter(planned.expected for planned in plan)
    assert outcomes == {"home_here": 180, "home_elsewhere": 120, "hold_here": 100, "hold_elsewhere": 100}


def test_a_storm_finds_its_shares_in_a_consortium_made_for_it(tmp_path: Path) -> None:
    generate(tmp_path, seed=1, today=TODAY, scale=Scale.for_storm(2000, returns=600))
    plan = plan_returns(600, 7, facts_in(tmp_path, today=TODAY), today=TODAY, mix=STORM)
    outcomes = Counter(planned.expected for planned in plan)
    assert outcomes == {"home_here": 216, "home_elsewhere": 144, "hold_here": 120, "hold_elsewhere": 120}
    assert sum(planned.late for planned in plan) == 180


def test_returns_are_expected_to_do_what_the_facts_say(facts: Facts) -> None:
    homes = {item.item: item for item in facts.lent}
    queues: dict[str, list[str]] = {}
    for hold in sorted(facts.waiting, key=lambda hold: hold.placed_at):
        queues.setdefault(hold.title, []).append(hold.pickup)
    for planned in plan_returns(500, 7, facts, today=TODAY):
        item = homes[planned.item]
        queue = queues.get(item.title)
        goal = queue.pop(0) if queue else item.home
        kind = (
            "hold"
            if (queue is not None and goal != item.home) or planned.expected.startswith("hold")
            else "home"
        )
        assert planned.expected.startswith(kind)
        assert planned.expected.endswith("_here") == (planned.branch == goal)
        assert planned.late == (item.due < TODAY)


def test_returns_go_to_kiosks_of_branches_that_accept_the_item(facts: Facts) -> None:
    kiosks = {(kiosk.device, kiosk.branch) for kiosk in facts.kiosks}
    homes = {item.item: item.home for item in facts.lent}
    for planned in plan_returns(500, 7, facts, today=TODAY):
        assert (planned.device, planned.branch) in kiosks
        assert planned.branch.split("/")[0] == homes[planned.item].split("/")[0]
        assert planned.branch != "orebro/patientbiblioteket"


def test_the_same_seed_plans_the_same_returns(facts: Facts) -> None:
    assert plan_returns(50, 3, facts, today=TODAY) == plan_returns(50, 3, facts, today=TODAY)
    assert plan_returns(50, 3, facts, today=TODAY) != plan_returns(50, 4, facts, today=TODAY)


def test_copies_of_one_title_meet_its_queue_in_order() -> None:
    facts = Facts(
        lent=[lent("a"), lent("b"), lent("c")],
        waiting=[waiting("p2", "vast/partille", 2), waiting("p3", "vast/lerum", 1)],
        kiosks=[LERUM, PARTILLE],
    )
    for seed in range(20):
        first, second, third = plan_returns(3, seed, facts, today=TODAY)
        assert first.expected == ("hold_here" if first.branch == "vast/lerum" else "hold_elsewhere")
        assert second.expected == ("hold_here" if second.branch == "vast/partille" else "hold_elsewhere")
        assert third.expected == ("home_here" if third.branch == "vast/lerum" else "home_elsewhere")


def test_what_the_facts_cannot_give_is_made_up_by_other_returns() -> None:
    facts = Facts(lent=[lent("a"), lent("b", "t2")], kiosks=[LERUM])
    assert [planned.expected for planned in plan_returns(5, 1, facts, today=TODAY, mix=STORM)] == [
        "home_here"
    ] * 2


def test_a_branch_that_does_not_accept_an_item_is_not_asked() -> None:
    facts = Facts(lent=[lent("a")], kiosks=[LERUM, PARTILLE])
    plan = plan_returns(
        1, 1, facts, today=TODAY, mix=Mix(home_elsewhere=1), accepts=lambda home, at: at == "vast/lerum"
    )
    assert [planned.branch for planned in plan] == ["vast/lerum"]


def test_nothing_on_loan_is_an_empty_plan() -> None:
    assert plan_returns(10, 1, Facts(), today=TODAY) == []


def test_loans_for_the_next_run_are_a_third_late_and_possible(sample: Sample, facts: Facts) -> None:
    rows = plan_loans_for_next_run(500, 8, facts, today=TODAY)
    shelved = {item.item: item for item in facts.shelved}
    waits = {(hold.patron, hold.title) for hold in facts.waiting}
    assert len({row["item"] for row in rows}) == len(rows) == 500
    assert sum(row["due"] < TODAY.isoformat() for row in rows) == 167
    for row in rows:
        borrowed = datetime.fromisoformat(row["borrowed_at"]).date()
        patron = sample.patrons[row["patron"]]
        assert borrowed < TODAY
        assert borrowed < date.fromisoformat(row["due"])
        assert age(patron, borrowed) >= shelved[row["item"]].min_age
        assert (row["patron"], shelved[row["item"]].title) not in waits
        assert set(row) == set(sample.loans[0])


def test_a_further_run_finds_the_same_mix_as_the_first(facts: Facts) -> None:
    rows = plan_loans_for_next_run(500, 8, facts, today=TODAY)
    second = replace(facts, lent=lent_by(rows, facts.shelved), waiting=[])
    holds = plan_holds_for_next_run(200, 9, second, today=TODAY)
    placed = [
        Waiting(row["title"], row["patron"], row["pickup"], datetime.fromisoformat(row["placed_at"]))
        for row in holds
    ]
    outcomes = Counter(
        planned.expected for planned in plan_returns(500, 10, replace(second, waiting=placed), today=TODAY)
    )
    assert len(holds) == 200
    assert outcomes["hold_here"] + outcomes["hold_elsewhere"] >= 190
    assert outcomes.total() == 500
    assert not {(row.patron, row.title) for row in second.lent} & {
        (hold.patron, hold.title) for hold in placed
    }


def test_large_files_are_read_in_an_even_selection(sample: Sample) -> None:
    facts = facts_in(sample.folder, today=TODAY, most=500)
    assert 400 <= len(facts.lent) <= 1000
    assert len(facts.shelved) <= 1000
    assert len({item.home for item in facts.lent}) > 40
