"""What to write instead: a remedy for each mistake that a field of a policy book can have."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_type_hints

from pydantic import BaseModel

from samlan_contracts.policy.book import SUBJECTS, Book, WhoseRule
from samlan_contracts.policy.figures import STANDARD_MATERIALS
from samlan_contracts.policy.reference import written
from samlan_contracts.policy.rules import Rule

PAGE = "see policies/README.md for what may stand here"
_AT_THE_TOP = {
    "member": "write the member's short name in small letters: `member: orebro`",
    "clauses": "write the first and the last clause of the source: `clauses: K01-K57`",
    "language": "write the language in two or three small letters: `language: sv`",
    "currency": "write the three letters of the currency: `currency: SEK`",
    "timezone": "write the time zone with its area and city: `timezone: Europe/Stockholm`",
    "materials": "write a list of names in small letters: `materials: [ski_set]`",
}
_HOW_A_RULE_BEGINS = {
    "id": "give the rule an id of its own, in small letters: `id: four_weeks`",
    "cites": "cite clauses by id, in a list: `cites: [K13]`",
    "from": "write the first day in force as 2026-12-31",
    "until": "write the last day in force, which is included, as 2026-12-31",
    "assumed": "write `assumed: true`, or the figures that no source states: `assumed: [period]`",
}


def remedy_of(problem: dict[str, Any], data: dict[str, Any]) -> str:
    """What a librarian writes instead, for one error that a book's class found."""
    where: tuple[str | int, ...] = problem["loc"]
    name = next((str(part) for part in reversed(where) if isinstance(part, str)), "")
    kind = SUBJECTS.get(str(where[0])) if len(where) > 1 else None
    if problem["type"] == "extra_forbidden":
        return _rename(name, _fields(WhoseRule if where[0] == "whose_rule" else kind or Book))
    if "unknown material" in problem["msg"]:
        return _known_material(problem["input"], data)
    if kind is not None:
        return _figure(kind, where[2] if len(where) > 2 else name, data)
    if where[0] == "whose_rule" != name:
        return f"write `{name}: item`, `{name}: patron` or `{name}: branch`"
    if problem["type"] == "missing":
        return f"write `{name}: …`; {PAGE}"
    return _AT_THE_TOP.get(str(where[0]), PAGE)


def _fields(kind: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in kind.model_fields.items()]


def _rename(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean `{close[0]}`? Otherwise take it out" if close else f"take it out; {PAGE}"


def _known_material(named: object, data: dict[str, Any]) -> str:
    own = data.get("materials")
    known = [*STANDARD_MATERIALS, *(own if isinstance(own, list) else [])]
    close = get_close_matches(str(named), [str(one) for one in known], n=1)
    guess = f"did you mean `{close[0]}`? " if close else ""
    return f"{guess}A material of your own is named at the top: `materials: [{named}]`"


def _figure(kind: type[Rule], name: str | int, data: dict[str, Any]) -> str:
    if name in _HOW_A_RULE_BEGINS:
        return _HOW_A_RULE_BEGINS[str(name)]
    hint = get_type_hints(kind, include_extras=True).get(str(name))
    if hint is None:
        return PAGE
    example = written(hint).replace("SEK", str(data.get("currency") or "SEK"))
    return f"`{name}` is written as {example}"
