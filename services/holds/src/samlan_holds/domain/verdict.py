"""What a decision returns: its outcome, the queue as it becomes, and the events that tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from samlan_contracts.event import Event
from samlan_contracts.events.holds import ItemRouted, QueueChanged

from samlan_holds.domain.model import Queue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict(Generic[T]):
    """A decision's value. Without a queue nothing is written and nothing told."""

    outcome: T
    queue: Queue | None = None
    events: tuple[Event, ...] = ()


def changed(outcome: T, before: Queue, after: Queue, *events: Event) -> Verdict[T]:
    """The verdict that tells these events, and how many wait now if that changed.

    The length rides along with a routing where there is one, so that a return tells one event."""
    was, now = before.length(), after.length()
    if (was.waiting, was.patrons) == (now.waiting, now.patrons):
        return Verdict(outcome, after, events)
    for place, event in enumerate(events):
        if isinstance(event, ItemRouted):
            routed = event.model_copy(update={"queue": now})
            return Verdict(outcome, after, (*events[:place], routed, *events[place + 1 :]))
    return Verdict(outcome, after, (*events, QueueChanged(queue=now)))
