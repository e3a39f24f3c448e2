"""One telling of a load: the same stories, by a cast of its own, with or without a nemesis."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

from samlan_kiosk.app import Kiosk

from .cast import MEMBERS, Cast, Row
from .hands import Hands
from .stories import Story
from .town import Town

AT_ONCE: Final = 12


class Telling:
    """What was done and said so far; `steps` grows with each, for a nemesis to go by."""

    def __init__(self, town: Town, cast: Cast, stories: Sequence[Story]) -> None:
        self.town = town
        self.cast = cast
        self.stories = stories
        self.kiosks: dict[str, Kiosk] = {}
        self.sequences = itertools.count(1)
        self.steps = 0
        self.told = 0
        self.waits: dict[int, str] = {}
        self.said: list[str] = []
        self.facts: dict[str, str] = {}
        self.times: dict[datetime, str] = {}

    @property
    def done(self) -> bool:
        """Whether every story has ended."""
        return self.told == len(self.stories)

    def played(self, steps: int) -> float:
        """How much of the load is behind us: half of it are `steps`, half are stories that ended."""
        return (min(self.steps / steps, 1.0) + self.told / len(self.stories)) / 2

    async def tell(self) -> None:
        """Tells all stories, several at a time; returns when each has ended and every kiosk was heard."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(story: Story) -> None:
            async with turn:
                await story.tell(Hands(self, story.number))
            self.told += 1
            self.waits[story.number] = "told"

        async with self.open_kiosks():
            async with asyncio.TaskGroup() as group:
                for story in self.stories:
                    group.create_task(one(story))
            for kiosk in self.kiosks.values():
                while await kiosk.waiting():
                    await asyncio.sleep(0.05)

    @asynccontextmanager
    async def open_kiosks(self) -> AsyncIterator[None]:
        """Opens this telling's kiosks, each with its durable store, while the block runs."""
        stores = self.town.data / "kiosks"
        stores.mkdir(exist_ok=True)
        async with AsyncExitStack() as stack:
            for place, member in MEMBERS.items():
                device = self.cast.device(place)
                branch = self.cast.place(place).partition("/")[2]
                url = self.town.addresses.devices[device]
                kiosk = Kiosk(stores / f"{device}.db", url, member, branch, device)
                self.kiosks[place] = await stack.enter_async_context(kiosk)
            yield


def files(casts: Iterable[tuple[Cast, Sequence[Story]]]) -> dict[str, list[Row]]:
    """The rows of several casts, as one import."""
    made: dict[str, list[Row]] = {}
    for cast, stories in casts:
        for rows in (cast.surroundings(), *(story.rows(cast).rows for story in stories)):
            for name, more in rows.items():
                made.setdefault(name, []).extend(more)
    return made
