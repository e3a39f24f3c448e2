"""Why something is not done: public words, each with the rules behind it, all of them at once."""

from __future__ import annotations

from typing import Final, Literal

from samlan_contracts.refusing import ByRules

Reason = Literal[
    "account_expired", "account_inactive", "age_limit", "already_allotted", "already_ended", "already_held",
    "already_ready", "blocked", "channel_not_offered", "frozen", "has_it_on_loan", "local_first",
    "member_does_not_take_it", "no_pickup", "not_for_loan", "not_needed_any_more", "temporary_account",
    "unknown_branch", "unknown_hold", "unknown_item", "unknown_patron", "unknown_title",
]  # fmt: skip

# What a refusal is over HTTP: not there, not you, or (by default) not now.
STATUS: Final[dict[Reason, int]] = {
    "unknown_title": 404,
    "unknown_patron": 404,
    "unknown_branch": 404,
    "unknown_hold": 404,
    "blocked": 403,
    "account_expired": 403,
    "account_inactive": 403,
    "temporary_account": 403,
    "channel_not_offered": 403,
}
NOT_NOW: Final = 409


class Refusal(ByRules[Reason]):
    """One reason why something is not done."""


def status_of(refusals: tuple[Refusal, ...]) -> int:
    """The HTTP status that says best what stands in the way."""
    found = {STATUS.get(one.reason, NOT_NOW) for one in refusals}
    return min(found - {NOT_NOW}, default=NOT_NOW) if NOT_NOW not in found else NOT_NOW
