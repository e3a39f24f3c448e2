"""Why billing says no: values with every reason, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from samlan_contracts.policy import plainly
from samlan_contracts.shapes import Because

Reason = Literal[
    "already_paid",
    "amount_above_outstanding",
    "amount_needed",
    "amount_not_wanted",
    "other_currency",
    "unknown_fee",
    "unknown_kind",
    "unknown_member",
    "unknown_patron",
    "waiver_limit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One rule that refuses, the fee it is about where there is one, and what it goes by."""

    reason: Reason
    fee: str | None = None
    rules: tuple[dict[str, object], ...] = ()

    @property
    def because(self) -> Because:
        """Why, in words: by the rules, else what the reason says by itself."""
        return list(self.rules) or plainly(self.reason)

    @classmethod
    def by(cls, reason: Reason, because: Because, *, fee: str | None = None) -> Refusal:
        """A refusal that a policy book's rule stands behind."""
        return cls(reason=reason, fee=fee, rules=tuple(because))


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that changes nothing, with all the reasons there are."""

    reasons: tuple[Refusal, ...]
