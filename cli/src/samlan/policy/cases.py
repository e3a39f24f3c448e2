"""The case a rule is asked about: who, what, where, when, and what else is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypedDict

from samlan_contracts.policy import BranchCalendar, ItemFacts, Lapse, Money, PatronFacts, Stop
from samlan_contracts.policy.facts import Service
from samlan_contracts.shapes import Because

Act = Literal["borrow", "renew", "return", "hold"]
ACTS: tuple[Act, ...] = ("borrow", "renew", "return", "hold")
Sentence = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What a patron owes to one member."""

    member: str
    balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan that is open, or imagined; `because` is why it falls due when it does, where that is kept."""

    due: date
    renewals: int = 0
    own: bool = True
    because: Because = field(default_factory=list)


class Asked(TypedDict):
    """What nearly every rule asks about."""

    item: ItemFacts
    patron: PatronFacts
    branch: BranchCalendar
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that the decisions of one day ask about."""

    item: ItemFacts
    patron: PatronFacts
    branch: BranchCalendar
    at: datetime
    holds_waiting: int = 0
    on_loan: Mapping[str, int] = field(default_factory=dict)
    debts: tuple[Debt, ...] = ()
    stops: tuple[Stop, ...] = ()
    loan: Loan | None = None
    returned_at: datetime | None = None
    dropped: bool = False
    service: Service = "branch"
    hold_channel: str | None = None
    wants_notices: bool = False
    receipts: bool = False
    loanable: bool = True
    kept_for_another: bool = False
    has_title: bool = False
    holds_title: bool = False
    lapse: Lapse | None = None
    registered: bool = True

    @property
    def day(self) -> date:
        """The day it is at the branch."""
        return self.branch.local_date(self.at)

    @property
    def asked(self) -> Asked:
        """What nearly every rule asks about, by its name."""
        return {"item": self.item, "patron": self.patron, "branch": self.branch, "at": self.at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One decision: what was asked, what is decided, in one sentence, and because of which rules."""

    act: Act
    decision: str
    value: Any
    says: Sentence
    because: Because = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The decision for programs."""
        names = ("act", "decision", "value", "says", "because")
        return {name: getattr(self, name) for name in names}
