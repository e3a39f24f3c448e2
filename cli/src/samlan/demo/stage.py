"""Before the play: the sample is made and loaded once, and its files say what can be handed in."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from samlan_contracts.forms import member_of
from samlan_contracts.policy import BranchCalendar, PolicyBooks, accepts_return

from samlan.consortium import Consortium
from samlan.demo.record import Record
from samlan.importing import ImportFailed, Loading, load_folder
from samlan.plan import POLICIES
from samlan.sample import Scale, generate
from samlan.sample.workload import Accepts, Facts, Kiosk, facts_in
from samlan.trouble import Trouble

SEED: Final = 1
LIBRARY_ZONE: Final = ZoneInfo("Europe/Stockholm")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """The sample as loaded: its facts, its branches' names, and which branch takes whose items."""

    folder: Path
    today: date
    facts: Facts
    names: dict[str, str]
    accepts: Accepts
    wants_receipts: frozenset[str]


def today() -> date:
    """The library's day."""
    return datetime.now(LIBRARY_ZONE).date()


async def load_sample(here: Consortium, record: Record, scale: Scale, progress: Progress) -> None:
    """Makes the sample consortium and loads it, once; a run that was stopped goes on where it was."""
    if record.loaded:
        return
    folder = sample_folder(here.data)
    if record.made_on is None:
        record.made_on = today()
        generate(folder, seed=SEED, today=record.made_on, scale=scale)
        record.write()
    try:
        report = await load_folder(folder, Loading(here.peers, here.settle, here.data, progress))
    except ImportFailed as failed:
        raise Trouble(str(failed)) from failed
    if report.refused:
        first = report.refused[0]
        raise Trouble(f"the sample's {first.file}, line {first.line}, was refused: {first.reason}")
    await here.join_everybody()
    record.loaded = True
    record.write()


def sample_folder(data: Path) -> Path:
    """Where a data folder keeps the sample's files."""
    return data / "sample"


def set_stage(folder: Path) -> Stage:
    """Reads the sample back, with one kiosk for each branch."""
    day = today()
    facts = facts_in(folder, today=day)
    rows = _rows(folder / "branches.jsonl")
    return Stage(
        folder=folder,
        today=day,
        facts=replace(facts, kiosks=one_a_branch(facts.kiosks)),
        names={f"{row['member']}/{row['branch']}": row["name"] for row in rows},
        accepts=_accepting(rows),
        wants_receipts=frozenset(
            row["patron"] for row in _rows(folder / "patrons.jsonl") if row.get("receipts")
        ),
    )


def one_a_branch(kiosks: Sequence[Kiosk]) -> list[Kiosk]:
    """The first kiosk of each branch."""
    return list({kiosk.branch: kiosk for kiosk in reversed(kiosks)}.values())


def _accepting(branches: list[dict[str, Any]]) -> Accepts:
    """Which branch takes whose items, as the members' policy books say."""
    books = PolicyBooks.load(Path(os.environ.get("SAMLAN_POLICIES", POLICIES)))
    calendars = {
        f"{row['member']}/{row['branch']}": BranchCalendar.of(f"{row['member']}/{row['branch']}", row)
        for row in branches
    }
    now = datetime.now(UTC)
    known: dict[tuple[str, str], bool] = {}

    def accepts(home: str, branch: str) -> bool:
        member = member_of(home)
        if (member, branch) not in known:
            ruling = accepts_return(books, branch=calendars[branch], item_member=member, at=now)
            known[member, branch] = ruling.value.accepted
        return known[member, branch]

    return accepts


def _rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
