"""What accounts does by itself: ends temporary accounts (V04), hashes imported PINs, unhurried."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from samlan_plumbing.flow import Flow
from samlan_plumbing.jobs import SELDOM_SECONDS, Job

from samlan_accounts.handlers.patrons import ChangePatrons
from samlan_accounts.handlers.sessions import HashPins
from samlan_accounts.store.patrons import Patrons

EXPIRED_AT_ONCE: Final = 50
PINS_AT_ONCE: Final = 100  # a few seconds of work; finding them may read every PIN that waits
LOOK_AGAIN_SECONDS: Final = 10.0
RESTS_WHILE_BUSY: Final = 10


def temporary_accounts(patrons: Patrons, changes: ChangePatrons) -> Job:
    """Lets temporary accounts rest when their days are over."""

    async def run(now: datetime) -> int:
        return await changes.expire(now, EXPIRED_AT_ONCE)

    async def due(now: datetime) -> bool:
        return bool(await patrons.expired(now, 1))

    return Job(
        name="temporary_accounts", next_due=patrons.next_expiry, run=run, due=due, every=SELDOM_SECONDS
    )


class PinHashing:
    """The loop that hashes imported PINs with a share of one core, a tenth of it while messages come in.

    Two replicas halve the time, and a race of theirs is harmless."""

    def __init__(self, patrons: Patrons, hashes: HashPins, flow: Flow, *, share: float) -> None:
        self._patrons = patrons
        self._hashes = hashes
        self._flow = flow
        self._rest = 1 / share - 1  # seconds of rest for each second of work

    async def __call__(self) -> None:
        """Runs until it is cancelled."""
        while True:
            if not await self.round():
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def round(self) -> int:
        """Hashes some of the PINs that wait; answers how many."""
        waiting = await self._patrons.with_waiting_pins(PINS_AT_ONCE)
        for patron in waiting:
            await self._let_others_first(await self._hashes.of(patron) * self._rest)
        return len(waiting)

    async def _let_others_first(self, seconds: float) -> None:
        for _ in range(RESTS_WHILE_BUSY):
            consumed = self._flow.consumed
            await asyncio.sleep(seconds)
            if self._flow.consumed == consumed:
                return
