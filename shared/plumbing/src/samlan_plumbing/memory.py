"""What hardly ever changes, remembered by each replica for a while: branches, calendars, devices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
REMEMBERED_SECONDS: Final = 30.0  # machine time for which another replica may act on what is older
REMEMBERED_MOST: Final = 10_000


class Memory(Generic[T]):
    """Half a minute of memory by key; what is not there is looked up every time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, T]] = {}
        self._forgotten = 0

    async def get(self, key: str, read: Callable[[str], Awaitable[T | None]]) -> T | None:
        """What is known of a key, read again once it is old."""
        at, value = self._known.get(key, (0.0, None))
        if value is not None and self._monotonic() - at < REMEMBERED_SECONDS:
            return value
        forgotten = self._forgotten
        fresh = await read(key)
        if fresh is None or forgotten != self._forgotten:  # what was read may be older than the news
            self._known.pop(key, None)
            return fresh
        if len(self._known) >= REMEMBERED_MOST:
            self._known.clear()
        self._known[key] = (self._monotonic(), fresh)
        return fresh

    def forget(self, key: str) -> None:
        """Reads this key again next time."""
        self._forgotten += 1
        self._known.pop(key, None)
