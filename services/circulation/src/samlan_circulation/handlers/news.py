"""What other services tell: things, branches, patrons, debts, queues; each copied, the newest wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from samlan_contracts.event import Envelope
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import ItemDescribed
from samlan_contracts.events.circulation import LoanRemembered
from samlan_plumbing.documents import Change, Stored

from samlan_circulation.domain.describing import describe, new_item
from samlan_circulation.domain.fold import renewed
from samlan_circulation.domain.model import Item, Loan
from samlan_circulation.handlers.telling import change_of
from samlan_circulation.store import Store


class News:
    """Takes what others tell."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def item(self, event: ItemDescribed, envelope: Envelope) -> None:
        """Takes a description of one item."""
        barcode = event.thing.item

        def decide(stored: Stored[Item] | None) -> Change[Item, None]:
            decided = describe(stored.state if stored else None, event, envelope.sequence)
            return change_of(decided, barcode, cause=envelope.id, happened_at=envelope.happened_at)

        await self._store.items.change(barcode, decide)

    async def items(self, rows: Sequence[tuple[ItemDescribed, Envelope]]) -> None:
        """Takes a batch of a snapshot: the unknown in bulk, and what changed one by one."""
        fresh = [new_item(event, envelope.sequence) for event, envelope in rows]
        if await self._store.items.insert_many(fresh) == len(rows):
            return
        known = await self._store.items.read_many(event.thing.item for event, _ in rows)
        for event, envelope in rows:
            if envelope.sequence > known[event.thing.item].state.described:
                await self.item(event, envelope)

    async def patrons(self, rows: Sequence[tuple[PatronDescribed, int]]) -> None:
        """Takes descriptions of patrons; open loans carry what closing them will tell."""
        await self._store.people.describe(rows)
        newest = {event.patron: event for event, _ in rows}
        for item in await self._store.items.of_patrons(newest):
            if item.loan is not None:
                await self._refresh(item, newest[item.loan.patron])
        await self._store.history.forget(key for key, event in newest.items() if not event.history)

    async def _refresh(self, item: Item, event: PatronDescribed) -> None:
        if item.loan is None or _as_described(item.loan, event) == item.loan:
            return
        change = _only_the_loan(lambda loan: _as_described(loan, event), event.patron)
        await self._store.items.change(item.thing.item, change)

    async def remember(self, loan: LoanRemembered) -> None:
        """Stores an ended loan in the history of a patron who wants one still."""
        if await self._store.people.keeps_history(loan.patron):
            await self._store.history.remember(loan)


def _as_described(loan: Loan, event: PatronDescribed) -> Loan:
    born: date | None = event.born
    return replace(
        loan, patron_member=event.member, born=born, receipt=event.receipts, remembered=event.history,
        registered=event.staffless,
    )  # fmt: skip


def _only_the_loan(
    after: Callable[[Loan], Loan], patron: str
) -> Callable[[Stored[Item] | None], Change[Item, None]]:
    def decide(stored: Stored[Item] | None) -> Change[Item, None]:
        loan = stored.state.loan if stored else None
        if stored is None or loan is None or loan.patron != patron or after(loan) == loan:
            return Change(None)
        told = after(loan)
        kept = renewed(stored.state.kept, loan.id, registered=told.registered)
        return Change(None, replace(stored.state, loan=told, kept=kept))

    return decide
