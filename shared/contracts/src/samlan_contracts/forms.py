"""Forms in which services are sent what they keep: days, instants, and why a form does not fit."""

from __future__ import annotations

import re
from datetime import date, datetime

from pydantic import ValidationError


def day_of(written: str) -> date | None:
    """A day written like 2026-05-01, and in no other way."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def whole_ms(instant: datetime) -> datetime:
    """An instant in whole milliseconds, which is all that the datastore keeps of one."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def first_fault(error: ValidationError) -> str:
    """The first field of a row that cannot be read, and why."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'row'}: {first['msg']}"
