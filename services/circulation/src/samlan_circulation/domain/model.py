"""The item with its open loan and its last facts: the one document that a physical copy is.

::

    available ──▶ on_loan ──▶ returned (waits for routing) ──▶ available | in_transit | hold_shelf
    lost, claimed_returned, missing, in_repair, withdrawn: marked by staff or by the catalogue

A loan is `open` while it stands in `Item.loan`. When it ends it leaves the document with its patron, and only
its id, its dates and its closing stay with the fact that opened it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, NewType

from samlan_contracts.policy import Service
from samlan_contracts.shapes import Because, ClosedLoan, ItemState, LoanStage, Mode, RoutedHold, Thing

ItemBarcode = NewType("ItemBarcode", str)
PatronId = NewType("PatronId", str)
BranchId = NewType("BranchId", str)
LoanId = NewType("LoanId", str)
FactId = NewType("FactId", str)

KEPT_FACTS: Final = 32  # what a device may upload late and still be placed
KEPT_ROUTINGS: Final = 8  # of one scan: the first, and the moves of its hold

Kind = Literal["returned", "seen", "borrowed", "marked"]


class Place(NamedTuple):
    """Where a fact stands among an item's facts: by time, then device, sequence and id.

    `turn` parts the facts of one instant where a desk spoke in between: odd is a desk's command, which
    follows all that was known when it was given; even (nearly always 0) are devices' facts."""

    at: datetime
    turn: int
    device: str
    sequence: int
    fact: str

    @classmethod
    def of(cls, at: datetime, device: str, sequence: int, fact: str) -> Place:
        """The place of a fact by its time alone."""
        return cls(at, 0, device, sequence, fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A fact as an item remembers it. It never names a patron.

    `counts_at` is the instant as of which a return closes a loan (later than `place.at` in a book drop), or
    as of which a scan where returns are not accepted counts once the loan is closed. A fact that opened a
    loan keeps the loan's dates, its closing once that is known, and whether its borrower is `registered` for
    staffless hours. A return in such hours may close loans of those alone (K41): for the others it is `only`
    seen, and counts or not once their loan is closed."""

    place: Place
    kind: Kind
    branch: BranchId
    counts_at: datetime | None = None
    loan: LoanId | None = None
    due: date | None = None
    renewals: int = 0
    closed_at: datetime | None = None
    registered: bool = False
    only: Literal["counts", "seen"] | None = None

    def ends(self, opened: Kept) -> bool:
        """Whether this fact is a return that closes the loan that another opened."""
        return self.kind == "returned" and (self.only is None or opened.registered)

    def seen_at(self, opened: Kept) -> datetime | None:
        """As of when this fact, which closes the loan not, counts once it is closed; None: never."""
        if self.kind == "seen":
            return self.counts_at
        return self.place.at if self.kind == "returned" and self.only == "counts" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """An open loan, with all of its patron that closing it will tell.

    `reached` is the last stage it has come to since its due date was set; `next_stage` falls due at
    `next_at`, None when no more stages follow."""

    id: LoanId
    patron: PatronId
    patron_member: str
    born: date | None
    branch: BranchId
    borrowed_at: datetime
    due: date
    renewals: int = 0
    receipt: bool = False
    remembered: bool = False
    agent: PatronId | None = None
    service: Service = "branch"
    registered: bool = False
    seen_at: datetime | None = None
    renewed_by: str | None = None
    reached: LoanStage | None = None
    next_stage: LoanStage | None = None
    next_at: datetime | None = None
    because: Because

    def closed(self, at: datetime) -> ClosedLoan:
        """The loan as it is told when it ends."""
        return ClosedLoan(
            loan=self.id, patron=self.patron, patron_member=self.patron_member, born=self.born,
            branch=self.branch, borrowed_at=self.borrowed_at, due=self.due, renewals=self.renewals,
            returned_at=at, receipt=self.receipt,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The last scan that asked holds where the item belongs, and who waits for the answer.

    `row` is the fact's row; `correlation` is set when a device asked for a reply. `routed` are the ids of the
    routings applied since, so that one that comes twice is known; `heard` is the highest sequence of the
    title's queue among them, so that an older one that comes later is known too."""

    fact: FactId
    row: str
    sequence: int
    branch: BranchId
    taken_at: datetime
    replies: bool = False
    correlation: str | None = None
    routed: tuple[str, ...] = ()
    heard: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One physical copy: what it is, where it is, who has it, and the last facts that say so.

    `described` is the catalogue's own sequence of `thing`; what the catalogue removed while it was on loan
    is withdrawn once it comes back."""

    thing: Thing
    described: int
    removed: bool = False
    state: ItemState
    branch: BranchId
    goes_to: BranchId | None = None
    hold: RoutedHold | None = None
    asked: Asked | None = None
    loan: Loan | None = None
    kept: tuple[Kept, ...] = ()

    @property
    def newest(self) -> Place | None:
        """Where the newest known fact stands."""
        return self.kept[-1].place if self.kept else None

    def remembers(self, fact: str) -> Kept | None:
        """The fact of this id, if it is one of the last."""
        return next((one for one in self.kept if one.place.fact == fact), None)

    def resting(self, state: ItemState, branch: BranchId) -> Item:
        """The item at a branch, in a state in which nobody asked for it and nothing awaits it."""
        return replace(self, state=state, branch=branch, goes_to=None, hold=None, asked=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """An item handed in or seen at a branch: by a device, or at the desk (`live`: just now)."""

    place: Place
    item: ItemBarcode
    branch: BranchId
    mode: Mode
    row: str
    taken_at: datetime
    live: bool = False
    replies: bool = False
    correlation: str | None = None

    @property
    def fact(self) -> FactId:
        """The id of the fact."""
        return FactId(self.place.fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrower:
    """A patron as far as lending needs one."""

    patron: PatronId
    member: str
    born: date | None = None
    status: str = "full"
    valid_until: datetime | None = None
    receipts: bool = False
    history: bool = False
    registered: bool = False

    @property
    def temporary(self) -> bool:
        """Whether the account waits for its owner to be identified."""
        return self.status == "temporary"
