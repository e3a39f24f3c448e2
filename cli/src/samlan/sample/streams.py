"""Chance that repeats: named random streams, and quotas that come out exact."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


def stream(seed: int, name: str) -> Random:
    """Return the random stream of this name: same seed and name, same numbers, on any machine."""
    return Random(f"{seed}/{name}")  # noqa: S311  a sample, not a secret


@dataclass(slots=True)
class Quota:
    """Picks exactly `wanted` of `population` candidates seen one by one, spread evenly over them.

    The last `reserve` candidates are counted on only when others could not be picked.
    """

    wanted: int
    population: int
    reserve: int = 0

    def due(self, rng: Random, *, eager: float = 1.0) -> bool:
        """Say whether the next candidate is to be picked; whoever picks it calls `took`."""
        left = max(self.population - self.reserve, 1)
        self.population -= 1
        return self.wanted > 0 and rng.random() < eager * self.wanted / left

    def took(self, many: int = 1) -> None:
        """Count what was picked."""
        self.wanted -= many


def luhn(digits: str) -> str:
    """Return the check digit (Luhn, as on library cards and in Swedish identity numbers)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        double = int(digit) * (2 if place % 2 == 0 else 1)
        total += double - 9 if double > 9 else double
    return str(-total % 10)
