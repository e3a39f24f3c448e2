"""What is lent, and held, silently before a further run, so that it finds as much to play."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from samlan_contracts.forms import member_of

from samlan.sample.facts import Borrower, Facts, Kiosk, Lent, Shelved
from samlan.sample.people import age_on
from samlan.sample.periods import DAYS, USUAL_DAYS
from samlan.sample.places import MEMBERS
from samlan.sample.returns import DEMO, Mix
from samlan.sample.rows import Row, stamp
from samlan.sample.streams import stream

LATEST_DAYS = 40
LONGEST_AGO_DAYS = 120
"""A borrower must have been old enough so long ago: no planned loan began earlier."""

TRIES = 40
TIMEZONES = {member.member: member.timezone for member in MEMBERS}


def plan_loans_for_next_run(n: int, seed: int, facts: Facts, *, today: date, mix: Mix = DEMO) -> list[Row]:
    """Return up to `n` rows in the shape of `loans.jsonl`, dated so that the mix's share of them is late.

    Items whose title somebody waits for come first, up to the mix's share of holds. Nobody is lent a title
    that they wait for or were just lent, nor an item for older people.
    """
    rng = stream(seed, "loans")
    lender = _Lender(rng, facts, today)
    pairs: list[tuple[Shelved, Borrower]] = []
    for item in _to_lend(rng, n, facts, mix):
        patron = lender.find(item.home, item.title, item.min_age) if len(pairs) < n else None
        pairs += [(item, patron)] if patron else []
    late = set(rng.sample(range(len(pairs)), round(len(pairs) * mix.late)))
    return [
        _loan_row(rng, item, patron, today, late=place in late) for place, (item, patron) in enumerate(pairs)
    ]


def plan_holds_for_next_run(n: int, seed: int, facts: Facts, *, today: date) -> list[Row]:
    """Return up to `n` rows in the shape of `holds.jsonl` on lent titles that nobody waits for, one a title.

    With them a further run meets as many holds as the first one did.
    """
    rng = stream(seed, "holds")
    held = {hold.title for hold in facts.waiting}
    titles = {item.title: item for item in facts.lent if item.title not in held}
    lender, pickups = _Lender(rng, facts, today), _pickups(facts.kiosks)
    rows = (
        _hold_row(rng, item, lender, pickups, today)
        for item in rng.sample(list(titles.values()), len(titles))
    )
    return list(islice((row for row in rows if row), n))


def lent_by(rows: Iterable[Row], shelved: Iterable[Shelved]) -> list[Lent]:
    """Return what planned loan rows put on loan, so that returns can be planned from them."""
    items = {item.item: item for item in shelved}
    return [_lent(items[row["item"]], row) for row in rows]


@dataclass(slots=True)
class _Lender:
    """Finds somebody at an item's member who may have it."""

    rng: Random
    facts: Facts
    today: date
    involved: set[tuple[str, str]] = field(init=False)
    readers: dict[str, list[Borrower]] = field(init=False)

    def __post_init__(self) -> None:
        self.involved = {(hold.patron, hold.title) for hold in self.facts.waiting}
        self.involved |= {(loan.patron, loan.title) for loan in self.facts.lent}
        self.readers = defaultdict(list)
        for borrower in self.facts.borrowers:
            self.readers[borrower.member].append(borrower)

    def find(self, home: str, title: str, min_age: int) -> Borrower | None:
        """Return a patron with neither loan nor hold of the title, who from now on has one."""
        then = self.today - timedelta(days=LONGEST_AGO_DAYS)
        readers = self.readers[member_of(home)]
        for patron in self.rng.choices(readers, k=TRIES) if readers else ():
            if (patron.patron, title) not in self.involved and age_on(patron.born, then) >= min_age:
                self.involved.add((patron.patron, title))
                return patron
        return None


def _to_lend(rng: Random, n: int, facts: Facts, mix: Mix) -> list[Shelved]:
    held_titles = {hold.title for hold in facts.waiting}
    items = rng.sample(facts.shelved, len(facts.shelved))
    held = [item for item in items if item.title in held_titles]
    first = held[: round(n * mix.held)]
    return [*first, *(item for item in items if item.title not in held_titles), *held[len(first) :]]


def _loan_row(rng: Random, item: Shelved, patron: Borrower, today: date, *, late: bool) -> Row:
    days = DAYS.get(item.material, USUAL_DAYS)
    due = (
        today - timedelta(days=rng.randint(1, LATEST_DAYS))
        if late
        else today + timedelta(days=rng.randrange(days))
    )
    return {
        "item": item.item,
        "patron": patron.patron,
        "branch": item.home,
        "borrowed_at": _moment(rng, due - timedelta(days=days), item.home),
        "due": due.isoformat(),
        "renewals": 0,
    }


def _hold_row(
    rng: Random, item: Lent, lender: _Lender, pickups: dict[str, list[str]], today: date
) -> Row | None:
    patron = lender.find(item.home, item.title, item.min_age)
    if patron is None or not pickups[patron.member]:
        return None
    pickup = rng.choice(pickups[patron.member])
    placed_at = _moment(rng, today - timedelta(days=rng.randint(1, 5)), pickup)
    return {"title": item.title, "patron": patron.patron, "pickup": pickup, "placed_at": placed_at}


def _pickups(kiosks: Sequence[Kiosk]) -> dict[str, list[str]]:
    pickups: dict[str, list[str]] = defaultdict(list)
    for branch in dict.fromkeys(kiosk.branch for kiosk in kiosks):
        pickups[member_of(branch)].append(branch)
    return pickups


def _lent(item: Shelved, loan: Row) -> Lent:
    return Lent(
        item.item, item.title, item.home, date.fromisoformat(loan["due"]), loan["patron"], item.min_age
    )


def _moment(rng: Random, day: date, branch: str) -> str:
    zone = ZoneInfo(TIMEZONES[member_of(branch)])
    return stamp(datetime.combine(day, time(12), zone) + timedelta(seconds=rng.randrange(14_000)))
