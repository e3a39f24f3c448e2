"""`samlan import`: the files of a folder into the consortium of a data folder, told as it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
from rich.console import Console, Group
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from samlan.consortium import Consortium, consortium
from samlan.importing.files import SOURCES, files_in
from samlan.importing.journal import Journal
from samlan.importing.load import ImportFailed, Loading, load_folder
from samlan.importing.refused import RefusedFile
from samlan.importing.report import Report
from samlan.interrupting import Interrupted, Interruption, run
from samlan.trouble import Trouble

LISTED: Final = 50  # refused rows a person is shown; the file has them all
INTERRUPTED: Final = 130  # what shells expect of Ctrl-C


def import_folder(folder: Path, data: Path, *, as_json: bool) -> None:
    """Imports and tells; refused rows are no failure: the rest went on, and the table says so."""
    if not folder.is_dir():
        raise Trouble(f"{folder} is not a folder")
    if not files_in(folder):
        raise Trouble(f"{folder} holds no file of an import: {', '.join(one.name for one in SOURCES)}")
    console = Console(stderr=as_json)
    try:
        outcome = run(lambda interruption: _import(folder, data, interruption, console))
    except Interrupted:
        console.print(f"stopped; `samlan import {folder} --data {data}` goes on from here")
        raise typer.Exit(INTERRUPTED) from None
    except ImportFailed as failed:
        raise Trouble(str(failed)) from failed
    console.print(shown(outcome))
    if as_json:
        typer.echo(json.dumps(outcome.as_json()))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did, and where the rest stands."""

    report: Report
    refused_file: Path
    devices: int
    branches: int
    kept_out: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The outcome for programs."""
        return {
            **self.report.as_json(), "refused_file": str(self.refused_file),
            "devices": self.devices, "branches": self.branches, "kept_out": list(self.kept_out),
        }  # fmt: skip


async def _import(folder: Path, data: Path, interruption: Interruption, console: Console) -> Outcome:
    with console.status("looking for the consortium") as status:
        async with consortium(data, interruption, tell=status.update) as here:
            status.stop()
            return await interruption.unless(load(folder, here, console))


async def load(folder: Path, here: Consortium, console: Console) -> Outcome:
    """Loads a folder into a running consortium, and lets devices and desks that are new join in."""
    with (
        RefusedFile(here.data, goes_on=Journal(here.data, folder).begun) as refused,
        _bars(console) as progress,
    ):
        bars = Bars(progress)
        loading = Loading(here.peers, here.settle, here.data, bars.reached, refused.write)
        report = await load_folder(folder, loading)
    kept_out = await here.join_everybody()
    devices, desks = here.addresses.devices, here.addresses.tokens["desk"]
    return Outcome(report, refused.path, len(devices), len(desks), tuple(kept_out))


class Bars:
    """A bar for each file, once its first rows are sent."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def reached(self, file: str, done: int, total: int) -> None:
        """So many bytes of a file are with their owner."""
        if file not in self._tasks:
            self._tasks[file] = self._progress.add_task(file, total=total)
        self._progress.update(self._tasks[file], completed=done)


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn(),
        console=console, transient=not console.is_terminal, disable=not console.is_terminal,
    )  # fmt: skip


def shown(outcome: Outcome) -> Group:
    """The report for a person."""
    report = outcome.report
    parts: list[Table | Text] = [_counts(report)]
    if report.refused:
        parts += [Text(), _refused(report), Text(f"all refused rows: {outcome.refused_file}")]
    for name in report.unknown_files:
        parts.append(Text(f"{name} is no file of an import, and was left alone", style="yellow"))
    if report.earlier:
        parts.append(Text(f"{report.earlier:,} rows were sent by an earlier run that was stopped"))
    for device in outcome.kept_out:
        parts.append(Text(f"{device} may not join in: a user of the broker has this name", style="yellow"))
    parts.append(
        Text(f"{outcome.devices} devices and {outcome.branches} desks may join in · {report.seconds:.1f} s")
    )
    return Group(*parts)


def _counts(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("file")
    for name in ("stored", "same", "refused"):
        table.add_column(name, justify="right")
    for name, counts in report.files.items():
        refused = Text(f"{counts.refused:,}", style="red" if counts.refused else "dim")
        table.add_row(name, f"{counts.stored:,}", f"{counts.same:,}", refused)
    return table


def _refused(report: Report) -> Table:
    total = sum(counts.refused for counts in report.files.values())
    title = f"refused rows (the first {LISTED} of {total:,})" if total > LISTED else "refused rows"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left", title_style="bold")
    table.add_column("file")
    table.add_column("line", justify="right")
    table.add_column("reason")
    for row in report.refused[:LISTED]:
        table.add_row(row.file, str(row.line), Text(row.reason))
    return table
