"""When debts stop a patron: each member's claim alone is held against the limit of the patron's own book.

K28 stops at more than 100 kr, O30 at 50 kr, and O31 never stops a child; K34 stops until an item that was
invoiced is back or paid. The figures, the acts, the ages and what lifts a block are the book's, so nothing of
them stands here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from samlan_contracts.event import Event
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached, MoneyBlock
from samlan_contracts.policy import Money, PolicyBooks, acts_stopped, age_on, lifted_by
from samlan_contracts.policy.figures import Cause
from samlan_contracts.policy.period import reaches_age
from samlan_contracts.policy.rules import Block

from samlan_billing.domain.ledger import REPLACEMENT, Account, Booked, Ledger


def judged(ledger: Ledger, books: PolicyBooks, now: datetime, told: tuple[Event, ...] = ()) -> Booked:
    """The ledger with the blocks its balances cause now, after what else is told, and what that tells.

    A block that stands as it was told is left as it was told; its amount is that of the day it began."""
    blocks = due_blocks(ledger, books, now)
    if _stopped(blocks) != _stopped(ledger.blocks):
        told = (*told, _news(ledger, blocks))
        ledger = replace(ledger, blocks=blocks)
    return Booked(replace(ledger, review_at=_next_review(ledger, books, now, blocks)), told)


def due_blocks(ledger: Ledger, books: PolicyBooks, now: datetime) -> tuple[MoneyBlock, ...]:
    """The blocks that the balances cause at this instant, member by member (K28, O30, O31)."""
    if ledger.member is None or ledger.erased:
        return ()
    today = local_day(books, ledger.member, now)
    age = age_on(ledger.born, today) if ledger.born else None
    return _blocks(ledger, books, today, age=age)


def local_day(books: PolicyBooks, member: str, now: datetime) -> date:
    """What day it is for a member."""
    return now.astimezone(_zone(books, member)).date()


def _zone(books: PolicyBooks, member: str) -> ZoneInfo:
    return ZoneInfo(str(books.book(member).timezone))


def _blocks(ledger: Ledger, books: PolicyBooks, today: date, age: int | None) -> tuple[MoneyBlock, ...]:
    causes: list[tuple[Cause, Account, int]] = [
        *(("debt", account, owed) for account, owed in _debts(ledger)),
        *(("invoice", account, owed) for account, owed in _invoiced(ledger, books, today)),
    ]
    found = (_block(ledger.member or "", books, cause, one, owed, age, today) for cause, one, owed in causes)
    return tuple(block for block in found if block is not None)


def _debts(ledger: Ledger) -> list[tuple[Account, int]]:
    return sorted((account, owed) for account, owed in ledger.balances.items() if owed > 0)


def _invoiced(ledger: Ledger, books: PolicyBooks, today: date) -> list[tuple[Account, int]]:
    """What is unpaid of the items whose invoices still stop, by what their book says lifts that (K34)."""
    asked = [one for one in ledger.fees.values() if one.invoice and one.kind == REPLACEMENT]
    unpaid = {one.id: one for one in asked if one.outstanding > 0}
    out = {one.fee: one.account for one in ledger.out.values()}
    sums: dict[Account, int] = {}
    for fee, account in {**{key: one.account for key, one in unpaid.items()}, **out}.items():
        ends = set() if fee in unpaid else {"payment"}
        if fee not in out and unpaid[fee].loan is not None:  # of an imported fee's item no return is heard
            ends.add("return")
        if not ends & _lifted_by(ledger, account, books, today):
            sums[account] = sums.get(account, 0) + (unpaid[fee].outstanding if fee in unpaid else 0)
    return sorted(sums.items())


def _lifted_by(ledger: Ledger, account: Account, books: PolicyBooks, today: date) -> frozenset[str]:
    member = ledger.member or account.member
    return lifted_by(books, member=member, creditor=account.member, cause="invoice", on=today).value


def _block(
    member: str, books: PolicyBooks, cause: Cause, account: Account, owed: int, age: int | None, today: date
) -> MoneyBlock | None:
    decision = acts_stopped(
        books, member=member, creditor=account.member, cause=cause,
        balance=Money(owed, account.currency), age=age, on=today,
    )  # fmt: skip
    if not decision.value:
        return None
    return MoneyBlock.model_validate(
        {
            "member": account.member, "outstanding_minor": owed, "currency": account.currency,
            "stops": tuple(sorted(decision.value)), "because": decision.because, "cause": cause,
        }
    )  # fmt: skip


def _stopped(blocks: tuple[MoneyBlock, ...]) -> set[tuple[str, str, str, str]]:
    return {(block.cause, block.member, block.currency, act) for block in blocks for act in block.stops}


def _news(ledger: Ledger, blocks: tuple[MoneyBlock, ...]) -> Event:
    if _stopped(blocks) - _stopped(ledger.blocks):
        return DebtLimitReached(patron=ledger.patron, blocks=blocks)
    return DebtLimitCleared(patron=ledger.patron, blocks=blocks)


def _next_review(
    ledger: Ledger, books: PolicyBooks, now: datetime, blocks: tuple[MoneyBlock, ...]
) -> datetime | None:
    """When what is owed next stops other acts with no booking: by a birthday (O31), or by a coming rule."""
    if ledger.member is None or not (_debts(ledger) or ledger.out):
        return None
    stopped = _stopped(blocks)
    for day in _days_of_change(ledger, books, after=local_day(books, ledger.member, now)):
        age = age_on(ledger.born, day) if ledger.born else None
        if _stopped(_blocks(ledger, books, day, age=age)) != stopped:
            return datetime.combine(day, time.min, _zone(books, ledger.member)).astimezone(UTC)
    return None


def _days_of_change(ledger: Ledger, books: PolicyBooks, *, after: date) -> list[date]:
    """The days to come on which another rule about blocks begins to bind this patron, in order."""
    members = {ledger.member, *(account.member for account in ledger.balances)} & set(books.members)
    asked = [books.book(one).subject(Block) for one in sorted(members, key=str) if one]
    ages = {rule.never_under for one in asked for rule in one.rules if rule.never_under is not None}
    days = {day for one in asked for day in one.changes}
    days |= {reaches_age(ledger.born, age) for age in ages if ledger.born}
    return sorted(day for day in days if day > after)
