"""What billing tells: charges, payments and money blocks."""

from __future__ import annotations

from datetime import date, datetime

from samlan_contracts.event import Event, Reading, Shape
from samlan_contracts.shapes import Act, Because


class FeeCharged(
    Event, name="billing.fee_charged", version=1, reading=Reading.OCCURRENCE, readers=("notify",)
):
    """A fee was booked. Subject: the patron's ledger. Amounts are minor units of `currency`.

    `entry` names what was added to a fee that an invoice told of: the late days since then."""

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
    entry: str | None = None


class FeeCorrected(
    Event, name="billing.fee_corrected", version=1, reading=Reading.OCCURRENCE, readers=("notify",)
):
    """A fee was lowered by a later entry that names it. Subject: the patron's ledger.

    `amount_minor` is what the correction takes off, `left_minor` what is owed of the fee after it."""

    fee: str
    correction: str
    corrects: str
    patron: str
    amount_minor: int
    currency: str
    left_minor: int | None = None


class FeePaid(Event, name="billing.fee_paid", version=1, reading=Reading.OCCURRENCE, readers=("notify",)):
    """Fees were paid or waived. Subject: the patron's ledger.

    `left_minor` is what is owed still of a fee that was waived, perhaps in part."""

    payment: str
    patron: str
    fees: tuple[str, ...]
    amount_minor: int
    currency: str
    kind: str = "payment"
    left_minor: int | None = None


class InvoicedFee(Shape):
    """One fee of an invoice, in the invoice's currency."""

    fee: str
    kind: str
    amount_minor: int


class InvoiceIssued(
    Event, name="billing.invoice_issued", version=1, reading=Reading.OCCURRENCE, readers=("notify",)
):
    """An item that did not come back was invoiced. Subject: the patron's ledger.

    `amount_minor` is the sum of `fees`, of which no other event tells; earlier fees are not part of it."""

    invoice: str
    patron: str
    member: str
    loan: str
    item: str
    title: str
    loan_due: date
    fees: tuple[InvoicedFee, ...]
    amount_minor: int
    currency: str
    issued_on: date
    due: date
    because: Because = []


class InvoiceSentToCollection(
    Event, name="billing.invoice_sent_to_collection", version=1, reading=Reading.OCCURRENCE, readers=()
):
    """An invoice stayed unpaid for so long after its due date that it went to debt collection (K33).
    Subject: the patron's ledger. `outstanding_minor` is what is unpaid of it."""

    invoice: str
    patron: str
    member: str
    outstanding_minor: int
    currency: str
    due: date
    sent_on: date
    because: Because = []


class MoneyBlock(Shape):
    """One cause that stops acts by the rule in `because`: a member's debt, or its invoice (K28, K34)."""

    member: str
    outstanding_minor: int
    currency: str
    stops: tuple[Act, ...]
    because: Because = []
    cause: str = "debt"


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
