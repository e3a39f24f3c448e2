"""What all shapes share: lists, money, reasons, and the one way an owner's row becomes an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

S = TypeVar("S", bound=BaseModel)
Row = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]


class Listed(BaseModel, Generic[S]):
    """A page of a list; `next` is the cursor of the following page, null on the last."""

    items: list[S]
    next: str | None = None


class Money(BaseModel):
    """An amount in minor units of its currency."""

    amount: int
    currency: str


class BecauseEntry(BaseModel):
    """A rule behind a decision, with the inputs that mattered and one sentence per language."""

    rule: str
    cites: list[str] = []
    version: str = ""
    in_force: list[date | None] = []
    inputs: dict[str, Any] = {}
    says: dict[str, str] = {}


Because = list[BecauseEntry]


class Reason(BaseModel):
    """One reason of a refusal: a stable word, and the rules behind it."""

    reason: str
    because: Because = []


class Problem(BaseModel):
    """A refusal with all its `reasons`, or an error; `errors` names the places of bad input (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    reasons: list[Reason] = []
    errors: list[dict[str, str]] = []


def shown(shape: type[BaseModel], row: Mapping[str, Any], **more: Any) -> Row:
    """The fields of a shape from an owner's answer; what the shape does not name is not shown."""
    whole = {**row, **more}
    return {name: whole[name] for name in shape.model_fields if name in whole}


def listed(rows: Sequence[Row], following: str | None = None) -> Row:
    """A page of a list."""
    return {"items": list(rows), "next": following}


def named(shape: type[BaseModel], row: Mapping[str, Any], names: Mapping[str, Any]) -> Row:
    """A row with the name of its title, or null when the catalogue could not say."""
    known = names.get(str(row.get("title"))) or {}
    return shown(shape, row, name=known.get("name"))
