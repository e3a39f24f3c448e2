"""Refusals of accounts: values with a stable, public word, all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar, get_args

from samlan_contracts.shapes import Because

Reason = Literal[
    "account_inactive", "ambiguous_identity", "bad_card", "bad_contact", "bad_date", "bad_identity",
    "bad_pin",    "bad_status", "bad_value", "card_not_yours", "duplicate_borrower_id", "duplicate_card",
    "duplicate_identity", "erased", "guardian_needed", "missing_field", "only_through_staff",
    "other_member", "too_many_attempts", "too_young", "unknown_cause", "unknown_guardian",
    "unknown_member", "unknown_patron", "wrong_credentials",
]  # fmt: skip
REASONS = frozenset(get_args(Reason))

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why not. `says` names the field and the remedy, never what stood in it."""

    reason: Reason
    says: str
    because: Because = field(default_factory=list)


def refusals(case: C, rules: Iterable[Callable[[C], Refusal | None]]) -> tuple[Refusal, ...]:
    """Every rule that refuses the case, in the order of the rules."""
    return tuple(refusal for rule in rules if (refusal := rule(case)) is not None)


def in_words(reasons: Sequence[Refusal]) -> str:
    """All reasons on one line, for the report of an import."""
    return "; ".join(f"{one.reason}: {one.says}" for one in reasons)
