"""The table's figures: what each round measured, their median and spread, and whether that is enough."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

AT_LEAST: Final = operator.ge
AT_MOST: Final = operator.le


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be: `compare(figure, value)`."""

    compare: Callable[[float, float], bool]
    value: float

    def met(self, figure: float) -> bool:
        """Whether a figure is good enough, as it is shown."""
        return self.compare(round(figure, 2), self.value)

    def __str__(self) -> str:
        return f"{'≥' if self.compare is AT_LEAST else '≤'} {self.value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table."""

    name: str
    unit: str
    rounds: Sequence[float]
    target: Target | None = None
    note: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return median(self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest of the rounds."""
        return min(self.rounds), max(self.rounds)

    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None without one."""
        return self.target.met(self.median) if self.target else None

    def as_json(self) -> dict[str, Any]:
        """The row for programs."""
        low, high = self.spread
        return {
            "measure": self.name, "unit": self.unit, "median": round(self.median, 3),
            "low": round(low, 3), "high": round(high, 3),
            "rounds": [round(one, 3) for one in self.rounds],
            "target": str(self.target) if self.target else None, "met": self.met,
            "note": self.note, "parts": dict(self.parts),
        }  # fmt: skip


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each part over the rounds."""
    names = {name: None for one in rounds for name in one}
    return {name: round(median(one.get(name, 0.0) for one in rounds), 2) for name in names}


def times_linear(rates: Mapping[int, float]) -> float:
    """The worst share of linear growth that any number of replicas reaches."""
    single = rates[1]
    return min(rate / (single * replicas) for replicas, rate in rates.items())
