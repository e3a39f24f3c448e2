"""One row of `patrons.jsonl`, and every reason why it cannot be used.

Reasons name the field and never what stood in it: a report of an import is read by people who may not see
names, numbers and PINs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from samlan_contracts.forms import LINE, BranchName, day_of, whole_ms
from samlan_contracts.policy import PolicyBooks, pin_digits
from samlan_contracts.refusing import refusals
from samlan_contracts.shapes import Act

from samlan_accounts.domain.identity import canonical_card, canonical_identity
from samlan_accounts.domain.refusal import Reason, Refusal
from samlan_accounts.domain.standing import local_day

ID: Final = r"^[^\s/\x00-\x1f\x7f]{1,100}$"  # an id stands in addresses and in message headers
EMAIL: Final = r"^[^\s@,;<>\"\x00-\x1f\x7f]{1,64}@[^\s@,;<>\"\x00-\x1f\x7f]{1,189}$"
MOBILE: Final = r"^\+?[0-9][0-9 ()/\-]{2,24}$"
LANGUAGE: Final = r"^[a-z]{2,3}$"
PIN: Final = re.compile(r"[0-9]{4,12}")  # how many, the book says
EARLIEST_BIRTH: Final = date(1880, 1, 1)
CARDS: Final = 20
BLOCKS: Final = 20

Id = Annotated[str, StringConstraints(pattern=ID)]
Line = Annotated[str, StringConstraints(pattern=LINE, max_length=300)]
Contact = Annotated[str, StringConstraints(pattern=EMAIL)]
Mobile = Annotated[str, StringConstraints(pattern=MOBILE)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE)]
Channel = Annotated[str, StringConstraints(pattern=r"^(email|sms)$")]
Address = Annotated[dict[Line, Line | None], Field(max_length=20)]


class BlockRow(BaseModel):
    """A block as a row states it; what it stops follows from the policy book unless stated."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    cause: Line
    stops: list[Act] | None = None
    card: Line | None = None


class PatronRow(BaseModel):
    """The fields of a row, each of its own form; what they mean together is checked afterwards."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    patron: Id
    member: Line
    name: Line
    born: str
    borrower_id: Annotated[Line, StringConstraints(max_length=40)]
    cards: Annotated[list[Line], Field(max_length=CARDS)]
    pin: str
    identity: Line | None = None
    receipts: bool | None = None
    status: Line | None = None
    registered_at: Line | None = None
    email: Contact | None = None
    mobile: Mobile | None = None
    channels: Annotated[list[Channel], Field(max_length=2)] | None = None
    language: Language | None = None
    address: Address | None = None
    guardian: Id | None = None
    shielded: bool | None = None
    pickup: BranchName | None = None
    history: bool | None = None
    staffless: bool | None = None
    blocks: Annotated[list[BlockRow], Field(max_length=BLOCKS)] | None = None

    def __repr__(self) -> str:
        return f"PatronRow({self.patron})"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """A row with its values understood: dates as dates, numbers in the form in which they are kept."""

    row: PatronRow
    born: date
    identity: str | None
    cards: tuple[str, ...]
    lost: frozenset[str]
    registered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    row: PatronRow
    books: PolicyBooks
    now: datetime


def read_row(row: object, books: PolicyBooks, now: datetime) -> ReadRow | tuple[Refusal, ...]:
    """The row's values, or every reason why it cannot be used."""
    try:
        formed = PatronRow.model_validate(row)
    except ValidationError as error:
        return reasons_of(error)
    reading = _Reading(row=formed, books=books, now=now)
    if reasons := refusals(reading, READING):
        return reasons
    born = day_of(formed.born) or EARLIEST_BIRTH  # a rule has refused what is no day
    return ReadRow(
        row=formed,
        born=born,
        identity=canonical_identity(formed.identity, born) if formed.identity else None,
        cards=tuple(dict.fromkeys(card for one in formed.cards if (card := canonical_card(one)))),
        lost=lost_cards(formed.blocks or ()),
        registered_at=instant_of(formed.registered_at) if formed.registered_at else None,
    )


def reasons_of(error: ValidationError) -> tuple[Refusal, ...]:
    """What a form's errors mean, without what stood in the fields."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    reasons = {(one.reason, one.says): one for one in map(_reason_of, found)}
    return tuple(reasons.values())


def _reason_of(error: Mapping[str, Any]) -> Refusal:
    place = ".".join(str(part) for part in error["loc"][:1]) or "the row"
    if error["type"] == "missing":
        return Refusal("missing_field", f"{place} is missing")
    if place == "the row":
        return Refusal("bad_value", "the row is not an object")
    reason: Reason = "bad_contact" if place in ("email", "mobile") else "bad_value"
    return Refusal(reason, f"{place} cannot be used as it is written")


def lost_cards(blocks: Iterable[BlockRow]) -> frozenset[str]:
    """The cards that blocks name as lost."""
    return frozenset(card for one in blocks if one.card and (card := canonical_card(one.card)))


def instant_of(written: str) -> datetime | None:
    """An RFC 3339 instant, in UTC and whole milliseconds; None without an offset."""
    try:
        instant = datetime.fromisoformat(written)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return None
    try:
        utc = instant.astimezone(UTC)
    except OverflowError:
        return None
    return whole_ms(utc)


def member_has_a_book(reading: _Reading) -> Refusal | None:
    """A patron belongs to a member with a policy book."""
    if reading.row.member in reading.books.members:
        return None
    return Refusal("unknown_member", "member has no policy book")


def birth_date_is_a_day(reading: _Reading) -> Refusal | None:
    """A birth date is a day that was."""
    born = day_of(reading.row.born)
    if born is None:
        return Refusal("bad_date", "born is no day written like 1980-02-29")
    if not EARLIEST_BIRTH <= born <= reading.now.date():
        return Refusal("bad_date", "born is not a day on which somebody living was born")
    return None


def registration_is_an_instant(reading: _Reading) -> Refusal | None:
    """A registration happened at an instant; library time may have been set back since."""
    if reading.row.registered_at is None or instant_of(reading.row.registered_at) is not None:
        return None
    return Refusal("bad_date", "registered_at is no time written like 2026-11-22T10:15:03+01:00")


def identity_is_a_number(reading: _Reading) -> Refusal | None:
    """An identity number has six to twenty digits or letters."""
    born = day_of(reading.row.born)
    if not reading.row.identity or born is None or canonical_identity(reading.row.identity, born):
        return None
    return Refusal("bad_identity", "identity has not six to twenty digits")


def cards_are_numbers(reading: _Reading) -> Refusal | None:
    """A card number has three to forty digits or letters."""
    if all(canonical_card(one) for one in reading.row.cards):
        return None
    return Refusal("bad_card", "cards holds what is no card number")


def pin_has_its_digits(reading: _Reading) -> Refusal | None:
    """A PIN has as many digits as the member's book says (V09, K08)."""
    if reading.row.member not in reading.books.members:
        return None  # which another rule says
    return pin_refused(reading.row.pin, reading.books, reading.row.member, reading.now)


def pin_refused(pin: str, books: PolicyBooks, member: str, now: datetime) -> Refusal | None:
    """Why this is no PIN of the member's."""
    wanted = pin_digits(books, member=member, on=local_day(books, member, now))
    if PIN.fullmatch(pin) and wanted.value in (None, len(pin)):
        return None
    return Refusal("bad_pin", "pin has not the digits that the book asks for", wanted.because)


def status_is_one_of_two(reading: _Reading) -> Refusal | None:
    """A row registers a full or a temporary patron."""
    if reading.row.status in (None, "full", "temporary"):
        return None
    return Refusal("bad_status", "status is neither full nor temporary")


def nobody_guards_oneself(reading: _Reading) -> Refusal | None:
    """A guardian is somebody else (K07, O34)."""
    if reading.row.guardian != reading.row.patron:
        return None
    return Refusal("unknown_guardian", "guardian is the patron itself")


def causes_are_known(reading: _Reading) -> Refusal | None:
    """A block has a cause that policy books know."""
    if all(one.cause in CAUSES for one in reading.row.blocks or ()):
        return None
    return Refusal("unknown_cause", f"blocks names a cause that is none of {', '.join(sorted(CAUSES))}")


OWN_CAUSES: Final = frozenset({"lost_card", "staff"})
MONEY_CAUSES: Final = frozenset({"debt", "invoice"})  # billing's word, from the fees; a row's is not kept
CAUSES: Final = OWN_CAUSES | MONEY_CAUSES

READING = (
    member_has_a_book, birth_date_is_a_day, registration_is_an_instant, identity_is_a_number,
    cards_are_numbers, pin_has_its_digits, status_is_one_of_two, nobody_guards_oneself, causes_are_known,
)  # fmt: skip
