"""Paying and waiving: all of what was asked for, or nothing with every reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from samlan_contracts.events.billing import FeePaid
from samlan_contracts.policy import Decision, Money, PolicyBooks

from samlan_billing.domain.ledger import Account, Booked, Entry, EntryKind, Fee, Known, Ledger
from samlan_billing.domain.refusals import Refusal, Refused
from samlan_billing.domain.standing import judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A command to pay these fees in full; `id` is the same for the same command."""

    id: str
    fees: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What a payment did, the same at every repeat: the money taken, and what old credit covered of it."""

    payment: str
    fees: tuple[Fee, ...]
    taken: Money
    credit_minor: int


PayingRule = Callable[[Payment, Ledger, Known], Sequence[Refusal]]


def fees_are_known(payment: Payment, ledger: Ledger, known: Known) -> Sequence[Refusal]:
    """Only what this patron was charged for can be paid."""
    return [
        Refusal(reason="unknown_fee", fee=fee)
        for fee in payment.fees
        if fee not in ledger.fees and fee not in known.fees
    ]


def fees_are_open(payment: Payment, ledger: Ledger, known: Known) -> Sequence[Refusal]:
    """What is paid is not paid again, and never booked as credit."""
    settled = [fee for fee in payment.fees if fee in known.fees and fee not in ledger.fees]
    covered = [fee for fee in payment.fees if fee in ledger.fees and ledger.fees[fee].outstanding <= 0]
    return [Refusal(reason="already_paid", fee=fee) for fee in (*settled, *covered)]


def fees_are_of_one_currency(payment: Payment, ledger: Ledger, known: Known) -> Sequence[Refusal]:
    """One payment is one sum of money, and currencies are never added."""
    fees = [ledger.fees[fee] for fee in payment.fees if fee in ledger.fees]
    return [Refusal(reason="other_currency", fee=fee.id) for fee in fees if fee.currency != fees[0].currency]


PAYING: tuple[PayingRule, ...] = (fees_are_known, fees_are_open, fees_are_of_one_currency)


def pay(
    ledger: Ledger, payment: Payment, known: Known, books: PolicyBooks, now: datetime
) -> tuple[Paid | Refused, Booked | None]:
    """Settles every fee of the payment, credit first, or none of them; a repeat answers and books nothing."""
    if (before := _repeated(ledger, payment, known)) is not None:
        return before, None
    reasons = tuple(reason for rule in PAYING for reason in rule(payment, ledger, known))
    if reasons:
        return Refused(reasons), None
    paid, after = _settle(ledger, payment)
    told = FeePaid(
        payment=payment.id, patron=ledger.patron, fees=payment.fees,
        amount_minor=paid.taken.amount_minor, currency=paid.taken.currency,
    )  # fmt: skip
    return paid, judged(after, books, now, told=(told,))


def _repeated(ledger: Ledger, payment: Payment, known: Known) -> Paid | None:
    found = [ledger.fees.get(fee) or known.fees.get(fee) for fee in payment.fees]
    fees = tuple(fee for fee in found if fee is not None and _paid_by(fee, payment.id))
    return _as_paid(payment.id, fees) if len(fees) == len(payment.fees) else None


def _paid_by(fee: Fee, payment: str) -> bool:
    return any(entry.cause == payment and entry.amount_minor < 0 for entry in fee.entries)


def _as_paid(payment: str, fees: tuple[Fee, ...]) -> Paid:
    entries = [entry for fee in fees for entry in fee.entries if entry.cause == payment]
    taken = -sum(entry.amount_minor for entry in entries if entry.kind == "payment")
    credit = -sum(entry.amount_minor for entry in entries if entry.kind == "credit")
    return Paid(payment=payment, fees=fees, taken=Money(taken, fees[0].currency), credit_minor=credit)


def _settle(ledger: Ledger, payment: Payment) -> tuple[Paid, Ledger]:
    for fee in payment.fees:
        ledger = _settle_one(ledger, ledger.fees[fee], payment)
    return _as_paid(payment.id, tuple(ledger.fees[fee] for fee in payment.fees)), ledger


def _settle_one(ledger: Ledger, fee: Fee, payment: Payment) -> Ledger:
    for source in _credits(ledger, fee.account):
        used = min(fee.outstanding, -source.outstanding)
        if used:
            fee, source = _credited(fee, source, used, payment)
            ledger = ledger.booked(fee, source)
    if fee.outstanding:
        ledger = ledger.booked(
            fee.plus(_entry(payment, "payment", f"{payment.id}/{fee.id}", -fee.outstanding))
        )
    return ledger


def _credits(ledger: Ledger, account: Account) -> list[Fee]:
    return [fee for fee in ledger.fees.values() if fee.account == account and fee.outstanding < 0]


def _credited(fee: Fee, source: Fee, used: int, payment: Payment) -> tuple[Fee, Fee]:
    name = f"{payment.id}/{fee.id}/{source.id}"
    return (
        fee.plus(_entry(payment, "credit", f"{name}/to", -used)),
        source.plus(_entry(payment, "credit", f"{name}/from", used)),
    )


def _entry(payment: Payment, kind: EntryKind, name: str, amount_minor: int) -> Entry:
    return Entry(id=name, kind=kind, amount_minor=amount_minor, at=payment.at, cause=payment.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A command of the staff to forgive a fee, or `amount_minor` of it; an operator has no limit."""

    id: str
    fee: str
    amount_minor: int | None
    why: str
    unlimited: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Waived:
    """What a waiver did, the same at every repeat."""

    fee: Fee
    amount_minor: int


WaivingRule = Callable[[Waiver, Fee, Decision[Money]], Refusal | None]


def fee_is_open(waiver: Waiver, fee: Fee, limit: Decision[Money]) -> Refusal | None:
    """What is settled cannot be forgiven."""
    return Refusal(reason="already_paid", fee=fee.id) if fee.outstanding <= 0 else None


def no_more_than_is_owed(waiver: Waiver, fee: Fee, limit: Decision[Money]) -> Refusal | None:
    """A waiver never turns a debt into a credit."""
    above = waiver.amount_minor is not None and 0 < fee.outstanding < waiver.amount_minor
    return Refusal(reason="amount_above_outstanding", fee=fee.id) if above else None


def within_the_limit(waiver: Waiver, fee: Fee, limit: Decision[Money]) -> Refusal | None:
    """What the staff forgive of one fee, all waivers together, stays within its member's limit."""
    asked = _asked(waiver, fee) - fee.sum_of("waiver")
    if waiver.unlimited or asked <= limit.value.amount_minor:
        return None
    return Refusal("waiver_limit", limit.because, fee=fee.id)


WAIVING: tuple[WaivingRule, ...] = (fee_is_open, no_more_than_is_owed, within_the_limit)


def waive(
    ledger: Ledger, waiver: Waiver, limit: Decision[Money], books: PolicyBooks, now: datetime
) -> tuple[Waived | Refused, Booked | None]:
    """Forgives the fee or a part of it, or refuses with every reason; a repeat answers and books nothing."""
    fee = ledger.fees[waiver.fee]
    if (before := waived_before(fee, waiver.id)) is not None:
        return before, None
    reasons = tuple(one for rule in WAIVING if (one := rule(waiver, fee, limit)) is not None)
    if reasons:
        return Refused(reasons), None
    amount = _asked(waiver, fee)
    entry = Entry(
        id=waiver.id, kind="waiver", amount_minor=-amount, at=waiver.at,
        cause=waiver.id, corrects=fee.entries[0].id, why=waiver.why,
    )  # fmt: skip
    after = fee.plus(entry)
    told = FeePaid(
        payment=waiver.id, patron=ledger.patron, fees=(fee.id,),
        amount_minor=amount, currency=fee.currency, kind="waiver", left_minor=after.outstanding,
    )  # fmt: skip
    return Waived(after, amount), judged(ledger.booked(after), books, now, told=(told,))


def waived_before(fee: Fee, waiver: str) -> Waived | None:
    """What this very waiver did to the fee, when it was booked already."""
    for entry in fee.entries:
        if entry.id == waiver:
            return Waived(fee, -entry.amount_minor)
    return None


def _asked(waiver: Waiver, fee: Fee) -> int:
    return fee.outstanding if waiver.amount_minor is None else waiver.amount_minor
