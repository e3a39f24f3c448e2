"""What billing tells: charges, payments and money blocks."""

from __future__ import annotations

from datetime import datetime

from samlan_contracts.event import Event, Reading, Shape
from samlan_contracts.shapes import Act, Because


class FeeCharged(
    Event, name="billing.fee_charged", version=1, reading=Reading.OCCURRENCE, readers=("notify",)
):
    """A fee was booked. Subject: the patron's ledger. Amounts are minor units of `currency`."""

    fee: str
    patron: str
    member: str
    kind: str
    amount_minor: int
    currency: str
    charged_at: datetime
    item: str | None = None
    title: str | None = None
    because: Because = []


class FeeCorrected(Event, name="billing.fee_corrected", version=1, reading=Reading.OCCURRENCE, readers=()):
    """A fee was lowered by a later entry that names it. `amount_minor` is what the correction takes off."""

    fee: str
    correction: str
    corrects: str
    patron: str
    amount_minor: int
    currency: str


class FeePaid(Event, name="billing.fee_paid", version=1, reading=Reading.OCCURRENCE, readers=()):
    """Fees were paid or waived. Subject: the patron's ledger."""

    payment: str
    patron: str
    fees: tuple[str, ...]
    amount_minor: int
    currency: str
    kind: str = "payment"


class MoneyBlock(Shape):
    """One member's debt that stops acts, by the rule in `because`."""

    member: str
    outstanding_minor: int
    currency: str
    stops: tuple[Act, ...]
    because: Because = []


class DebtLimitReached(
    Event, name="billing.debt_limit_reached", version=1, reading=Reading.STATE,
    readers=("accounts", "circulation", "holds"),
):  # fmt: skip
    """A patron's debt stops acts. Subject: the patron's ledger. `blocks` is all that is stopped now."""

    patron: str
    blocks: tuple[MoneyBlock, ...]


class DebtLimitCleared(
    Event, name="billing.debt_limit_cleared", version=1, reading=Reading.STATE,
    readers=("accounts", "circulation", "holds"),
):  # fmt: skip
    """A debt no longer stops what it stopped. Subject: the patron's ledger. `blocks` is what is stopped
    still."""

    patron: str
    blocks: tuple[MoneyBlock, ...] = ()
