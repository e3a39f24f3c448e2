"""What a watcher of the flow may see of an event: what happened to which item, hold or fee; never to whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from samlan_contracts.event import Event
from samlan_contracts.events import billing, circulation, holds, notify

JOURNEY: Final[tuple[type[Event], ...]] = (
    circulation.ItemReturned, circulation.ItemBorrowed, circulation.ItemShelved, circulation.LoanRenewed,
    circulation.RoutingRefused, holds.ItemRouted, holds.HoldPlaced, holds.HoldReady, holds.HoldExpired,
    holds.HoldCancelled, holds.HoldCollected, billing.FeeCharged, billing.FeeCorrected, billing.FeePaid,
    notify.NoticeSent, notify.NoticeFailed,
)  # fmt: skip
OUTSIDE: Final = ("id", "type", "version", "happened_at", "recorded_at", "cause", "sequence")
INSIDE: Final = (
    "fact", "branch", "mode", "returned_at", "was", "route", "item", "title", "due", "renewals", "answers",
    "to", "hold", "pickup", "allotment", "ready_until", "channel", "why", "fee", "member", "kind",
    "amount_minor", "currency", "loan", "notice", "causes", "reason", "correction", "payment",
)  # fmt: skip


def seen(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """An event without its patron: the subject may be a patron's ledger, so it stays out as well."""
    data = envelope.get("data") or {}
    inside = {name: _plain(data[name]) for name in INSIDE if name in data}
    thing = data.get("thing") or {}
    inside |= {name: thing[name] for name in ("item", "title", "home", "material") if name in thing}
    return {**{name: envelope.get(name) for name in OUTSIDE}, "data": inside}


def _plain(value: Any) -> Any:
    """A part that has parts of its own (a loan, a hold) is named by its id alone."""
    if isinstance(value, Mapping):
        return value.get("hold") or value.get("loan") or value.get("title")
    return value
