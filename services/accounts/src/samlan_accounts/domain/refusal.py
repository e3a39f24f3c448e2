"""Refusals of accounts: values with a stable, public word, all of them at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from samlan_contracts.shapes import Because

Reason = Literal[
    "account_inactive", "ambiguous_identity", "bad_card", "bad_contact", "bad_date", "bad_identity",
    "bad_pin",    "bad_status", "bad_value", "card_not_yours", "duplicate_borrower_id", "duplicate_card",
    "duplicate_identity", "erased", "guardian_needed", "missing_field", "only_through_staff",
    "other_member", "too_many_attempts", "too_young", "unknown_cause", "unknown_guardian",
    "unknown_member", "unknown_patron", "wrong_credentials",
]  # fmt: skip
REASONS = frozenset(get_args(Reason))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why not. `says` names the field and the remedy, never what stood in it."""

    reason: Reason
    says: str
    because: Because = field(default_factory=list)
