"""What falls due by itself: settled fees leave, their particulars go in time, birthdays and new
rules change standing."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Cause

from samlan_billing.domain.invoicing import collect, due_for_collection
from samlan_billing.domain.ledger import Booked, Known, Ledger
from samlan_billing.domain.standing import judged
from samlan_billing.handlers.bookkeeper import Bookkeeper

BATCH: Final = 100  # documents of one turn: a few hundred milliseconds of writes


class Settling:
    """The work of billing's jobs, each step guarded, so that any replica may do it, and twice."""

    def __init__(self, bookkeeper: Bookkeeper) -> None:
        self._bookkeeper = bookkeeper
        self._store = bookkeeper.store
        self._books_compared = False

    async def next_edition(self) -> datetime | None:
        """Now, when this process came with other books than the blocks were judged by."""
        if self._books_compared:
            return None
        self._books_compared = await self._store.editions_judged_by() == self._editions()
        return None if self._books_compared else self._bookkeeper.clock.now()

    async def judge_by_new_books(self, now: datetime) -> int:
        """Has every standing reviewed, once per process: replicas of a roll-out have different books."""
        await self._store.judge_all(self._editions(), now)
        self._books_compared = True
        return 1

    def _editions(self) -> dict[str, str]:
        books = self._bookkeeper.books
        return {member: books.book(member).version for member in books.members}

    async def next_move(self) -> datetime | None:
        """Now, when a crash left settled fees in a ledger."""
        return self._bookkeeper.clock.now() if await self._store.ledgers_to_move(1) else None

    async def move(self, now: datetime) -> int:
        """Moves the settled fees that a crash left in their ledgers."""
        return sum(
            [await self._bookkeeper.move_settled(one) for one in await self._store.ledgers_to_move(BATCH)]
        )

    async def next_strip(self) -> datetime | None:
        """When the next settled fee's particulars have been kept long enough (K51)."""
        return await self._store.settled.next_strip()

    async def strips(self, now: datetime) -> bool:
        """Whether particulars have been kept long enough."""
        return bool(await self._store.settled.to_strip(now, 1))

    async def strip(self, now: datetime) -> int:
        """Leaves of fees settled long ago only amount, kind and date."""
        due = await self._store.settled.to_strip(now, BATCH)
        for found in due:
            await self._store.settled.strip(found)
        return len(due)

    async def next_collection(self) -> datetime | None:
        """When the next unpaid invoice goes to collection (K33)."""
        return await self._store.next_collection(self._bookkeeper.clock.now())

    async def collection_due(self, now: datetime) -> bool:
        """Whether any unpaid invoice goes to collection."""
        return bool(await self._store.ledgers_to_collect(now, 1))

    async def collect(self, now: datetime) -> int:
        """Sends unpaid invoices to collection, each in a commit of its own."""
        due = await self._store.ledgers_to_collect(now, BATCH)
        for patron in due:
            await self._collect(patron, now)
        return len(due)

    async def _collect(self, patron: str, now: datetime) -> None:
        stored = await self._store.ledgers.read(patron)
        due = due_for_collection(stored.state, now) if stored else []
        for invoice, at in {one.invoice or "": one.collect_at or now for one in due}.items():
            cause = Cause(derive("collection", patron, invoice), at)
            await self._bookkeeper.book(patron, (), partial(self._collected, invoice, now), cause)

    def _collected(
        self, invoice: str, now: datetime, ledger: Ledger, known: Known
    ) -> tuple[None, Booked | None]:
        return None, collect(ledger, invoice, self._bookkeeper.books, now)

    async def next_review(self) -> datetime | None:
        """When a birthday (O31) or a coming rule next changes what a debt stops."""
        return await self._store.next_review()

    async def reviews(self, now: datetime) -> bool:
        """Whether somebody's debts stop something else from now on."""
        return bool(await self._store.ledgers_to_review(now, 1))

    async def review(self, now: datetime) -> int:
        """Judges the debts of those for whom a birthday or a new rule changes what they stop."""
        due = await self._store.ledgers_to_review(now, BATCH)
        for patron in due:
            await self._judge(patron, now)
        return len(due)

    async def _judge(self, patron: str, now: datetime) -> None:
        def decide(ledger: Ledger, known: Known) -> tuple[None, Booked | None]:
            booked = judged(ledger, self._bookkeeper.books, now)
            return None, booked if booked.ledger != ledger else None

        cause = Cause(derive("review", patron, now.isoformat()), now)
        await self._bookkeeper.book(patron, (), decide, cause)
