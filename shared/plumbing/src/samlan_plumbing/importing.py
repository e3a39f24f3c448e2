"""A batch of rows of an import file, as their owner is sent it, and what the owner answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

ROWS_AT_ONCE: Final = 1_000  # twice what `samlan import` sends in one request


class LineRow(BaseModel):
    """A row of a file, whatever it says, and the line it stands in."""

    model_config = ConfigDict(hide_input_in_errors=True)

    line: int
    row: Any


class Rows(BaseModel):
    """A batch of rows of one file."""

    model_config = ConfigDict(hide_input_in_errors=True)

    rows: Annotated[list[LineRow], Field(max_length=ROWS_AT_ONCE)]

    @property
    def by_line(self) -> list[tuple[int, Any]]:
        """Each row behind the line it stands in."""
        return [(one.line, one.row) for one in self.rows]


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
