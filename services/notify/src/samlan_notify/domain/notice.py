"""A notice: one thing to be said to one patron because of one event, and what became of it.

::

    waiting ── take ──▶ sending ── sent ───▶ sent
     ▲ ▲ │                │  └──── failed ─▶ failed
     │ │ └─ ride ▶ riding │
     │ │              │ └─┼─ over with the one it rides on ─▶ sent | failed
     │ └─ stay behind ┘   │
     └────── again ───────┘ keeps its company and, where it may have gone out, its channel

Several notices in one message: the first one is *sending*, names the others in `carries`, and gives the
message its id; the others are *riding*. Text and titles (`about`) go once the notice is over (K51).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from samlan_contracts.policy import NoticeKind
from samlan_contracts.shapes import Because

Kind = NoticeKind
Channel = Literal["email", "sms"]
State = Literal["waiting", "sending", "riding", "sent", "failed"]
Role = Literal["patron", "guardian"]
Slot = Literal["due", "retry"]
Reason = Literal[
    "erased",
    "guardian_missing",
    "no_channel",
    "no_longer_owed",
    "not_asked_for",
    "not_by_policy",
    "paid",
    "past_due",
    "refused_by_server",
    "renewed",
    "returned",
    "superseded",
    "unknown_branch",
    "unknown_patron",
    "unknown_title",
]

DELAYS_SECONDS: Final = (1, 5, 15, 60, 300, 900, 3600)
PATIENCE: Final = 30  # misses, about a day: then what is missing will not come
LEASE: Final = timedelta(minutes=2)  # longer than every time limit of one hand-over together


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as stored.

    `due_at` is when it fell due, `closes_at` when its message may go because others had time to join it;
    `slot` and `when` say when a sender looks at it next: `due` in library time, `retry` in machine time.
    `waited_by` is when the same wait is over in machine time, so that a library clock that stands still
    keeps no message back.
    `because` is what the member's book says of such notices on the day it fell due.
    `attempts` counts everything that delayed it, `misses` only what no outage of ours explains."""

    kind: Kind
    cause: str
    patron: str | None
    member: str | None
    due_at: datetime
    closes_at: datetime
    state: State = "waiting"
    slot: Slot | None = "due"
    when: datetime | None = None
    waited_by: datetime | None = None
    about: Mapping[str, Any] | None = None
    attempts: int = 0
    misses: int = 0
    channel: Channel | None = None
    to: Role | None = None
    carries: tuple[str, ...] = ()
    rides: str | None = None
    over_at: datetime | None = None
    reason: Reason | None = None
    because: Because = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in ("sent", "failed")

    @property
    def alone(self) -> bool:
        """Whether it may still join others: nothing fixes yet in which message it goes."""
        return self.state == "waiting" and not self.carries and self.channel is None


def take(
    notice: Notice, *, channel: Channel, to: Role, carries: tuple[str, ...], machine_now: datetime
) -> Notice:
    """Recorded before the hand-over: which message, with whom, by which channel; leased to one replica."""
    return replace(
        notice, state="sending", slot="retry", when=machine_now + LEASE,
        channel=channel, to=to, carries=carries, attempts=notice.attempts + 1,
    )  # fmt: skip


def ride(notice: Notice, *, on: str, to: Role | None, machine_now: datetime) -> Notice:
    """Goes in another notice's message; it is looked after again when that one should be over."""
    return replace(notice, state="riding", slot="retry", when=machine_now + 2 * LEASE, rides=on, to=to)


def stay_behind(notice: Notice, *, machine_now: datetime) -> Notice:
    """The message it was to ride in goes without it, so it waits for one of its own."""
    return replace(notice, state="waiting", slot="retry", when=machine_now, rides=None)


def again(notice: Notice, *, machine_now: datetime, went_out: bool, missed: bool) -> Notice:
    """The hand-over failed: waits a growing while, with its company; where the message may have gone out,
    it keeps its channel as well, so that a repeat is the same message."""
    return replace(
        notice, state="waiting", slot="retry", when=machine_now + delay(notice.attempts),
        channel=notice.channel if went_out else None, misses=notice.misses + missed,
    )  # fmt: skip


def later(notice: Notice, *, machine_now: datetime, missed: bool = False) -> Notice:
    """It cannot be handed over now; it waits a growing while, and counts what no outage explains."""
    return replace(
        notice, slot="retry", when=machine_now + delay(notice.attempts + 1),
        attempts=notice.attempts + 1, misses=notice.misses + missed,
    )  # fmt: skip


def sent(notice: Notice, *, channel: Channel | None, to: Role | None, at: datetime) -> Notice:
    """Recorded after the hand-over; text and titles go (K51)."""
    return replace(_over(notice), state="sent", channel=channel, to=to, over_at=at)


def failed(notice: Notice, *, reason: Reason, at: datetime) -> Notice:
    """Never to be sent, for a named reason; text and titles go (K51), and an erased patron as well."""
    patron = None if reason == "erased" else notice.patron
    return replace(_over(notice), state="failed", patron=patron, channel=None, reason=reason, over_at=at)


def forget(notice: Notice, *, at: datetime) -> Notice:
    """Nothing of an erased patron is left; what was not sent yet never is."""
    gone = notice if notice.over else failed(notice, reason="erased", at=at)
    return replace(gone, patron=None)


def delay(attempts: int) -> timedelta:
    """The growing pause after so many attempts."""
    return timedelta(seconds=DELAYS_SECONDS[min(max(attempts, 1), len(DELAYS_SECONDS)) - 1])


def _over(notice: Notice) -> Notice:
    return replace(notice, slot=None, when=None, about=None, rides=None)
