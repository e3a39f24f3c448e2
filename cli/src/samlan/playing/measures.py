"""Latencies as two figures: what is usual, and what one in a hundred meets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 99th percentile; both None where nothing was measured."""

    p50: float | None
    p99: float | None

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The nearest ranks, so that every figure is one that was met."""
        ranked = sorted(values)
        return cls(_rank(ranked, 0.5), _rank(ranked, 0.99))

    def as_json(self) -> dict[str, float | None]:
        """The two figures for programs."""
        return {"p50": self.p50, "p99": self.p99}


def _rank(ranked: list[float], share: float) -> float | None:
    return round(ranked[max(ceil(share * len(ranked)) - 1, 0)], 1) if ranked else None
