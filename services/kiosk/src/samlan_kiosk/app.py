"""A device's program: records what happened, and learns where each item belongs.

::

    async with Kiosk(Path("lerum-1.db"), "amqp://…", "vast", "lerum", "lerum-1") as kiosk:
        fact = await kiosk.item_returned("35177001234567")
        answer = await kiosk.answer(fact)      # bin, branch, borrower id, lines of the slip
"""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from samlan_kiosk.clients import Line
from samlan_kiosk.domain import facts
from samlan_kiosk.domain.facts import Answer, Event, Mode, Origin, Recorded, mode_of
from samlan_kiosk.handlers import Answers, Journal, upload_for_ever
from samlan_kiosk.store import FactStore

ANSWER_SECONDS: Final = 0.9  # circulation answers within 0.7 of taking the fact; a sorter gives up after one


class Kiosk:
    """One device at one branch: what it records is never lost, and never said under two ids.

    `record` and the four facts return once the fact is on the disk, connected or not; the broker gets it in
    order as soon as it can be reached, after a restart as well. `scan` is the device's own name for a
    physical event: a program that is killed and says the event again gets the fact it made before."""

    def __init__(
        self, store: Path, amqp: str, member: str, branch: str, device: str, *, mode: Mode = "kiosk"
    ) -> None:
        self._origin = Origin(member, branch, device)
        self._path = store
        self._mode = mode
        self._answers = Answers()
        self._line = Line(url=amqp, origin=self._origin, hear=self._answers.hear)
        self._journal: Journal | None = None
        self._uploading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Opens the store and begins to upload; needs no network."""
        self._journal = Journal(await asyncio.to_thread(FactStore, self._path, self._origin))
        self._uploading = asyncio.create_task(upload_for_ever(self._journal, self._line))
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Stops; what was not sent is sent next time."""
        if self._uploading is not None:
            self._uploading.cancel()
            await asyncio.gather(self._uploading, return_exceptions=True)
        await self._line.close()
        await self._open.close()

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached, as far as is known."""
        return self._line.up

    async def item_returned(
        self,
        item: str,
        *,
        happened_at: datetime | None = None,
        mode: Mode | None = None,
        scan: str | None = None,
    ) -> Recorded:
        """An item was handed in."""
        event = facts.item_returned(item, happened_at=_or_now(happened_at), mode=self._mode_now(mode))
        return await self.record(event, scan=scan)

    async def item_borrowed_offline(
        self, item: str, *, card: str, due: date, happened_at: datetime | None = None, scan: str | None = None
    ) -> Recorded:
        """An item was lent while nobody could be asked; the printed due date stands."""
        event = facts.item_borrowed_offline(item, card=card, due=due, happened_at=_or_now(happened_at))
        return await self.record(event, scan=scan)

    async def door_entered(
        self, card: str, *, happened_at: datetime | None = None, scan: str | None = None
    ) -> Recorded:
        """Somebody came in with a card."""
        event = facts.door_entered(card, happened_at=_or_now(happened_at), mode=self._mode_now(None))
        return await self.record(event, scan=scan)

    async def device_seen(self) -> Recorded:
        """The device is alive."""
        return await self.record(facts.device_seen(happened_at=_or_now(None), mode=self._mode_now(None)))

    async def record(self, event: Event, *, scan: str | None = None) -> Recorded:
        """Records an event durably; returns the id under which it is known for ever."""
        return await self._open.record(event, scan)

    async def answer(self, fact: Recorded, *, limit_seconds: float = ANSWER_SECONDS) -> Answer:
        """Where the item belongs; the exception bin when nobody says so in time."""
        answer = await self._answers.to(fact.id, limit_seconds)
        return answer or Answer(bin="exception", reason="routing_pending" if self.connected else "offline")

    async def waiting(self) -> int:
        """How many facts the broker has not confirmed yet."""
        return await self._open.waiting()

    @property
    def _open(self) -> Journal:
        if self._journal is None:
            raise RuntimeError("the kiosk is not open: use it as `async with Kiosk(…) as kiosk`")
        return self._journal

    def _mode_now(self, mode: Mode | None) -> Mode:
        return mode_of(mode or self._mode, connected=not self._line.cut_off)


def _or_now(happened_at: datetime | None) -> datetime:
    return happened_at or datetime.now(UTC)
