"""Each further run finds as much to play as the one before: a third of it late, for as long as can be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from samlan.demo.lending import plan_further_run
from samlan.demo.record import Record
from samlan.demo.stage import Stage, set_stage, today
from samlan.keys import make_keys
from samlan.sample import Scale, generate
from samlan.sample.workload import PlannedReturn
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.peers import Peers
from samlan_plumbing.tokens import Signer

COUNT = 60
LATE = 20
A_MINUTE = timedelta(minutes=1)


@dataclass
class Town:
    """Circulation and holds as lending meets them: a loan older than its item's return opens nothing."""

    on_loan: set[str]
    returned_at: dict[str, datetime] = field(default_factory=dict)
    lent: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/private/v1")
        body = orjson.loads(request.content) if request.content else {}
        if path == "/items/states":
            states = {item: {"state": self._state(item)} for item in body["items"]}
            return self._says({"states": states})
        if path == "/import/loans":
            self._lend([one["row"] for one in body["rows"]])
        if path.startswith("/import/"):
            return self._says({"refused": []})
        return self._says({"items": [], "next": None})

    def hand_in(self, plan: list[PlannedReturn], at: datetime) -> None:
        for one in plan:
            assert one.item in self.on_loan
            self.on_loan.discard(one.item)
            self.returned_at[one.item] = at

    def _state(self, item: str) -> str:
        return "on_loan" if item in self.on_loan else "available"

    def _lend(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            since = self.returned_at.get(row["item"])
            self.lent.append(row)
            if since is None or datetime.fromisoformat(row["borrowed_at"]) > since:
                self.on_loan.add(row["item"])

    @staticmethod
    def _says(body: dict[str, Any]) -> httpx2.Response:
        return httpx2.Response(200, content=orjson.dumps(body))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("sample")
    generate(folder, seed=1, today=today(), scale=Scale.of(600))
    return set_stage(folder)


@pytest.fixture
def town(stage: Stage) -> Town:
    return Town({one.item for one in stage.facts.lent})


@pytest.fixture
async def peers(town: Town, tmp_path: Path) -> AsyncIterator[Peers]:
    make_keys(tmp_path)
    transport = httpx2.MockTransport(town.answer)
    own = Peers(
        caller="operator", urls={name: f"http://{name}" for name in ("circulation", "holds")},
        signer=Signer(tmp_path, MachineClock()),
        transports={"circulation": transport, "holds": transport},
    )  # fmt: skip
    yield own
    await own.close()


async def test_a_third_is_late_in_every_further_run_until_all_was_handed_in(
    stage: Stage, town: Town, peers: Peers, tmp_path: Path
) -> None:
    record = Record(tmp_path / "demo.json", made_on=stage.today, loaded=True, runs=1)
    late_runs = (len(stage.facts.shelved) - COUNT) // LATE
    assert late_runs > 5
    for _ in range(late_runs):
        record.runs += 1
        plan = await plan_further_run(COUNT, stage, record, peers)
        assert len({one.item for one in plan}) == COUNT
        assert sum(one.late for one in plan) == LATE
        town.hand_in(plan, datetime.now(UTC) - A_MINUTE)
        record.returned |= {one.item: "here" for one in plan}
    assert len(record.returned) > LATE * late_runs


async def test_what_was_handed_in_before_is_lent_first_and_nothing_of_the_sample_is_touched_yet(
    stage: Stage, town: Town, peers: Peers, tmp_path: Path
) -> None:
    record = Record(tmp_path / "demo.json", made_on=stage.today, loaded=True, runs=2)
    back = [one.item for one in stage.facts.shelved[:COUNT]]
    record.returned = dict.fromkeys(back, "here")
    plan = await plan_further_run(COUNT, stage, record, peers)
    timely = {one.item for one in plan if not one.late}
    assert len(timely) == COUNT - LATE
    assert timely <= set(back)
    assert not {one.item for one in plan} & {one.item for one in stage.facts.lent}


async def test_once_all_was_handed_in_the_late_ones_are_those_of_the_sample(
    stage: Stage, town: Town, peers: Peers, tmp_path: Path
) -> None:
    record = Record(tmp_path / "demo.json", made_on=stage.today, loaded=True, runs=9)
    record.returned = {one.item: "here" for one in stage.facts.shelved}
    overdue = {one.item for one in stage.facts.lent if one.due < stage.today}
    assert len(overdue) > LATE
    plan = await plan_further_run(COUNT, stage, record, peers)
    late = {one.item for one in plan if one.late}
    assert len(plan) == COUNT
    assert len(late) == LATE
    assert late <= overdue


async def test_a_run_plays_as_many_as_it_should_as_long_as_the_sample_has_loans(
    stage: Stage, town: Town, peers: Peers, tmp_path: Path
) -> None:
    record = Record(tmp_path / "demo.json", made_on=stage.today, loaded=True, runs=9)
    record.returned = {one.item: "kept" for one in stage.facts.shelved}
    timely = [one for one in stage.facts.lent if one.due >= stage.today]
    record.returned |= {one.item: "here" for one in timely[: len(timely) - 10]}
    plan = await plan_further_run(COUNT, stage, record, peers)
    assert len({one.item for one in plan}) == COUNT
    assert sum(one.late for one in plan) == COUNT - 10
