"""Refusals by rules in a tuple: each rule that refuses is heard, not only the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

C = TypeVar("C")
R = TypeVar("R")


class Worded(Protocol):
    """A refusal of a row: its stable word, and the field and what is wrong with it."""

    @property
    def reason(self) -> str:
        """The stable word."""

    @property
    def says(self) -> str:
        """The field, and what is wrong with it."""


def refusals(case: C, rules: Iterable[Callable[[C], R | None]]) -> tuple[R, ...]:
    """Every rule's refusal of the case, in the order of the rules."""
    return tuple(refusal for rule in rules if (refusal := rule(case)) is not None)


def in_words(reasons: Iterable[Worded]) -> str:
    """All reasons on one line, for the report of an import."""
    return "; ".join(f"{one.reason}: {one.says}" for one in reasons)
