"""A patron: the person behind a random id, with cards, standing and wishes.

Status: `temporary → full → inactive → erased`; a temporary account that nobody verified in time goes to
`inactive` (V04). What identifies a person lives in `Person` and `Card`, which never show themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal

from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.shapes import Act, Because, Block

Status = Literal["temporary", "full", "inactive", "erased"]
Origin = Literal["import", "staff", "patron"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """Who somebody is and how to reach them; kept encrypted, shown to nobody by accident."""

    name: str
    identity: str | None = None
    email: str | None = None
    mobile: str | None = None
    address: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        return "Person(…)"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Card:
    """A card that opens the account until it is blocked; a blocked one stays known, so that it is refused."""

    number: str
    blocked: bool = False

    def __repr__(self) -> str:
        return f"Card(…, blocked={self.blocked})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause that stops a patron from certain acts, and who set it."""

    cause: str
    stops: tuple[Act, ...]
    origin: Origin
    since: datetime
    because: Because = field(default_factory=list)


@dataclass(frozen=True, slots=True, repr=False)
class SealedPin:
    """A PIN that came with an import and waits, encrypted, to be hashed."""

    sealed: bytes


@dataclass(frozen=True, slots=True, repr=False)
class HashedPin:
    """A PIN that only its owner can tell."""

    hashed: str


Pin = SealedPin | HashedPin


@dataclass(frozen=True, slots=True, kw_only=True)
class Patron:
    """All that accounts keeps of one patron. `imported` is the keyed digest of the row it came from."""

    patron: str
    member: str
    person: Person
    born: date | None
    borrower_id: str
    registered_at: datetime
    cards: tuple[Card, ...] = ()
    pin: Pin | None = None
    status: Status = "full"
    valid_until: datetime | None = None
    blocks: tuple[Cause, ...] = ()
    language: str | None = None
    guardian: str | None = None
    shielded: bool = False
    receipts: bool = False
    channels: tuple[str, ...] = ()
    pickup: str | None = None
    history: bool = False
    staffless: bool = False
    imported: bytes | None = None

    def card(self, number: str) -> Card | None:
        """The card with this number, blocked or not."""
        return next((one for one in self.cards if one.number == number), None)

    @property
    def has_usable_card(self) -> bool:
        """Whether any card still opens the account."""
        return any(not one.blocked for one in self.cards)

    def without_blocks(self, *causes: str) -> Patron:
        """The patron once these causes are lifted."""
        return replace(self, blocks=tuple(one for one in self.blocks if one.cause not in causes))

    def with_block(self, block: Cause) -> Patron:
        """The patron with this cause, once: a cause that stands already keeps its date."""
        if any((one.cause, one.stops) == (block.cause, block.stops) for one in self.blocks):
            return self
        return replace(
            self.without_blocks(block.cause), blocks=(*self.without_blocks(block.cause).blocks, block)
        )


def described(patron: Patron) -> PatronDescribed:
    """What other services may know of a patron: no name, contact, card or number."""
    return PatronDescribed(
        patron=patron.patron, member=patron.member, born=patron.born, borrower_id=patron.borrower_id,
        status=patron.status, valid_until=patron.valid_until, language=patron.language,
        guardian=patron.guardian, shielded=patron.shielded, receipts=patron.receipts,
        channels=patron.channels, pickup=patron.pickup, history=patron.history, staffless=patron.staffless,
        blocks=tuple(Block(cause=one.cause, stops=one.stops) for one in patron.blocks),
        erased=patron.status == "erased",
    )  # fmt: skip
