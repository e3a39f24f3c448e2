"""What a draft would have changed, added up by kind of decision, material and age group, with examples."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from samlan_contracts.policy import PatronFacts, PolicyBooks
from samlan_contracts.policy.book import SUBJECTS

EXAMPLES: Final = 3  # of each kind of difference: enough to see it, and no list of what people borrowed
AGE_FIELDS: Final = ("patron_under", "min_age", "never_under", "guardian_under", "card_from")
UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class Both:
    """The same decision by the book in force and by the draft."""

    now: PolicyBooks
    draft: PolicyBooks
    member: str

    def concern(self, *members: str) -> bool:
        """Whether the draft's member is among those that have a part in a case."""
        return self.member in members


@dataclass(slots=True)
class Row:
    """What one kind of decision would have been for one material and age group."""

    cases: int = 0
    changed: int = 0
    days: list[int] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    after: dict[str, int] = field(default_factory=dict)
    stricter: int = 0
    milder: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """One case that would have been decided otherwise; it names no patron."""

    what: str
    about: str
    material: str
    ages: str
    before: str
    after: str
    because: list[dict[str, Any]]


@dataclass(slots=True)
class Difference:
    """What the draft would have changed, by kind of decision, material and age group."""

    rows: dict[tuple[str, str, str], Row] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    compared: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    assumed: dict[str, int] = field(default_factory=dict)

    def count(self, of: dict[str, int], what: str, number: int = 1) -> None:
        """Counts some cases."""
        if number:
            of[what] = of.get(what, 0) + number

    def row(self, what: str, material: str, ages: str) -> Row:
        """The row of one kind of decision; a case more is compared."""
        row = self.rows.setdefault((what, material, ages), Row())
        row.cases += 1
        self.count(self.compared, what)
        return row

    def show(self, example: Example) -> None:
        """Keeps an example while there are few of its kind."""
        if (
            sum(one.what == example.what and one.material == example.material for one in self.examples)
            < EXAMPLES
        ):
            self.examples.append(example)


@dataclass(frozen=True, slots=True)
class AgeGroups:
    """The ages at which any rule of either book makes a difference."""

    edges: tuple[int, ...]

    @classmethod
    def of(cls, both: Both) -> AgeGroups:
        """The edges that the two books of the member draw."""
        found: set[int] = set()
        for book in (both.now.book(both.member), both.draft.book(both.member)):
            rules = [rule for name in SUBJECTS for rule in getattr(book, name)]
            ages = [getattr(rule, name, None) for rule in rules for name in AGE_FIELDS]
            found |= {age for age in ages if isinstance(age, int) and age > 0}
        return cls(tuple(sorted(found)))

    def name(self, who: PatronFacts, on: date) -> str:
        """The group of a patron on a day, such as 15-17."""
        age = who.age_on(on)
        if age is None:
            return UNKNOWN
        place = bisect_right(self.edges, age)
        low = self.edges[place - 1] if place else 0
        return f"{low}-{self.edges[place] - 1}" if place < len(self.edges) else f"{low}+"
