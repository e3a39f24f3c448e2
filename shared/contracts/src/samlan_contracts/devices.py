"""What travels that is no event: devices' facts and the answers to them (surface.md), and snapshots.

These shapes are what the AsyncAPI document says; circulation reads a device's message field by field instead,
so that each defect ends as a named exception and never as a refusal.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from samlan_contracts.event import Envelope, Shape
from samlan_contracts.shapes import Mode


class DeviceFact(Shape):
    """What physically happened at a device. `id` is made once by the device and is the AMQP `message_id`;
    `sequence` grows, may start anywhere, and may have gaps; a fact may be of any age."""

    id: str = Field(min_length=1, max_length=200)
    type: str
    version: Literal[1]
    device: str
    branch: str = Field(description="`<member>/<branch>`, as in the routing key")
    sequence: int = Field(ge=0)
    happened_at: AwareDatetime


class ItemReturnedFact(DeviceFact):
    """An item was handed in; `drop` is a book drop, `offline` is sent later."""

    type: Literal["item_returned"]
    item: str
    mode: Mode


class ItemBorrowedOfflineFact(DeviceFact):
    """An item was lent while nobody could be asked; the printed `due` stands, for the patron has the slip."""

    type: Literal["item_borrowed_offline"]
    item: str
    mode: Mode
    card: str
    due: date


class DoorEnteredFact(DeviceFact):
    """Somebody entered a staffless branch with a card."""

    type: Literal["door_entered"]
    card: str


class DeviceSeenFact(DeviceFact):
    """A device is alive."""

    type: Literal["device_seen"]


class AnswerHold(Shape):
    """The hold an item serves, by the number on the pickup shelf."""

    borrower_id: str


class DeviceAnswer(Shape):
    """The one answer to a fact that set `reply_to` to `replies.<device>`, 700 ms after the fact was taken at
    the latest; a repeated fact gets the same. `slip` is what to print: no name, no title."""

    id: str
    item: str | None
    bin: Literal["shelf", "transit", "home", "exception"] | None
    branch: str | None
    hold: AnswerHold | None
    reason: str | None
    slip: tuple[str, ...]


class Snapshot(Shape):
    """A batch of state events of one kind, sent to one service's queue only; it sets off nothing."""

    snapshot: str
    events: tuple[Envelope, ...]


FACTS: tuple[type[DeviceFact], ...] = (
    ItemReturnedFact, ItemBorrowedOfflineFact, DoorEnteredFact, DeviceSeenFact,
)  # fmt: skip
__all__ = ["FACTS", "DeviceAnswer", "DeviceFact", "Snapshot"]
