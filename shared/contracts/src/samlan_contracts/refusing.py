"""Refusals as values: a stable word and the rules behind it. Each rule is heard, not only the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from samlan_contracts.policy import plainly
from samlan_contracts.shapes import Because

C = TypeVar("C")
R = TypeVar("R")
W = TypeVar("W", bound=str)


@dataclass(frozen=True, slots=True)
class ByRules(Generic[W]):
    """One reason to refuse, in a stable word, and the rules of the books that say so, where any do."""

    reason: W
    rules: Because = field(default_factory=list)

    @property
    def because(self) -> Because:
        """Why, in words: by the rules, else what the reason says by itself."""
        return self.rules or plainly(self.reason)

    def as_json(self) -> dict[str, Any]:
        """The reason as a problem lists it."""
        return {"reason": self.reason, "because": self.because}


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
