"""Reasons why a row cannot be used: values with a stable word, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

Reason = Literal[
    "bad_calendar", "bad_date", "bad_record", "bad_value", "missing_field",
    "unknown_branch", "unknown_material", "unknown_member", "unknown_title",
]  # fmt: skip
SHOWN = 80  # characters of a value that a report repeats


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why not; `says` names the field, and what stood in it."""

    reason: Reason
    says: str


def reasons_of(error: ValidationError) -> tuple[Refusal, ...]:
    """What a form's errors mean."""
    found = error.errors(include_url=False, include_context=False)
    return tuple(dict.fromkeys(_reason_of(one) for one in found))


def quoted(value: object) -> str:
    """A value as a report repeats it: on one line, and short."""
    text = value if isinstance(value, str) else repr(value)
    shown = "".join(letter if letter.isprintable() else "�" for letter in text[:SHOWN])
    return f'"{shown}{"…" if len(text) > SHOWN else ""}"'


def _reason_of(error: Mapping[str, Any]) -> Refusal:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return Refusal("missing_field", f"{place} is missing")
    if not place:
        return Refusal("bad_value", "the row is not an object")
    return Refusal("bad_value", f"{place} cannot be {quoted(error['input'])}")
