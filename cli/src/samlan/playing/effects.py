"""What each return set off, folded from the events as they pass, in whatever order they come.

A return is followed by causes: its fact, the events that name it, the events that those set off. An event
whose cause is not known yet waits for it; what no return of ours set off changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal

from samlan.sample.workload import PlannedReturn

Envelope = dict[str, Any]
Bin = Literal["shelf", "transit", "home", "exception"]
ANSWERED_LATE: Final = ("routing_pending", "offline")  # no exception of the fact: it stands, and is routed


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee that a return was charged."""

    event: str
    amount_minor: int
    currency: str
    member: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that a return set off, alone or with others; without a channel it could not be sent."""

    id: str
    kind: str
    channel: str | None
    reason: str | None = None


@dataclass(slots=True)
class Return:
    """One return as far as it is known what came of it."""

    planned: PlannedReturn
    fact: str
    at: datetime
    reply_ms: float | None = None
    refused: str | None = None
    material: str = ""
    was: str = ""
    due: date | None = None
    routed_to: str | None = None
    goes_to: str | None = None
    for_hold: bool = False
    borrower_id: str | None = None
    ready: list[str] = field(default_factory=list)
    fees: list[Fee] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    awaiting: set[str] = field(default_factory=set)

    @property
    def bin(self) -> Bin | None:
        """Where the item went; None while nobody has said."""
        if self.refused:
            return "exception"
        if self.goes_to is None:
            return None
        if self.goes_to != self.planned.branch and self.routed_to != "stays":
            return "transit"
        return "shelf" if self.for_hold else "home"

    @property
    def hold_ready(self) -> bool:
        """Whether a patron can collect the item."""
        return bool(self.ready)

    @property
    def settled(self) -> bool:
        """Whether all that can be foreseen has come: a bin, the hold it serves, and the notices it owes."""
        routed = self.bin is not None and (self.bin != "shelf" or self.hold_ready)
        return routed and not self.awaiting


class Effects:
    """The returns of a run by their facts."""

    def __init__(self) -> None:
        self.returns: dict[str, Return] = {}
        self._by_cause: dict[str, Return] = {}
        self._early: defaultdict[str, list[Envelope]] = defaultdict(list)

    def begin(self, planned: PlannedReturn, fact: str, at: datetime) -> Return:
        """Follows a return from now on."""
        started = self.returns[fact] = Return(planned, fact, at)
        self._known(fact, started)
        return started

    def hear(self, envelope: Envelope) -> list[Return]:
        """Takes an event; the returns of which it told something."""
        if fold := FOLDS.get(envelope["type"]):
            causes = list(_causes(envelope))
            concerned = {id(one): one for cause in causes if (one := self._by_cause.get(cause))}
            if not concerned:
                for cause in causes:
                    self._early[cause].append(envelope)
            for one in concerned.values():
                fold(one, envelope["data"], envelope["id"])
                self._known(envelope["id"], one)
            return list(concerned.values())
        return []

    def _known(self, cause: str, one: Return) -> None:
        self._by_cause[cause] = one
        for envelope in self._early.pop(cause, ()):
            self.hear(envelope)


def _causes(envelope: Envelope) -> Iterator[str]:
    data = envelope["data"]
    if fact := data.get("fact"):
        yield fact
    else:
        yield from data.get("causes") or (envelope["cause"],)


def _returned(one: Return, data: Envelope, event: str) -> None:
    one.material, one.was = data["thing"]["material"], data["was"]
    if loan := data.get("loan"):
        one.due = date.fromisoformat(loan["due"])
        one.awaiting |= {event} if loan.get("receipt") else set()


def _routed(one: Return, data: Envelope, _: str) -> None:
    hold = data.get("hold")
    one.routed_to, one.goes_to = data["to"], data["branch"]
    one.for_hold, one.borrower_id = hold is not None, hold["borrower_id"] if hold else None


def _shelved(one: Return, data: Envelope, _: str) -> None:
    one.for_hold = True


def _ready(one: Return, data: Envelope, event: str) -> None:
    one.ready.append(event)
    one.borrower_id = data["borrower_id"]
    one.awaiting.add(event)


def _charged(one: Return, data: Envelope, event: str) -> None:
    one.fees.append(Fee(event, data["amount_minor"], data["currency"], data["member"]))
    one.awaiting.add(event)


def _sent(one: Return, data: Envelope, _: str) -> None:
    one.notices.append(Notice(data["notice"], data["kind"], data["channel"]))
    one.awaiting -= set(data["causes"])


def _failed(one: Return, data: Envelope, _: str) -> None:
    one.notices.append(Notice(data["notice"], data["kind"], None, data["reason"]))
    one.awaiting -= set(data["causes"])


FOLDS: Final = {
    "circulation.item_returned": _returned,
    "holds.item_routed": _routed,
    "circulation.item_shelved": _shelved,
    "holds.hold_ready": _ready,
    "billing.fee_charged": _charged,
    "notify.notice_sent": _sent,
    "notify.notice_failed": _failed,
}
"""What each event adds to the return that set it off."""

KEYS: Final = tuple(f"{name}.#" for name in FOLDS)
"""The routing keys of these events, in every version."""
