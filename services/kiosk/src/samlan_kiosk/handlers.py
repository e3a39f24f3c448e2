"""Recording what happened, uploading it in order, and handing answers to who waits for them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from samlan_plumbing.seams import reach

from samlan_kiosk.clients import Cut, Line
from samlan_kiosk.domain.facts import Answer, Event, Recorded
from samlan_kiosk.store import FactStore

T = TypeVar("T")
PIPELINE: Final = 50  # facts on the wire at once
PAUSES_SECONDS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
KEPT_ANSWERS: Final = 1000


class Journal:
    """The store, reached from the event loop: one thread, so one write at a time."""

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kiosk-store")
        self.news = asyncio.Event()
        self.sent = 0

    async def record(self, event: Event, scan: str | None) -> Recorded:
        """Stores an event; once this returns, nothing loses it."""
        await reach("kiosk", "before-record")
        recorded = await self._run(partial(self._store.record, event, scan=scan))
        self.news.set()
        await reach("kiosk", "after-record")
        return recorded

    async def upload(self, line: Line) -> bool:
        """Sends the oldest facts once; False when there is nothing to send. `Cut` when not all went."""
        facts = await self._run(partial(self._store.unsent, PIPELINE))
        if not facts:
            return False
        confirmed = await line.send(facts)
        if confirmed:
            await reach("kiosk", "before-mark")
            await self._run(partial(self._store.mark_sent, confirmed))
            self.sent += len(confirmed)
            await reach("kiosk", "after-mark")
        if len(confirmed) < len(facts):
            raise Cut
        return True

    async def waiting(self) -> int:
        """How many facts the broker has not confirmed."""
        return await self._run(self._store.waiting)

    async def close(self) -> None:
        """Finishes the write in hand and closes the store."""
        await self._run(self._store.close)
        self._thread.shutdown()

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


class Answers:
    """Answers by fact, for whoever asks first: the question or the answer."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, asyncio.Future[Answer]] = OrderedDict()

    def hear(self, fact: str, answer: Answer) -> None:
        """An answer came; the first one stands."""
        waiting = self._of(fact)
        if not waiting.done():
            waiting.set_result(answer)

    async def to(self, fact: str, limit_seconds: float) -> Answer | None:
        """The answer to a fact, or None when it did not come in time."""
        try:
            async with asyncio.timeout(limit_seconds):
                return await asyncio.shield(self._of(fact))
        except TimeoutError:
            return None

    def _of(self, fact: str) -> asyncio.Future[Answer]:
        if fact not in self._heard:
            self._heard[fact] = asyncio.get_running_loop().create_future()
            if len(self._heard) > KEPT_ANSWERS:
                self._heard.popitem(last=False)
        return self._heard[fact]


async def upload_for_ever(journal: Journal, line: Line) -> None:
    """Connects, uploads what waits in order, then what comes; after any trouble again, a little later."""
    failures = 0
    while True:
        sent = journal.sent
        with suppress(Cut):
            await line.open()
            await _upload(journal, line)
        await line.close()
        failures = 0 if journal.sent > sent else failures + 1
        await asyncio.sleep(PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)])


async def _upload(journal: Journal, line: Line) -> None:
    gone = asyncio.create_task(line.gone.wait())
    try:
        while not gone.done():
            journal.news.clear()
            while await journal.upload(line):
                pass
            news = asyncio.create_task(journal.news.wait())
            try:
                await asyncio.wait((news, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
    finally:
        gone.cancel()
