"""The command in this process: what it prints, its exit, and the line it says when it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samlan.main import app
from samlan.trouble import Trouble
from typer.testing import CliRunner, Result

POLICIES = Path(__file__).parents[3] / "policies"
Run = Callable[..., Result]


@pytest.fixture
def policies() -> Path:
    return POLICIES


@pytest.fixture
def run() -> Run:
    """Runs `samlan policy …`."""

    def go(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["policy", *arguments], env={"COLUMNS": "200"})

    return go


@pytest.fixture
def answer(run: Run) -> Callable[..., dict[str, Any]]:
    """Runs it and reads its JSON."""

    def go(*arguments: str) -> dict[str, Any]:
        result = run(*arguments, "--json")
        assert result.exception is None, result.exception
        return json.loads(result.stdout)  # type: ignore[no-any-return]

    return go


@pytest.fixture
def trouble(run: Run) -> Callable[..., str]:
    """Runs it and gives the one line that a person is told."""

    def go(*arguments: str) -> str:
        result = run(*arguments)
        assert isinstance(result.exception, Trouble), result
        return str(result.exception)

    return go
