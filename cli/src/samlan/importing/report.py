"""What an import did: counts per file, and every row that could not be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

KEPT: Final = 10_000  # refused rows held in memory; the rest are counted


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be used: its file, its line, and why."""

    file: str
    line: int
    reason: str


@dataclass(slots=True)
class Counts:
    """Rows of one file by what became of them."""

    stored: int = 0
    same: int = 0
    refused: int = 0


@dataclass(slots=True)
class Report:
    """The result of an import; `earlier` counts rows that an interrupted run had sent already."""

    files: dict[str, Counts] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    unknown_files: list[str] = field(default_factory=list)
    earlier: int = 0
    seconds: float = 0.0
    tell_refused: Callable[[Refused], None] = lambda row: None

    def counts(self, file: str) -> Counts:
        """The counts of a file."""
        return self.files.setdefault(file, Counts())

    def refuse(self, file: str, line: int, reason: str) -> None:
        """Notes a row that cannot be used."""
        row = Refused(file, line, reason)
        self.counts(file).refused += 1
        self.tell_refused(row)
        if len(self.refused) < KEPT:
            self.refused.append(row)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "files": {name: asdict(counts) for name, counts in self.files.items()},
            "refused": [asdict(row) for row in self.refused],
            "unknown_files": self.unknown_files,
            "earlier": self.earlier,
            "seconds": round(self.seconds, 2),
        }
