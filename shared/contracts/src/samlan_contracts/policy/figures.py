"""The figures and words that rules are written with, each read from its text with a unit, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo
from typing_extensions import Doc

from samlan_contracts.policy.money import Money
from samlan_contracts.policy.period import Period, parse_seconds

STANDARD_MATERIALS = frozenset({
    "book", "audiobook", "daisy", "music_cd", "periodical", "feature_film", "documentary_film",
    "childrens_film", "factual_film", "tv_series", "dvd", "video_game", "board_game", "book_club_bag",
    "theme_bag", "quick_loan", "ebook",
})  # fmt: skip

BranchKind = Literal["library", "mobile", "partner"]
Cause = Literal["debt", "invoice", "lost_card", "staff"]
Channel = Literal["email", "sms"]
HoldChannel = Literal["web", "phone", "desk"]
DropMode = Literal["next_opening_day", "immediate", "none"]
Stage = Literal["reminder_1", "reminder_2", "invoiced"]
FeeKind = Literal[
    "due_reminder", "reminder_1", "reminder_2", "invoice", "card", "hold",
    "interlibrary", "interlibrary_copy", "interlibrary_abroad",
    "print_a4_bw", "print_a4_colour", "print_a3_bw", "print_a3_colour",
]  # fmt: skip
ChargeKind = Literal["overdue", "reminder", "invoice", "replacement"]
NoticeKind = Literal[
    "hold_ready", "hold_expired", "due_soon", "overdue_1", "overdue_2", "invoice",
    "fee_charged", "receipt",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Threshold:
    """A debt that counts as too much: "> 100.00" or ">= 50.00" in the book's currency."""

    sign: Literal[">", ">="]
    amount: Money

    @classmethod
    def parse(cls, written: object, currency: str) -> Threshold:
        """Read a comparison and an amount, or refuse with an example."""
        match = re.fullmatch(r"(>=?) (.+)", written) if isinstance(written, str) else None
        if match is None:
            raise ValueError(
                f'a threshold is a comparison and an amount, such as "> 100.00"; not {written!r}'
            )
        return cls(">=" if match[1] == ">=" else ">", Money.parse(match[2], currency))

    def met_by(self, balance: Money) -> bool:
        """Whether a balance is too much; one in another currency never is."""
        if balance.currency != self.amount.currency:
            return False
        return self.amount <= balance if self.sign == ">=" else self.amount < balance

    def __str__(self) -> str:
        return f"{self.sign} {self.amount}"


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of one local day, such as "07:00-22:00"."""

    opens: time
    closes: time

    @classmethod
    def parse(cls, written: object) -> Hours:
        """Read "07:00-22:00", or refuse."""
        match = re.fullmatch(r"(\d\d:\d\d)-(\d\d:\d\d)", written) if isinstance(written, str) else None
        if match is None or match[1] >= match[2]:
            raise ValueError(f'hours are written like "07:00-22:00"; not {written!r}')
        return cls(time.fromisoformat(match[1]), time.fromisoformat(match[2]))

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


def _time_of_day(written: object) -> time:
    match = re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", written) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f"a time of day is written like 08:00; not {written!r}")
    return time.fromisoformat(match[0])


def _days(written: object) -> Period:
    period = Period.parse(written)
    if period.months:
        raise ValueError(f"counted backwards a month has no length of its own; not {written!r}")
    return period


def _day(written: object) -> object:
    if isinstance(written, date) or (isinstance(written, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", written)):
        return written
    raise ValueError(f"a day is written like 2026-12-31; not {written!r}")


def _in_currency(parse: Callable[[object, str], Any]) -> Callable[[object, ValidationInfo], Any]:
    return lambda written, info: parse(written, str((info.context or {}).get("currency")))


def _known_material(name: object, info: ValidationInfo) -> object:
    known = STANDARD_MATERIALS | (info.context or {}).get("materials", frozenset())
    if isinstance(name, str) and name not in known:
        raise ValueError(f"unknown material {name!r}: it is neither standard nor among this book's materials")
    return name


def _price_or_actual(written: object, info: ValidationInfo) -> object:
    return written if written == "actual_cost" else _in_currency(Money.parse)(written, info)


Day = Annotated[date, BeforeValidator(_day), Doc("a day: `2026-12-31`")]
Amount = Annotated[Money, BeforeValidator(_in_currency(Money.parse)), Doc("an amount: `3.00 SEK`")]
Price = Annotated[
    Money | Literal["actual_cost"], BeforeValidator(_price_or_actual), Doc("an amount, or `actual_cost`")
]
Limit = Annotated[
    Threshold, BeforeValidator(_in_currency(Threshold.parse)), Doc('`"> 100.00 SEK"` or `">= ..."`')
]
Length = Annotated[Period, BeforeValidator(Period.parse), Doc("a period: `28 days`, `4 weeks`, `1 month`")]
Days = Annotated[Period, BeforeValidator(_days), Doc("days or weeks: `3 days`, `1 week`")]
Seconds = Annotated[int, BeforeValidator(parse_seconds), Doc("a short time: `0 seconds`, `10 minutes`")]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), Doc("a local time of day: `08:00`")]
OpenHours = Annotated[Hours, BeforeValidator(Hours.parse), Doc("hours: `07:00-22:00`")]
Age = Annotated[int, Field(ge=0, le=130, strict=True), Doc("an age in years")]
PinDigits = Annotated[int, Field(ge=4, le=12, strict=True), Doc("a number from 4 to 12")]
Count = Annotated[int, Field(ge=0, le=100_000, strict=True), Doc("a number")]
BranchId = Annotated[str, Field(pattern=r"^[a-z0-9_-]+/[a-z0-9_-]+$"), Doc("`member/branch`")]
Clause = Annotated[str, Field(pattern=r"^[A-Z]{1,3}\d{2,3}$"), Doc("clause ids")]
Material = Annotated[str, BeforeValidator(_known_material), Doc("materials")]
Materials = Annotated[frozenset[Material], Field(min_length=1)]
