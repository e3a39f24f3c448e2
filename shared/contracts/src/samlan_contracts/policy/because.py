"""Decisions and their reasons, in the shape that surface.md promises to outsiders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from samlan_contracts.policy.book import Book
from samlan_contracts.policy.money import Money
from samlan_contracts.policy.rules import Rule
from samlan_contracts.policy.says import Count, Kind, Named, is_plain, say
from samlan_contracts.shapes import Because

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Decision(Generic[T_co]):
    """What was decided and because of which rules, versions and inputs."""

    value: T_co
    because: Because = field(default_factory=list)


def reason(book: Book, rule: Rule, sentence: str, **inputs: object) -> dict[str, Any]:
    """One entry of `because`: the rule, its version and dates, the inputs, and a sentence per language.

    `sentence` names a text in says.py; an input whose value is None played no part and is left out.
    """
    known = {name: value for name, value in inputs.items() if value is not None}
    return {
        "rule": f"{book.member}/{rule.id}",
        "cites": list(rule.cites),
        "version": book.version,
        "in_force": [_iso(rule.in_force_from), _iso(rule.in_force_until)],
        "inputs": {name: _plain(value) for name, value in known.items()},
        "says": say(sentence, known),
    }


def stated(rule: str, sentence: str, **inputs: object) -> dict[str, Any]:
    """One entry of `because` for a fact that is no rule of a book: it has no version and cites nothing.

    `rule` is a word for programs, such as `imported`; `sentence` and `inputs` are as for `reason`.
    """
    return {
        "rule": rule,
        "cites": [],
        "version": "",
        "in_force": [None, None],
        "inputs": {name: _plain(value) for name, value in inputs.items()},
        "says": say(sentence, inputs),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One cause that stops a patron from certain acts, as it stands recorded, and the rules behind it."""

    cause: str
    acts: frozenset[str]
    because: Because = field(default_factory=list)

    @property
    def why(self) -> Because:
        """By which rules it stops; by the cause itself where none was recorded."""
        sentence = _BLOCKS.get(self.cause, "account_blocks")
        return self.because or [stated(f"block/{self.cause}", sentence, cause=self.cause, stops=self.acts)]


def plainly(reason: str) -> Because:
    """The `because` of a refusal that no rule of a book stands behind: what its word says by itself.

    Empty for a word that says nothing by itself."""
    return [stated(reason, reason)] if is_plain(reason) else []


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _plain(value: object) -> object:
    """An input as JSON: dates and instants in ISO, money as the surface writes it, counts as numbers."""
    make_plain = _PLAIN.get(type(value), str)
    return make_plain(value)


# what a recorded block says; the sentence of a debt by the book would need its balance and limit
_BLOCKS = {
    "debt": "owing_blocks",
    "invoice": "invoice_blocks",
    "lost_card": "lost_card_blocks",
    "staff": "staff_blocks",
}

_PLAIN: dict[type, Callable[[Any], object]] = {
    bool: bool,
    int: int,
    Count: lambda count: count.number,
    Kind: lambda kind: kind.kind,
    Named: lambda named: named.id,
    Money: Money.as_json,
    date: date.isoformat,
    datetime: datetime.isoformat,
    tuple: lambda parts: [str(part) for part in parts],
    frozenset: lambda parts: sorted(str(part) for part in parts),
}
