"""The kiosks of the branches: the edge's own client, each with its durable store on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from samlan_kiosk.app import Kiosk
from samlan_kiosk.domain.facts import Recorded

from samlan.playing.hands import Answered, HandedIn
from samlan.sample.workload import PlannedReturn

PATIENCE_SECONDS: Final = 10.0  # an answer that is late is still an answer, and its lateness is the figure
OPENED_AT_ONCE: Final = 16  # a broker greets so many at a time without keeping the others waiting


class Kiosks:
    """A kiosk for each device of `places`, with its branch, while the block runs."""

    def __init__(self, stores: Path, urls: Mapping[str, str], places: Mapping[str, str]) -> None:
        self._stores = stores
        self._urls = urls
        self._places = places
        self._kiosks: dict[str, Kiosk] = {}
        self._opening: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begins to open every kiosk's store and to connect it; nobody is waited for."""
        self._stores.mkdir(parents=True, exist_ok=True)
        limit = asyncio.Semaphore(OPENED_AT_ONCE)
        self._opening = [asyncio.create_task(self._open(device, limit)) for device in self._places]
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Closes every kiosk; what was not sent stays in its store."""
        for one in self._opening:
            one.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        await asyncio.gather(*(kiosk.__aexit__(None, None, None) for kiosk in self._kiosks.values()))

    async def connected(self) -> None:
        """Returns when all of them are."""
        await asyncio.gather(*self._opening)

    async def hand_in(self, planned: PlannedReturn) -> HandedIn:
        """Hands one item in; the fact is on the kiosk's disk when this returns."""
        kiosk = self._kiosks[planned.device]
        fact = await kiosk.item_returned(planned.item)
        return HandedIn(fact.id, datetime.now(UTC), self._answer(kiosk, fact, time.perf_counter()))

    async def _answer(self, kiosk: Kiosk, fact: Recorded, started: float) -> Answered:
        answer = await kiosk.answer(fact, limit_seconds=PATIENCE_SECONDS)
        heard = bool(answer.slip)  # whatever was answered comes with lines to print
        elapsed_ms = (time.perf_counter() - started) * 1000
        return Answered(answer.bin, answer.reason, elapsed_ms if heard else None)

    async def _open(self, device: str, limit: asyncio.Semaphore) -> None:
        member, _, branch = self._places[device].partition("/")
        kiosk = Kiosk(self._stores / f"{device}.db", self._urls[device], member, branch, device)
        async with limit:
            self._kiosks[device] = await kiosk.__aenter__()
            while not kiosk.connected:
                await asyncio.sleep(0.01)
