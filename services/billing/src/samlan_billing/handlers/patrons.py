"""What accounts tells of patrons and catalog of branches, kept as copies; a ledger follows its patron."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from samlan_contracts.event import Envelope
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import BranchDescribed
from samlan_plumbing.outbox import Cause

from samlan_billing.domain.importing import born_of
from samlan_billing.domain.ledger import Booked, Known, Ledger
from samlan_billing.domain.standing import judged
from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.store.coding import Fields


class Patrons:
    """Copies of patrons, and their ledgers' standing when a copy changes."""

    def __init__(self, bookkeeper: Bookkeeper) -> None:
        self._bookkeeper = bookkeeper
        self._copies = bookkeeper.store.patrons

    async def patron_described(self, event: PatronDescribed, envelope: Envelope) -> None:
        """Keeps the copy, and judges the debts again by the age and the book it gives."""
        if event.erased:
            await self._copies.entomb(event.patron)
        else:
            await self._copies.apply(event.patron, envelope.sequence, _fields(event))
        await self._follow(event.patron, Cause.of(envelope))

    async def patrons_described(self, rows: Sequence[tuple[PatronDescribed, Envelope]]) -> None:
        """Keeps a snapshot's copies; only ledgers there are already follow."""
        living = [(event.patron, one.sequence, _fields(event)) for event, one in rows if not event.erased]
        await self._copies.apply_many(living)
        kept = await self._bookkeeper.store.ledgers_that_exist(event.patron for event, _ in rows)
        for event, envelope in rows:
            if event.erased:
                await self.patron_described(event, envelope)
            elif event.patron in kept:
                await self._follow(event.patron, Cause.of(envelope))

    async def _follow(self, patron: str, cause: Cause) -> None:
        """Until the ledger was judged by the copy that stands: two replicas may bring two of them."""
        judged_by: int | None = None
        while (copy := await self._copies.read(patron)) and copy["sequence"] != judged_by:
            judged_by = copy["sequence"]
            if copy.get("removed"):
                await self._bury(patron, cause)
            elif not await self._judge(patron, copy, cause):
                return

    async def _judge(self, patron: str, copy: Fields, cause: Cause) -> bool:
        def decide(ledger: Ledger, known: Known) -> tuple[bool, Booked | None]:
            now_known = replace(ledger, member=copy["member"], born=born_of(copy))
            booked = judged(now_known, self._bookkeeper.books, self._bookkeeper.clock.now())
            changed = bool(ledger.fees or ledger.moved) and booked.ledger != ledger
            return changed, booked if changed else None

        return await self._bookkeeper.book(patron, (), decide, cause)

    async def _bury(self, patron: str, cause: Cause) -> None:
        """Leaves a tombstone for a ledger, and of its settled fees only amount, kind and date."""

        def decide(ledger: Ledger, known: Known) -> tuple[None, Booked | None]:
            grave = Ledger(patron=patron, moved=ledger.moved, erased=True)
            return None, None if ledger.erased else Booked(grave)

        await self._bookkeeper.book(patron, (), decide, cause)
        settled = self._bookkeeper.store.settled
        for found in await settled.of_erased(patron):
            await settled.strip(found)


class BranchCopies:
    """Copies of branches, for their calendars."""

    def __init__(self, bookkeeper: Bookkeeper) -> None:
        self._branches = bookkeeper.store.branches

    async def branch_described(self, event: BranchDescribed, envelope: Envelope) -> None:
        """Keeps the copy."""
        await self._branches.describe(event.branch, envelope.sequence, event.model_dump(mode="json"))

    async def branches_described(self, rows: Sequence[tuple[BranchDescribed, Envelope]]) -> None:
        """Keeps a snapshot's copies."""
        await self._branches.describe_many(
            [(event.branch, one.sequence, event.model_dump(mode="json")) for event, one in rows]
        )


def _fields(event: PatronDescribed) -> dict[str, Any]:
    born = event.born.isoformat() if event.born else None
    return {"member": event.member, "born": born, "guardian": event.guardian}
