"""Two clocks, two types: a function takes one or the other and cannot mix them up.

*Library time* may be moved: rules, due dates, deadlines, retention. *Machine time* never is: sweeps,
timeouts, retry delays, token lifetimes, latencies.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class LibraryClock(Protocol):
    """What time it is in the library, always with a zone (UTC)."""

    def now(self) -> datetime:
        """The library's instant."""
        ...


class SystemLibraryClock:
    """Library time that runs with the machine: every day of production."""

    def now(self) -> datetime:
        """The library's instant."""
        return datetime.now(UTC)


class FileLibraryClock:
    """Library time that stands in a file's one RFC 3339 line and moves only when the file does."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._now = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The library's instant; `ValueError` names the file when its line cannot be read."""
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._now = read_clock(self._path)
            self._stamp = stamp
        return self._now


class SettableLibraryClock:
    """Library time for tests: stands still until it is set."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The library's instant."""
        return self._now

    def set(self, now: datetime) -> None:
        """Moves library time."""
        self._now = now


class MachineClock:
    """The machine's own time, which nobody moves."""

    def now(self) -> datetime:
        """The machine's instant in UTC, for records that only machines read."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring a wait."""
        return time.monotonic()


def read_clock(path: Path) -> datetime:
    """The instant in a clock file; `ValueError` names the file and the remedy."""
    text = path.read_text(encoding="utf-8").strip()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{path}: write one line such as 2026-11-22T10:00:00+01:00") from None
    if instant.tzinfo is None:
        raise ValueError(f"{path}: the time needs an offset, such as +01:00 or Z")
    return instant.astimezone(UTC)


def write_clock(path: Path, now: datetime) -> None:
    """Moves a clock file in one step, so that no reader sees half a line."""
    fresh = path.with_suffix(".new")
    fresh.write_text(now.astimezone(UTC).isoformat() + "\n", encoding="utf-8")
    fresh.replace(path)
