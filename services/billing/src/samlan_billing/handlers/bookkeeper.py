"""The one way to change a ledger: read it, look among the settled fees if need be, decide, write once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from samlan_contracts.policy import PolicyBooks, retention
from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.outbox import Cause, Tell

from samlan_billing.domain.ledger import REPLACEMENT, Booked, Fee, Known, Ledger
from samlan_billing.domain.standing import local_day
from samlan_billing.store import Store
from samlan_billing.store.coding import changes

T = TypeVar("T")
Decide = Callable[[Ledger, Known], tuple[T, Booked | None]]


@dataclass(frozen=True, slots=True)
class Look:
    """A fee that the ledger does not hold may have left it: look there as of so many that left."""

    moved: int


class Bookkeeper:
    """Books what a pure decision wants, on any number of replicas at once."""

    def __init__(self, store: Store, books: PolicyBooks, clock: LibraryClock) -> None:
        self.store = store
        self.books = books
        self.clock = clock

    async def book(
        self, patron: str, fees: Collection[str], decide: Decide[T], cause: Cause, *, command: bool = False
    ) -> T:
        """Decides on the ledger and on what is known of these fees, writes once and answers.

        A settled fee is written before it leaves the ledger, and leaving raises `moved`: so what is found
        there after reading the ledger is all there is, for as long as `moved` stands where it stood."""
        known = Known()
        while True:
            answer = await self.store.ledgers.change(
                patron, partial(_decide, patron, fees, known, decide, cause), command=command
            )
            if not isinstance(answer, Look):
                return answer
            known = await self.store.settled.known(patron, fees, answer.moved)

    async def move_settled(self, patron: str) -> int:
        """Moves the settled fees of a ledger to documents of their own; says how many left."""
        stored = await self.store.ledgers.read(patron)
        leaving = {fee.id: fee for fee in stored.state.to_move} if stored else {}
        for fee in leaving.values():
            await self.store.settled.keep(patron, fee, self._erase_at(fee))
        if leaving:
            await self.store.ledgers.change(patron, partial(_without, leaving))
        return len(leaving)

    def _erase_at(self, fee: Fee) -> datetime:
        """When the particulars of a settled fee go: disputes may come for so long after the last entry,
        and an item that was paid for may be found."""
        settled = local_day(self.books, fee.member, fee.entries[-1].at)
        kept = retention(self.books, member=fee.member, on=settled).value
        last = kept.disputes.after(settled)
        if fee.kind == REPLACEMENT and fee.charged:  # while the item may be found, its price may go back
            last = max(last, kept.refunds.after(settled) + timedelta(days=1))
        zone = ZoneInfo(str(self.books.book(fee.member).timezone))
        return datetime.combine(last, time.min, zone).astimezone(UTC)


def _decide(
    patron: str,
    fees: Collection[str],
    known: Known,
    decide: Decide[T],
    cause: Cause,
    stored: Stored[Ledger] | None,
) -> Change[Ledger, T | Look]:
    ledger = stored.state if stored else Ledger(patron=patron)
    if ledger.moved != known.moved and any(fee not in ledger.fees for fee in fees):
        return Change(Look(ledger.moved))
    outcome, booked = decide(ledger, known)
    if booked is None:
        return Change(outcome)
    tell = tuple(
        Tell(
            event=event, subject=f"ledger/{patron}", cause=cause.id, happened_at=cause.happened_at,
            position=sum(type(one) is type(event) for one in booked.told[:place]),
        )
        for place, event in enumerate(booked.told)
    )  # fmt: skip
    if stored is None:
        return Change(outcome, state=booked.ledger, tell=tell)
    return Change(outcome, operators=changes(ledger, booked.ledger) or None, tell=tell)


def _without(leaving: dict[str, Fee], stored: Stored[Ledger] | None) -> Change[Ledger, None]:
    if stored is None:
        return Change(None)
    return Change(None, operators=changes(stored.state, stored.state.without(leaving)) or None)
