"""The rules a policy book may hold: one class per subject, each field a condition or a figure."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from samlan_contracts.policy.conditions import CONDITIONS
from samlan_contracts.policy.facts import Attended, Issue, Owner, Service
from samlan_contracts.policy.figures import (
    Age,
    Amount,
    BranchId,
    BranchKind,
    Cause,
    Channel,
    ChargeKind,
    Clause,
    Count,
    Day,
    Days,
    DropMode,
    FeeKind,
    HoldChannel,
    Length,
    Limit,
    Materials,
    NoticeKind,
    OpenHours,
    PinDigits,
    Price,
    Seconds,
    Stage,
    TimeOfDay,
)
from samlan_contracts.policy.period import Period
from samlan_contracts.shapes import Act, Audience

PRINT = "print_"  # how the kinds of fees for printed pages begin


class Rule(BaseModel):
    """One rule: an id, the clauses it carries out, the days it is in force, conditions and figures."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    cites: tuple[Clause, ...] = ()
    in_force_from: Day | None = Field(default=None, alias="from")
    in_force_until: Day | None = Field(default=None, alias="until")
    assumed: bool | tuple[str, ...] = False

    @model_validator(mode="after")
    def _is_founded(self) -> Rule:
        if not self.cites and self.assumed is not True:
            raise ValueError("cites no clause, so it must say `assumed: true`")
        if isinstance(self.assumed, tuple) and not set(self.assumed) <= self.model_fields_set:
            raise ValueError("`assumed` names a figure that the rule does not carry")
        if self.first_day > self.last_day:
            raise ValueError("`from` is later than `until`")
        return self

    @property
    def first_day(self) -> date:
        """The first day in force."""
        return self.in_force_from or date.min

    @property
    def last_day(self) -> date:
        """The last day in force, inclusive."""
        return self.in_force_until or date.max

    def conditions(self) -> dict[str, Any]:
        """The conditions this rule carries, by name."""
        return {
            name: value
            for name in type(self).model_fields
            if name in CONDITIONS and (value := getattr(self, name)) is not None
        }


class _ByItem(Rule):
    materials: Materials | None = None
    audience: Audience | None = None


class _ByPlace(Rule):
    branches: frozenset[BranchId] | None = None
    branch_kinds: frozenset[BranchKind] | None = None


class LoanPeriod(_ByItem):
    """How long an item is lent (K13-K17, O10-O21, D10)."""

    issue: Issue | None = None
    service: Service | None = None
    period: Length


class QueueShortening(_ByItem):
    """How long it is lent while others wait for the title (K18, O10, O11)."""

    normal_period: Length | None = None
    holds_at_least: Count
    period: Length


class DueDay(_ByPlace):
    """On which days a loan may fall due; a mobile library's opening days are its visits (K17)."""

    due_on: Literal["any_day", "opening_day"]


class Renewal(_ByItem):
    """How often a loan is renewed, and with how many waiting no more (D20, D21, K35, O14, O22)."""

    max_renewals: Count
    refused_with_holds: Annotated[int, Field(ge=1, strict=True)]


class LoanLimit(Rule):
    """How many of these materials one patron has at a time (D12, O15-O18)."""

    materials: Materials | None = None
    max_loans: Count


class AgeLimit(Rule):
    """From which age something is lent; `item` is the age that the item itself asks for (K14-K16, O18)."""

    materials: Materials | None = None
    item_marked: Age | None = None
    min_age: Age | Literal["item"]


class ReturnAcceptance(_ByPlace):
    """Where and when which items may be handed back, and what closes a loan that is not (O25, K40, K41)."""

    items: Owner | None = None
    attended: Attended | None = None
    registered: bool | None = None
    accepted: bool
    loan_closes: Literal["at_accepting_scan", "as_of_seen"] | None = None

    @model_validator(mode="after")
    def _refusal_says_what_closes(self) -> ReturnAcceptance:
        if self.accepted == (self.loan_closes is not None):
            raise ValueError("`loan_closes` is said exactly where items are not accepted")
        return self


class BookDrop(_ByPlace):
    """When what lies in a book drop after closing counts as returned (O27, O28, K41)."""

    drop: DropMode


class LateDays(Rule):
    """Which days after the due date count as late (K20)."""

    counts: Literal["every_day", "opening_days"]


class OverdueFee(_ByItem):
    """What each late day costs, by the tariff of that day (K19-K21, K25, O29, O38, D16)."""

    patron_under: Age | None = None
    per_day: Amount
    at_most: Amount | None = None


class OverdueStage(Rule):
    """How long after the due date a reminder or the invoice follows (K22, K23)."""

    stage: Stage
    after_due: Length

    @model_validator(mode="after")
    def _is_late_by_then(self) -> OverdueStage:
        if self.after_due == Period():
            raise ValueError("`after_due` is at least a day: on the due date nothing is late")
        return self


class StageTime(Rule):
    """At what local time of a branch's day its loans come to what falls due that day (G04, K22, K45)."""

    told_at: TimeOfDay


class Fee(Rule):
    """A fee for one thing: a reminder, an invoice, a card, a printed page (K10, K22, K23, K26, K27)."""

    kinds: Annotated[frozenset[FeeKind], Field(min_length=1)]
    patron_under: Age | None = None
    amount: Price
    free_reference_pages: Count = 0

    @model_validator(mode="after")
    def _only_prints_have_pages(self) -> Fee:
        others = sorted(kind for kind in self.kinds if not kind.startswith(PRINT))
        if others and self.free_reference_pages:
            raise ValueError(f"`free_reference_pages` is said of prints, and not of {', '.join(others)}")
        return self


class Replacement(_ByItem):
    """What an item costs that does not come back (K30, K31)."""

    standard_price: Amount
    new_price_if_higher: bool


class Invoice(Rule):
    """When an invoice is due, when it goes to collection, what a late return takes off it (K32, K33)."""

    payable_within: Length
    collection_after: Length
    kept_on_return: frozenset[ChargeKind]
    dropped_on_return: frozenset[ChargeKind]

    @model_validator(mode="after")
    def _nothing_both_stays_and_falls(self) -> Invoice:
        if both := sorted(self.kept_on_return & self.dropped_on_return):
            raise ValueError(f"{', '.join(both)}: both in `kept_on_return` and in `dropped_on_return`")
        return self


class Block(Rule):
    """Which acts a cause stops, from which debt, for whom never, what lifts it (K28, K29, K34, O30, O31).

    A debt is lifted by payment, and by a return as far as that takes something off it. An invoice stops until
    its item is paid or back, whichever is listed. What staff or a patron blocked, staff lift.
    """

    cause: Cause
    when: Limit | None = None
    stops: frozenset[Act]
    never_under: Age | None = None
    lifted_by: frozenset[Literal["payment", "return", "staff"]]

    @model_validator(mode="after")
    def _only_debt_has_a_threshold(self) -> Block:
        if (self.cause == "debt") != (self.when is not None):
            raise ValueError("`when` is said for the cause debt, and for no other")
        return self

    @model_validator(mode="after")
    def _lifted_by_what_can_end_it(self) -> Block:
        possible = {"payment", "return"} if self.cause in ("debt", "invoice") else {"staff"}
        needed = {"payment"} if self.cause == "debt" else set()
        if not self.lifted_by or not needed <= self.lifted_by <= possible:
            raise ValueError(
                f"`lifted_by` of the cause {self.cause} lists {' or '.join(sorted(possible))}"
                + (", and payment always" if needed else "")
            )
        return self


class PickupShelf(Rule):
    """How long a held item waits for its patron; the last day is inclusive."""

    shelf_time: Length
    counts: Literal["every_day", "opening_days"]
    ends_on: Literal["any_day", "opening_day"]


class HoldItems(_ByItem):
    """Which members' items may serve this member's holds and stand on its shelves (K37, O23, V01)."""

    items: Owner | None = None
    homes: frozenset[BranchId] | None = None
    may_serve: bool


class HoldTerms(Rule):
    """Where holds are placed, and whether a queue may be served locally first (D17)."""

    channels: Annotated[frozenset[HoldChannel], Field(min_length=1)]
    local_first_places: Count


class Notice(Rule):
    """What is told, by which channels, to whom, how bundled (G04, G05, D15, D18, K24, K45, V14)."""

    kinds: Annotated[frozenset[NoticeKind], Field(min_length=1)]
    sent: bool = True
    channels: tuple[Channel, ...]
    guardian_under: Age | None = None
    opt_in: bool
    bundle: Seconds
    before_due: Days | None = None

    @model_validator(mode="after")
    def _a_due_reminder_says_when(self) -> Notice:
        if ("due_soon" in self.kinds) != (self.before_due is not None):
            raise ValueError("`before_due` is said for due_soon, and for no other kind")
        return self

    @model_validator(mode="after")
    def _goes_by_some_channel(self) -> Notice:
        if self.sent and not self.channels:
            raise ValueError("`channels` names none by which it is sent")
        return self


class Retention(Rule):
    """How long a fee's particulars are kept for disputes, and a found item's price is paid back (K51)."""

    disputes: Length
    refunds: Length
    erase_loan_on_return: Literal[True]
    unless: Literal["fees"]


class Waiver(Rule):
    """Up to which amount the desk may waive a fee; above it an operator."""

    desk_limit: Amount


class TemporaryAccount(Rule):
    """How long a temporary account lives, and what it may do (V04-V07)."""

    lasts: Length
    may: frozenset[Act]


class Account(Rule):
    """From which age what is done with an account, and whether alone (D08, G03, K07-K09, O34, V09)."""

    card_from: Age | None = None
    guardian_under: Age | None = None
    contact_alone_from: Age | None = None
    patrons_block_cards: bool
    pin_digits: PinDigits


class StafflessHours(Rule):
    """When registered patrons may use a branch without staff (K03, K41)."""

    hours: OpenHours
