"""Holds that a library brings along: waiting in their places, or ready on a pickup shelf.

What is imported happened elsewhere and before: nobody is told that a hold is ready, only circulation that the
item stands on the shelf for it. A hold that waited in vain until its last-needed day is taken in as the
expired hold it is; it never joins the queue, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from samlan_contracts.event import Event
from samlan_contracts.events.holds import ItemRouted
from samlan_contracts.policy import shelf_deadline

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.model import (
    NOT_SCANNED,
    Allotted,
    BranchId,
    Decision,
    HoldId,
    ItemBarcode,
    PatronId,
    Queue,
    TitleId,
    Waiting,
)
from samlan_holds.domain.refusals import Refusal
from samlan_holds.domain.routing import routed_hold
from samlan_holds.domain.shelving import end_of_need
from samlan_holds.domain.verdict import Verdict, changed

ROWS_AT_ONCE: Final = 100
SHELVED_AT_ONCE: Final = 7  # each tells circulation of its item, and a commit tells eight events at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of holds.jsonl that can be read; `last_needed` and `ready_until` are days.

    `on_loan`: by the loans known now, the patron has a copy of the title."""

    line: int
    hold: HoldId
    title: TitleId
    patron: PatronId
    pickup: BranchId
    placed_at: datetime
    last_needed: date | None = None
    frozen: bool = False
    item: ItemBarcode | None = None
    ready_until: date | None = None
    on_loan: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """A hold that had ended before it was imported, and when."""

    entry: Waiting
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of each row: stored in the queue, over before the import, the same, or refused."""

    stored: tuple[Waiting | Allotted, ...]
    over: tuple[Over, ...]
    same: int
    refused: tuple[tuple[int, Refusal], ...]


def take_in(queue: Queue, rows: Sequence[Row], facts: Facts) -> Verdict[Taken]:
    """Takes rows of one title into its queue; a row that cannot be used is refused and the rest goes on."""
    after, events = queue, list[Event]()
    stored: list[Waiting | Allotted] = []
    same, over, refused = 0, list[Over](), list[tuple[int, Refusal]]()
    for row in rows:
        if after.wait_of(row.hold) or after.allotted_to(row.hold):
            same += 1
            continue
        if (refusal := _refusal(row, facts)) is not None:
            refused.append((row.line, refusal))
            continue
        if (ended := _over(row, facts)) is not None:
            over.append(ended)
            continue
        if (refusal := _refusal_of_place(after, row, facts)) is not None:
            refused.append((row.line, refusal))
            continue
        held = _held(after, row, facts)
        stored.append(held)
        after = after.joined(held) if isinstance(held, Waiting) else after.given(held)
        if isinstance(held, Allotted):
            events.append(_on_the_shelf(queue, held, facts))
    taken = Taken(tuple(stored), tuple(over), same, tuple(refused))
    return changed(taken, queue, after, *events) if stored else Verdict(taken)


def _refusal(row: Row, facts: Facts) -> Refusal | None:
    if facts.patron(row.patron) is None:
        return Refusal("unknown_patron")
    return Refusal("unknown_branch") if facts.branch(row.pickup) is None else None


def _over(row: Row, facts: Facts) -> Over | None:
    """A hold that still waited when its last-needed day was over; one whose item is ready is served (G10)."""
    if row.item is not None or row.last_needed is None:
        return None
    ends = end_of_need(row.last_needed, facts.branch(row.pickup))
    return Over(_waiting(row), ends) if ends is not None and ends <= facts.now else None


def _refusal_of_place(queue: Queue, row: Row, facts: Facts) -> Refusal | None:
    if row.on_loan:
        return Refusal("has_it_on_loan")
    if queue.wait_by(row.patron) or queue.allotted_by(row.patron):
        return Refusal("already_held")
    return _refusal_of_item(queue, row, row.item, facts) if row.item is not None else None


def _refusal_of_item(queue: Queue, row: Row, item: ItemBarcode, facts: Facts) -> Refusal | None:
    thing = facts.item(item)
    if thing is None or thing.title != row.title:
        return Refusal("unknown_item")
    return Refusal("already_allotted") if row.frozen or queue.allotted_item(item) else None


def _held(queue: Queue, row: Row, facts: Facts) -> Waiting | Allotted:
    if row.item is None:
        return _waiting(row, late=any(one.placed_at >= row.placed_at for one in queue.allotted))
    pickup, standing = facts.branch(row.pickup), facts.patron(row.patron)
    if pickup is None or standing is None:
        raise LookupError("a row is refused before it is held")
    last = shelf_deadline(facts.books, pickup=pickup, patron_member=standing.member, ready_at=facts.now)
    until = row.ready_until or last.value
    return Allotted(
        hold=row.hold, patron=row.patron, pickup=row.pickup, placed_at=row.placed_at,
        last_needed=row.last_needed, allotment=1, item=row.item, scan=NOT_SCANNED, seen_at=row.pickup,
        state="ready", ready_until=until, expires_at=pickup.end_of(until),
        because=[] if row.ready_until else last.because,
        decision=Decision(answers=NOT_SCANNED, at=facts.now, because=[]),
    )  # fmt: skip


def _waiting(row: Row, *, late: bool = False) -> Waiting:
    return Waiting(
        hold=row.hold, patron=row.patron, pickup=row.pickup, placed_at=row.placed_at,
        last_needed=row.last_needed, frozen=row.frozen, late=late,
    )  # fmt: skip


def _on_the_shelf(queue: Queue, held: Allotted, facts: Facts) -> ItemRouted:
    standing = facts.patron(held.patron)
    return ItemRouted(
        item=held.item, title=queue.title, answers=NOT_SCANNED, fact="", to="shelf", branch=held.pickup,
        hold=routed_hold(held, standing.borrower_id if standing else ""),
    )  # fmt: skip
