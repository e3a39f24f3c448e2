"""Changes to an account: by the patron, by the desk, and by time.

Each function takes the patron as it is and answers the patron as it becomes, or every reason why not. The
same change again answers an equal patron, and then nothing is written or told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from samlan_contracts.forms import BranchName, day_of
from samlan_contracts.policy import (
    PolicyBooks,
    guardian_consents,
    may_block_own_card,
    may_change_contact_alone,
    temporary_expires,
)
from samlan_contracts.policy.texts import LANGUAGES
from samlan_contracts.refusing import refusals
from samlan_contracts.shapes import Because

from samlan_accounts.domain.identity import canonical_card, canonical_identity
from samlan_accounts.domain.patron import Card, Cause, Origin, Patron, Person
from samlan_accounts.domain.refusal import Refusal
from samlan_accounts.domain.rows import (
    BLOCKS,
    CARDS,
    CAUSES,
    OWN_CAUSES,
    Address,
    BlockRow,
    Channel,
    Contact,
    Id,
    Line,
    Mobile,
    lost_cards,
    pin_refused,
)  # fmt: skip
from samlan_accounts.domain.standing import age_of, block, local_day

REACH: Final = frozenset({"email", "mobile", "address"})  # contact details; the rest are wishes


class ContactChange(BaseModel):
    """What a patron may change alone; a field left out stays, an explicit null removes."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    email: Contact | None = None
    mobile: Mobile | None = None
    address: Address | None = None
    language: Line | None = None
    channels: Annotated[list[Channel], Field(max_length=2)] | None = None
    receipts: bool | None = None
    pickup: BranchName | None = None


class DeskChange(ContactChange):
    """What staff may change; `cards` and `blocks` name the whole set, as rows of an import do."""

    name: Line | None = None
    born: str | None = None
    identity: Line | None = None
    borrower_id: Line | None = None
    cards: Annotated[list[Line], Field(max_length=CARDS)] | None = None
    blocks: Annotated[list[BlockRow], Field(max_length=BLOCKS)] | None = None
    guardian: Id | None = None
    shielded: bool | None = None
    staffless: bool | None = None
    status: Literal["full", "temporary", "inactive"] | None = None
    pin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A change held against the patron it is for, the book and the time."""

    patron: Patron
    change: Mapping[str, Any]
    books: PolicyBooks
    now: datetime
    guardian_lives: bool = True

    @property
    def today(self) -> date:
        """What day it is at the patron's member."""
        return local_day(self.books, self.patron.member, self.now)

    @property
    def age(self) -> int | None:
        """The patron's age today."""
        return age_of(self.patron, self.books, self.now)


def stated(change: BaseModel) -> dict[str, Any]:
    """The fields that a change states, nulls included."""
    return {name: getattr(change, name) for name in change.model_fields_set}


def account_is_there(case: Case) -> Refusal | None:
    """An erased account is changed no more (K57)."""
    return Refusal("erased", "the patron was erased") if case.patron.status == "erased" else None


def old_enough_to_change_contact_alone(case: Case) -> Refusal | None:
    """Below an age, contact details change through library staff only (G03)."""
    if not REACH & case.change.keys() or case.age is None:
        return None
    alone = may_change_contact_alone(case.books, member=case.patron.member, age=case.age, on=case.today)
    return None if alone.value else _only_staff("contact details change at the desk", alone.because)


def somebody_writes_in_this_language(case: Case) -> Refusal | None:
    """Messages are written in three languages; what an import brought along may stay.

    Whoever wants none of them gets the member's, as with null."""
    wanted = case.change.get("language")
    if wanted is None or wanted in LANGUAGES or wanted == case.patron.language:
        return None
    return Refusal("bad_value", f"language is one of {', '.join(LANGUAGES)}, or null for the library's own")


def card_is_this_patrons(case: Case) -> Refusal | None:
    """A card is blocked by its holder, and by staff for its holder."""
    if case.patron.card(case.change["card"]) is not None:
        return None
    return Refusal("card_not_yours", "the card is not one of this patron")


def book_lets_patrons_block(case: Case) -> Refusal | None:
    """Where the book says so, only staff block a lost card (D08)."""
    if case.change["origin"] == "staff":
        return None
    alone = may_block_own_card(case.books, member=case.patron.member, on=case.today)
    return None if alone.value else _only_staff("the library blocks a lost card", alone.because)


def required_fields_stay(case: Case) -> Refusal | None:
    """A patron keeps a name, a birth date and a borrower id."""
    gone = [one for one in ("name", "born", "borrower_id") if case.change.get(one, "") is None]
    return Refusal("missing_field", f"{', '.join(gone)} cannot be removed") if gone else None


def birth_date_is_a_day(case: Case) -> Refusal | None:
    """A birth date is a day that was."""
    written = case.change.get("born")
    if written is None:
        return None
    born = day_of(written)
    if born is not None and born <= case.now.date():
        return None
    return Refusal("bad_date", "born is no day that was, written like 1980-02-29")


def pin_has_its_digits(case: Case) -> Refusal | None:
    """A PIN has as many digits as the member's book says (V09, K08)."""
    if "pin" not in case.change:
        return None
    return pin_refused(case.change["pin"] or "", case.books, case.patron.member, case.now)


def identity_is_a_number(case: Case) -> Refusal | None:
    """An identity number has six to twenty digits or letters."""
    written = case.change.get("identity")
    if written is None or case.patron.born is None or canonical_identity(written, case.patron.born):
        return None
    return Refusal("bad_identity", "identity has not six to twenty digits")


def cards_are_numbers(case: Case) -> Refusal | None:
    """A card number has three to forty digits or letters."""
    if all(canonical_card(one) for one in case.change.get("cards") or ()):
        return None
    return Refusal("bad_card", "cards holds what is no card number")


def causes_are_staffs(case: Case) -> Refusal | None:
    """Staff set causes of their own; a debt is billing's word."""
    if all(one.cause in CAUSES for one in case.change.get("blocks") or ()):
        return None
    return Refusal("unknown_cause", f"blocks names a cause that is none of {', '.join(sorted(CAUSES))}")


def guardian_is_a_patron(case: Case) -> Refusal | None:
    """A guardian is another patron (K07, O34, K49)."""
    guardian = case.change.get("guardian")
    if guardian is None or (case.guardian_lives and guardian != case.patron.patron):
        return None
    return Refusal("unknown_guardian", "guardian is no other patron")


def young_patrons_keep_a_guardian(case: Case) -> Refusal | None:
    """Under the book's age a card needs a guardian's consent (K07, O34)."""
    if case.age is None or case.change.get("guardian", "") is not None:
        return None
    consent = guardian_consents(case.books, member=case.patron.member, age=case.age, on=case.today)
    if not consent.value:
        return None
    return Refusal("guardian_needed", "the patron is too young to be without a guardian", consent.because)


CHANGING_CONTACT = (
    account_is_there, old_enough_to_change_contact_alone, somebody_writes_in_this_language,
)  # fmt: skip
BLOCKING_A_CARD = (account_is_there, card_is_this_patrons, book_lets_patrons_block)
CHANGING_AT_THE_DESK = (
    account_is_there, required_fields_stay, birth_date_is_a_day, pin_has_its_digits, identity_is_a_number,
    somebody_writes_in_this_language, cards_are_numbers, causes_are_staffs, guardian_is_a_patron,
    young_patrons_keep_a_guardian,
)  # fmt: skip


def keep_history(case: Case) -> Patron:
    """The patron with ended loans kept or not: nobody but the patron decides that, at any age (V18, K43)."""
    return replace(case.patron, history=bool(case.change["enabled"]))


def change_contact(case: Case) -> Patron | tuple[Refusal, ...]:
    """The patron's own change of contact details and wishes (G03, V16, D07)."""
    return refusals(case, CHANGING_CONTACT) or _wishes(_reached(case.patron, case.change), case.change)


def block_card(case: Case) -> Patron | tuple[Refusal, ...]:
    """The patron once a lost card is blocked; each card by itself (K09, V15, O04, D08).

    The account itself is stopped only when no card is left that opens it."""
    if reasons := refusals(case, BLOCKING_A_CARD):
        return reasons
    number, origin = case.change["card"], case.change["origin"]
    cards = tuple(replace(one, blocked=True) if one.number == number else one for one in case.patron.cards)
    patron = replace(case.patron, cards=cards)
    if patron.has_usable_card or patron == case.patron:
        return patron
    return patron.with_block(block(patron, "lost_card", origin=origin, books=case.books, now=case.now))


def change_at_the_desk(case: Case) -> Patron | tuple[Refusal, ...]:
    """The change that staff make; its PIN is hashed by whoever stores it."""
    if reasons := refusals(case, CHANGING_AT_THE_DESK):
        return reasons
    patron = _identified(_wishes(_reached(case.patron, case.change), case.change), case.change)
    patron = _carded(patron, case.change)
    return _blocked(_in_status(patron, case), case)


def expire(patron: Patron, now: datetime) -> Patron:
    """A temporary account that nobody verified in time rests (V04)."""
    if patron.status != "temporary" or patron.valid_until is None or patron.valid_until > now:
        return patron
    return replace(patron, status="inactive", valid_until=None)


def _only_staff(says: str, because: Because) -> Refusal:
    return Refusal("only_through_staff", says, because)


def _reached(patron: Patron, change: Mapping[str, Any]) -> Patron:
    new = {name: change[name] for name in ("email", "mobile") if name in change}
    if "address" in change:
        address = change["address"]
        new["address"] = {key: value for key, value in address.items() if value} if address else None
    return replace(patron, person=replace(patron.person, **new)) if new else patron


def _wishes(patron: Patron, change: Mapping[str, Any]) -> Patron:
    new = {name: change[name] for name in ("language", "pickup") if name in change}
    flags = ("receipts", "shielded", "staffless")
    new |= {name: bool(change[name]) for name in flags if name in change}
    if "channels" in change:
        new["channels"] = tuple(dict.fromkeys(change["channels"] or ()))
    if "guardian" in change:
        new["guardian"] = change["guardian"]
    return replace(patron, **new) if new else patron


def _identified(patron: Patron, change: Mapping[str, Any]) -> Patron:
    born = day_of(change["born"]) if "born" in change else patron.born
    person = patron.person
    if "identity" in change:
        written = change["identity"]
        identity = canonical_identity(written, born) if written and born else None
        person = replace(person, identity=identity)
    if "name" in change:
        person = _renamed(person, change["name"])
    return replace(
        patron, born=born, person=person, borrower_id=change.get("borrower_id", patron.borrower_id)
    )


def _renamed(person: Person, name: str) -> Person:
    return replace(person, name=name)


def _carded(patron: Patron, change: Mapping[str, Any]) -> Patron:
    if change.get("cards") is None:
        return patron
    known = {card.number: card for card in patron.cards}
    wanted = dict.fromkeys(number for one in change["cards"] if (number := canonical_card(one)))
    blocked = tuple(card for card in patron.cards if card.blocked and card.number not in wanted)
    cards = (*(known.get(number, Card(number=number)) for number in wanted), *blocked)
    carded = replace(patron, cards=cards)
    issued = carded.has_usable_card and not patron.has_usable_card
    return carded.without_blocks("lost_card") if issued else carded


def _in_status(patron: Patron, case: Case) -> Patron:
    status = case.change.get("status")
    if status is None or status == patron.status:
        return patron
    if status != "temporary":
        return replace(patron, status=status, valid_until=None)
    expires = temporary_expires(case.books, member=patron.member, registered_at=case.now).value
    return replace(patron, status="temporary", valid_until=expires)


def _blocked(patron: Patron, case: Case) -> Patron:
    rows: list[BlockRow] | None = case.change.get("blocks")
    if rows is None:
        return patron
    wanted = [row for row in rows if row.cause in OWN_CAUSES]
    lifted = {one.cause for one in patron.blocks} - {row.cause for row in wanted}
    lost = lost_cards(wanted)
    cards = (replace(card, blocked=True) if card.number in lost else card for card in patron.cards)
    blocked = replace(patron.without_blocks(*lifted), cards=tuple(cards))
    for row in wanted:
        blocked = blocked.with_block(_staffs(blocked, row, "staff", case))
    return blocked


def _staffs(patron: Patron, row: BlockRow, origin: Origin, case: Case) -> Cause:
    standing = next((one for one in patron.blocks if one.cause == row.cause), None)
    if standing is not None and row.stops is None:
        return standing
    return block(patron, row.cause, origin=origin, books=case.books, now=case.now, stops=row.stops)
