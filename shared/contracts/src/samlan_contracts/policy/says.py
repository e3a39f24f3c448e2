"""What a decision says: a sentence per reason and language, its inputs as that language writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any

from samlan_contracts.policy.figures import Threshold
from samlan_contracts.policy.money import Money
from samlan_contracts.policy.period import Period
from samlan_contracts.policy.texts import (
    CURRENCIES,
    FEES,
    MARKS,
    NOUNS,
    SENTENCES,
    THRESHOLDS,
    WORDS,
    Language,
)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things, so that a language can say one of them and several."""

    number: int
    noun: str


@dataclass(frozen=True, slots=True)
class Named:
    """A thing with a name for people beside the one that programs use."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fee is for, or the stage of an overdue loan."""

    kind: str


def say(sentence: str, inputs: Mapping[str, object]) -> dict[str, str]:
    """The sentence of that name in every language, with its inputs as that language writes them."""
    used = _INPUTS[sentence]
    return {
        language: _ended_once(text.format_map({name: _shown(inputs[name], language) for name in used}))
        for language, text in SENTENCES[sentence].items()
    }


def is_plain(sentence: str) -> bool:
    """Whether there is a sentence of that name that needs no inputs."""
    return sentence in _INPUTS and not _INPUTS[sentence]


def money(amount: Money, language: Language) -> str:
    """An amount as that language writes it, as messages do: 1 523,50 kr, or 1,523.50 SEK."""
    thousands, decimal_mark = MARKS[language]
    return amount.shown(decimal_mark, thousands, CURRENCIES[language].get(amount.currency))


def _ended_once(sentence: str) -> str:
    """The sentence with one full stop, also after an abbreviation such as the Danish kr."""
    return sentence.removesuffix(".") if sentence.endswith("..") else sentence


def _shown(value: object, language: Language) -> str:
    show = _SHOWN.get(type(value))
    return str(value) if show is None else show(value, language)


def _counted(number: int, noun: str, language: Language) -> str:
    one, several = NOUNS[noun][language]
    return f"{number} {one if number == 1 else several}"


def _period(period: Period, language: Language) -> str:
    if period.months and period.months % 12 == 0:
        return _counted(period.months // 12, "year", language)
    if period.months:
        return _counted(period.months, "month", language)
    return _counted(period.days, "day", language)


def _listed(words: Iterable[object], language: Language) -> str:
    named = (WORDS.get(str(word), {}).get(language, str(word)) for word in sorted(words, key=str))
    return ", ".join(named) or "-"


def _inputs_of(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


_SHOWN: dict[type, Callable[[Any, Language], str]] = {
    Count: lambda value, language: _counted(value.number, value.noun, language),
    Period: _period,
    Kind: lambda value, language: FEES[value.kind][language],
    Named: lambda value, language: str(value.name),
    Money: money,
    Threshold: lambda value, language: f"{THRESHOLDS[value.sign][language]} {money(value.amount, language)}",
    datetime: lambda value, language: f"{value:%Y-%m-%d %H:%M}",
    frozenset: _listed,
    tuple: _listed,
}
_INPUTS = {name: _inputs_of("".join(texts.values())) for name, texts in SENTENCES.items()}
