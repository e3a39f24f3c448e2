"""Reading a policy book: YAML without its traps, and every mistake with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from samlan_contracts.policy.book import SUBJECTS, Book
from samlan_contracts.policy.checks import Finding, check_rules
from samlan_contracts.policy.money import OTHER_CURRENCY
from samlan_contracts.policy.remedies import remedy_of

# A book of a thousand rules is below this; larger is not a policy book.
MAX_BOOK_BYTES = 1_000_000
MAX_DEPTH = 12
MAX_NODES_DEEP = 100
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})")
_PLAIN = {"true": True, "false": False, "null": None, "~": None, "": None}
_SAID_BETTER = {
    "extra_forbidden": "is not known here: no service reads it",
    "missing": "is missing",
    "tuple_type": "should be a list",
    "frozen_set_type": "should be a list",
    "model_type": "should be fields with values",
}
_NOT_A_BOOK = "compare the line with another member's book: spaces, colons, quotes and brackets"

Location = tuple[str | int, ...]


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
        data, page = _parse(text)
    except _Unreadable as unreadable:
        return None, (Mistake(file, unreadable.line, unreadable.text, _NOT_A_BOOK),)
    book, findings = _validate(data)
    mistakes = {Mistake(file, line, text, remedy) for line, text, remedy in page.mistakes}
    mistakes |= {Mistake(file, page.line_of(one.where), one.text, one.remedy) for one in findings}
    return (None if mistakes else book), tuple(sorted(mistakes))


class _Unreadable(Exception):
    def __init__(self, line: int, text: str) -> None:
        self.line, self.text = line, text
        super().__init__(text)


def _parse(text: str | bytes) -> tuple[dict[str, Any], _Page]:
    if len(text) > MAX_BOOK_BYTES:
        raise _Unreadable(0, f"is larger than {MAX_BOOK_BYTES} bytes")
    try:
        _refuse_abysses(text)
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _Unreadable(line, f"is not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeError, RecursionError, ValueError) as error:
        raise _Unreadable(0, f"is not YAML: {error}") from None
    page = _Page()
    data = page.read(root, ()) if root is not None else None
    if not isinstance(data, dict):
        raise _Unreadable(1, "a policy book starts with fields such as `member: orebro`")
    return data, page


def _refuse_abysses(text: str | bytes) -> None:
    """The quick reader builds its nodes by recursion, which a text of a thousand brackets would overflow."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NODES_DEEP:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise _Unreadable(line, f"is nested deeper than {MAX_DEPTH} levels")


class _Page:
    """Plain values out of YAML nodes, and the line of each; `no`, `3.00` and `10:00` stay what is written."""

    def __init__(self) -> None:
        self._lines: dict[Location, int] = {}
        self._seen: set[int] = set()
        self.mistakes: list[tuple[int, str, str]] = []

    def line_of(self, where: Location) -> int:
        """The line of the nearest enclosing thing that stands in the file."""
        while where and where not in self._lines:
            where = where[:-1]
        return self._lines.get(where, 1)

    def read(self, node: yaml.Node, where: Location) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(where, line)
        if id(node) in self._seen or len(where) > MAX_DEPTH:
            text = "anchors, aliases and deep nesting are not read; write it out"
            self.mistakes.append((line, text, "write the rule out in full, without & and *"))
            return None
        self._seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, where)
            case yaml.SequenceNode():
                return [self.read(part, (*where, index)) for index, part in enumerate(node.value)]
            case _:
                return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, where: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                self.mistakes.append((line, f"`{key}` is written twice", "keep one of the two"))
            self._lines[(*where, key)] = line
            found[key] = self.read(value_node, (*where, key))
        return found


def _scalar(node: yaml.Node) -> Any:
    written = str(node.value)
    if getattr(node, "style", None) in ("'", '"', "|", ">"):
        return written
    if _WHOLE_NUMBER.fullmatch(written):
        return int(written)
    return _PLAIN.get(written, written)


def _validate(data: dict[str, Any]) -> tuple[Book | None, list[Finding]]:
    """Judge fields first; then, on the rules that stand, what only shows when rules are held together."""
    book, findings = _model(data)
    standing = book or _model(_without(data, findings))[0]
    if standing is not None:
        maimed = {str(finding.where[0]) for finding in findings if finding.where}
        findings += check_rules(standing, _positions(data, findings), maimed)
    return book, findings


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

    Of a book whose currency is wrong, no amount is told to be in another."""
    told: set[Location] = set()
    nameless = any(problem["loc"] == ("currency",) for problem in problems)
    for problem in problems:
        where = problem["loc"]
        if nameless and OTHER_CURRENCY in problem["msg"]:
            continue
        if not (len(where) > 3 and where[0] in SUBJECTS and isinstance(where[3], str)):
            yield problem
        elif where[:3] not in told:
            told.add(where[:3])
            said = f"cannot be {problem['input']!r}"
            yield {**problem, "loc": where[:3], "type": "of_two_kinds", "msg": said}


def _finding(problem: dict[str, Any], data: dict[str, Any]) -> Finding:
    where: Location = problem["loc"]
    rule = _rule_at(data, where)
    within = [part for part in (where[2:] if rule else where) if isinstance(part, str)]
    about = [f"rule {rule.get('id', '?')}"] if rule else []
    about += [f"`{within[0]}`"] if within else []
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
