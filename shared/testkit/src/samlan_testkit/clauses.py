"""The table of clauses: which tests specify each, whether one drives a service, and whether they pass.

    pytest -p samlan_testkit.clauses --clauses docs/clauses.yaml

Runs the tests that are marked with a clause of the list, prints the table, and fails when a clause has no
test or one of its tests failed. With `--collect-only` it prints the table without results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

CLAUSE: Final = "clause"
DRIVES: Final = "drives"
# A test that needs one of these talks to a service: the broker and datastore behind it, or a whole process.
OF_A_SERVICE: Final = frozenset({"servers", "samlan", "town"})
SHOWN: Final = 60  # characters of what a clause says, so that a row is a line
Outcome = str


@dataclass(slots=True)
class Clause:
    """One clause and the tests marked with it: what became of each, and which drive a service."""

    id: str
    owner: str
    says: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    driving: set[str] = field(default_factory=set)

    @property
    def result(self) -> str:
        """The clause in one word: what is missing or failed goes before what passed."""
        if not self.outcomes:
            return "no test"
        found = set(self.outcomes.values())
        return next(one for one in ("failed", "collected", "skipped", "passed") if one in found)


class Table:
    """Hears what becomes of the tests, and says what is left to do."""

    def __init__(self, clauses: dict[str, Clause]) -> None:
        self.clauses = clauses

    @classmethod
    def read(cls, path: Path) -> Table:
        """The clauses of a list, by member."""
        listed: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows = [row for of_member in listed.values() for row in of_member.items()]
        return cls({key: Clause(key, row["owner"], row["says"]) for key, row in rows})

    def hear(self, test: str, properties: Iterable[tuple[str, object]], outcome: Outcome) -> None:
        """A test of these clauses came to something; a failure is never forgotten."""
        said = list(properties)
        drives = (DRIVES, True) in said
        for key in (str(value) for name, value in said if name == CLAUSE):
            if (clause := self.clauses.get(key)) is None:
                continue
            if clause.outcomes.get(test) != "failed":
                clause.outcomes[test] = outcome
            if drives:
                clause.driving.add(test)

    @property
    def wrong(self) -> dict[str, list[str]]:
        """The clauses that let the run fail, and why."""
        return {why: self._of(why) for why in ("no test", "failed", "skipped") if self._of(why)}

    @property
    def without_a_service(self) -> list[str]:
        """The clauses whose tests only call functions."""
        return [one.id for one in self.clauses.values() if one.outcomes and not one.driving]

    def lines(self) -> Iterator[str]:
        """The table, and under it what is left to do."""
        yield f"{'clause':7}{'owner':13}{'tests':>6}{'driving':>9}  {'result':10}says"
        for one in self.clauses.values():
            counts = f"{len(one.outcomes):>6}{len(one.driving):>9}"
            yield f"{one.id:7}{one.owner:13}{counts}  {one.result:10}{one.says[:SHOWN]}"
        sound = sum(one.result in ("passed", "collected") for one in self.clauses.values())
        yield f"{sound} of {len(self.clauses)} clauses have tests and none that failed"
        for why, ids in self.wrong.items():
            yield f"{why}: {' '.join(ids)}"
        if left := self.without_a_service:
            yield f"tests that drive no service yet: {' '.join(left)}"

    def _of(self, result: str) -> list[str]:
        return [one.id for one in self.clauses.values() if one.result == result]


class _Listener:
    """The hooks of one run."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keeps the tests of the list, and lets each carry its clauses to whoever reports."""
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in items:
            ids = [str(key) for mark in item.iter_markers(CLAUSE) for key in mark.args]
            wanted = [key for key in ids if key in self.table.clauses]
            (kept if wanted else left).append(item)
            item.user_properties += [(CLAUSE, key) for key in wanted]
            item.user_properties.append((DRIVES, not OF_A_SERVICE.isdisjoint(_fixtures(item))))
        config.hook.pytest_deselected(items=left)
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test was set up, called or torn down: a failure in any of them is a failure."""
        if report.when == "call" or report.outcome != "passed":
            self.table.hear(report.nodeid, report.user_properties, report.outcome)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A clause without a sound test fails the run."""
        if session.config.option.collectonly:
            for item in session.items:
                self.table.hear(item.nodeid, item.user_properties, "collected")
        if self.table.wrong and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Prints the table."""
        terminalreporter.section("clauses")
        for line in self.table.lines():
            terminalreporter.write_line(line)


def _fixtures(item: pytest.Item) -> list[str]:
    return list(getattr(item, "fixturenames", ()))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The list of clauses."""
    parser.addoption("--clauses", type=Path, default=None, help="print the table of the clauses of this list")


def pytest_configure(config: pytest.Config) -> None:
    """Listens where a list is given."""
    path: Path | None = config.getoption("--clauses")
    if path is not None:
        config.pluginmanager.register(_Listener(Table.read(path)), "samlan-clauses")
