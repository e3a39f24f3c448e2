"""What only shows when the rules of a book are held together: overlaps, gaps, rules never reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise, product
from typing import Any

from samlan_contracts.policy import rules
from samlan_contracts.policy.book import SUBJECTS, Book
from samlan_contracts.policy.conditions import CONDITIONS
from samlan_contracts.policy.facts import Case

Where = tuple[str | int, ...]
Placed = tuple[int, rules.Rule]

# Subjects in which each fitting rule binds; in all others the first that fits decides.
BINDING_TOGETHER = frozenset({"loan_limits", "age_limits"})
# Subjects in which silence is an answer: no shortening, no limit, no such fee, no such block, nothing told.
MAY_BE_SILENT = frozenset({
    "queue_shortening", "loan_limits", "age_limits", "overdue_stages", "fees", "blocks", "notices",
    "accounts", "staffless_hours",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, and the place in the book's data that it is about."""

    where: Where
    text: str


def check_rules(book: Book, positions: Mapping[str, Sequence[int]], maimed: Set[str]) -> list[Finding]:
    """Every mistake in how the rules of a book stand to each other and to the clauses.

    `positions` says where each rule of a subject is written; a maimed subject has lost rules to mistakes
    of their own, so that a gap in it tells nothing.
    """
    placed = {name: list(zip(positions.get(name, ()), getattr(book, name), strict=True)) for name in SUBJECTS}
    findings = list(_ids_of_two_subjects(placed))
    for subject, listed in placed.items():
        findings += _timelines(subject, listed)
        findings += _never_reached(subject, listed)
        findings += _foreign_clauses(book, subject, listed)
        if subject not in MAY_BE_SILENT | maimed:
            findings += _unanswered(book, subject)
    return findings


def _ids_of_two_subjects(placed: Mapping[str, Sequence[Placed]]) -> Iterator[Finding]:
    first_in: dict[str, str] = {}
    for subject, listed in placed.items():
        for index, rule in listed:
            if first_in.setdefault(rule.id, subject) != subject:
                yield Finding(
                    (subject, index, "id"), f"rule {rule.id}: {first_in[rule.id]} has that id as well"
                )


def _timelines(subject: str, listed: Sequence[Placed]) -> Iterator[Finding]:
    """Rules of one id are one rule over time: the same conditions, no overlap, no gap."""
    by_id: dict[str, list[Placed]] = {}
    for index, rule in listed:
        by_id.setdefault(rule.id, []).append((index, rule))
    for versions in by_id.values():
        in_order = sorted(versions, key=lambda placed: placed[1].first_day)
        for (_, before), (index, after) in pairwise(in_order):
            if text := _broken_joint(before, after):
                yield Finding((subject, index), f"rule {after.id}: {text}")


def _broken_joint(before: rules.Rule, after: rules.Rule) -> str | None:
    if before.conditions() != after.conditions():
        return "the same id stands for two different cases; give one of them its own"
    if after.first_day <= before.last_day:
        return f"overlapping dates: {_span(after)} and {_span(before)}"
    if after.first_day - before.last_day > timedelta(days=1):
        return f"a gap in the dates: nothing between {before.last_day} and {after.first_day}"
    return None


def _never_reached(subject: str, listed: Sequence[Placed]) -> Iterator[Finding]:
    for (_, earlier), (index, later) in combinations(listed, 2):
        if earlier.id == later.id or not _in_force_together(earlier, later):
            continue
        if subject in BINDING_TOGETHER:
            if earlier.conditions() == later.conditions():
                yield Finding(
                    (subject, index), f"rule {later.id}: overlapping dates with {earlier.id}, for the same"
                )
        elif _covers(earlier, later):
            yield Finding(
                (subject, index),
                f"rule {later.id}: overlapping dates; {earlier.id} above always decides first",
            )


def _covers(earlier: rules.Rule, later: rules.Rule) -> bool:
    narrower = later.conditions()
    return all(
        name in narrower and CONDITIONS[name].covers(value, narrower[name])
        for name, value in earlier.conditions().items()
    )


def _in_force_together(one: rules.Rule, other: rules.Rule) -> bool:
    return one.first_day <= other.last_day and other.first_day <= one.last_day


def _foreign_clauses(book: Book, subject: str, listed: Sequence[Placed]) -> Iterator[Finding]:
    for index, rule in listed:
        for clause in rule.cites:
            if not _in_range(clause, book.clauses):
                known = book.clauses or "(none)"
                text = f"rule {rule.id}: cites {clause}, which is not among the clauses {known}"
                yield Finding((subject, index, "cites"), text)


def _in_range(clause: str, clauses: str | None) -> bool:
    if clauses is None:
        return False
    first, last = clauses.split("-")
    letters = first.rstrip("0123456789")
    number = clause.removeprefix(letters)
    return number.isdigit() and int(first[len(letters) :]) <= int(number) <= int(last[len(letters) :])


def _unanswered(book: Book, subject: str) -> Iterator[Finding]:
    """The first case, at each change of the rules, that no rule of a subject answers."""
    asked = book.subject(SUBJECTS[subject])
    dimensions = _dimensions(book, SUBJECTS[subject])
    for day in asked.changes:
        for values in product(*dimensions.values()):
            known = dict(zip(dimensions, values, strict=True))
            if asked.first(Case(day=day, **known)) is None:
                case = ", ".join(map(str, values)) or "anything"
                yield Finding((subject,), f"`{subject}`: a gap: no rule for {case}{_since(day)}")
                break


def _dimensions(book: Book, kind: type[rules.Rule]) -> dict[str, tuple[Any, ...]]:
    """What a case of these rules may be, where the possibilities are few and known."""
    known: dict[str, tuple[str, tuple[Any, ...]]] = {
        "materials": ("material", tuple(sorted(book.all_materials))),
        "audience": ("audience", ("adult", "child")),
        "issue": ("issue", ("current", "earlier_years")),
        "branch_kinds": ("branch_kind", ("library", "mobile", "partner")),
        "items": ("items", ("own", "foreign")),
    }
    return dict(known[name] for name in kind.model_fields if name in known)


def _span(rule: rules.Rule) -> str:
    return f"{rule.in_force_from or '...'} to {rule.in_force_until or '...'}"


def _since(day: date) -> str:
    return "" if day == date.min else f" from {day}"
