"""From decisions to documents: what a decision tells, as the plumbing stores and sends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from samlan_contracts.event import Event
from samlan_contracts.events.circulation import LoanRemembered
from samlan_plumbing.documents import Change
from samlan_plumbing.outbox import Tell

from samlan_circulation.domain.model import Item
from samlan_circulation.domain.outcomes import Decided

T = TypeVar("T")


def change_of(decided: Decided[T], barcode: str, *, cause: str, happened_at: datetime) -> Change[Item, T]:
    """A decision on an item as a change of its document."""
    tells = tells_of(decided.events, barcode, cause=cause, happened_at=happened_at)
    return Change(decided.outcome, decided.state, tell=tells)


def tells_of(events: Sequence[Event], barcode: str, *, cause: str, happened_at: datetime) -> tuple[Tell, ...]:
    """Events of one decision in order, each under an id that follows from its cause."""
    return tuple(
        Tell(
            event=event,
            subject=_subject(event, barcode),
            cause=cause,
            happened_at=happened_at,
            position=place,
        )
        for place, event in enumerate(events)
    )


def _subject(event: Event, barcode: str) -> str:
    return f"loan/{event.loan}" if isinstance(event, LoanRemembered) else item_subject(barcode)


def item_subject(barcode: Any) -> str:
    """The subject of an item's events."""
    return f"item/{barcode}"
