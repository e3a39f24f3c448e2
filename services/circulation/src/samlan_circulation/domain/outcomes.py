"""What came of a fact: the effect it had or the exception it became, and the answer a device gets.

Exceptions are named; staff of the branch find each in their list until somebody resolves it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar

from samlan_contracts.event import Event
from samlan_contracts.shapes import Because

T = TypeVar("T")

ExceptionReason = Literal[
    "unreadable", "too_large", "unsupported_version", "unknown_type", "missing_field", "malformed_field",
    "in_the_future", "forged_device", "unknown_device", "wrong_branch", "unknown_branch",
    "sequence_reused", "id_reused", "unknown_item", "unknown_card", "blocked_card", "not_accepted_here",
    "too_old_to_place", "withdrawn",
]  # fmt: skip
Did = Literal["returned", "placed", "seen", "borrowed", "recorded", "nothing"]
Bin = Literal["shelf", "transit", "home", "exception"]

ROUTING_PENDING: Final = "routing_pending"
SUPERSEDED: Final = "superseded"  # a newer fact of the item is known, so this one routes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Which bin an item goes into and why; the hold is named by its id, so that no patron is kept with it.

    `because` is kept for staff, who are told the rules behind it."""

    bin: Bin | None
    branch: str | None
    reason: str | None = None
    hold: str | None = None
    because: Because = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a fact. Without an answer, the routing that answers `sequence` will bring it.

    `loan` is the loan it closed or opened."""

    did: Did
    sequence: int | None = None
    loan: str | None = None
    exception: ExceptionReason | None = None
    answer: Answer | None = None
    belongs: str | None = None
    because: Because = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Decided(Generic[T]):
    """A decision: its outcome, the new state (None: nothing changes), and the events it tells, in order."""

    outcome: T
    state: Any = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedException:
    """A fact that had no effect, or not the wanted one: what is known of it, and never its contents.

    `key` tells it apart: the same fact with the same defect is one exception."""

    key: str
    fact: str | None
    reason: ExceptionReason
    branch: str
    item: str | None = None
    happened_at: datetime | None = None
    detail: str | None = None
    belongs: str | None = None
    because: Because = field(default_factory=list)


def exception_answer(reason: str, branch: str | None) -> Answer:
    """The answer that sends an item to the staff, with where it belongs as far as known."""
    return Answer(bin="exception", branch=branch, reason=reason)
