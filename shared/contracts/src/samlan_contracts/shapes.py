"""Words that several events and answers share: materials, states, acts, money and reasons."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from samlan_contracts.event import Shape

Audience = Literal["adult", "child"]
ItemState = Literal[
    "available", "on_loan", "returned", "in_transit", "hold_shelf",
    "lost", "claimed_returned", "missing", "withdrawn", "in_repair",
]  # fmt: skip
Mode = Literal["kiosk", "sorter", "desk", "drop", "offline"]
Act = Literal["borrow", "renew", "hold", "book_computer", "staffless"]
LoanStage = Literal["due_soon", "reminder_1", "reminder_2", "invoiced"]
Because = list[dict[str, Any]]


class Thing(Shape):
    """An item as a thing: what catalog knows of one physical copy, and what rules ask about."""

    item: str
    title: str
    member: str
    home: str
    material: str
    audience: Audience = "adult"
    issued: date | None = None
    min_age: int | None = None
    price_minor: int | None = None
    loanable: bool = True


class Block(Shape):
    """One cause that stops a patron from certain acts."""

    cause: str
    stops: tuple[Act, ...]


class ClosedLoan(Shape):
    """A loan that a return closed, with all that billing and the receipt need and nobody may keep."""

    loan: str
    patron: str
    patron_member: str
    born: date | None = None
    branch: str
    borrowed_at: datetime
    due: date
    renewals: int = 0
    returned_at: datetime
    receipt: bool = False


class Queue(Shape):
    """How many wait for a title: holds neither frozen nor allotted; the first fifty by patron, so that
    a reader can leave out the patron it asks for."""

    title: str
    sequence: int
    waiting: int = Field(ge=0)
    patrons: tuple[str, ...] = ()

    def others(self, patron: str) -> int:
        """How many wait besides this patron."""
        return self.waiting - (1 if patron in self.patrons else 0)


class RoutedHold(Shape):
    """The hold an item was allotted to, as circulation and the shelf need it."""

    hold: str
    patron: str
    borrower_id: str
    pickup: str
