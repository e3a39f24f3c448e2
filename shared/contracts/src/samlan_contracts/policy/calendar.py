"""A branch's calendar: its local days, when it is open, and what counts as late.

Instants are aware and come back as UTC; days are the branch's own, and a day that the clock changes is
still one day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from samlan_contracts.forms import member_of
from samlan_contracts.policy.says import Named

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How far ahead an opening is looked for; a branch closed for longer has no next opening.
MAX_DAYS_AHEAD = 400
_ONE_DAY = timedelta(days=1)

Kind = Literal["library", "mobile", "partner"]
Drop = Literal["next_opening_day", "immediate"]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of one local day, from its first minute to before its last; `closes` None is midnight."""

    opens: time
    closes: time | None

    def has(self, moment: time) -> bool:
        """Whether a time of day lies within."""
        return self.opens <= moment and (self.closes is None or moment < self.closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCalendar:
    """When one branch is open, in its own time zone.

    A mobile library is open from each day's first stop to the end of that day, and on no other day.
    """

    branch: str
    zone: ZoneInfo
    name: str | None = None
    kind: Kind = "library"
    drop: Drop | None = None
    opening: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    closed: frozenset[date] = frozenset()
    staffless: Span | None = None
    visits: Mapping[date, time] = field(default_factory=dict)

    @classmethod
    def of(cls, branch: str, data: Mapping[str, Any]) -> BranchCalendar:
        """The calendar of `member/branch` from its row of branches.jsonl, or ValueError in one sentence."""
        try:
            return cls(
                branch=_branch_name(branch),
                zone=_zone(data["timezone"]),
                name=data.get("name") or None,
                kind=_one_of(data.get("kind") or "library", ("library", "mobile", "partner"), "kind"),
                drop=_one_of(data.get("drop"), (None, "next_opening_day", "immediate"), "drop"),
                opening=_opening(data.get("opening") or {}),
                closed=frozenset(date.fromisoformat(day) for day in data.get("closed") or ()),
                staffless=_spans(data["staffless"])[0] if data.get("staffless") else None,
                visits=_visits(data.get("stops") or ()),
            )
        except KeyError as error:
            raise ValueError(f"branch {branch}: {error.args[0]} is missing") from None
        except (TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"branch {branch}: {error}") from None

    @property
    def member(self) -> str:
        """The member this branch belongs to."""
        return member_of(self.branch)

    @property
    def named(self) -> Named:
        """The branch by the name people know, where it has one."""
        return Named(self.branch, self.name or self.branch)

    @property
    def timezone(self) -> str:
        """The name of the branch's time zone."""
        return self.zone.key

    def local(self, at: datetime) -> datetime:
        """An instant as the branch's wall clock shows it."""
        if at.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return at.astimezone(self.zone)

    def local_date(self, at: datetime) -> date:
        """The branch's day on which an instant falls."""
        return self.local(at).date()

    def is_open(self, at: datetime) -> bool:
        """Whether staff are there at an instant."""
        local = self.local(at)
        return any(span.has(local.time()) for span in self._spans_of(local.date()))

    def is_staffless(self, at: datetime) -> bool:
        """Whether those registered may be there without staff; closing days do not matter (K03)."""
        return (
            self.staffless is not None and self.staffless.has(self.local(at).time()) and not self.is_open(at)
        )

    def is_opening_day(self, day: date) -> bool:
        """Whether the branch opens at all on a day; for a mobile library, whether it visits."""
        return bool(self._spans_of(day))

    def next_opening(self, at: datetime) -> datetime | None:
        """The first instant from `at` on at which the branch is open; None when no opening is known."""
        if self.is_open(at):
            return at.astimezone(UTC)
        local = self.local(at)
        day = local.date()
        for _ in range(MAX_DAYS_AHEAD):
            for span in self._spans_of(day):
                if (opens := self._instant(day, span.opens)) >= at:
                    return opens
            day += _ONE_DAY
        return None

    def closing_of(self, day: date) -> datetime | None:
        """When the branch closes on a day; None on a day on which it does not open."""
        spans = self._spans_of(day)
        if not spans:
            return None
        closes = spans[-1].closes
        return self._instant(day + _ONE_DAY, time()) if closes is None else self._instant(day, closes)

    def end_of(self, day: date) -> datetime:
        """When a deadline on a day runs out: at closing, or at midnight on a day without opening."""
        return self.closing_of(day) or self._instant(day + _ONE_DAY, time())

    def start_of(self, day: date) -> datetime:
        """The first instant of a local day: from here on a loan due the day before is late."""
        return self._instant(day, time())

    def at(self, day: date, moment: time) -> datetime:
        """The instant at which the branch's clock shows a time on a day."""
        return self._instant(day, moment)

    def opening_day_from(self, day: date) -> date:
        """The first opening day on or after a day; the day itself when no opening is known."""
        return self.opening_days_after(day - _ONE_DAY, 1, otherwise=day)

    def opening_days_after(self, day: date, count: int, *, otherwise: date | None = None) -> date:
        """The day by which `count` opening days have passed; calendar days where none is known."""
        found = day
        for _ in range(count):
            following = self._next_opening_day(found)
            if following is None:
                return otherwise or day + count * _ONE_DAY
            found = following
        return found

    def days_late(self, due: date, returned_at: datetime) -> int:
        """How many local days after the due date have begun; the day after `due` is the first."""
        return max(0, (self.local_date(returned_at) - due).days)

    def _next_opening_day(self, day: date) -> date | None:
        days = (day + index * _ONE_DAY for index in range(1, MAX_DAYS_AHEAD + 1))
        return next((candidate for candidate in days if self.is_opening_day(candidate)), None)

    def _spans_of(self, day: date) -> tuple[Span, ...]:
        if day in self.closed:
            return ()
        if self.visits:
            return (Span(self.visits[day], None),) if day in self.visits else ()
        return self.opening.get(day.weekday(), ())

    def _instant(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, self.zone).astimezone(UTC)


def _branch_name(branch: str) -> str:
    member, _, name = branch.partition("/")
    if not (member and name):
        raise ValueError("a branch is named member/branch")
    return branch


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (KeyError, OSError, ValueError):
        raise ValueError(f"unknown time zone {name!r}") from None


def _one_of(value: Any, allowed: tuple[Any, ...], name: str) -> Any:
    if value not in allowed:
        raise ValueError(f"{name} cannot be {value!r}")
    return value


def _opening(hours: Mapping[str, Any]) -> dict[int, tuple[Span, ...]]:
    unknown = set(hours) - set(WEEKDAYS)
    if unknown:
        raise ValueError(f"unknown weekday {sorted(unknown)[0]!r}")
    return {WEEKDAYS.index(day): _spans(times) for day, times in hours.items() if times}


def _spans(times: Any) -> tuple[Span, ...]:
    """Opening and closing in turns: ["10:00", "12:00", "13:00", "19:00"] is open twice."""
    if not isinstance(times, list | tuple) or not times or len(times) % 2:
        raise ValueError(f"hours are pairs of opening and closing, not {times!r}")
    if list(times) != sorted(set(times)):
        raise ValueError(f"hours go forward within one day, not {times!r}")
    return tuple(
        Span(_time(opens), _closing(closes)) for opens, closes in zip(times[::2], times[1::2], strict=True)
    )


def _time(written: Any) -> time:
    if not (isinstance(written, str) and len(written) == 5):
        raise ValueError(f"a time is written 10:00, not {written!r}")
    return time.fromisoformat(written)


def _closing(written: Any) -> time | None:
    return None if written == "24:00" else _time(written)


def _visits(stops: Any) -> dict[date, time]:
    """Each day's first stop, in local time."""
    found: dict[date, time] = {}
    for stop in sorted(datetime.fromisoformat(stop) for stop in stops):
        found.setdefault(stop.date(), stop.time().replace(tzinfo=None))
    return found
