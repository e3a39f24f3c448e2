"""The queue of a title, the holds in it, and the items that are on their way to them.

::

    waiting ⇄ frozen
       │  ▲
       ▼  │ lent to another, lost, damaged, withdrawn, routing refused: back to its old place
    allotted ──▶ in_transit ──▶ ready ──▶ collected
    (cancelled at any time; expired while waiting by its last-needed date, while ready by its deadline)

A queue is one document and decides by its own commits. Its first holds stand in it (`waiting`); what waits
behind `boundary` in a long queue stands with the particulars of each hold, and `amended` says what they do
not know yet, so that a place in a queue of a thousand costs what it costs in a queue of ten.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, NewType, TypeVar

from samlan_contracts.forms import whole_ms
from samlan_contracts.shapes import Because
from samlan_contracts.shapes import Queue as QueueLength

HoldId = NewType("HoldId", str)
PatronId = NewType("PatronId", str)
TitleId = NewType("TitleId", str)
ItemBarcode = NewType("ItemBarcode", str)
BranchId = NewType("BranchId", str)
Place = NewType("Place", str)

T = TypeVar("T")

AllottedState = Literal["allotted", "in_transit", "ready"]
Ending = Literal["collected", "expired", "cancelled"]

FRONT: Final = (
    50  # holds that may be served and stand in the queue's document; also how many circulation hears of
)
NOT_SCANNED: Final = 0  # what an imported allotment answers: no scan of the item
TICK: Final = timedelta(milliseconds=1)  # what the datastore can tell apart
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(placed_at: datetime, hold: HoldId) -> Place:
    """A hold's place: by the time it was placed, then by its id; it is kept through every allotment."""
    return Place(f"{(placed_at - _EPOCH) // TICK:015d}/{hold}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A hold that waits: what allotment needs of it and nothing more.

    `late` marks one that was imported into a place that others had been served behind."""

    hold: HoldId
    patron: PatronId
    pickup: BranchId
    placed_at: datetime
    last_needed: date | None = None
    frozen: bool = False
    allotments: int = 0
    late: bool = False

    @property
    def came_back(self) -> bool:
        """Whether holds behind it may have been served without passing it over: it was not there then."""
        return self.late or self.allotments > 0

    @property
    def place(self) -> Place:
        """Where it stands among the others."""
        return place_of(self.placed_at, self.hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A hold that stood earlier in the queue and was passed over, with every reason."""

    hold: HoldId
    reasons: tuple[str, ...]
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why an item went to a hold: the scan it answers, who was passed over, and the rules that allowed it."""

    answers: int
    at: datetime
    passed: tuple[Passed, ...] = ()
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """A hold with its item. `scan` is the sequence of the item's last scan, `seen_at` the branch of it;
    `because` says why a ready one is kept until when, and why the item may serve one that was moved."""

    hold: HoldId
    patron: PatronId
    pickup: BranchId
    placed_at: datetime
    last_needed: date | None = None
    allotment: int
    item: ItemBarcode
    scan: int
    seen_at: BranchId
    state: AllottedState = "allotted"
    ready_until: date | None = None
    expires_at: datetime | None = None
    decision: Decision
    because: Because = field(default_factory=list)

    def waiting(self) -> Waiting:
        """The hold as it waited before."""
        return Waiting(
            hold=self.hold, patron=self.patron, pickup=self.pickup, placed_at=self.placed_at,
            last_needed=self.last_needed, allotments=self.allotment,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """What the particulars of a hold have yet to learn: how it ended, or how it waits behind the boundary.

    `last` is the hold as it stood when it ended."""

    hold: HoldId
    ended: Ending | None = None
    ended_at: datetime | None = None
    because: Because = field(default_factory=list)
    entry: Waiting | None = None
    last: Waiting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A title's queue as read; every change returns a new one.

    `active` counts the holds that may be served, in front and behind; `behind` counts all that wait behind
    `boundary`, of which `known` are those that were looked up for this decision."""

    title: TitleId
    waiting: tuple[Waiting, ...] = ()
    allotted: tuple[Allotted, ...] = ()
    active: int = 0
    behind: int = 0
    boundary: Place | None = None
    newest: datetime | None = None
    amended: tuple[Amended, ...] = ()
    revision: int = 0
    sequence: int = 0
    known: tuple[Waiting, ...] = ()

    def wait_of(self, hold: HoldId) -> Waiting | None:
        """The waiting hold of this id."""
        return next((one for one in (*self.waiting, *self.known) if one.hold == hold), None)

    def wait_by(self, patron: PatronId) -> Waiting | None:
        """The hold by which this patron waits."""
        return next((one for one in (*self.waiting, *self.known) if one.patron == patron), None)

    def allotted_to(self, hold: HoldId) -> Allotted | None:
        """The item allotted to this hold."""
        return next((one for one in self.allotted if one.hold == hold), None)

    def allotted_by(self, patron: PatronId) -> Allotted | None:
        """The item allotted to this patron's hold."""
        return next((one for one in self.allotted if one.patron == patron), None)

    def allotted_item(self, item: ItemBarcode) -> Allotted | None:
        """The hold that this item is allotted to."""
        return next((one for one in self.allotted if one.item == item), None)

    def length(self) -> QueueLength:
        """How many may be served and who the first of them are, as the next commit tells it."""
        first = tuple(one.patron for one in self.waiting if not one.frozen)[:FRONT]
        return QueueLength(title=self.title, sequence=self.sequence + 1, waiting=self.active, patrons=first)

    def moment(self, now: datetime) -> datetime:
        """When a hold placed now stands placed: strictly after everyone before it, whatever clocks say."""
        at = whole_ms(now.astimezone(UTC))
        return at if self.newest is None or at > self.newest else self.newest + TICK

    def joined(self, entry: Waiting) -> Queue:
        """The queue with one more hold at its place."""
        newest = entry.placed_at if self.newest is None else max(entry.placed_at, self.newest)
        queue = replace(self, newest=newest, active=self.active + (not entry.frozen))
        in_front = self.boundary is None or entry.place <= self.boundary
        if in_front or (not self.behind and len(self.waiting) < FRONT):
            return queue._in_front(entry)
        return replace(
            queue, behind=queue.behind + 1, known=(*queue.known, entry),
            amended=(*queue.amended, Amended(hold=entry.hold, entry=entry)),
        )  # fmt: skip

    def changed(self, entry: Waiting) -> Queue:
        """The queue with a waiting hold's particulars replaced, at the same place."""
        old = self._waiting(entry.hold)
        queue = replace(self, active=self.active + old.frozen - entry.frozen)
        if old in self.waiting:
            return replace(queue, waiting=_swapped(self.waiting, old, entry))
        return replace(
            queue, known=_swapped(self.known, old, entry),
            amended=(*self.amended, Amended(hold=entry.hold, entry=entry)),
        )  # fmt: skip

    def left(self, hold: HoldId) -> Queue:
        """The queue without a waiting hold."""
        old = self._waiting(hold)
        queue = replace(self, active=self.active - (not old.frozen))
        if old in self.waiting:
            return replace(queue, waiting=tuple(one for one in self.waiting if one != old))
        return replace(queue, behind=self.behind - 1, known=tuple(one for one in self.known if one != old))

    def ended(
        self, held: Waiting | Allotted, how: Ending, at: datetime, because: Because | None = None
    ) -> Queue:
        """The queue that remembers, until the hold's particulars know, how the hold ended."""
        last = held.waiting() if isinstance(held, Allotted) else held
        told = Amended(hold=held.hold, ended=how, ended_at=at, because=because or [], last=last)
        return replace(self, amended=(*self.amended, told))

    def given(self, entry: Allotted) -> Queue:
        """The queue with an item allotted to a hold that waited."""
        queue = self.left(entry.hold) if self.wait_of(entry.hold) else self
        return replace(queue, allotted=(*queue.allotted, entry))

    def moved(self, entry: Allotted) -> Queue:
        """The queue with what is known of an allotted item replaced."""
        return replace(
            self, allotted=tuple(entry if one.hold == entry.hold else one for one in self.allotted)
        )

    def freed(self, entry: Allotted) -> Queue:
        """The queue without this allotment; the hold is neither allotted nor waiting."""
        return replace(self, allotted=tuple(one for one in self.allotted if one.hold != entry.hold))

    def put_back(self, entry: Allotted) -> Queue:
        """The queue with an allotted hold back at its old place."""
        queue = self.freed(entry)
        return replace(queue, active=queue.active + 1)._in_front(entry.waiting())

    def drawn_forward(self, entries: Iterable[Waiting], *, last: bool) -> Queue:
        """The queue with holds from behind the boundary in front; `last` says that none is left."""
        found = tuple(entries)
        boundary = found[-1].place if found else self.boundary
        behind = 0 if last else max(0, self.behind - len(found))
        known = tuple(one for one in self.known if one not in found)
        return replace(self, waiting=(*self.waiting, *found), behind=behind, boundary=boundary, known=known)

    def starving(self) -> bool:
        """Whether too few that may be served stand in front while others wait behind."""
        return self.behind > 0 and sum(not one.frozen for one in self.waiting) < FRONT

    def _waiting(self, hold: HoldId) -> Waiting:
        """The waiting hold of this id; asking for one that does not wait is a mistake of ours."""
        found = self.wait_of(hold)
        if found is None:
            raise LookupError(f"{hold} does not wait")
        return found

    def _in_front(self, entry: Waiting) -> Queue:
        waiting = tuple(sorted((*self.waiting, entry), key=lambda one: one.place))
        boundary = entry.place if self.boundary is None else max(self.boundary, entry.place)
        return replace(self, waiting=waiting, boundary=boundary)


def _swapped(entries: tuple[T, ...], old: T, new: T) -> tuple[T, ...]:
    return tuple(new if one == old else one for one in entries)
