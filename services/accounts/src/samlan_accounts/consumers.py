"""The events accounts reads: what billing says a debt stops."""

from __future__ import annotations

from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached
from samlan_plumbing.consuming import EventDoor

from samlan_accounts.handlers.patrons import ChangePatrons


def door(changes: ChangePatrons) -> EventDoor:
    """Each event with its handler."""
    events = EventDoor()
    events.on(DebtLimitReached)(changes.owes)
    events.on(DebtLimitCleared)(changes.owes)
    return events
