"""Periods: days or calendar months, added to dates, never to instants."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

_WRITTEN = re.compile(r"(\d{1,4}) (day|week|month|year)s?")
_SPAN = re.compile(r"(\d{1,6}) (second|minute|hour)s?")
_DAYS_IN = {"day": 1, "week": 7}
_MONTHS_IN = {"month": 1, "year": 12}
MOST_DAYS, MOST_MONTHS = 36_500, 1_200  # a hundred years, so that no date leaves the calendar
_SECONDS_IN = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time in whole days, or in whole calendar months."""

    days: int = 0
    months: int = 0

    @classmethod
    def parse(cls, written: object) -> Period:
        """Read "28 days", "4 weeks", "1 month" or "2 years"; a figure without a unit is refused."""
        match = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
        if match is None:
            raise ValueError(
                f'a period has a unit, such as "28 days", "4 weeks" or "1 month"; not {written!r}'
            )
        count, unit = int(match[1]), match[2]
        if count * _DAYS_IN.get(unit, 0) > MOST_DAYS or count * _MONTHS_IN.get(unit, 0) > MOST_MONTHS:
            raise ValueError(f"a period is at most a hundred years; not {written!r}")
        return cls(days=count * _DAYS_IN.get(unit, 0), months=count * _MONTHS_IN.get(unit, 0))

    def after(self, day: date) -> date:
        """The day on which this period that starts on `day` ends."""
        return add_months(day, self.months) + timedelta(days=self.days)

    def __str__(self) -> str:
        count, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where it has no such day.

    31 January and one month is 28 or 29 February; so the Swedish act 1930:173, section 1, counts.
    """
    if not months:
        return day
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=4096)
def reaches_age(born: date, years: int) -> date:
    """The day on which a person reaches an age; born on 29 February, the 28th in a common year."""
    return add_months(born, years * 12)


def age_on(born: date, day: date) -> int:
    """How many whole years old a person is on a day, by the same birthdays as `reaches_age`."""
    years = day.year - born.year
    return years if reaches_age(born, years) <= day else years - 1


def parse_seconds(written: object) -> int:
    """Read "0 seconds", "10 minutes" or "1 hour" as seconds; a figure without a unit is refused."""
    match = _SPAN.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f'a short time has a unit, such as "0 seconds" or "10 minutes"; not {written!r}')
    return int(match[1]) * _SECONDS_IN[match[2]]
