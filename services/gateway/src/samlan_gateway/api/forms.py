"""What bodies may say: unknown fields are ignored, ids are printable, and nothing is without limit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from samlan_contracts.forms import Minor

NO_CONTROLS: Final = r"^[^\p{Cc}]+$"
LOANS_AT_ONCE: Final = 400
HOLDS_AT_ONCE: Final = 200
FEES_AT_ONCE: Final = 400
MOST_PAGES: Final = 10_000
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
T = TypeVar("T", date, datetime)

Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROLS)]
PathId = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_CONTROLS)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Pin = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Cursor = Annotated[str | None, Query(max_length=400)]


def _written(value: Any) -> Any:
    """A time is written out: a bare number could be anything."""
    if value is not None and not isinstance(value, str):
        raise ValueError("write it out, such as 2026-11-22T10:00:00+01:00")
    return value


def _in_reach(value: T) -> T:
    """A year that calendars reach, so that no arithmetic leaves them."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_reach)]
Day = Annotated[date, BeforeValidator(_written), AfterValidator(_in_reach)]


class Form(BaseModel):
    """A body; what was refused in it is never repeated in the answer."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    def stated(self) -> dict[str, Any]:
        """The fields that were given, nulls included."""
        return self.model_dump(mode="json", exclude_unset=True)


class CardOrIdentity(Form):
    """Shows either a card or an identity number."""

    card: Id | None = None
    identity: Id | None = None

    @model_validator(mode="after")
    def shows_one(self) -> CardOrIdentity:
        """One of the two, not both."""
        if (self.card is None) == (self.identity is None):
            raise ValueError("show either card or identity")
        return self


class Somebody(Form):
    """Names a patron by id, card or identity number."""

    patron: Id | None = None
    card: Id | None = None
    identity: Id | None = None

    @model_validator(mode="after")
    def names_one(self) -> Somebody:
        """One of the three."""
        given = [one for one in (self.patron, self.card, self.identity) if one is not None]
        if len(given) > 1 or not (given or self._may_name_nobody):
            raise ValueError("name one of patron, card and identity")
        return self

    @property
    def _may_name_nobody(self) -> bool:
        return False


class LogInForm(CardOrIdentity):
    """Credentials of a patron at a member."""

    member: Id
    pin: Pin


class PinForm(Form):
    """The PIN as it is and as it shall be."""

    old: Pin
    new: Pin


class ContactForm(Form):
    """What a patron may change alone; a field left out stays, null removes.

    `language` is `sv`, `da` or `en`; null is the member's own."""

    email: Annotated[str, StringConstraints(max_length=320)] | None = None
    mobile: Annotated[str, StringConstraints(max_length=40)] | None = None
    address: dict[str, Any] | None = None
    language: Annotated[str, StringConstraints(max_length=10)] | None = None
    channels: Annotated[list[str], Field(max_length=10)] | None = None
    receipts: bool | None = None
    pickup: Id | None = None


class HistoryForm(Form):
    """Whether ended loans are to be kept; ask before sending false, which deletes them."""

    enabled: bool


class RenewalForm(Form):
    """Loans to be renewed."""

    loans: Annotated[list[Id], Field(min_length=1, max_length=LOANS_AT_ONCE)]


class HoldForm(Form):
    """A title to be held; without `pickup`, at the patron's own branch."""

    title: Id
    pickup: Id | None = None
    last_needed: Day | None = None

    def wanted(self) -> dict[str, Any]:
        """What was asked for."""
        return self.model_dump(mode="json", exclude_none=True)


class HoldChange(Form):
    """A change of one hold; `last_needed` null takes the day away."""

    hold: Id
    frozen: bool | None = None
    cancel: bool | None = None
    pickup: Id | None = None
    last_needed: Day | None = None

    def wanted(self) -> dict[str, Any]:
        """What was asked for: only a day can be taken away."""
        return {k: v for k, v in self.stated().items() if v is not None or k == "last_needed"}


class HoldChangesForm(Form):
    """Changes of holds."""

    changes: Annotated[list[HoldChange], Field(min_length=1, max_length=HOLDS_AT_ONCE)]


class PaymentForm(Form):
    """Fees to be paid in full."""

    fees: Annotated[list[Id], Field(min_length=1, max_length=FEES_AT_ONCE)]


class DeskLoanForm(CardOrIdentity):
    """An item, and who takes it; `agent` is the patron who fetches it for somebody else.

    At a self-check machine (`channel`) the PIN is asked for (V10); staff see the card or the person. What is
    brought home to somebody (`service`) has a period of its own where the book says so (K17)."""

    item: Id
    channel: Literal["desk", "machine"] = "desk"
    pin: Pin | None = None
    service: Literal["branch", "home_delivery"] = "branch"
    agent: Id | None = None
    happened_at: Instant | None = None


class DeskReturnForm(Form):
    """An item handed in."""

    item: Id
    happened_at: Instant | None = None


class ItemForm(Form):
    """What became of an item: `lost`, `damaged`, `missing`, `claimed_returned`, `withdrawn`, `found`."""

    state: Id


class DeskHoldForm(Somebody):
    """A title to be held for somebody at the desk or on the telephone."""

    title: Id
    pickup: Id | None = None
    last_needed: Day | None = None
    channel: Literal["desk", "phone"] = "desk"


class DeskFeeForm(Somebody):
    """A fee of the desk: the book says how much; `amount` (minor units) only for kinds at actual cost.

    `reference`: the pages are copies of a work that is not lent, as they are when `item` is such a one. The
    kind `replacement` is the price of `item`, which is lost or damaged."""

    kind: Id
    item: Id | None = None
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES, strict=True)] | None = None
    reference: bool | None = None
    amount: Minor | None = None


class WaiverForm(Form):
    """A fee forgiven, or `amount` of it, and why."""

    amount: Minor | None = None
    why: Words


class DeskPaymentForm(Somebody):
    """Fees paid at the desk; whose they are follows from the fees when nobody is named."""

    fees: Annotated[list[Id], Field(min_length=1, max_length=FEES_AT_ONCE)]

    @property
    def _may_name_nobody(self) -> bool:
        return True


class DiscardForm(Form):
    """Why a dead letter is given up."""

    why: Words


class ClockForm(Form):
    """Where library time shall stand, with an offset."""

    now: Instant
