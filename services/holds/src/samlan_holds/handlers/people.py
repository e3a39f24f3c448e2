"""What accounts, billing and catalog tell of patrons, debts, titles and branches."""

from __future__ import annotations

from samlan_contracts.event import Envelope
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached
from samlan_contracts.events.catalog import BranchDescribed, TitleDescribed
from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Cause

from samlan_holds.domain.changing import Wish, change
from samlan_holds.domain.model import HoldId
from samlan_holds.store.copies import Copies, money_fields, patron_fields, title_fields
from samlan_holds.store.holds import Holds
from samlan_holds.store.queues import Asks, Queues


class People:
    """Handles what is told of patrons, and of what surrounds them."""

    def __init__(self, queues: Queues, holds: Holds, copies: Copies) -> None:
        self._queues = queues
        self._holds = holds
        self._copies = copies

    async def described(self, event: PatronDescribed, envelope: Envelope) -> None:
        """Keeps a patron's standing; an erased patron leaves a tombstone and no hold."""
        if event.erased:
            await self._erase(event.patron, envelope)
        else:
            await self._copies.patrons.apply(event.patron, envelope.sequence, patron_fields(event))

    async def described_many(self, rows: list[tuple[PatronDescribed, Envelope]]) -> None:
        """Keeps many patrons' standing, from a snapshot."""
        await self._copies.patrons.apply_many(
            [
                (event.patron, envelope.sequence, patron_fields(event))
                for event, envelope in rows
                if not event.erased
            ]
        )
        for event, envelope in rows:
            if event.erased:
                await self._erase(event.patron, envelope)

    async def owes(self, event: DebtLimitReached | DebtLimitCleared, envelope: Envelope) -> None:
        """Keeps what a patron's debts stop."""
        await self._copies.money.apply(event.patron, envelope.sequence, money_fields(event))

    async def title(self, event: TitleDescribed, envelope: Envelope) -> None:
        """Keeps that a title is there."""
        await self._copies.titles.apply(event.title, envelope.sequence, title_fields(event))

    async def titles(self, rows: list[tuple[TitleDescribed, Envelope]]) -> None:
        """Keeps that many titles are there, from a snapshot."""
        await self._copies.titles.apply_many(
            [(event.title, envelope.sequence, title_fields(event)) for event, envelope in rows]
        )

    async def branch(self, event: BranchDescribed, envelope: Envelope) -> None:
        """Keeps a branch's calendar."""
        await self._copies.describe_branch(event, envelope.sequence)

    async def _erase(self, patron: str, envelope: Envelope) -> None:
        """Entombs the patron first, so that nothing is placed meanwhile, then ends and forgets every hold."""
        await self._copies.patrons.entomb(patron)
        await self._copies.money.entomb(patron)
        for row in await self._holds.of_patron(patron):
            hold = HoldId(row["_id"])
            wish = Wish(hold=hold, cancel=True)
            cause = Cause(derive("erased", envelope.id, hold), envelope.happened_at)
            await self._queues.decide(
                row["title"], cause, lambda queue, facts, wish=wish: change(queue, wish, facts),  # type: ignore[misc]
                asks=Asks(holds=(hold,)),
            )  # fmt: skip
            await self._holds.remove(hold)
