"""What a member's policy book says of its patrons' accounts, on one day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from samlan_contracts.policy import PolicyBooks
from samlan_contracts.shapes import Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Ages and rights of an account; None and True where the book says nothing, which permits."""

    card_from_age: int | None = None
    guardian_under: int | None = None
    contact_alone_from: int | None = None
    self_block: bool = True
    because: Because = field(default_factory=list)


def terms_of(books: PolicyBooks, *, member: str, on: date) -> Terms:
    """The terms in force at a member on a day."""
    return Terms()
