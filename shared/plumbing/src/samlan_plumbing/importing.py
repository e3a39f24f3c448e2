"""What the owner of an import file answers for a batch of its rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Report:
    """What became of the rows of one batch: stored, known already, or refused with line and reason."""

    stored: int = 0
    same: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        """Notes a row that cannot be used."""
        self.refused.append({"line": line, "reason": reason})

    def as_json(self) -> dict[str, Any]:
        """The report in the order of the file, as `samlan import` reads it."""
        return {**asdict(self), "refused": sorted(self.refused, key=lambda one: one["line"])}
