"""The shapes of surface.md, each in one place: what is documented is what is shown, and nothing else is.

An owner's answer may say more than its asker should learn (a hold names its patron), so every row goes
through `shown`, which takes the fields of a shape and drops the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

S = TypeVar("S", bound=BaseModel)
Row = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


class Listed(BaseModel, Generic[S]):
    """A page of a list; `next` is the cursor of the following page, null on the last."""

    items: list[S]
    next: str | None = None


class Money(BaseModel):
    """An amount in minor units of its currency."""

    amount: int
    currency: str


class BecauseEntry(BaseModel):
    """A rule behind a decision, with the inputs that mattered and one sentence per language."""

    rule: str
    cites: list[str] = []
    version: str = ""
    in_force: list[date | None] = []
    inputs: dict[str, Any] = {}
    says: dict[str, str] = {}


Because = list[BecauseEntry]


class Reason(BaseModel):
    """One reason of a refusal: a stable word, and the rules behind it."""

    reason: str
    because: Because = []


class Problem(BaseModel):
    """A refusal with all its `reasons`, or an error; `errors` names the places of bad input (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    reasons: list[Reason] = []
    errors: list[dict[str, str]] = []


class Session(BaseModel):
    """A patron's session: send the token as `Authorization: Bearer …` until it expires."""

    token: str
    expires_at: datetime
    patron: str
    member: str


class Account(BaseModel):
    """A patron's account, with every cause that stops something and which acts it stops."""

    patron: str
    member: str
    name: str
    born: date | None = None
    identity: str | None = None
    email: str | None = None
    mobile: str | None = None
    address: dict[str, Any] | None = None
    borrower_id: str = ""
    cards: list[dict[str, Any]] = []
    status: str
    registered_at: datetime | None = None
    valid_until: datetime | None = None
    language: str | None = None
    guardian: str | None = None
    shielded: bool = False
    receipts: bool = False
    channels: list[str] = []
    pickup: str | None = None
    history: bool = False
    staffless: bool = False
    blocks: list[dict[str, Any]] = []


class Child(BaseModel):
    """A child whose loans, holds and fees its guardian may see (O37)."""

    patron: str
    name: str
    born: date | None = None


class Loan(BaseModel):
    """A loan. `due` is the last day in time, in the branch's calendar."""

    id: str
    item: str
    title: str
    name: str | None = None
    borrowed_at: datetime
    due: date
    renewals: int
    renewable: bool
    overdue: bool
    because: Because = []


class Ended(BaseModel):
    """An ended loan of a patron who keeps a history."""

    loan: str
    item: str
    title: str
    name: str | None = None
    borrowed_at: datetime
    returned_at: datetime


class RenewalOutcome(BaseModel):
    """What became of one loan of a renewal."""

    loan: str
    renewed: bool
    due: date | None = None
    reasons: list[Reason] = []
    because: Because = []


class Renewals(BaseModel):
    """One outcome for each loan, in the order asked."""

    outcomes: list[RenewalOutcome]


class Hold(BaseModel):
    """A hold; `position` while it waits, `item` and `ready_until` once it has one."""

    id: str
    title: str
    name: str | None = None
    pickup: str
    state: str
    position: int | None = None
    frozen: bool = False
    last_needed: date | None = None
    item: str | None = None
    ready_until: date | None = None
    placed_at: datetime
    because: Because = []


class HoldOutcome(BaseModel):
    """What became of one change of a hold."""

    hold: str
    changed: bool
    state: str | None = None
    frozen: bool | None = None
    pickup: str | None = None
    last_needed: date | None = None
    reasons: list[Reason] = []
    because: Because = []


class HoldChanges(BaseModel):
    """One outcome for each change, in the order asked."""

    outcomes: list[HoldOutcome]


class Fee(BaseModel):
    """A fee; `outstanding` is what is left to pay."""

    id: str
    member: str
    kind: str
    amount: Money
    outstanding: Money
    item: str | None = None
    charged_at: datetime
    because: Because = []


class Balance(Money):
    """What is owed to one member in one currency; they never add up."""

    member: str


class Fees(Listed[Fee]):
    """A patron's fees, and what is owed to whom."""

    balances: list[Balance] = []


class Payment(BaseModel):
    """A payment that was booked; `credit` is what an old credit covered of it."""

    payment: str
    amount: Money
    credit: Money | None = None
    fees: list[Fee] = []


class Waived(Fee):
    """A fee after a waiver of `waived`."""

    waived: Money


class Notice(BaseModel):
    """What was said, or why not; the text is kept by nobody."""

    id: str
    kind: str
    channel: str | None = None
    state: str
    reason: str | None = None
    due_at: datetime | None = None
    at: datetime | None = None


class Title(BaseModel):
    """A title of the catalogue."""

    title: str
    name: str
    author: str | None = None
    year: int | None = None
    language: str | None = None
    edition: str | None = None
    publisher: str | None = None


class Copy(BaseModel):
    """One copy of a title and where it is; never who has it."""

    item: str
    home: str
    state: str
    branch: str | None = None
    goes_to: str | None = None
    due: date | None = None
    loanable: bool = True


class Availability(BaseModel):
    """The copies of a title, and how many wait for one."""

    title: str
    total: int
    available: int
    waiting: int
    items: list[Copy]


class Member(BaseModel):
    """A member of the consortium."""

    member: str
    name: str
    currency: str
    language: str
    timezone: str


class Branch(BaseModel):
    """A branch with its calendar, in local time."""

    branch: str
    member: str
    name: str
    timezone: str
    opening: dict[str, list[str]]
    closed: list[str] = []
    kind: str = "library"
    drop: str | None = None
    staffless: list[str] | None = None
    stops: list[str] = []


class HeldFor(BaseModel):
    """The hold an item serves; the borrower id only at the branch that serves it."""

    id: str
    pickup: str | None = None
    borrower_id: str | None = None


class Item(BaseModel):
    """An item as a desk sees it."""

    item: str
    title: str
    name: str | None = None
    state: str
    branch: str | None = None
    goes_to: str | None = None
    hold: HeldFor | None = None


class ShelfItem(Item):
    """An item on the pickup shelf: to keep until `ready_until`, or to move to `goes_to`."""

    action: str
    ready_until: date | None = None


class DeskAnswer(BaseModel):
    """What a kiosk is answered about an item handed in, and why."""

    id: str
    item: str
    bin: str = Field(description="shelf, transit, home or exception")
    branch: str | None = None
    hold: dict[str, Any] | None = None
    reason: str | None = None
    slip: list[str] = []
    because: Because = []


class Exceptional(BaseModel):
    """A device's fact that had no effect, or not the wanted one; `belongs` is where the item should be."""

    id: str
    fact: str | None = None
    reason: str
    item: str | None = None
    branch: str
    happened_at: datetime | None = None
    belongs: str | None = None
    because: Because = []


class Resolved(BaseModel):
    """An exception taken off its branch's list."""

    id: str
    resolved: bool


class DeadLetter(BaseModel):
    """A message a service could not process: what kind it is and why it failed, never what it says."""

    id: str
    service: str
    type: str
    queue: str
    reason: str
    attempts: int
    dead_at: datetime
    state: str
    envelope: dict[str, Any] | None = None


class PolicyBook(BaseModel):
    """A policy book that is loaded."""

    member: str
    name: str
    version: str
    language: str
    currency: str
    timezone: str


class ServiceHealth(BaseModel):
    """Whether a service is ready, and what it has in hand."""

    ready: bool
    told: int | None = None
    consumed: int | None = None
    in_hand: int | None = None
    outbox: int | None = None
    dead: int | None = None


class Health(BaseModel):
    """The services one by one; `ready` when all of them are."""

    ready: bool
    services: dict[str, ServiceHealth]


class Step(BaseModel):
    """One thing that a return set off, where and when; more fields say what."""

    service: str
    step: str
    at: datetime | None = None


class Chain(BaseModel):
    """What one return set off, in the order of cause and effect; `incomplete` names who did not answer."""

    fact: str
    item: str | None = None
    branch: str
    happened_at: datetime
    steps: list[Step]
    incomplete: list[str] = []


class ClockMoved(BaseModel):
    """Library time after a move: over how many due times it went, and how much fell due."""

    now: datetime
    steps: int
    ran: int


def shown(shape: type[BaseModel], row: Mapping[str, Any], **more: Any) -> Row:
    """The fields of a shape from an owner's answer; what the shape does not name is not shown."""
    whole = {**row, **more}
    return {name: whole[name] for name in shape.model_fields if name in whole}


def listed(rows: Sequence[Row], following: str | None = None) -> Row:
    """A page of a list."""
    return {"items": list(rows), "next": following}


def held_for(hold: Mapping[str, Any] | None) -> Row | None:
    """The hold that an item serves, whatever its owner calls its id."""
    if hold is None:
        return None
    return shown(HeldFor, {**hold, "id": hold.get("id") or hold.get("hold")})


def named(shape: type[BaseModel], row: Mapping[str, Any], names: Mapping[str, Any]) -> Row:
    """A row with the name of its title, or null when the catalogue could not say."""
    known = names.get(str(row.get("title"))) or {}
    return shown(shape, row, name=known.get("name"))
