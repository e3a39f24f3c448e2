"""What a device says happened: one body per physical event, made once and never changed.

Bodies are those of the public surface, version 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

FactType = Literal["item_returned", "item_borrowed_offline", "door_entered", "device_seen"]
Mode = Literal["kiosk", "sorter", "desk", "drop", "offline"]
Bin = Literal["shelf", "transit", "home", "exception"]

VERSION: Final = 1
LONGEST_FIELD: Final = 200  # nothing a device reads is longer; a scanner gone wild is refused here
SEQUENCES_PER_SECOND: Final = 1000  # room between two stores of one device, the second after a lost disk


class NotAFact(ValueError):
    """What the device's program passed cannot be a fact; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One physical event as the device saw it, before it has an id."""

    type: FactType
    happened_at: datetime
    mode: Mode
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.happened_at.tzinfo is None:
            raise NotAFact("happened_at needs an offset")
        for name, value in self.fields.items():
            if not value or len(value) > LONGEST_FIELD or not value.isprintable():
                raise NotAFact(f"{name} must be 1 to {LONGEST_FIELD} printable characters")


@dataclass(frozen=True, slots=True)
class Origin:
    """Which device at which branch speaks."""

    member: str
    branch: str
    device: str

    def __post_init__(self) -> None:
        for name, value in (("member", self.member), ("branch", self.branch), ("device", self.device)):
            if not value or not value.isascii() or any(one in "./#* \t\r\n" for one in value):
                raise NotAFact(f"{name} must be one word, such as lerum; not {value!r}")

    @property
    def place(self) -> str:
        """The branch as it is named everywhere else."""
        return f"{self.member}/{self.branch}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact that is on the disk."""

    id: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Unsent:
    """A fact on its way."""

    id: str
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """Where an item belongs, and what to print; `reason` says why the exception bin."""

    bin: Bin
    branch: str | None = None
    borrower_id: str | None = None
    reason: str | None = None
    slip: tuple[str, ...] = ()


def item_returned(item: str, *, happened_at: datetime, mode: Mode) -> Event:
    """An item was handed in."""
    return Event(type="item_returned", happened_at=happened_at, mode=mode, fields={"item": item})


def item_borrowed_offline(item: str, *, card: str, due: date, happened_at: datetime) -> Event:
    """An item was lent while nobody could be asked; the printed due date stands."""
    fields = {"item": item, "card": card, "due": due.isoformat()}
    return Event(type="item_borrowed_offline", happened_at=happened_at, mode="offline", fields=fields)


def door_entered(card: str, *, happened_at: datetime, mode: Mode) -> Event:
    """Somebody came in with a card."""
    return Event(type="door_entered", happened_at=happened_at, mode=mode, fields={"card": card})


def device_seen(*, happened_at: datetime, mode: Mode) -> Event:
    """The device is alive."""
    return Event(type="device_seen", happened_at=happened_at, mode=mode)


def mode_of(mode: Mode, *, connected: bool) -> Mode:
    """What happened while the device was cut off is `offline`.

    A book drop stays `drop`, because the day its returns count from hangs on it (O27)."""
    return mode if connected or mode == "drop" else "offline"


def body_of(event: Event, *, fact: str, sequence: int, origin: Origin) -> dict[str, Any]:
    """The fact as it travels."""
    return {
        "id": fact,
        "type": event.type,
        "version": VERSION,
        "device": origin.device,
        "branch": origin.place,
        "sequence": sequence,
        **event.fields,
        "happened_at": event.happened_at.isoformat(),
        "mode": event.mode,
    }


def fact_id(instant: datetime, noise: bytes) -> str:
    """An id as RFC 9562 lays out version 7: a millisecond, then ten bytes of noise."""
    stamp = int(instant.timestamp() * 1000).to_bytes(6, "big")
    raw = bytearray(stamp + noise[:10])
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(raw)))


def first_sequence(instant: datetime) -> int:
    """Where a new store begins: above all that an earlier store of this device can have used."""
    return int(instant.timestamp()) * SEQUENCES_PER_SECOND


def answer_of(body: Mapping[str, Any]) -> Answer:
    """What circulation answered; a bin this version does not know is the exception bin."""
    hold = body.get("hold") or {}
    bin_ = body.get("bin")
    return Answer(
        bin=bin_ if bin_ in ("shelf", "transit", "home") else "exception",
        branch=body.get("branch"),
        borrower_id=hold.get("borrower_id"),
        reason=body.get("reason"),
        slip=tuple(str(one) for one in body.get("slip") or ()),
    )
