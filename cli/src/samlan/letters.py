"""`samlan dead-letters`: asked of the gateway, as an operator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import httpx2
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from samlan import addresses
from samlan.trouble import Trouble

PATH: Final = "/v1/ops/dead-letters"
LIMIT_SECONDS: Final = 30.0
COLUMNS: Final = ("id", "service", "type", "reason", "attempts", "dead_at")
Row = dict[str, Any]


def list_letters(data: Path, *, as_json: bool) -> None:
    """Prints the letters that wait for a decision."""
    found = _ask(data, "GET", PATH)
    if as_json:
        typer.echo(json.dumps(found))
    elif not found["items"]:
        typer.echo("no dead letters")
    else:
        Console().print(_table(found["items"]))


def show_letter(letter: str, data: Path, *, as_json: bool) -> None:
    """Prints one letter."""
    found = _ask(data, "GET", f"{PATH}/{letter}")
    if as_json:
        typer.echo(json.dumps(found))
    else:
        Console().print(_page(found))


def replay_letter(letter: str, data: Path) -> None:
    """Puts one letter back."""
    _ask(data, "POST", f"{PATH}/{letter}/replay")
    typer.echo(f"{letter} is back in its queue")


def discard_letter(letter: str, why: str, data: Path) -> None:
    """Gives one letter up."""
    if not why.strip():
        raise Trouble("say why the letter is given up: --why TEXT")
    _ask(data, "POST", f"{PATH}/{letter}/discard", {"why": why})
    typer.echo(f"{letter} is given up")


def _ask(data: Path, method: str, path: str, body: Row | None = None) -> Row:
    here = addresses.read(data)
    headers = {"authorization": f"Bearer {here.tokens['operator']}"}
    try:
        answer = httpx2.request(
            method, here.gateway + path, headers=headers, json=body, timeout=LIMIT_SECONDS, trust_env=False
        )
    except httpx2.TransportError:
        raise Trouble(
            f"the gateway ({here.gateway}) does not answer; is `samlan up --data {data}` ready?"
        ) from None
    if answer.status_code == httpx2.codes.NOT_FOUND:
        raise Trouble(f"there is no dead letter {path.removeprefix(PATH).split('/')[1]}")
    if answer.is_error:
        raise Trouble(f"the gateway says {answer.status_code}: {_title(answer)}")
    return dict(answer.json())


def _title(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["title"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(row.get(name, ""))) for name in COLUMNS))
    return table


def _page(letter: Row) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in letter.items():
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
        table.add_row(Text(name.replace("_", " "), "dim"), Text(shown, overflow="fold"))
    return table
