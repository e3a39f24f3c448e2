"""Forms in which services are sent what they keep: days, instants, and why a form does not fit."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError

# One line: nothing that could end a message's header or a line of a log.
LINE: Final = r"^[^\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]+$"

MOST_MINOR: Final = 100_000_000  # a million kronor: above it an amount is a slip of the pen

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Minor = Annotated[int, Field(gt=0, le=MOST_MINOR, strict=True)]
BranchName = Annotated[str, StringConstraints(pattern=r"^[^\s/]{1,60}/[^\s/]{1,60}$")]


def day_of(written: str) -> date | None:
    """A day written like 2026-05-01, and in no other way."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def member_of(branch: str) -> str:
    """The member of a branch `<member>/<branch>`."""
    return branch.partition("/")[0]


def whole_ms(instant: datetime) -> datetime:
    """An instant in whole milliseconds, which is all that the datastore keeps of one."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def first_fault(error: ValidationError) -> str:
    """The first field of a row that cannot be read, and why."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'row'}: {first['msg']}"
