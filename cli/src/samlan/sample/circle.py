"""Who may be found to borrow an item or to wait for a title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from samlan.sample.items import Item, any_member
from samlan.sample.people import ADULT, Patron
from samlan.sample.periods import AT_A_TIME
from samlan.sample.places import OREBRO, Member

TRIES = 40
"""After so many unsuitable patrons in a row the item stays on its shelf."""

FROM_ANOTHER_MEMBER = 0.05
TEEN = 13
Pool = tuple[str, str]


@dataclass(slots=True)
class Circle:
    """The patrons by member and age, and what each has at home of the materials that are counted."""

    today: date
    pools: dict[Pool, list[Patron]] = field(default_factory=dict)
    counted: Counter[tuple[int, str]] = field(default_factory=Counter)

    def add(self, patron: Patron) -> None:
        """Let a patron be found."""
        self.pools.setdefault((patron.member.member, _stage(patron.age(self.today))), []).append(patron)

    def borrower(self, rng: Random, item: Item, day: date, without: set[int]) -> Patron | None:
        """Return somebody who could have borrowed the item on that day, or None when nobody is found."""
        for _ in range(TRIES):
            patron = self._somebody(rng, item.home.member, item.title.audience)
            if patron and patron.number not in without and self._could_borrow(patron, item, day):
                return patron
        return None

    def waiter(self, rng: Random, copies: Sequence[Item], without: set[int]) -> Patron | None:
        """Return somebody old enough for every copy of a title to hold it, or None when nobody is found."""
        oldest = max(item.min_age for item in copies)
        for _ in range(TRIES):
            item = rng.choice(copies)
            patron = self._somebody(rng, item.home.member, item.title.audience)
            if patron and patron.number not in without and patron.age(self.today) >= oldest:
                return patron
        return None

    def lent(self, patron: Patron, item: Item) -> None:
        """Count what the patron now has at home."""
        if item.material in AT_A_TIME:
            self.counted[patron.number, item.material] += 1

    def _could_borrow(self, patron: Patron, item: Item, day: date) -> bool:
        return (
            patron.may_borrow
            and patron.registered < day
            and patron.age(day) >= item.min_age
            and self._has_room(patron, item)
        )

    def _has_room(self, patron: Patron, item: Item) -> bool:
        if item.material not in AT_A_TIME or OREBRO not in (patron.member, item.home.member):
            return True
        return self.counted[patron.number, item.material] < AT_A_TIME[item.material]

    def _somebody(self, rng: Random, home: Member, audience: str) -> Patron | None:
        """Return one patron; some borrow far more than others."""
        member = any_member(rng) if rng.random() < FROM_ANOTHER_MEMBER else home
        pool = self.pools.get((member.member, _reader(rng, audience)), [])
        return pool[int(len(pool) * rng.random() ** 1.5)] if pool else None


def _reader(rng: Random, audience: str) -> str:
    """Return the age of a likely reader: children's items go home with children or with their parents."""
    if audience == "child":
        return "child" if rng.random() < 0.5 else "adult"
    return "teen" if rng.random() < 0.08 else "adult"


def _stage(age: int) -> str:
    return "adult" if age >= ADULT else "teen" if age >= TEEN else "child"
