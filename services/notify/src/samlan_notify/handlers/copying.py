"""Keeping copies: names of titles and branches, and of patrons only what a message's way needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samlan_contracts.event import Envelope
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import BranchDescribed, TitleDescribed
from samlan_plumbing.clocks import LibraryClock

from samlan_notify.domain.notice import forget
from samlan_notify.store import Known, Notices


class Copying:
    """Applies state events to the copies, and an erasure to everything."""

    def __init__(self, *, known: Known, notices: Notices, clock: LibraryClock) -> None:
        self._known = known
        self._notices = notices
        self._clock = clock

    async def patron(self, event: PatronDescribed, envelope: Envelope) -> None:
        """A patron changed; an erased one leaves a tombstone here and is in no notice any more."""
        if event.erased:
            await self._known.patrons.entomb(event.patron)
            await self._forget(event.patron)
            return
        await self._known.patrons.apply(event.patron, envelope.sequence, _patron(event))

    async def patrons(self, rows: Sequence[tuple[PatronDescribed, Envelope]]) -> None:
        """A batch of patrons as they stand."""
        for event, envelope in (row for row in rows if row[0].erased):
            await self.patron(event, envelope)
        kept = [(one.patron, told.sequence, _patron(one)) for one, told in rows if not one.erased]
        await self._known.patrons.apply_many(kept)

    async def title(self, event: TitleDescribed, envelope: Envelope) -> None:
        """A title got its name, another name, or is gone."""
        await self._known.titles.apply(event.title, envelope.sequence, _title(event))

    async def titles(self, rows: Sequence[tuple[TitleDescribed, Envelope]]) -> None:
        """A batch of titles as they stand."""
        await self._known.titles.apply_many([(one.title, told.sequence, _title(one)) for one, told in rows])

    async def branch(self, event: BranchDescribed, envelope: Envelope) -> None:
        """A branch got its name and zone, or others."""
        await self._known.branches.apply(event.branch, envelope.sequence, _branch(event))

    async def branches(self, rows: Sequence[tuple[BranchDescribed, Envelope]]) -> None:
        """A batch of branches as they stand."""
        await self._known.branches.apply_many(
            [(one.branch, told.sequence, _branch(one)) for one, told in rows]
        )

    async def _forget(self, patron: str) -> None:
        for key in await self._notices.ids_of_patron(patron):
            await self._notices.change(key, lambda one: forget(one, at=self._clock.now()))


def _patron(event: PatronDescribed) -> dict[str, Any]:
    return {
        "member": event.member,
        "born": event.born.isoformat() if event.born else None,
        "guardian": event.guardian,
        "shielded": event.shielded,
    }


def _title(event: TitleDescribed) -> dict[str, Any]:
    return {"name": None if event.removed else event.name, "removed": event.removed}


def _branch(event: BranchDescribed) -> dict[str, Any]:
    return {"name": event.name, "timezone": event.timezone}
