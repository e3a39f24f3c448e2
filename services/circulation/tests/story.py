"""The cast and the sentences of circulation's specifications.

Astrid (adult) and Emil (child) live in Lerum, Karin in Kungsbacka, Olof in Örebro. *Röda rummet* is a book of
Lerum; facts happen on a Monday at noon unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from samlan_circulation.domain.lending import Standing, Stop, loan_of, note_loan
from samlan_circulation.domain.model import (
    Asked,
    Borrower,
    BranchId,
    Item,
    ItemBarcode,
    LoanId,
    PatronId,
    Place,
    Scan,
)
from samlan_circulation.domain.outcomes import Outcome
from samlan_circulation.domain.returning import hand_in
from samlan_contracts.event import Event
from samlan_contracts.policy import BranchCalendar, Decision, PolicyBooks
from samlan_contracts.shapes import RoutedHold, Thing

E = TypeVar("E", bound=Event)
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
TAKEN = datetime(2026, 11, 23, 11, 0, 1, tzinfo=UTC)
OPEN = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("10:00", "19:00"))
POLICIES = Path(__file__).parents[3] / "policies"


@cache
def books() -> PolicyBooks:
    return PolicyBooks.load(POLICIES)


def at(days: float = 0, hours: float = 0) -> datetime:
    return NOON + timedelta(days=days, hours=hours)


def branch(name: str, **more: Any) -> BranchCalendar:
    zone = "Europe/Copenhagen" if name.startswith("gladsaxe") else "Europe/Stockholm"
    return BranchCalendar.of(name, {"timezone": zone, "opening": OPEN, **more})


LERUM = branch("vast/lerum")
PARTILLE = branch("vast/partille")
KUNGSBACKA = branch("kungsbacka/fyren")
STADSBIBLIOTEKET = branch("orebro/stadsbiblioteket", drop="immediate")
ADOLFSBERG = branch("orebro/adolfsberg")
TEGELBRUKET = branch("orebro/tegelbruket", kind="partner")
PATIENTBIBLIOTEKET = branch("orebro/patientbiblioteket", kind="partner")

ASTRID = Borrower(patron=PatronId("astrid"), member="vast", born=date(1980, 5, 1))
EMIL = Borrower(patron=PatronId("emil"), member="vast", born=date(2015, 3, 2))
KARIN = Borrower(patron=PatronId("karin"), member="kungsbacka", born=date(1975, 1, 1))
OLOF = Borrower(patron=PatronId("olof"), member="orebro", born=date(1990, 9, 9))

ASTRIDS_HOLD = RoutedHold(hold="hold-astrid", patron="astrid", borrower_id="A-17", pickup="vast/lerum")
KARINS_HOLD = RoutedHold(hold="hold-karin", patron="karin", borrower_id="K-4", pickup="vast/partille")


def thing(home: str = "vast/lerum", **more: Any) -> Thing:
    fields = {"item": "3517", "title": "roda-rummet", "member": home.partition("/")[0], "home": home}
    return Thing(**{**fields, "material": "book", **more})


def item(home: str = "vast/lerum", *, state: str = "available", **more: Any) -> Item:
    known = {name: more.pop(name) for name in list(more) if name in Thing.model_fields}
    return Item(thing=thing(home, **known), described=1, state=state, branch=BranchId(home), **more)  # type: ignore[arg-type]


def standing(borrower: Borrower, *stops: Stop) -> Standing:
    return Standing(borrower=borrower, stops=stops)


@dataclass
class Story:
    """An item, and what happened to it in the order in which it became known."""

    item: Item
    sequence: int = 1
    told: list[Event] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def borrowed(
        self, who: Borrower, when: datetime, *, due: date | None = None, fact: str | None = None,
        where: BranchCalendar = LERUM,
    ) -> Story:  # fmt: skip
        """An offline loan becomes known."""
        fact = fact or f"b-{who.patron}-{when.isoformat()}"
        due = due or (when + timedelta(days=28)).date()
        loan = loan_of(
            self.item, who, LoanId(f"loan-{fact}"), when, BranchId(where.branch), Decision(due, [])
        )
        return self._known(note_loan(self.item, loan, Place.of(when, "kiosk-9", 1, fact)))

    def returned(
        self, where: BranchCalendar, when: datetime, *, mode: str = "kiosk", fact: str | None = None,
        replies: bool = False,
    ) -> Story:  # fmt: skip
        """A scan becomes known."""
        fact = fact or f"r-{where.branch}-{when.isoformat()}-{mode}"
        scan = Scan(
            place=Place.of(when, "kiosk-1", 1, fact), item=ItemBarcode("3517"), branch=BranchId(where.branch),
            mode=mode, row=f"kiosk-1/{fact}", taken_at=TAKEN, replies=replies,  # type: ignore[arg-type]
        )  # fmt: skip
        return self._known(hand_in(self.item, scan, branch=where, books=books(), sequence=self.sequence))

    def _known(self, decided: Any) -> Story:
        self.item = decided.state or self.item
        self.sequence += len(decided.events)
        self.told.extend(decided.events)
        self.outcomes.append(decided.outcome)
        return self

    def told_of(self, cls: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, cls)]

    @property
    def outcome(self) -> Outcome:
        return self.outcomes[-1]

    def dates(self) -> dict[str, tuple[datetime, datetime | None]]:
        """Each loan the item remembers, when it began and when it ended."""
        return {
            one.loan: (one.place.at, one.closed_at) for one in self.item.kept if one.loan is not None
        }  # fmt: skip


def asked(sequence: int = 2, *, at_branch: str = "vast/lerum", **more: Any) -> Asked:
    fields = {"fact": "fact-1", "row": "kiosk-1/1", "sequence": sequence, "taken_at": TAKEN}
    return Asked(**{**fields, "branch": at_branch, **more})  # type: ignore[arg-type]


def reasons(refusals: Iterable[Any]) -> Sequence[str]:
    return [one.reason for one in refusals]
