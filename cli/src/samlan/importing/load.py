"""The import itself: each file's rows go to their owner 500 at a time, then everybody hears of them.

The owner answers for a batch only when it is stored and its copies are on their way, so a run may be stopped
anywhere and started again: the journal skips what was answered for, and a repeated row changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from samlan_plumbing.peers import Answer, PeerDown, Peers

from samlan.importing.files import KNOWN, Found, Line, Source, files_in, read_lines
from samlan.importing.journal import Journal, Place
from samlan.importing.report import Refused, Report

BATCH: Final = 500
BATCH_BYTES: Final = 4_000_000  # far below a body's limit, also after base64
ATTEMPTS: Final = 60
PAUSE_SECONDS: Final = 0.5
ANSWER_LIMIT_SECONDS: Final = 120.0
Progress = Callable[[str, int, int], None]


class ImportFailed(RuntimeError):
    """The import cannot go on; what was stored stays, and the next run goes on from there."""


@dataclass(frozen=True, slots=True)
class Loading:
    """What an import needs: the services, a way to wait until all have heard, and somebody to tell."""

    peers: Peers
    settle: Callable[[], Awaitable[None]]
    data: Path
    progress: Progress = lambda file, done, total: None
    refused: Callable[[Refused], None] = lambda row: None


async def load_folder(folder: Path, loading: Loading) -> Report:
    """Loads every known file of a folder; rows that cannot be used are reported and the rest goes on."""
    started = time.monotonic()
    report = Report(unknown_files=_unknown(folder), tell_refused=loading.refused)
    journal = Journal(loading.data, folder)
    for found in files_in(folder):
        await _load_file(found, loading, journal, report)
        if found.source.settles:
            await loading.settle()
    journal.finished()
    report.seconds = time.monotonic() - started
    return report


async def _load_file(found: Found, loading: Loading, journal: Journal, report: Report) -> None:
    source, path = found.source, found.path
    place = journal.place(path)
    report.earlier += place.line
    report.counts(source.name)
    for lines in _batches(read_lines(path, offset=place.offset, number=place.line)):
        await _send(lines, source, loading, report)
        place = Place(lines[-1].end, lines[-1].number)
        journal.reached(path, place)
        loading.progress(source.name, place.offset, found.size)


async def _send(lines: list[Line], source: Source, loading: Loading, report: Report) -> None:
    for line in lines:
        if line.row is None:
            report.refuse(source.name, line.number, line.why)
    rows = [{"line": line.number, "row": line.row} for line in lines if line.row is not None]
    if not rows:
        return
    answer = await _ask(loading.peers, source, {"rows": rows})
    counts = report.counts(source.name)
    counts.stored += answer["stored"]
    counts.same += answer.get("same", 0)
    for refused in answer["refused"]:
        report.refuse(source.name, refused["line"], refused["reason"])


async def _ask(peers: Peers, source: Source, body: dict[str, Any]) -> dict[str, Any]:
    answer: Answer | None = None
    for _ in range(ATTEMPTS):
        answer = await _try(peers, source, body)
        if answer is not None and answer.ok:
            return dict(answer.body)
        if answer is not None and answer.status < 500:
            raise ImportFailed(f"{source.owner} does not take {source.name}: {answer.status}")
        await asyncio.sleep(PAUSE_SECONDS)
    failing = "does not answer" if answer is None else f"fails ({answer.status}, see its log)"
    raise ImportFailed(f"{source.owner} {failing}; run the import again to go on")


async def _try(peers: Peers, source: Source, body: dict[str, Any]) -> Answer | None:
    try:
        return await peers.ask(
            source.owner, "POST", f"/import/{source.kind}", json=body, limit_seconds=ANSWER_LIMIT_SECONDS
        )
    except PeerDown:
        return None


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Rows in batches that stay below what a service takes as one body."""
    batch: list[Line] = []
    begun: int | None = None
    for line in lines:
        batch.append(line)
        begun = line.end if begun is None else begun
        if len(batch) >= BATCH or line.end - begun >= BATCH_BYTES:
            yield batch
            batch, begun = [], None
    if batch:
        yield batch


def _unknown(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise ImportFailed(f"{folder} is not a folder")
    data = (path.name for path in folder.iterdir() if path.suffix in (".jsonl", ".mrc", ".json", ".csv"))
    return sorted(name for name in data if name not in KNOWN)
