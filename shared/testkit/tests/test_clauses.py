"""The table of clauses: nothing is missing silently, and nothing that failed passes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from samlan_testkit.clauses import Table

LISTED = Path(__file__).parents[3] / "docs" / "clauses.yaml"
LIST = """
orebro:
  O10: {owner: circulation, says: "Adult books 28 days"}
  O30: {owner: billing, says: "A debt of 50 kr blocks"}
"""
TESTS = """
import pytest

@pytest.fixture
def servers():
    pass

@pytest.mark.clause("O10")
def test_one():
    pass

@pytest.mark.clause("O10", "{second}")
def test_two(servers):
    assert {outcome}

@pytest.mark.clause("K99")
def test_of_no_clause_of_the_list():
    assert False
"""


def run(folder: Path, *arguments: str, second: str = "O30", outcome: bool = True) -> tuple[int, str]:
    (folder / "list.yaml").write_text(LIST)
    (folder / "test_it.py").write_text(TESTS.format(second=second, outcome=outcome))
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = clause(id, ...): x\n")
    plugin = ("-p", "samlan_testkit.clauses", "--clauses", "list.yaml", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return done.returncode, done.stdout


def test_all_is_well_when_each_clause_has_a_test_that_passes(tmp_path: Path) -> None:
    status, said = run(tmp_path)
    assert status == 0, said
    assert "2 of 2 clauses have tests and none that failed" in said
    assert [one.split()[2:5] for one in said.splitlines() if one[:4] in ("O10 ", "O30 ")] == [
        ["2", "1", "passed"], ["1", "1", "passed"]
    ]  # fmt: skip
    assert "drive no service" not in said


def test_results_come_from_every_worker(tmp_path: Path) -> None:
    status, said = run(tmp_path, "-p", "xdist", "-n", "2")
    assert status == 0, said
    assert "2 of 2 clauses have tests and none that failed" in said


def test_a_clause_without_a_test_fails_the_run(tmp_path: Path) -> None:
    status, said = run(tmp_path, second="O10")
    assert status == 1
    assert "no test: O30" in said


def test_a_clause_whose_test_failed_fails_the_run(tmp_path: Path) -> None:
    status, said = run(tmp_path, outcome=False)
    assert status == 1
    assert "failed: O10 O30" in said


def test_the_table_can_be_had_without_running_anything(tmp_path: Path) -> None:
    status, said = run(tmp_path, "--collect-only", outcome=False)
    assert status == 0
    assert "collected" in said


def test_a_failure_is_not_forgotten_and_a_test_without_a_service_is_told() -> None:
    table = Table.read(LISTED)
    table.hear("one", [("clause", "O10")], "failed")
    table.hear("one", [("clause", "O10")], "passed")
    assert table.clauses["O10"].result == "failed"
    assert table.without_a_service == ["O10"]


@pytest.mark.parametrize(
    ("owner", "count"), [("circulation", 48), ("holds", 13), ("billing", 21), ("notify", 7)]
)
def test_the_list_has_every_clause_of_the_four_services(owner: str, count: int) -> None:
    found = Table.read(LISTED).clauses.values()
    assert len(found) == 89
    assert sum(one.owner == owner for one in found) == count
