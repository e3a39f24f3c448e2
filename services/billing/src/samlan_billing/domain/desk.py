"""Fees that the staff book at the desk: the amount is the policy book's, never the caller's.

Only where the book says "at actual cost" (K26) must an amount be named, and only there may it be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

from samlan_contracts.policy import (
    BookSilent,
    Decision,
    Money,
    PatronFacts,
    PolicyBooks,
    UnknownFee,
    UnknownMember,
    fee,
    replacement_price,
)
from samlan_contracts.policy.figures import FeeKind
from samlan_contracts.shapes import Because, Thing

from samlan_billing.domain.refusals import Refusal, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFee:
    """A command to charge a patron for a card, a print, an interlibrary loan (K10, K26, K27).

    `reference`: what is printed is a copy of a work that is not lent. `thing`: the item that is lost or
    damaged, whose price is asked for (K30, K31)."""

    member: str
    kind: str
    pages: int = 1
    reference: bool = False
    actual_minor: int | None = None
    thing: Thing | None = None


def price(wanted: DeskFee, patron: PatronFacts, books: PolicyBooks, on: date) -> Decision[Money] | Refused:
    """What the fee costs by the book of its member, or why it cannot be charged."""
    try:
        if wanted.thing is not None:
            item = replacement_price(books, item=wanted.thing, on=on)
            return _by_the_book(item.value, wanted, item.because)
        actual = _actual(wanted, books)
        found = fee(
            books,
            member=wanted.member,
            kind=cast("FeeKind", wanted.kind),
            patron=patron,
            on=on,
            pages=wanted.pages,
            reference=wanted.reference,
            actual=actual,
        )
    except UnknownMember:
        return Refused((Refusal(reason="unknown_member"),))
    except (UnknownFee, BookSilent):
        return Refused((Refusal(reason="unknown_kind"),))
    if found.value is None:
        return Refused((Refusal("amount_needed", found.because),))
    if found.value is actual:  # the book asks for what it cost
        return Decision(found.value, found.because)
    return _by_the_book(found.value, wanted, found.because)


def _actual(wanted: DeskFee, books: PolicyBooks) -> Money | None:
    """The amount that was named, in the currency of its member's book."""
    if wanted.actual_minor is None:
        return None
    return Money(wanted.actual_minor, books.book(wanted.member).currency)


def _by_the_book(amount: Money, wanted: DeskFee, because: Because) -> Decision[Money] | Refused:
    if wanted.actual_minor is not None:
        return Refused((Refusal("amount_not_wanted", because),))
    return Decision(amount, because)
