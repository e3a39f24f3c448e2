"""`samlan policy simulate`: a draft book over what is recorded, and what it would have changed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text
from samlan_contracts.policy import Money
from samlan_contracts.policy.texts import Language

from samlan.policy import books
from samlan.policy.asking import services
from samlan.policy.comparing import compare, later_rules
from samlan.policy.differences import EXAMPLES, Both, Difference, Example, Row
from samlan.policy.recorded import Recorded, recorded
from samlan.trouble import Trouble

COUNTED: Final = ("refused", "blocked")
COLUMNS: Final = (
    "decision", "material", "ages", "cases", "changed", "in force", "draft", "days", "newly", "no longer",
)  # fmt: skip
WIDE: Final = 160  # of what goes to a file: no figure is cut


def simulate_command(
    file: Path, data: Path, *, since: str, as_on: str | None, language: Language, as_json: bool
) -> None:
    """Prints what the draft would have changed; it changes nothing."""
    both = both_of(file, as_on)
    first = _day(since, "--since")
    found, now = asyncio.run(_recorded(data, quiet=as_json))
    difference = compare(found, both, since=first, now=now)
    told = as_json_object(difference, found, both, first, now)
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        _show(difference, told, language)


def both_of(file: Path, as_on: str | None = None) -> Both:
    """The books in force, and the same with the draft in place of its member's."""
    draft, now = books.draft(file), books.in_force()
    if draft.member not in now.members:
        raise Trouble(f"{file} is of the member {draft.member}, of which no book is in force")
    if as_on is not None:
        draft = books.as_on(draft, _day(as_on, "--as-on"))
    return Both(now, books.beside(now, draft), draft.member)


async def _recorded(data: Path, *, quiet: bool) -> tuple[Recorded, datetime]:
    console = Console(stderr=True)
    with _Bars(console, hidden=quiet or not console.is_terminal) as tell:
        async with services(data) as asked:
            return await recorded(asked, tell), await asked.now()


def _day(written: str, option: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Trouble(f"{option} is a day such as 2026-09-01, not {written}") from None


class _Bars(AbstractContextManager["_Bars"]):
    """A bar for each part that is read, once it begins."""

    def __init__(self, console: Console, *, hidden: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=True, disable=hidden,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._progress.stop()

    def __call__(self, what: str, done: int, of: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(f"reading {what}", total=of)
        self._progress.update(self._tasks[what], completed=done)


# -- what is shown -------------------------------------------------------------------------------------------


def as_json_object(
    difference: Difference, found: Recorded, both: Both, since: date, now: datetime
) -> dict[str, Any]:
    """The whole comparison for programs; no patron is named."""
    return {
        "member": both.member, "since": since.isoformat(),
        "in_force": both.now.book(both.member).version, "draft": both.draft.book(both.member).version,
        "compared": difference.compared, "not_compared": difference.left_out,
        "assumed": difference.assumed,
        "erased": {
            "device_facts": found.facts_taken,
            "says": "a loan that ended without a fee is erased with its end, and is not compared",
        },
        "later_rules": [
            {"rule": rule, "from": day.isoformat()} for rule, day in later_rules(both, now.date())
        ],
        "differences": [
            {"decision": what, "material": material, "ages": ages, **asdict(row)}
            for (what, material, ages), row in sorted(difference.rows.items())
        ],
        "examples": [asdict(one) for one in difference.examples],
    }  # fmt: skip


def _show(difference: Difference, told: dict[str, Any], language: Language) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDE)
    console.print(
        f"{told['member']}: the draft {told['draft']} beside {told['in_force']}, since {told['since']}",
        soft_wrap=True,
    )
    if changed := {key: row for key, row in sorted(difference.rows.items()) if row.changed}:
        console.print(_table(changed))
    if same := len(difference.rows) - len(changed):
        console.print(f"{same} groups would have seen no difference; --json lists them", style="dim")
    for one in _few(difference):
        console.print(Text(f"{one.what}, {one.about} ({one.material}, {one.ages}): "
                           f"{one.before} → {one.after}"), soft_wrap=True)  # fmt: skip
        for why in one.because:
            console.print(Text(f"    {why['says'][language]} [{why['rule']}]", "dim"), soft_wrap=True)
    _counts(console, told)


def _few(difference: Difference) -> Iterator[Example]:
    """A few examples of each kind of decision; the rest stands in the JSON."""
    shown: Counter[str] = Counter()
    for one in sorted(difference.examples, key=lambda example: example.what):
        shown[one.what] += 1
        if shown[one.what] <= EXAMPLES:
            yield one


def _table(rows: dict[tuple[str, str, str], Row]) -> Table:
    """The differences, without the columns in which nothing stands."""
    cells: dict[str, list[str]] = {name: [] for name in COLUMNS}
    for (what, material, ages), row in rows.items():
        shown = (
            what, material, ages, str(row.cases), str(row.changed), _sums(row.before), _sums(row.after),
            _days(row), str(row.stricter or ""), str(row.milder or ""),
        )  # fmt: skip
        for name, cell in zip(COLUMNS, shown, strict=True):
            cells[name].append(cell)
    told = {name: column for name, column in cells.items() if any(column)}
    table = Table()
    for name in told:
        table.add_column(name, overflow="fold")
    for line in zip(*told.values(), strict=True):
        table.add_row(*line)
    return table


def _sums(found: dict[str, int]) -> str:
    shown = [str(count) if key in COUNTED else str(Money(count, key)) for key, count in found.items()]
    return ", ".join(shown)


def _days(row: Row) -> str:
    if not row.days:
        return ""
    low, high = min(row.days), max(row.days)
    return f"{low:+d}" if low == high else f"{low:+d} to {high:+d}"


def _counts(console: Console, told: dict[str, Any]) -> None:
    """How much could be compared, and what could not: honestly, for a draft is judged by it."""
    compared = ", ".join(f"{count} × {what}" for what, count in told["compared"].items()) or "nothing"
    console.print(f"compared: {compared}", soft_wrap=True)
    for title, counts in (("not compared", told["not_compared"]), ("assumed", told["assumed"])):
        for what, count in counts.items():
            console.print(f"{title}: {count} · {what}", soft_wrap=True)
    console.print(
        f"not compared: loans that ended without a fee; they are erased when they end "
        f"({told['erased']['device_facts']} device facts were taken in all)",
        soft_wrap=True,
    )
    for one in told["later_rules"]:
        console.print(
            f"{one['rule']} begins on {one['from']} and decided no recorded case; try --as-on {one['from']}",
            soft_wrap=True,
        )
