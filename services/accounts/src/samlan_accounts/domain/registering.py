"""Registering a patron at the desk: full rights at once, against identification (D04, O01, K06).

A row's form and a registration's are the same; what a registration adds are the rules that a library applies
when somebody stands there: the age for a card, and a guardian who consents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from samlan_contracts.policy import PolicyBooks, guardian_consents, old_enough_for_a_card
from samlan_contracts.policy.period import age_on
from samlan_contracts.refusing import refusals

from samlan_accounts.domain.importing import Draft, Tools, registered
from samlan_accounts.domain.patron import Patron, SealedPin
from samlan_accounts.domain.refusal import Refusal
from samlan_accounts.domain.rows import ReadRow, read_row
from samlan_accounts.domain.standing import local_day

ALPHABET: Final = "23456789BCDFGHJKLMNPQRSTVWXYZ"  # nothing that is read for something else, no words
BORROWER_ID_LENGTH: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What staff entered, under the id that the command derives."""

    patron: str
    fields: Mapping[str, Any]

    @property
    def row(self) -> dict[str, Any]:
        """The registration in the form of an import's row."""
        own = {"patron": self.patron, "borrower_id": borrower_id(self.patron), "cards": []}
        return {**own, **{k: v for k, v in self.fields.items() if k not in ("patron", "command")}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Somebody at the desk, held against the member's book."""

    read: ReadRow
    age: int
    today: date
    books: PolicyBooks
    guardian_lives: bool


def is_old_enough_for_a_card(applicant: Applicant) -> Refusal | None:
    """A card is given from an age (K07)."""
    old = old_enough_for_a_card(
        applicant.books, member=applicant.read.row.member, age=applicant.age, on=applicant.today
    )
    return None if old.value else Refusal("too_young", "the patron is too young for a card", old.because)


def has_a_guardian_who_consents(applicant: Applicant) -> Refusal | None:
    """Under an age a guardian consents (K07, K49, O34, O35)."""
    if applicant.read.row.guardian is not None:
        return None
    consent = guardian_consents(
        applicant.books, member=applicant.read.row.member, age=applicant.age, on=applicant.today
    )
    if not consent.value:
        return None
    return Refusal("guardian_needed", "the patron is too young to be without a guardian", consent.because)


def guardian_is_a_patron(applicant: Applicant) -> Refusal | None:
    """A guardian is a patron, so that messages about a child reach somebody (K24, K49)."""
    if applicant.read.row.guardian is None or applicant.guardian_lives:
        return None
    return Refusal("unknown_guardian", "guardian is no patron")


REGISTERING = (is_old_enough_for_a_card, has_a_guardian_who_consents, guardian_is_a_patron)


def register(
    registration: Registration, books: PolicyBooks, now: datetime, *, guardian_lives: bool
) -> Patron | tuple[Refusal, ...]:
    """The patron as registered, still without the PIN, which whoever stores it has hashed."""
    read = read_row(registration.row, books, now)
    if not isinstance(read, ReadRow):
        return read
    today = local_day(books, read.row.member, now)
    age = age_on(read.born, today)
    applicant = Applicant(read=read, age=age, today=today, books=books, guardian_lives=guardian_lives)
    if reasons := refusals(applicant, REGISTERING):
        return reasons
    tools = Tools(books=books, now=now, seal_pin=lambda _patron, _pin: SealedPin(b""), digest=lambda _: b"")
    return replace(registered(Draft(line=0, read=read, digest=b""), tools), pin=None, imported=None)


def borrower_id(patron: str) -> str:
    """A borrower id for a new patron: short enough for a slip, told by nothing about the person (V13)."""
    number = int.from_bytes(hashlib.sha256(patron.encode()).digest()[:8])
    letters = [
        ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(BORROWER_ID_LENGTH)
    ]
    return "".join(letters)
