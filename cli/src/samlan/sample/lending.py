"""The open loans and the queue of one title at a time, so that they cannot contradict each other.

A title's copies are first set aside for holds that are ready, then lent, and only then do others wait.
Whoever has a copy at home is never in the queue, and a copy on the pickup shelf is never on loan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from samlan.sample.circle import Circle
from samlan.sample.items import Item, place_of
from samlan.sample.people import Patron
from samlan.sample.periods import MOBILE_DAYS, NOT_RENEWED, due_date, usual_days
from samlan.sample.places import Place
from samlan.sample.rows import Row, stamp, without_absent
from samlan.sample.streams import Quota

LATEST_DAYS = 120
BORROWED_ELSEWHERE = 0.15
RENEWALS = (0, 0, 0, 0, 1, 1, 2, 3)
FROZEN, NEED_BY, NEED_BY_SOON = 0.09, 0.2, 0.4
SHELF_DAYS = 6
EAGER_FOR_HELD = 9.0
"""Copies of a title that others wait for are nearly always on loan."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How many shall wait for a title, and how many find it ready."""

    waiting: int = 0
    ready: int = 0


@dataclass(slots=True)
class Lending:
    """Lends items until the sample has the loans asked for."""

    rng: Random
    today: date
    circle: Circle
    loans: Quota
    late: Quota

    def story(self, copies: Sequence[Item], queue: Queue) -> tuple[list[Row], list[Row]]:
        """Return the loans and the holds of a title, given its copies."""
        borrowers: set[int] = set()
        lendable = [item for item in copies if item.lendable]
        ready = lendable[: queue.ready]
        loans = list(self._loans(copies, ready, queue, borrowers))
        return loans, list(self._holds(lendable, ready, queue, borrowers)) if lendable else []

    def _loans(
        self, copies: Sequence[Item], ready: list[Item], queue: Queue, borrowers: set[int]
    ) -> Iterator[Row]:
        eager = EAGER_FOR_HELD if queue.waiting else 1.0
        for item in copies:
            if not self.loans.due(self.rng, eager=eager) or not item.lendable or item in ready:
                continue
            row = self._loan(item, queue, borrowers)
            if row:
                self.loans.took()
                yield row

    def _loan(self, item: Item, queue: Queue, borrowers: set[int]) -> Row | None:
        late = self.late.due(self.rng)
        at = place_of(self.rng, item.home.member) if self.rng.random() < BORROWED_ELSEWHERE else item.home
        loan = self._dated(item, at, renewals=0 if queue.waiting else self.rng.choice(RENEWALS), late=late)
        patron = self.circle.borrower(self.rng, item, loan.borrowed, borrowers)
        if patron is None:
            self.late.population += 1
            return None
        self.late.took(late)
        self.circle.lent(patron, item)
        borrowers.add(patron.number)
        return loan.row(self.rng, item, patron)

    def _dated(self, item: Item, at: Place, *, renewals: int, late: bool) -> _Dates:
        days = MOBILE_DAYS if at.kind == "mobile" else usual_days(item, self.today)
        renewed = 0 if item.material in NOT_RENEWED else renewals
        start = self._late_start(item, at, days) if late else self._timely_start(item, at, min(days, 28))
        borrowed = at.last_open(start - timedelta(days=max(days - 2, 1) * renewed))
        return _Dates(at, borrowed, due_date(item, at, start, self.today), renewed)

    def _late_start(self, item: Item, at: Place, days: int) -> date:
        """Return an open day on which a loan began that is overdue today, most of them by a few days."""
        late_days = 1 + int((LATEST_DAYS - 1) * self.rng.random() ** 3)
        start = at.last_open(self.today - timedelta(days=late_days + days))
        while due_date(item, at, start, self.today) >= self.today:
            start = at.last_open(start - timedelta(days=1))
        return start

    def _timely_start(self, item: Item, at: Place, days: int) -> date:
        """Return an open day before today on which a loan began that is not overdue yet."""
        start = at.last_open(self.today - timedelta(days=self.rng.randint(1, days)))
        if due_date(item, at, start, self.today) >= self.today:
            return start
        return max(at.last_open(self.today - timedelta(days=1)), self.today - timedelta(days=days))

    def _holds(
        self, copies: list[Item], ready: list[Item], queue: Queue, borrowers: set[int]
    ) -> Iterator[Row]:
        patrons = self._patrons(copies, queue, set(borrowers))
        placed = sorted((self._placed_at(patron), patron.number, patron) for patron in patrons)
        for (moment, _, patron), item in zip(placed, [*ready, *[None] * len(placed)], strict=False):
            yield self._hold(patron, moment, copies[0], item)

    def _patrons(self, copies: list[Item], queue: Queue, without: set[int]) -> Iterator[Patron]:
        for _ in range(queue.waiting + queue.ready):
            patron = self.circle.waiter(self.rng, copies, without)
            if patron:
                without.add(patron.number)
                yield patron

    def _placed_at(self, patron: Patron) -> datetime:
        """Return a moment after the patron's registration and before today."""
        since = max(patron.registered + timedelta(days=1), self.today - timedelta(days=90))
        midnight = datetime.combine(since, time(), ZoneInfo(patron.member.timezone))
        seconds = max((self.today - since).days, 0) * 86400
        return midnight + timedelta(seconds=self.rng.randrange(-3600, max(seconds - 3600, 1)))

    def _hold(self, patron: Patron, placed_at: datetime, copy: Item, item: Item | None) -> Row:
        pickup = patron.pickup or self._pickup(patron)
        row: Row = {
            "title": copy.title.id,
            "patron": patron.id,
            "pickup": pickup.branch,
            "placed_at": stamp(placed_at),
            "last_needed": self._last_needed() if self.rng.random() < NEED_BY else None,
        }
        if item is None:
            row["frozen"] = True if self.rng.random() < FROZEN else None
        else:
            last_day = pickup.next_open(self.today + timedelta(days=self.rng.randint(0, SHELF_DAYS)))
            row |= {"last_needed": None, "item": item.barcode, "ready_until": last_day.isoformat()}
        return without_absent(row)

    def _pickup(self, patron: Patron) -> Place:
        while (place := place_of(self.rng, patron.member)).kind != "library":
            pass
        return place

    def _last_needed(self) -> str:
        soon = self.rng.random() < NEED_BY_SOON
        days = self.rng.randint(0, 3) if soon else self.rng.randint(4, 120)
        return (self.today + timedelta(days=days)).isoformat()


@dataclass(frozen=True, slots=True)
class _Dates:
    at: Place
    borrowed: date
    due: date
    renewals: int

    def row(self, rng: Random, item: Item, patron: Patron) -> Row:
        opens, closes = self.at.hours.get(self.borrowed.weekday(), ("12:00", "13:00"))
        first = datetime.combine(self.borrowed, time.fromisoformat(opens), self.at.zone)
        minutes = 60 * (int(closes[:2]) - int(opens[:2])) - 5
        return {
            "item": item.barcode,
            "patron": patron.id,
            "branch": self.at.branch,
            "borrowed_at": stamp(first + timedelta(minutes=rng.randint(1, minutes))),
            "due": self.due.isoformat(),
            "renewals": self.renewals,
        }
