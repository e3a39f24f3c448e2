"""The sample consortium, written from a seed as the files that `samlan import` reads.

Everything is written as it is made. What is kept are the patrons (a few hundred bytes each) and the
lengths of the queues still to be formed, so that a million items need no more memory than their patrons do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from random import Random

from samlan.sample.circle import Circle
from samlan.sample.debts import Debts
from samlan.sample.devices import device_rows
from samlan.sample.items import Item, copies, item_row
from samlan.sample.lending import Lending, Queue
from samlan.sample.people import patrons
from samlan.sample.places import branch_rows
from samlan.sample.rows import Row, RowFile, write_rows
from samlan.sample.streams import Quota, stream
from samlan.sample.titles import Title, titles

LONG_QUEUE = 10
LONG_QUEUES = 0.2
"""Share of the holds that stand in queues of ten."""

READY = 0.09
"""Share of the holds whose item is on the pickup shelf."""

OVERDUE = 3
"""One loan in so many is overdue."""

RESERVE = 0.01
"""Share of items, and of titles, held back so that figures come out exact."""

LARGEST_SHARE_ON_LOAN = 0.7
UNSUITED_TO_QUEUES = ("ebook", "periodical")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything; the default is the consortium of the demonstration."""

    titles: int = 3_000
    items: int = 12_000
    patrons: int = 2_500
    loans: int = 4_000
    holds: int = 900
    debtors: int = 220

    @classmethod
    def of(cls, items: int) -> Scale:
        """Return a consortium of so many items in the proportions of a large library (5 items a patron)."""
        return cls(items // 4, items, max(items // 5, 50), items // 3, items * 3 // 40, items // 60)

    @classmethod
    def for_storm(cls, items: int, *, returns: int) -> Scale:
        """Return a consortium of so many items, lent and held enough for a storm of so many returns."""
        usual = cls.of(items)
        return replace(usual, loans=max(usual.loans, returns * 3 // 2), holds=max(usual.holds, returns))

    def refuse_impossible(self) -> None:
        """Raise ValueError when no consortium can have these figures."""
        if not 0 < self.titles <= self.items:
            raise ValueError(f"{self.items} items cannot be copies of {self.titles} titles")
        if self.loans > self.items * LARGEST_SHARE_ON_LOAN:
            raise ValueError(f"{self.loans} of {self.items} items on loan is more than a library lends")
        if self.loans and not self.patrons:
            raise ValueError("loans need patrons")


DEFAULT = Scale()


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written, counted."""

    folder: Path
    branches: int
    titles: int
    items: int
    patrons: int
    loans: int
    overdue: int
    holds: int
    ready: int
    frozen: int
    fees: int
    devices: int


@dataclass(frozen=True, slots=True)
class _Story:
    """One title with everything that happens to its copies."""

    title: Title
    items: list[Item]
    loans: list[Row]
    holds: list[Row]


@dataclass(slots=True)
class _Queues:
    """The queues still to be formed, handed out over the titles; what one lacks is made good later."""

    rng: Random
    waiting: list[Queue]

    def next(self, title: Title, titles_left: int) -> Queue:
        if not self.waiting or title.material in UNSUITED_TO_QUEUES:
            return Queue()
        return self.waiting.pop() if self.rng.random() < len(self.waiting) / titles_left else Queue()

    def give_back(self, missing: int) -> None:
        if missing > 0:
            self.waiting.append(Queue(waiting=missing))


@dataclass(slots=True)
class _Writer:
    """The four files that grow title by title, and what stands in them."""

    folder: Path
    today: date
    counts: Counter[str] = field(default_factory=Counter)

    def write(self, stories: Iterator[_Story]) -> None:
        from samlan.sample.marc import marc  # its library's tables are read in a third of a second

        paths = [self.folder / f"{name}.jsonl" for name in ("items", "loans", "holds")]
        with (
            (self.folder / "titles.mrc").open("wb", buffering=1 << 20) as records,
            RowFile(paths[0]) as items,
            RowFile(paths[1]) as loans,
            RowFile(paths[2]) as holds,
        ):
            for story in stories:
                records.write(marc(story.title, self.today))
                items.write_all(item_row(item) for item in story.items)
                loans.write_all(story.loans)
                holds.write_all(story.holds)
                self._count(story)

    def _count(self, story: _Story) -> None:
        self.counts["titles"] += 1
        self.counts["items"] += len(story.items)
        self.counts["loans"] += len(story.loans)
        self.counts["overdue"] += sum(loan["due"] < self.today.isoformat() for loan in story.loans)
        self.counts["holds"] += len(story.holds)
        self.counts["ready"] += sum("item" in hold for hold in story.holds)
        self.counts["frozen"] += sum("frozen" in hold for hold in story.holds)


def generate(folder: Path, *, seed: int, today: date, scale: Scale = DEFAULT) -> Summary:
    """Write the sample consortium into a folder; same seed, day and scale give the same bytes.

    Loans and holds began before `today`; a third of the loans fell due before it. Figures
    that cannot be had are refused by ValueError before anything is written.
    """
    scale.refuse_impossible()
    folder.mkdir(parents=True, exist_ok=True)
    circle, writer = Circle(today), _Writer(folder, today)
    debts = Debts(seed, today, Quota(scale.debtors, scale.patrons, reserve=scale.patrons // 20))
    people = write_rows(folder / "patrons.jsonl", _people(seed, scale.patrons, circle, debts))
    writer.write(_stories(seed, scale, circle, debts))
    return Summary(
        folder=folder,
        branches=write_rows(folder / "branches.jsonl", branch_rows(today)),
        patrons=people,
        fees=write_rows(folder / "fees.jsonl", debts.rows()),
        devices=write_rows(folder / "devices.jsonl", device_rows(seed)),
        **writer.counts,
    )


def _people(seed: int, count: int, circle: Circle, debts: Debts) -> Iterator[Row]:
    rng = stream(seed, "debtors")
    for patron, row in patrons(seed, count, circle.today):
        circle.add(patron)
        debts.consider(rng, patron)
        yield row


def _stories(seed: int, scale: Scale, circle: Circle, debts: Debts) -> Iterator[_Story]:
    today, rng = circle.today, stream(seed, "items")
    lending = _lending(seed, scale, circle)
    queues = _Queues(lending.rng, _queues(lending.rng, scale.holds))
    written = 0
    for title in titles(seed, scale.titles, today):
        titles_left = scale.titles - title.number + 1
        queue = queues.next(title, max(titles_left - int(scale.titles * RESERVE), 1))
        count = _copies(rng, scale.items - written, titles_left, queue)
        items = list(copies(rng, title, written + 1, count, today))
        loans, holds = lending.story(items, queue)
        queues.give_back(queue.waiting + queue.ready - len(holds))
        written += count
        debts.remember(items, {loan["item"] for loan in loans})
        yield _Story(title, items, loans, holds)


def _lending(seed: int, scale: Scale, circle: Circle) -> Lending:
    return Lending(
        rng=stream(seed, "lending"),
        today=circle.today,
        circle=circle,
        loans=Quota(scale.loans, scale.items, reserve=int(scale.items * RESERVE)),
        late=Quota(scale.loans // OVERDUE, scale.loans),
    )


def _queues(rng: Random, holds: int) -> list[Queue]:
    """Return queues that add up to so many holds: some of ten, some with an item ready, most short."""
    queues = [Queue(waiting=LONG_QUEUE) for _ in range(int(holds * LONG_QUEUES) // LONG_QUEUE)]
    ready = int(holds * READY)
    queues += [Queue(waiting=rng.choice((0, 0, 1, 2)), ready=1) for _ in range(ready)]
    left = holds - sum(queue.waiting + queue.ready for queue in queues)
    while left > 0:
        waiting = min(rng.choice((1, 1, 2, 2, 3, 4)), left)
        queues.append(Queue(waiting=waiting))
        left -= waiting
    rng.shuffle(queues)
    return queues


def _copies(rng: Random, items_left: int, titles_left: int, queue: Queue) -> int:
    """Return how many copies a title has, so that all titles together have the items asked for."""
    if titles_left == 1:
        return items_left
    mean = items_left / titles_left
    wished = 1 + int(rng.expovariate(1 / max(mean - 0.5, 0.1)))
    needed = queue.ready + (queue.waiting + 2) // 3
    return min(max(wished, needed), items_left - titles_left + 1)
