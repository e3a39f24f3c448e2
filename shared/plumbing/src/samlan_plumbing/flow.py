"""What a service has in hand, counted, so that an operator can tell quiet from busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@dataclass(slots=True)
class Flow:
    """Counts of one process: messages told and consumed, what is in hand now, and what left for the ladder.

    A message that was put back (retried, dead, replayed) and has not come back is between two queues for a
    moment, where no count of a queue sees it.
    """

    told: int = 0
    consumed: int = 0
    in_hand: int = 0
    put_back: int = 0
    came_back: int = 0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Counts a piece of work as in hand until it ends, and as consumed when it did not fail."""
        with self.holding():
            yield
            self.consumed += 1

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Counts something as in hand until it ends."""
        self.in_hand += 1
        try:
            yield
        finally:
            self.in_hand -= 1


class Metrics:
    """The service's counters for Prometheus; labels hold event types and queues, never a subject."""

    def __init__(self, service: str, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.registry = registry
        self._told = Counter(
            "samlan_events_told", "Events confirmed by the broker", ["type"], registry=registry
        )
        self._handled = Counter(
            "samlan_messages_handled",
            "Messages by end: done, retried, dead",
            ["type", "end"],
            registry=registry,
        )
        self._seconds = Histogram(
            "samlan_handling_seconds", "Time to handle a message", ["type"], registry=registry
        )
        self.outbox_age = Gauge(
            "samlan_outbox_oldest_seconds", "Age of the oldest entry swept", registry=registry
        )
        self.service = service

    def told(self, kind: str) -> None:
        """Counts one confirmed event."""
        self._told.labels(kind).inc()

    def handled(self, kind: str, end: str, seconds: float) -> None:
        """Counts one message and how it ended."""
        self._handled.labels(kind, end).inc()
        self._seconds.labels(kind).observe(seconds)
