"""Which items are handed in where: a plan of kiosk returns in the shares that are asked for.

A planned return that meets a hold uses it up, so the title's next copy is planned for the next in its queue.
What is expected of a return follows from the facts alone; a policy book may still pass a hold over.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Literal

from samlan_contracts.forms import member_of

from samlan.sample.facts import Facts, Lent
from samlan.sample.streams import stream

Outcome = Literal["hold_here", "hold_elsewhere", "home_here", "home_elsewhere"]
"""What a return sets off: pickup shelf, transit to a pickup branch, shelf at home, transit home."""

OUTCOMES: tuple[Outcome, ...] = ("home_here", "home_elsewhere", "hold_here", "hold_elsewhere")
Accepts = Callable[[str, str], bool]
"""Whether the second branch takes an item whose home is the first; the policy books know."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the returns; what the facts cannot give is made up by others, and the plan says which."""

    held: float = 0.4
    held_elsewhere: float = 0.5
    """Of those with a hold, the share whose pickup branch is another one."""
    home_elsewhere: float = 0.4
    """Of those without a hold, the share handed in away from home."""
    late: float = 1 / 3


DEMO = Mix()
STORM = Mix(late=0.3)
"""The benchmark's storm of returns."""


@dataclass(frozen=True, slots=True)
class PlannedReturn:
    """One return to be played, and what should come of it."""

    item: str
    device: str
    branch: str
    expected: Outcome
    late: bool


def same_member(home: str, branch: str) -> bool:
    """Say whether both branches are of one member, whose own branches take its items."""
    return member_of(home) == member_of(branch)


def plan_returns(
    n: int, seed: int, facts: Facts, *, today: date, mix: Mix = DEMO, accepts: Accepts = same_member
) -> list[PlannedReturn]:
    """Return `n` returns of items on loan in the shares of the mix, shuffled; fewer when fewer can be had.

    Each item is handed in once, at a kiosk of a branch that accepts it.
    """
    plan = _Plan(stream(seed, "returns"), today, accepts, facts)
    late = round(n * mix.late)
    possible = replace(mix, held=min(mix.held, servable(facts) / max(n, 1)))
    for is_late, wanted in ((True, late), (False, n - late)):
        for outcome, share in _shares(wanted, possible):
            plan.add(outcome, share, late=is_late)
        _fill(plan, wanted, late=is_late)
    for is_late in (False, True):
        _fill(plan, n - plan.count(late=not is_late), late=is_late)
    return plan.in_order()


def servable(facts: Facts) -> int:
    """Return how many holds the items on loan could serve if all were handed in."""
    copies = Counter(item.title for item in facts.lent)
    waiting = Counter(hold.title for hold in facts.waiting)
    return sum(min(many, copies[title]) for title, many in waiting.items())


@dataclass(slots=True)
class _Plan:
    rng: Random
    today: date
    accepts: Accepts
    facts: Facts
    chosen: list[tuple[Lent, PlannedReturn]] = field(default_factory=list)
    pools: dict[bool, list[Lent]] = field(init=False)
    queues: dict[str, deque[str]] = field(init=False)
    devices: dict[str, list[str]] = field(init=False)
    taking: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lent = self.rng.sample(self.facts.lent, len(self.facts.lent))
        self.pools = {
            late: [item for item in lent if (item.due < self.today) is late] for late in (False, True)
        }
        self.queues = defaultdict(deque)
        for hold in sorted(self.facts.waiting, key=lambda hold: (hold.placed_at, hold.patron)):
            self.queues[hold.title].append(hold.pickup)
        self.devices = defaultdict(list)
        for kiosk in self.facts.kiosks:
            self.devices[kiosk.branch].append(kiosk.device)

    def add(self, outcome: Outcome, wanted: int, *, late: bool) -> None:
        """Choose up to `wanted` more items whose return has this outcome."""
        kept = []
        for item in self.pools[late]:
            branch = self._branch(item, outcome) if wanted > 0 else None
            if branch is None:
                kept.append(item)
                continue
            wanted -= 1
            self._choose(item, branch, outcome, late=late)
        self.pools[late] = kept

    def count(self, *, late: bool) -> int:
        """Return how many late, or timely, returns are chosen."""
        return sum(planned.late is late for _, planned in self.chosen)

    def in_order(self) -> list[PlannedReturn]:
        """Return the plan shuffled, but the copies of one title in the order of their queue."""
        turns: dict[str, list[float]] = defaultdict(list)
        for item, _ in self.chosen:
            turns[item.title].append(self.rng.random())
        ordered = {title: deque(sorted(turn)) for title, turn in turns.items()}
        keyed = [(ordered[item.title].popleft(), planned) for item, planned in self.chosen]
        return [planned for _, planned in sorted(keyed, key=lambda pair: pair[0])]

    def _choose(self, item: Lent, branch: str, outcome: Outcome, *, late: bool) -> None:
        if self.queues.get(item.title):
            self.queues[item.title].popleft()
        device = self.rng.choice(self.devices[branch])
        self.chosen.append((item, PlannedReturn(item.item, device, branch, outcome, late)))

    def _branch(self, item: Lent, outcome: Outcome) -> str | None:
        """Return a branch where handing the item in has this outcome, or None when there is none."""
        queue = self.queues.get(item.title)
        if bool(queue) is not outcome.startswith("hold"):
            return None
        goal = queue[0] if queue else item.home
        branches = self._taking(item.home)
        if outcome.endswith("_here"):
            return goal if goal in branches else None
        others = [branch for branch in branches if branch != goal]
        return self.rng.choice(others) if others else None

    def _taking(self, home: str) -> list[str]:
        if home not in self.taking:
            self.taking[home] = [branch for branch in self.devices if self.accepts(home, branch)]
        return self.taking[home]


def _fill(plan: _Plan, wanted: int, *, late: bool) -> None:
    """Make up what is missing; twice, for a queue used up leaves copies that nobody waits for."""
    for outcome in OUTCOMES * 2:
        plan.add(outcome, wanted - plan.count(late=late), late=late)


def _shares(wanted: int, mix: Mix) -> Iterator[tuple[Outcome, int]]:
    """Yield how many returns of each outcome make up `wanted`."""
    held = round(wanted * mix.held)
    away, home_away = round(held * mix.held_elsewhere), round((wanted - held) * mix.home_elsewhere)
    yield "hold_here", held - away
    yield "hold_elsewhere", away
    yield "home_here", wanted - held - home_away
    yield "home_elsewhere", home_away
