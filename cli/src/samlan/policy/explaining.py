"""`samlan policy explain`: what would be decided in one case, and because of which rules."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text
from samlan_contracts.policy import (
    BranchCalendar,
    Money,
    PolicyBooks,
    UnknownMember,
)
from samlan_contracts.policy.texts import Language, first_written

from samlan.policy import books as policy_books
from samlan.policy.asking import KnownItem, KnownPatron, Services, services
from samlan.policy.cases import ACTS, Act, Case, Explained
from samlan.policy.deciding import explain_what_can_be
from samlan.policy.wishes import Wish, case_of
from samlan.policy.words import NAMES
from samlan.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Answer:
    """The case that was judged, every decision about it, and the language that people there read."""

    case: Case
    decisions: list[Explained] = field(default_factory=list)
    language: Language = "en"


def explain_command(wish: Wish, data: Path, *, language: Language | None, as_json: bool) -> None:
    """Prints the decisions; without a language in that of the branch's member."""
    answer = asyncio.run(answered(wish, data))
    if as_json:
        sys.stdout.write(json.dumps(as_json_object(answer, wish), ensure_ascii=False) + "\n")
    else:
        _show(answer, wish, language or answer.language)


async def answered(wish: Wish, data: Path) -> Answer:
    """The decisions on a wish; services are asked only where an id was given."""
    if wish.patron is None and wish.item is None:
        return judged(wish, policy_books.in_force(wish.policies), None, None, None)
    async with services(data) as asked:
        return await asked_of(asked, wish)


async def asked_of(asked: Services, wish: Wish) -> Answer:
    """The decisions on a wish with what these services know."""
    item = await asked.item(wish.item) if wish.item else None
    patron = await asked.patron(wish.patron) if wish.patron else None
    calendar = await asked.calendar(wish.branch)
    if calendar is None:
        raise Trouble(f"there is no branch {wish.branch}")
    if wish.on is None:
        wish = replace(wish, on=(await asked.now()).isoformat())
    return judged(wish, policy_books.in_force(wish.policies), item, patron, calendar)


def judged(
    wish: Wish, books: PolicyBooks, item: KnownItem | None, patron: KnownPatron | None,
    calendar: BranchCalendar | None,
) -> Answer:  # fmt: skip
    """The decisions on a wish, with what is known beside its facts."""
    try:
        case = case_of(wish, books, item, patron, calendar)
        decisions = explain_what_can_be(case, books, wish.acts or ACTS)
        return Answer(case, decisions, _language(books, case.branch))
    except UnknownMember as unknown:
        raise Trouble(f"{unknown.args[0]!s}; there are {', '.join(books.members)}") from None


def _language(books: PolicyBooks, branch: BranchCalendar) -> Language:
    """The language of the branch's member where the sentences are written in it, else English."""
    return first_written(books.book(branch.member).language)


def as_json_object(answer: Answer, wish: Wish) -> dict[str, Any]:
    """The answer for programs."""
    case = answer.case
    return {
        "patron": wish.patron, "item": wish.item, "branch": case.branch.branch, "on": case.day.isoformat(),
        "facts": {
            "material": case.item.material, "audience": case.item.audience, "item_member": case.item.member,
            "patron_member": case.patron.member, "age": case.patron.age_on(case.day),
            "holds_waiting": case.holds_waiting, "on_loan": dict(case.on_loan),
            "debts": [{"member": one.member, **one.balance.as_json()} for one in case.debts],
        },
        "decisions": [one.as_json() for one in answer.decisions],
    }  # fmt: skip


def _show(answer: Answer, wish: Wish, language: Language) -> None:
    console = Console(highlight=False)
    case = answer.case
    who = [f"age {case.patron.age_on(case.day)}"] if case.patron.born else []
    about = [wish.item or case.item.material, *who, case.branch.branch, case.day.isoformat()]
    console.print(Text(" · ".join(about), "dim"), soft_wrap=True)
    act: Act | None = None
    for one in answer.decisions:
        if one.act != act:
            act = one.act
            console.print(Text(f"\n{NAMES[act][language]}", "bold"))
        console.print(Padding(Text(one.says[language]), (0, 0, 0, 2)))
        for why in one.because:
            console.print(Padding(Text(_reason(why, language), "dim"), (0, 0, 0, 4)))


def _reason(why: Mapping[str, Any], language: Language) -> str:
    """The rule behind a decision: its id, version, dates and inputs."""
    first, last = why["in_force"]
    span = f"{NAMES['in_force'][language]} {first or '…'}–{last or '…'}"
    dates = span if first or last else NAMES["always"][language]
    inputs = ", ".join(f"{key}={_plain(value)}" for key, value in why["inputs"].items())
    cited = f" ({', '.join(why['cites'])})" if why["cites"] else ""
    if not why["version"]:  # no rule of a book: a fact that says all in its sentence
        return f"{why['rule']}: {inputs}".removesuffix(": ")
    return f"{why['rule']}{cited}, version {why['version']}, {dates}: {inputs}"


def _plain(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return str(Money(value["amount"], value["currency"]))
    return "/".join(map(str, value)) if isinstance(value, list) else str(value)
