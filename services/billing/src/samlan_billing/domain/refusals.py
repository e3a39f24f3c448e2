"""Why billing says no: values with every reason, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from samlan_contracts.refusing import ByRules

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


@dataclass(frozen=True)
class Refusal(ByRules[Reason]):
    """One reason to refuse, and the fee it is about where there is one."""

    fee: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The reason as a problem lists it."""
        return {**super().as_json(), **({"fee": self.fee} if self.fee else {})}


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that changes nothing, with all the reasons there are."""

    reasons: tuple[Refusal, ...]
