"""What accounts tells: the patron as far as others need to decide; never a name, contact, card or number."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from samlan_contracts.event import Event, Reading
from samlan_contracts.shapes import Block


class PatronDescribed(
    Event, name="accounts.patron_described", version=1, reading=Reading.STATE,
    readers=("billing", "circulation", "holds", "notify"),
):  # fmt: skip
    """A patron registered, was verified, changed, got or lost a block, or was erased. Subject: the patron.

    `erased` leaves a tombstone: nothing about this patron is applied afterwards."""

    patron: str
    member: str
    born: date | None = None
    borrower_id: str = ""
    status: Literal["temporary", "full", "inactive", "erased"] = "full"
    valid_until: datetime | None = None
    language: str | None = None
    guardian: str | None = None
    shielded: bool = False
    receipts: bool = False
    channels: tuple[str, ...] = ()
    pickup: str | None = None
    history: bool = False
    staffless: bool = False
    blocks: tuple[Block, ...] = ()
    erased: bool = False
