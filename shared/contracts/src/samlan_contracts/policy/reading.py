"""Reading a policy book: every mistake of it with the line it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from samlan_contracts.policy.book import SUBJECTS, Book
from samlan_contracts.policy.checks import Finding, check_rules
from samlan_contracts.policy.money import OTHER_CURRENCY
from samlan_contracts.policy.page import Location, Unreadable, parse
from samlan_contracts.policy.remedies import remedy_of

_SAID_BETTER = {
    "extra_forbidden": "is not known here: no service reads it",
    "missing": "is missing",
    "tuple_type": "should be a list",
    "frozen_set_type": "should be a list",
    "model_type": "should be fields with values",
    "string_pattern_mismatch": "is not written as it should be",
}
_UNKNOWN_MATERIAL = "unknown material"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake of a policy book, where it stands, and what to do; line 0 is the file as a whole."""

    file: str
    line: int
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class PolicyError(ValueError):
    """A policy book that cannot be used, with all its mistakes."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def read_book(path: Path) -> Book:
    """The book in a file, or PolicyError."""
    book, mistakes = check_book(path.read_bytes(), path.name)
    if book is None or mistakes:
        raise PolicyError(mistakes)
    return book


@lru_cache(maxsize=32)
def check_book(text: str | bytes, file: str) -> tuple[Book | None, tuple[Mistake, ...]]:
    """The book that a text holds, if it is one, and every mistake in it.

    A book never changes once it is read, so one process reads the same text once for all its services.
    """
    try:
        data, page = parse(text)
    except Unreadable as unreadable:
        return None, (Mistake(file, unreadable.line, unreadable.text, unreadable.remedy),)
    book, findings = _validate(data)
    mistakes = {Mistake(file, line, text, remedy) for line, text, remedy in page.mistakes}
    mistakes |= {
        Mistake(file, page.line_of(one.where), one.text, one.remedy)
        for one in findings
        if not page.left_out(one.where)
    }
    return (None if mistakes else book), tuple(sorted(mistakes))


def _validate(data: dict[str, Any]) -> tuple[Book | None, list[Finding]]:
    """Judge fields first; then, on the rules that stand, what only shows when rules are held together."""
    book, findings = _model(data)
    standing = book or _model(_without(data, findings))[0]
    if standing is not None:
        maimed = {str(finding.where[0]) for finding in findings if finding.where} | _misspelt(data)
        findings += check_rules(standing, _positions(data, findings), maimed)
    return book, findings


def _misspelt(data: dict[str, Any]) -> set[str]:
    """The subjects that stand in the book under a name that is nearly theirs."""
    missing = [name for name in SUBJECTS if name not in data]
    unknown = [name for name in data if name not in SUBJECTS]
    return {close for name in unknown for close in get_close_matches(name, missing, n=1)}


def _model(data: dict[str, Any]) -> tuple[Book | None, list[Finding]]:
    own = data.get("materials")
    context = {
        "currency": data.get("currency"),
        "materials": frozenset(name for name in own if isinstance(name, str))
        if isinstance(own, list)
        else frozenset(),
    }
    try:
        return Book.model_validate(data, context=context), []
    except ValidationError as error:
        problems = [dict(problem) for problem in error.errors(include_url=False)]
        return None, [_finding(problem, data) for problem in _each_field_once(problems)]


def _each_field_once(problems: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The problems, with those of a figure that may be written in two ways told as the one they are.

    Of a book whose currency is wrong, no amount is told to be in another, and of one whose own materials
    cannot be read, no material to be unknown."""
    told: set[Location] = set()
    wrong = {problem["loc"][0] for problem in problems if problem["loc"]}
    follows = [("currency", OTHER_CURRENCY), ("materials", _UNKNOWN_MATERIAL)]
    for problem in problems:
        where = problem["loc"]
        if any(name in wrong and said in problem["msg"] for name, said in follows):
            continue
        if _stands_misspelt(problem, problems):
            continue
        if not (len(where) > 3 and where[0] in SUBJECTS and isinstance(where[3], str)):
            yield problem
        elif where[:3] not in told:
            told.add(where[:3])
            said = f"cannot be {problem['input']!r}"
            yield {**problem, "loc": where[:3], "type": "of_two_kinds", "msg": said}


def _stands_misspelt(missing: dict[str, Any], problems: Sequence[dict[str, Any]]) -> bool:
    """Whether a field is missing only because it stands beside under a name that is nearly its own."""
    if missing["type"] != "missing":
        return False
    *where, name = missing["loc"]
    beside = [one["loc"] for one in problems if one["type"] == "extra_forbidden"]
    unknown = [str(one[-1]) for one in beside if list(one[:-1]) == where]
    return bool(get_close_matches(str(name), unknown, n=1))


def _finding(problem: dict[str, Any], data: dict[str, Any]) -> Finding:
    where: Location = problem["loc"]
    rule = _rule_at(data, where)
    within = [part for part in (where[2:] if rule else where) if isinstance(part, str)]
    about = [f"rule {rule.get('id', '?')}"] if rule else []
    about += [f"`{name}`" for name in (within[:1] if rule else within)]
    said = _SAID_BETTER.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    joint = ": " if problem["type"] == "value_error" else " "
    text = ": ".join(about) + joint + said.replace("Input should", "should")
    return Finding(where, text, _founded(said) or remedy_of(problem, data))


def _founded(said: str) -> str:
    """The remedy of what a rule says of itself as a whole."""
    if said.startswith("cites no clause"):
        return "add `cites: [...]`, or `assumed: true` where no source states the rule"
    return "let it begin on or before the day it ends" if said.startswith("`from`") else ""


def _rule_at(data: dict[str, Any], where: Location) -> dict[str, Any] | None:
    if len(where) < 2 or where[0] not in SUBJECTS or not isinstance(where[1], int):
        return None
    rule = data[str(where[0])][where[1]]
    return rule if isinstance(rule, dict) else None


def _without(data: dict[str, Any], findings: Sequence[Finding]) -> dict[str, Any]:
    """The data less the fields and rules that findings name, so that the rest can still be judged."""
    bad = {finding.where[:2] for finding in findings}
    return {
        name: [rule for index, rule in enumerate(value) if (name, index) not in bad]
        if name in SUBJECTS and isinstance(value, list)
        else value
        for name, value in data.items()
        if (name,) not in bad
    }


def _positions(data: dict[str, Any], findings: Sequence[Finding]) -> dict[str, list[int]]:
    """For each subject, where in the file the rules that stand are written."""
    bad = {finding.where[:2] for finding in findings}
    return {
        name: [index for index in range(len(value)) if (name, index) not in bad]
        for name, value in data.items()
        if name in SUBJECTS and isinstance(value, list)
    }
