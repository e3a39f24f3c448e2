"""How many returns may be on their way at once: as many as are still answered in good time.

One at a time would leave a fast machine idle, a fixed number would have a slow one tell kiosks to wait. So
the number grows by one a round as long as answers come well before a sorter loses patience, and shrinks
when they do not. More at once is less work for each: what waits together is read and written together.
"""

from __future__ import annotations

import asyncio
from typing import Final

FIRST: Final = 8  # measured: two slow cores answer so many well within their patience
FEWEST: Final = 4  # so that a machine that stood still for a moment gets under way again
MOST: Final = 32  # a slow moment tells all of them to wait
GOOD_MS: Final = 380.0  # measured: as few kiosks are told to wait as with 280, and less stands idle (0054)
WEIGHT: Final = 1 / 16  # of the newest answer in the mean
LESS: Final = 0.98  # by each slow answer: a round of them takes away a sixth of eight


class Pace:
    """Lets returns begin while there is room, and hears how long each took to be answered."""

    def __init__(self) -> None:
        self.room = float(FIRST)
        self._on_their_way = 0
        self._mean_ms = 0.0
        self._freed = asyncio.Event()

    async def begin(self) -> None:
        """Returns when one more may be on its way."""
        while self._on_their_way >= int(self.room):
            self._freed.clear()
            await self._freed.wait()
        self._on_their_way += 1

    def answered(self, reply_ms: float | None) -> None:
        """One was answered after so many milliseconds; None where its kiosk was told to wait."""
        self._on_their_way -= 1
        slow = reply_ms is None
        self._mean_ms += ((2 * GOOD_MS if reply_ms is None else reply_ms) - self._mean_ms) * WEIGHT
        if slow or self._mean_ms > GOOD_MS:
            self.room = max(self.room * LESS, FEWEST)
        else:
            self.room = min(self.room + 1 / self.room, MOST)
        self._freed.set()
