"""What patrons see of themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from samlan_gateway.domain.shapes.common import Because, Listed, Money, Reason


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


class Lent(Loan):
    """A loan just made, with the lines of the receipt to print in the branch's language."""

    slip: list[str] = []


class Ended(BaseModel):
    """An ended loan of a patron who keeps a history."""

    loan: str
    item: str
    title: str
    name: str | None = None
    borrowed_at: datetime
    returned_at: datetime


class HistoryKept(BaseModel):
    """Whether ended loans are kept from now on."""

    enabled: bool


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
    interlibrary: bool = Field(default=False, description="nobody here owns it: another library is asked")
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
    because: Because = []
