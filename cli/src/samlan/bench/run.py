"""`samlan bench`: measures what is asked for, shows a table and writes JSON."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from samlan.bench.measures import ALL, NAMES, Run, Wish
from samlan.bench.show import table
from samlan.interrupting import Interrupted, Interruption
from samlan.interrupting import run as run_command
from samlan.trouble import Trouble

INTERRUPTED = 130


def bench(wish: Wish, written: Path | None) -> None:
    """Runs the benchmark and leaves with 0 also where a target is missed: it tells, it does not judge."""
    if unknown := sorted(wish.only - set(NAMES)):
        raise Trouble(f"there is no measure {', '.join(unknown)}; there are {', '.join(NAMES)}")
    console = Console(stderr=True)
    if "RABBITMQ_URL" in os.environ or "MONGODB_URL" in os.environ:
        raise Trouble(
            "the benchmark measures its own broker and datastore: unset RABBITMQ_URL and MONGODB_URL"
        )
    run = Run(wish, about=_about(wish))
    try:
        run_command(lambda interruption: _measure(run, interruption, console))
    except Interrupted:
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if run.figures:
            Console().print(table(run.figures, run.about))
            if written is not None:
                written.write_text(json.dumps(_result(run), indent=2, ensure_ascii=False) + "\n")


async def _measure(run: Run, interruption: Interruption, console: Console) -> None:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task("starting", total=len(ALL))

        def step(line: str) -> None:
            progress.update(task, description=line)
            if not console.is_terminal:
                console.print(f"{datetime.now(UTC):%H:%M:%S} {line}")

        run.step = step
        for measure in ALL:
            await interruption.unless(measure(run))
            progress.advance(task)


def _about(wish: Wish) -> dict[str, object]:
    load = 0.0
    with suppress(OSError):
        load = os.getloadavg()[0]
    return {
        "cores": os.cpu_count(), "datastore": "", "items": wish.items, "returns": wish.returns,
        "rounds": wish.rounds, "load_before": round(load, 1),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def _result(run: Run) -> dict[str, object]:
    return {**run.about, "figures": [one.as_json() for one in run.figures]}
