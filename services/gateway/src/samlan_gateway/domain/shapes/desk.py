"""What a desk works with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from samlan_gateway.domain.shapes.common import Because, Row, shown


class HeldFor(BaseModel):
    """The hold an item serves; the borrower id only at the branch that serves it."""

    id: str
    pickup: str | None = None
    borrower_id: str | None = None


class Item(BaseModel):
    """An item as a desk sees it."""

    item: str
    title: str
    name: str | None = None
    state: str
    branch: str | None = None
    goes_to: str | None = None
    hold: HeldFor | None = None


class ShelfItem(Item):
    """An item on the pickup shelf: to keep until `ready_until`, or to move to `goes_to`."""

    action: str
    ready_until: date | None = None


class DeskAnswer(BaseModel):
    """What a kiosk is answered about an item handed in, and why."""

    id: str
    item: str
    bin: str = Field(description="shelf, transit, home or exception")
    branch: str | None = None
    hold: dict[str, Any] | None = None
    reason: str | None = None
    slip: list[str] = []
    because: Because = []


class Exceptional(BaseModel):
    """A device's fact that had no effect, or not the wanted one; `belongs` is where the item should be."""

    id: str
    fact: str | None = None
    reason: str
    item: str | None = None
    branch: str
    happened_at: datetime | None = None
    belongs: str | None = None
    because: Because = []


class Resolved(BaseModel):
    """An exception taken off its branch's list."""

    id: str
    resolved: bool


def held_for(hold: Mapping[str, Any] | None) -> Row | None:
    """The hold that an item serves, whatever its owner calls its id."""
    if hold is None:
        return None
    return shown(HeldFor, {**hold, "id": hold.get("id") or hold.get("hold")})
