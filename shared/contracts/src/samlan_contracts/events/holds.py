"""What holds tells: where an item must go, who is served, and how many wait."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from samlan_contracts.event import Event, Reading
from samlan_contracts.shapes import Because, Queue, RoutedHold


class ItemRouted(
    Event, name="holds.item_routed", version=1, reading=Reading.ANSWER, readers=("circulation",)
):
    """An item belongs somewhere: answers `circulation.item_returned` of sequence `answers`. Subject:
    the item.

    `stays` and `home` mean no hold; `shelf` the pickup shelf where it was scanned, `transit` another branch.
    `move` means that nobody has scanned the item: its hold was cancelled, expired or moved while it stood on
    a shelf or travelled, so the next scan sends it on. `queue` rides along when the title's queue changed."""

    item: str
    title: str
    answers: int
    fact: str
    to: Literal["stays", "home", "shelf", "transit", "move"]
    branch: str
    hold: RoutedHold | None = None
    queue: Queue | None = None
    because: Because = []


class QueueChanged(
    Event, name="holds.queue_changed", version=1, reading=Reading.STATE, readers=("circulation",)
):
    """The number of patrons waiting for a title changed. Subject: the title's queue."""

    queue: Queue


class HoldPlaced(
    Event, name="holds.hold_placed", version=1, reading=Reading.OCCURRENCE, readers=("billing",)
):
    """A hold joined its queue. Subject: the title's queue.

    `interlibrary`: nobody in the consortium owns an item of the title, so another library is asked, which
    may cost a fee (D19, K26)."""

    hold: str
    patron: str
    title: str
    pickup: str
    channel: str
    interlibrary: bool = False


class HoldReady(Event, name="holds.hold_ready", version=1, reading=Reading.OCCURRENCE, readers=("notify",)):
    """A held item stands on the pickup shelf until the end of `ready_until`, inclusive. Subject: the
    title's queue.

    `allotment` counts the items this hold was given; hold and allotment are the natural key."""

    hold: str
    allotment: int
    patron: str
    title: str
    item: str
    pickup: str
    borrower_id: str
    ready_until: date
    because: Because = []


class HoldExpired(
    Event, name="holds.hold_expired", version=1, reading=Reading.OCCURRENCE, readers=("notify",)
):
    """A hold ended by itself: its shelf deadline passed, or nothing came by its last-needed date."""

    hold: str
    patron: str
    title: str
    why: Literal["not_collected", "not_needed_any_more"]
    expired_at: datetime
    because: Because = []


class HoldCancelled(Event, name="holds.hold_cancelled", version=1, reading=Reading.OCCURRENCE, readers=()):
    """A patron or the staff cancelled a hold. Subject: the title's queue."""

    hold: str
    patron: str
    title: str


class HoldCollected(Event, name="holds.hold_collected", version=1, reading=Reading.OCCURRENCE, readers=()):
    """A loan of the title to the hold's patron ended the hold. Subject: the title's queue."""

    hold: str
    patron: str
    title: str
    loan: str
