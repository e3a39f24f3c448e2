"""Loans that come to a stage: claimed by the instant it falls due, on any replica."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from samlan_contracts.events.circulation import LoanStageReached
from samlan_contracts.policy import BranchCalendar
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.ids import derive
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.model import Item
from samlan_circulation.domain.staging import reach
from samlan_circulation.handlers.telling import change_of
from samlan_circulation.store import Store

BATCH: Final = 50  # loans at once: their guarded writes travel together


class Stages:
    """Brings loans to their stages; of several replicas at one loan, its document lets one tell."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._resources = resources

    async def next_due(self) -> datetime | None:
        """When the next loan comes to a stage; now, where one is due already."""
        return await self._store.items.next_stage(self._resources.library_clock.now())

    async def is_due(self, now: datetime) -> bool:
        """Whether any loan has come to a stage."""
        return bool(await self._store.items.due_stages(now, 1))

    async def run(self, now: datetime) -> int:
        """Brings a batch of loans to the stage that is due, one stage each."""
        due = await self._store.items.due_stages(now, BATCH)
        await asyncio.gather(*(self._reach(barcode, branch, now) for barcode, branch in due))
        return len(due)

    async def _reach(self, barcode: str, branch: str, now: datetime) -> bool:
        books, calendar = self._resources.books, await self._calendar(branch)

        def decide(stored: Stored[Item] | None) -> Change[Item, bool]:
            if stored is None or stored.state.loan is None or stored.state.loan.branch != branch:
                return Change(False)
            decided = reach(stored.state, books, calendar, now)
            at = stored.state.loan.next_at or now
            return change_of(decided, barcode, cause=_cause(decided.events), happened_at=at)

        return await self._store.items.change(barcode, decide)

    async def _calendar(self, branch: str) -> BranchCalendar:
        """The lending branch's calendar; a branch that nobody has described since keeps no loan waiting."""
        found = await self._store.places.branch(branch)
        return found.calendar if found else BranchCalendar(branch=branch, zone=ZoneInfo("UTC"))


def _cause(events: tuple[object, ...]) -> str:
    """What sets a stage off is its day: the same loan, stage and due date, whoever finds it."""
    told = next((one for one in events if isinstance(one, LoanStageReached)), None)
    return derive("stage", told.loan, told.stage, told.due.isoformat()) if told else ""
