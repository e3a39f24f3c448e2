"""Who hands items in: a way to publish one return and to hear where the item belongs."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from samlan.sample.workload import PlannedReturn


@dataclass(frozen=True, slots=True)
class Answered:
    """What the device was told, and how long after the fact was on its way; no bin when nothing came."""

    bin: str
    reason: str | None
    reply_ms: float | None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A fact on its way: its id, when it set out, and its answer, to be awaited."""

    fact: str
    at: datetime
    answer: Awaitable[Answered]


class Hands(Protocol):
    """Publishes returns."""

    async def hand_in(self, planned: PlannedReturn) -> HandedIn:
        """Hands one item in; returns once nothing can lose the fact."""
        ...
