"""Why a command is refused: stable words, each with the rules behind it, and never only the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from samlan_contracts.refusing import ByRules

Reason = Literal[
    "unknown_item", "unknown_loan", "unknown_patron", "unknown_branch", "unknown_state",
    "already_on_loan", "reserved", "not_for_loan", "temporary_account", "account_expired",
    "account_inactive", "blocked", "age_limit",
    "too_many_loans", "not_your_loan", "others_are_waiting", "no_renewals_left", "too_old_to_place",
    "no_rule", "command_reused", "in_the_future",
]  # fmt: skip

STATUS: Final[dict[Reason, int]] = {
    "unknown_item": 404, "unknown_loan": 404, "unknown_patron": 404, "unknown_branch": 404,
    "unknown_state": 422,
    "already_on_loan": 409, "reserved": 409, "not_for_loan": 409, "too_many_loans": 409,
    "others_are_waiting": 409, "no_renewals_left": 409, "too_old_to_place": 409, "no_rule": 409,
    "command_reused": 409,
    "in_the_future": 422,
    "temporary_account": 403, "account_expired": 403, "account_inactive": 403,
    "blocked": 403, "age_limit": 403, "not_your_loan": 403,
}  # fmt: skip


class Refusal(ByRules[Reason]):
    """One reason why a command is refused."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that is not carried out, with all reasons."""

    refusals: tuple[Refusal, ...]

    @property
    def status(self) -> int:
        """The HTTP status: what is not there, then not you, then not now."""
        found = {STATUS[one.reason] for one in self.refusals}
        return next(status for status in (404, 422, 403, 409) if status in found)


def refused(reason: Reason) -> Refused:
    """A refusal for one reason that needs no rule to explain it."""
    return Refused((Refusal(reason),))
