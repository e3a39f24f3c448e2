"""What only shows when the rules of a book are held together: overlaps, gaps, rules never reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, islice, pairwise, product
from typing import Any, get_args

from samlan_contracts.policy import rules
from samlan_contracts.policy.book import SUBJECTS, Book
from samlan_contracts.policy.conditions import CONDITIONS
from samlan_contracts.policy.facts import Attended, Case, Service
from samlan_contracts.policy.figures import Cause, FeeKind, NoticeKind, Stage

Where = tuple[str | int, ...]
Placed = tuple[int, rules.Rule]

# Subjects in which each fitting rule binds; in all others the first that fits decides.
BINDING_TOGETHER = frozenset({"loan_limits", "age_limits"})
# Subjects in which silence is an answer: no shortening, no limit, no such fee, no such block, nothing told.
MAY_BE_SILENT = frozenset({
    "queue_shortening", "loan_limits", "age_limits", "overdue_stages", "stage_times", "fees", "blocks",
    "notices", "accounts", "staffless_hours",
})  # fmt: skip

A_DAY = date(2025, 1, 31)  # to hold days against months: a month after it is the shortest there is


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong, the place in the book's data that it is about, and what to do about it."""

    where: Where
    text: str
    remedy: str = ""


def check_rules(book: Book, positions: Mapping[str, Sequence[int]], maimed: Set[str]) -> list[Finding]:
    """Every mistake in how the rules of a book stand to each other and to the clauses.

    `positions` says where each rule of a subject is written; a maimed subject has lost rules to mistakes
    of their own, so that a gap in it tells nothing.
    """
    placed = {name: list(zip(positions.get(name, ()), getattr(book, name), strict=True)) for name in SUBJECTS}
    findings = [
        *_ids_of_two_subjects(placed),
        *_cites_nothing_known(book, placed, maimed),
        *_stages_in_disorder(book, placed["overdue_stages"]),
    ]
    for subject, listed in placed.items():
        findings += _timelines(subject, listed)
        findings += _never_reached(subject, listed)
        findings += _foreign_clauses(book, subject, listed)
        told = {finding.where for finding in findings}
        findings += [one for one in _never_read(book, subject, listed, maimed) if one.where not in told]
        if subject not in MAY_BE_SILENT | maimed:
            findings += _unanswered(book, subject, told=_first_days_of_gaps(listed))
    return findings


def _ids_of_two_subjects(placed: Mapping[str, Sequence[Placed]]) -> Iterator[Finding]:
    first_in: dict[str, str] = {}
    for subject, listed in placed.items():
        for index, rule in listed:
            if first_in.setdefault(rule.id, subject) != subject:
                text = f"rule {rule.id}: {first_in[rule.id]} has that id as well"
                yield Finding((subject, index, "id"), text, "give one of the two an id of its own")


def _cites_nothing_known(
    book: Book, placed: Mapping[str, Sequence[Placed]], maimed: Set[str]
) -> Iterator[Finding]:
    """A book that names no clauses cites none; told of the first rule that does, and of no other."""
    if book.clauses is not None or "clauses" in maimed:
        return
    citing = ((subject, index, rule) for subject in placed for index, rule in placed[subject] if rule.cites)
    for subject, index, rule in islice(citing, 1):
        text = f"rule {rule.id}: cites {rule.cites[0]}, but the book does not say which `clauses` there are"
        remedy = "name the clauses of the source at the top, such as `clauses: K01-K57`"
        yield Finding((subject, index, "cites"), text, remedy)


def _stages_in_disorder(book: Book, listed: Sequence[Placed]) -> Iterator[Finding]:
    """Of two stages in force on a day, the later one follows the earlier one."""
    asked = book.subject(rules.OverdueStage)
    written = {id(rule): index for index, rule in listed}
    told: set[int] = set()
    for day in asked.changes:
        found = [rule for one in get_args(Stage) if (rule := asked.first(Case(day=day, kind=one)))]
        for before, after in pairwise(found):
            index = written[id(after)]
            if after.after_due.after(A_DAY) > before.after_due.after(A_DAY) or index in told:
                continue
            told.add(index)
            text = f"rule {after.id}: {after.stage} does not come after {before.stage} ({before.after_due})"
            remedy = f"give it an `after_due` that is longer than {before.after_due}"
            yield Finding(("overdue_stages", index, "after_due"), text, remedy)


def _timelines(subject: str, listed: Sequence[Placed]) -> Iterator[Finding]:
    """Rules of one id are one rule over time: the same conditions, no overlap, no gap."""
    for (_, before), (index, after) in _joints(listed):
        if broken := _broken_joint(before, after):
            text, remedy = broken
            yield Finding((subject, index), f"rule {after.id}: {text}", remedy)


def _joints(listed: Sequence[Placed]) -> Iterator[tuple[Placed, Placed]]:
    """Each two versions of a rule that follow one another."""
    by_id: dict[str, list[Placed]] = {}
    for index, rule in listed:
        by_id.setdefault(rule.id, []).append((index, rule))
    for versions in by_id.values():
        yield from pairwise(sorted(versions, key=lambda placed: placed[1].first_day))


def _first_days_of_gaps(listed: Sequence[Placed]) -> set[date]:
    """The days on which a rule ends too early, each of which its own timeline tells."""
    return {
        before.last_day + timedelta(days=1)
        for (_, before), (_, after) in _joints(listed)
        if before.last_day < date.max and after.first_day - before.last_day > timedelta(days=1)
    }


def _broken_joint(before: rules.Rule, after: rules.Rule) -> tuple[str, str] | None:
    if before.conditions() != after.conditions():
        text = "the same id stands for two different cases; give one of them its own"
        return text, "rename one of the two"
    if after.first_day <= before.last_day:
        return f"overlapping dates: {_span(after)} and {_span(before)}", _joined(after)
    if after.first_day - before.last_day > timedelta(days=1):
        text = f"a gap in the dates: nothing between {before.last_day} and {after.first_day}"
        return text, _joined(after)
    return None


def _joined(after: rules.Rule) -> str:
    """How the dates of two versions of a rule meet."""
    if after.in_force_from is None:
        return "say in `from` when the later of the two begins, and end the other the day before"
    return f"end the one before with `until: {after.first_day - timedelta(days=1)}`"


def _never_reached(subject: str, listed: Sequence[Placed]) -> Iterator[Finding]:
    for (_, earlier), (index, later) in combinations(listed, 2):
        if earlier.id == later.id or not _in_force_together(earlier, later):
            continue
        if subject in BINDING_TOGETHER:
            if earlier.conditions() == later.conditions():
                text = f"rule {later.id}: overlapping dates with {earlier.id}, for the same"
                yield Finding((subject, index), text, "keep one of them, or give them dates that meet")
        elif _covers(earlier, later):
            text = f"rule {later.id}: overlapping dates; {earlier.id} above always decides first"
            yield Finding(
                (subject, index), text, f"put it above {earlier.id} if it is the particular case, or drop it"
            )


def _never_read(book: Book, subject: str, listed: Sequence[Placed], maimed: Set[str]) -> Iterator[Finding]:
    """Rules that no service ever reaches, though no single rule stands in front of them."""
    for position, (index, rule) in enumerate(listed):
        above = [one for _, one in listed[:position]]
        if subject not in BINDING_TOGETHER and _decided_before(book, rule, above):
            text = f"rule {rule.id}: no service ever reads it: the rules above decide every such case"
            yield Finding((subject, index), text, "put it above them, or drop it")
        if "loan_periods" not in maimed and not _normal_period_exists(book, rule):
            text = f"rule {rule.id}: no service ever reads it: no loan period is its `normal_period`"
            yield Finding((subject, index), text, "take `normal_period` from one of the loan periods")


def _decided_before(book: Book, rule: rules.Rule, above: Sequence[rules.Rule]) -> bool:
    """Whether rules above decide all that a rule is about, on every day on which it is in force."""
    dimensions = _known_dimensions(book, type(rule))
    own = rule.conditions()
    rest = {name: value for name, value in own.items() if name not in {one for one, _, _ in dimensions}}
    rivals = [
        rival
        for one in above
        if _in_force_together(one, rule) and (rival := _Rival.of(one, dimensions)).covers_rest(rest)
    ]
    fields = [field for _, field, _ in dimensions]
    concerned = [_values(own.get(condition), condition, field, all_) for condition, field, all_ in dimensions]
    for day in _changes_within(rule, above) if rivals else ():
        for values in product(*concerned):
            case = Case(day=day, **dict(zip(fields, values, strict=True)))
            if not any(rival.fits(case) for rival in rivals):
                return False
    return bool(rivals)


def _values(wanted: Any, condition: str, field: str, all_: tuple[Any, ...]) -> list[Any]:
    """Those of the possible values that a condition is about."""
    if wanted is None:
        return list(all_)
    holds = CONDITIONS[condition].holds
    return [value for value in all_ if holds(wanted, Case(day=date.min, **{field: value}))]


@dataclass(frozen=True, slots=True)
class _Rival:
    """A rule that stands above, taken apart: its days, what is asked of known cases, and the rest."""

    first_day: date
    last_day: date
    tests: tuple[tuple[Callable[[Any, Case], bool], Any], ...]
    rest: Mapping[str, Any]

    @classmethod
    def of(cls, rule: rules.Rule, dimensions: Sequence[tuple[str, str, tuple[Any, ...]]]) -> _Rival:
        known = {condition for condition, _, _ in dimensions}
        own = rule.conditions()
        tests = tuple((CONDITIONS[name].holds, value) for name, value in own.items() if name in known)
        rest = {name: value for name, value in own.items() if name not in known}
        return cls(rule.first_day, rule.last_day, tests, rest)

    def covers_rest(self, rest: Mapping[str, Any]) -> bool:
        """Whether it asks no more of what cannot be listed than the rule below does."""
        return all(
            name in rest and CONDITIONS[name].covers(value, rest[name]) for name, value in self.rest.items()
        )

    def fits(self, case: Case) -> bool:
        """Whether it decides a case, as far as the case is known."""
        return self.first_day <= case.day <= self.last_day and all(
            holds(value, case) for holds, value in self.tests
        )


def _changes_within(rule: rules.Rule, rivals: Sequence[rules.Rule]) -> list[date]:
    """The days of a rule on which another set of rivals begins to be in force."""
    starts = {rule.first_day, *(one.first_day for one in rivals)}
    starts |= {one.last_day + timedelta(days=1) for one in rivals if one.last_day < date.max}
    return sorted(day for day in starts if rule.first_day <= day <= rule.last_day)


def _normal_period_exists(book: Book, rule: rules.Rule) -> bool:
    if not isinstance(rule, rules.QueueShortening) or rule.normal_period is None:
        return True
    return any(
        one.period == rule.normal_period and _in_force_together(one, rule) for one in book.loan_periods
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
    if (known := book.clauses) is None:
        return
    for index, rule in listed:
        for clause in rule.cites:
            if not _in_range(clause, known):
                text = f"rule {rule.id}: cites {clause}, which is not among the clauses {known}"
                remedy = f"cite a clause from {known}, or correct `clauses` at the top"
                yield Finding((subject, index, "cites"), text, remedy)


def _in_range(clause: str, clauses: str) -> bool:
    first, last = clauses.split("-")
    letters = first.rstrip("0123456789")
    number = clause.removeprefix(letters)
    return number.isdigit() and int(first[len(letters) :]) <= int(number) <= int(last[len(letters) :])


def _unanswered(book: Book, subject: str, *, told: Set[date]) -> Iterator[Finding]:
    """The first case, at each change of the rules, that no rule of a subject answers."""
    asked = book.subject(SUBJECTS[subject])
    dimensions = _dimensions(book, SUBJECTS[subject])
    for day in (one for one in asked.changes if one not in told):
        for values in product(*dimensions.values()):
            known = dict(zip(dimensions, values, strict=True))
            if asked.first(Case(day=day, **known)) is None:
                case = ", ".join(map(str, values)) or "anything"
                text = f"`{subject}`: a gap: no rule for {case}{_since(day)}"
                yield Finding((subject,), text, f"add a last rule to `{subject}` that has no conditions")
                break


def _dimensions(book: Book, kind: type[rules.Rule]) -> dict[str, tuple[Any, ...]]:
    """What a case that must be answered may be, where the possibilities are few and known."""
    return {
        name: values
        for condition, name, values in _known_dimensions(book, kind)
        if condition not in ("kinds", "stage", "cause", "service")
    }


def _known_dimensions(book: Book, kind: type[rules.Rule]) -> list[tuple[str, str, tuple[Any, ...]]]:
    """The conditions of these rules whose possibilities are few and known, by condition and case."""
    known: dict[str, tuple[str, tuple[Any, ...]]] = {
        "materials": ("material", tuple(sorted(book.all_materials))),
        "audience": ("audience", ("adult", "child")),
        "issue": ("issue", ("current", "earlier_years")),
        "branch_kinds": ("branch_kind", ("library", "mobile", "partner")),
        "items": ("items", ("own", "foreign")),
        "attended": ("attended", get_args(Attended)),
        "registered": ("registered", (True, False)),
        "kinds": ("kind", get_args(FeeKind) + get_args(NoticeKind)),
        "stage": ("kind", get_args(Stage)),
        "cause": ("cause", get_args(Cause)),
        "service": ("service", get_args(Service)),
    }
    return [(name, *known[name]) for name in kind.model_fields if name in known]


def _span(rule: rules.Rule) -> str:
    return f"{rule.in_force_from or '...'} to {rule.in_force_until or '...'}"


def _since(day: date) -> str:
    return "" if day == date.min else f" from {day}"
