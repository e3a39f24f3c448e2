"""When a return is worth telling: once all that it set off is known, or once it has been silent for a while.

Whether a fee follows is known to billing alone, so a return is told when nothing more of it has come for a
moment and no message it owes is still to go out. What comes later still tells it once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from samlan.playing.effects import Return

HUSH_SECONDS: Final = 0.4


class Stories:
    """The returns that were heard of and not told yet, the one silent longest first."""

    def __init__(self) -> None:
        self._heard: dict[str, tuple[float, Return]] = {}
        self._told: dict[str, tuple[Any, ...]] = {}

    @property
    def told(self) -> int:
        """How many returns were told."""
        return len(self._told)

    def hear(self, one: Return, now: float) -> None:
        """Something of a return became known."""
        self._heard.pop(one.fact, None)
        self._heard[one.fact] = (now, one)

    def ripe(self, now: float) -> Iterator[Return]:
        """The returns to be told now."""
        for fact, (at, one) in list(self._heard.items()):
            if now - at < HUSH_SECONDS:
                return
            if one.settled:
                del self._heard[fact]
                yield from self._tell(one)

    def rest(self) -> Iterator[Return]:
        """All that is left, when nothing more is to come."""
        left, self._heard = self._heard, {}
        for _, one in left.values():
            yield from self._tell(one)

    def _tell(self, one: Return) -> Iterator[Return]:
        known = (one.bin, tuple(one.ready), tuple(one.fees), tuple(one.notices))
        if self._told.get(one.fact) != known:
            self._told[one.fact] = known
            yield one
