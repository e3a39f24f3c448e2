"""A patron's ledger: fees of immutable entries, balances kept apart by member and currency.

A fee is the sum of its entries, and nothing in an entry is ever changed::

    charge +  ──▶ correction −   names the entry that was too high
              ──▶ waiver −       names the fee's charge
              ──▶ payment −
              ──▶ credit −       an overpaid fee's credit pays; the same amount stands there as credit +

A fee whose entries add up to nothing is settled and moves to a document of its own; below nothing it is a
credit, which the next payment to the same member in the same currency uses first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from samlan_contracts.event import Event
from samlan_contracts.events.billing import MoneyBlock
from samlan_contracts.shapes import Because

REPLACEMENT: Final = "replacement"  # the kind of fee that an item costs that does not come back
EntryKind = Literal["charge", "correction", "payment", "waiver", "credit"]


class Account(NamedTuple):
    """Whom money is owed to, and in what: two accounts never meet in one sum."""

    member: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One booking, for ever: positive is owed more, negative is owed less."""

    id: str
    kind: EntryKind
    amount_minor: int
    at: datetime
    cause: str
    corrects: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What a patron was charged for once, with every entry about it, the charge first.

    `collect_at` is when the invoice it is part of goes to debt collection while it is unpaid;
    `collected_at` is when that was told. `ended_at` is the end of the loan whose late days it is for: an
    invoice charges those until its day, while the end is unknown."""

    id: str
    member: str
    currency: str
    kind: str
    charged_at: datetime
    entries: tuple[Entry, ...]
    item: str | None = None
    loan: str | None = None
    invoice: str | None = None
    invoice_due: date | None = None
    collect_at: datetime | None = None
    collected_at: datetime | None = None
    ended_at: datetime | None = None
    because: Because = field(default_factory=list)

    @property
    def account(self) -> Account:
        """Whom it is owed to, and in what."""
        return Account(self.member, self.currency)

    @property
    def outstanding(self) -> int:
        """What is still owed; negative is a credit."""
        return sum(entry.amount_minor for entry in self.entries)

    @property
    def charged(self) -> int:
        """What the fee is, after corrections."""
        return self.sum_of("charge", "correction")

    @property
    def awaits_collection(self) -> bool:
        """Whether it goes to collection unless somebody pays."""
        return self.collect_at is not None and self.collected_at is None and self.outstanding > 0

    @property
    def settled(self) -> bool:
        """Whether nothing is owed either way."""
        return self.outstanding == 0

    def sum_of(self, *kinds: EntryKind) -> int:
        """What the entries of these kinds add up to."""
        return sum(entry.amount_minor for entry in self.entries if entry.kind in kinds)

    def has(self, entry: str) -> bool:
        """Whether an entry of this id was booked."""
        return any(one.id == entry for one in self.entries)

    def plus(self, *entries: Entry) -> Fee:
        """The fee with more booked on it."""
        return replace(self, entries=(*self.entries, *entries))


class Invoiced(NamedTuple):
    """An item that was invoiced and is not back, by the fee that asks its price."""

    fee: str
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All that a patron owes or is owed; `member` and `born` are what the limits ask about.

    `out` are the invoiced items that are not back, by loan, paid or not.

    `moved` counts the fees that left for documents of their own, and fences whoever looks for one there.
    `review_at` is when the blocks change with no booking: a birthday, or a new rule's first day. `erased` is
    a tombstone."""

    patron: str
    member: str | None = None
    born: date | None = None
    fees: Mapping[str, Fee] = field(default_factory=dict)
    balances: Mapping[Account, int] = field(default_factory=dict)
    out: Mapping[str, Invoiced] = field(default_factory=dict)
    blocks: tuple[MoneyBlock, ...] = ()
    moved: int = 0
    review_at: datetime | None = None
    erased: bool = False

    def booked(self, *fees: Fee) -> Ledger:
        """The ledger with these fees as they now are, and the balances moved by the difference."""
        merged, balances = dict(self.fees), dict(self.balances)
        for fee in fees:
            before = merged[fee.id].outstanding if fee.id in merged else 0
            balances[fee.account] = balances.get(fee.account, 0) + fee.outstanding - before
            merged[fee.id] = fee
        return replace(self, fees=merged, balances={one: owed for one, owed in balances.items() if owed})

    def invoicing(self, *fees: Fee) -> Ledger:
        """The ledger with the items whose price these fees ask as not back."""
        asked = [one for one in fees if one.kind == REPLACEMENT and one.invoice]
        out = {one.loan: Invoiced(one.id, one.account) for one in asked if one.loan}
        return replace(self, out={**self.out, **out})

    def back(self, loan: str) -> Ledger:
        """The ledger with the item of a loan as back."""
        return replace(self, out={one: item for one, item in self.out.items() if one != loan})

    def of(self, *, member: str | None, born: date | None) -> Ledger:
        """The ledger with what others know of its patron where it knew nothing: only accounts corrects."""
        return replace(self, member=self.member or member, born=self.born or born)

    def without(self, settled: Mapping[str, Fee]) -> Ledger:
        """The ledger without these fees, which stand in documents of their own exactly as they are here."""
        left = {key: fee for key, fee in self.fees.items() if settled.get(key) != fee}
        return replace(self, fees=left, moved=self.moved + len(self.fees) - len(left))

    @property
    def to_collect(self) -> tuple[Fee, ...]:
        """The unpaid fees that go to collection: of no member that owes the patron as much or more."""
        unpaid = (fee for fee in self.fees.values() if fee.awaits_collection)
        return tuple(fee for fee in unpaid if self.balances.get(fee.account, 0) > 0)

    @property
    def collect_at(self) -> datetime | None:
        """When the next unpaid invoice goes to collection."""
        return min((fee.collect_at for fee in self.to_collect if fee.collect_at), default=None)

    @property
    def to_move(self) -> tuple[Fee, ...]:
        """The settled fees that have not left yet."""
        return tuple(fee for fee in self.fees.values() if fee.settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What stood in documents of their own when `moved` fees had left the ledger.

    `gone` are fees of which only amount, kind and date are left: known, and past any change."""

    moved: int = 0
    fees: Mapping[str, Fee] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def holds(self, fee: str) -> bool:
        """Whether this fee was booked once and has left the ledger."""
        return fee in self.fees or fee in self.gone


@dataclass(frozen=True, slots=True)
class Booked:
    """A ledger to store, and what is told with it."""

    ledger: Ledger
    told: tuple[Event, ...] = ()
