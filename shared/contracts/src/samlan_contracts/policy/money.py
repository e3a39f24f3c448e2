"""Money: whole minor units with a currency, so that no fee is ever a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# ISO 4217: a currency has two decimals unless it is one of these.
_DECIMALS = {"ISK": 0, "JPY": 0}
OTHER_CURRENCY = "but this book is in"  # what follows is that book's own
_WRITTEN = re.compile(r"(\d{1,9})(?:\.(\d+))?(?: ([A-Z]{3}))?")


class Bare(str):
    """A number with decimals that stands in a book without a unit and without quotes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that only ever meets amounts of its own currency."""

    amount_minor: int
    currency: str

    @classmethod
    def parse(cls, written: object, currency: str) -> Money:
        """Read "3.00" or "3.00 SEK" in the book's currency, or refuse with what to write instead."""
        example = Money(300, currency)
        is_text = isinstance(written, str) and not isinstance(written, Bare)
        match = _WRITTEN.fullmatch(str(written)) if is_text else None
        if match is None or len(match[2] or "") != _decimals(currency):
            raise ValueError(f"an amount has a unit and all its decimals, such as {example}; not {written!r}")
        if match[3] not in (None, currency):
            raise ValueError(f"an amount in {match[3]}, {OTHER_CURRENCY} {currency}")
        return cls(int(match[1] + (match[2] or "")), currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other).amount_minor, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount_minor * times, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount_minor < self._same(other).amount_minor

    def __le__(self, other: Money) -> bool:
        return self.amount_minor <= self._same(other).amount_minor

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def __str__(self) -> str:
        return self.shown(".")

    def shown(self, decimal_mark: str, thousands: str = "", unit: str | None = None) -> str:
        """The amount as people write it, with the currency's code or another unit: 3.00 SEK, 1 300,00 kr."""
        decimals = _decimals(self.currency)
        whole, part = divmod(abs(self.amount_minor), 10**decimals)
        sign = "-" if self.amount_minor < 0 else ""
        cents = f"{decimal_mark}{part:0{decimals}d}" if decimals else ""
        return f"{sign}{f'{whole:,}'.replace(',', thousands)}{cents} {unit or self.currency}"

    def as_json(self) -> dict[str, Any]:
        """The amount in the surface's shape: {"amount": 300, "currency": "SEK"}."""
        return {"amount": self.amount_minor, "currency": self.currency}

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} are never added or compared")
        return other


def _decimals(currency: str) -> int:
    return _DECIMALS.get(currency, 2)
