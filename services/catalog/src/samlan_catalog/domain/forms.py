"""Forms that several rows share."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import ConfigDict, StringConstraints

STRICT: Final = ConfigDict(strict=True, frozen=True)
ID: Final = r"^[^\s/\x00-\x1f\x7f](?:[^/\x00-\x1f\x7f]{0,98}[^\s/\x00-\x1f\x7f])?$"  # stands in addresses
LINE: Final = (
    r"^[^\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]+$"  # one line, so that it can stand in a message's header
)
NAME_LENGTH: Final = 1000

Id = Annotated[str, StringConstraints(pattern=ID)]
Line = Annotated[str, StringConstraints(pattern=LINE, max_length=NAME_LENGTH)]
BranchName = Annotated[str, StringConstraints(pattern=r"^[^\s/]{1,60}/[^\s/]{1,60}$")]


def day_of(written: str) -> date | None:
    """A day written like 2026-05-01, and in no other way."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
