"""A policy book: one member's rules by subject, and for each subject the order in which they are asked."""

from __future__ import annotations

import hashlib
import json
import string
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Annotated, Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from samlan_contracts.policy import rules
from samlan_contracts.policy.conditions import CONDITIONS
from samlan_contracts.policy.facts import Case
from samlan_contracts.policy.figures import STANDARD_MATERIALS

R = TypeVar("R", bound=rules.Rule)
Whose = Literal["item", "patron", "branch"]
_Test = Callable[[Case], bool]
# Distinct pairs of material and audience are few; this only bounds what a hostile import could make of them.
MAX_CACHED_CANDIDATES = 1024


class Subject(Generic[R]):
    """The rules of one subject in the book's order: the first that fits a case decides it.

    `changes` are the days on which another rule may come into force, from the beginning of time.
    """

    def __init__(self, ordered: Sequence[R]) -> None:
        self.rules = tuple(ordered)
        self.changes = _changes(ordered)
        self._by_item: dict[tuple[str | None, str | None], tuple[_Entry[R], ...]] = {}

    def first(self, case: Case) -> R | None:
        """The first rule in force that fits the case."""
        return next(self._fitting(case), None)

    def every(self, case: Case) -> tuple[R, ...]:
        """All rules in force that fit the case, where each of them binds."""
        return tuple(self._fitting(case))

    def _fitting(self, case: Case) -> Iterator[R]:
        for entry in self._candidates(case):
            if entry.fits(case):
                yield entry.rule

    def _candidates(self, case: Case) -> tuple[_Entry[R], ...]:
        key = (case.material, case.audience)
        found = self._by_item.get(key)
        if found is None:
            if len(self._by_item) >= MAX_CACHED_CANDIDATES:
                self._by_item.clear()
            found = tuple(entry for rule in self.rules if (entry := _Entry(rule)).may_concern(case))
            self._by_item[key] = found
        return found


class _Entry(Generic[R]):
    """A rule taken apart for asking: its days, and its conditions but those on the item."""

    __slots__ = ("first_day", "last_day", "of_item", "others", "rule")

    def __init__(self, rule: R) -> None:
        tests = {name: partial(CONDITIONS[name].holds, value) for name, value in rule.conditions().items()}
        self.rule = rule
        self.first_day, self.last_day = rule.first_day, rule.last_day
        self.of_item: list[_Test] = [tests.pop(name) for name in ("materials", "audience") if name in tests]
        self.others: list[_Test] = list(tests.values())

    def may_concern(self, case: Case) -> bool:
        return all(test(case) for test in self.of_item)

    def fits(self, case: Case) -> bool:
        if not self.first_day <= case.day <= self.last_day:
            return False
        return all(test(case) for test in self.others)


class WhoseRule(BaseModel):
    """Whose book answers when patron, item and branch belong to different members."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    loan_periods: Whose
    due_days: Whose
    renewals: Whose
    age_limits: Whose
    loan_limits: Whose
    blocks: Whose
    returns: Whose
    book_drops: Whose
    overdue_fees: Whose
    pickup_shelf: Whose


class Book(BaseModel):
    """Everything one member has decided, as its file says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    member: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    name: str = Field(min_length=1)
    edition: str = Field(min_length=1, max_length=20, alias="version", coerce_numbers_to_str=True)
    source: str = Field(min_length=1)
    clauses: str | None = Field(default=None, pattern=r"^[A-Z]{1,3}\d{2,3}-[A-Z]{1,3}\d{2,3}$")
    language: str = Field(pattern=r"^[a-z]{2,3}$")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: str
    municipalities: int = Field(default=1, ge=1)
    materials: frozenset[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]] = frozenset()
    whose_rule: WhoseRule

    loan_periods: tuple[rules.LoanPeriod, ...] = ()
    queue_shortening: tuple[rules.QueueShortening, ...] = ()
    due_days: tuple[rules.DueDay, ...] = ()
    renewals: tuple[rules.Renewal, ...] = ()
    loan_limits: tuple[rules.LoanLimit, ...] = ()
    age_limits: tuple[rules.AgeLimit, ...] = ()
    returns: tuple[rules.ReturnAcceptance, ...] = ()
    book_drops: tuple[rules.BookDrop, ...] = ()
    late_days: tuple[rules.LateDays, ...] = ()
    overdue_fees: tuple[rules.OverdueFee, ...] = ()
    overdue_stages: tuple[rules.OverdueStage, ...] = ()
    stage_times: tuple[rules.StageTime, ...] = ()
    fees: tuple[rules.Fee, ...] = ()
    replacements: tuple[rules.Replacement, ...] = ()
    invoices: tuple[rules.Invoice, ...] = ()
    blocks: tuple[rules.Block, ...] = ()
    pickup_shelf: tuple[rules.PickupShelf, ...] = ()
    hold_items: tuple[rules.HoldItems, ...] = ()
    hold_terms: tuple[rules.HoldTerms, ...] = ()
    notices: tuple[rules.Notice, ...] = ()
    retention: tuple[rules.Retention, ...] = ()
    waivers: tuple[rules.Waiver, ...] = ()
    temporary_accounts: tuple[rules.TemporaryAccount, ...] = ()
    accounts: tuple[rules.Account, ...] = ()
    staffless_hours: tuple[rules.StafflessHours, ...] = ()

    @field_validator("clauses")
    @classmethod
    def _is_one_range(cls, clauses: str | None) -> str | None:
        letters = {end.rstrip("0123456789") for end in (clauses or "").split("-")}
        if len(letters) > 1:
            raise ValueError(f"a range of clauses keeps its letters, such as K01-K57; not {clauses!r}")
        numbers = [int(end.lstrip(string.ascii_uppercase)) for end in (clauses or "").split("-") if end]
        if numbers != sorted(numbers):
            raise ValueError(
                f"a range of clauses names the first one first, such as K01-K57; not {clauses!r}"
            )
        return clauses

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"unknown time zone {name!r}") from error
        return name

    @cached_property
    def version(self) -> str:
        """The edition and a short hash of what the book says; comments do not change it."""
        said = json.dumps(
            self.model_dump(by_alias=True, exclude_unset=True), default=_canonical, sort_keys=True
        )
        return f"{self.edition}+{hashlib.sha256(said.encode()).hexdigest()[:8]}"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The member's own time zone, for what happens at no branch."""
        return ZoneInfo(self.timezone)

    @cached_property
    def all_materials(self) -> frozenset[str]:
        """The standard materials and this member's own."""
        return STANDARD_MATERIALS | self.materials

    def subject(self, kind: type[R]) -> Subject[R]:
        """The rules of one class, ready to be asked."""
        return self._subjects[kind]

    @cached_property
    def _subjects(self) -> dict[type[rules.Rule], Subject[Any]]:
        return {kind: Subject(getattr(self, name)) for name, kind in SUBJECTS.items()}


def _canonical(value: object) -> object:
    return sorted(value, key=str) if isinstance(value, frozenset) else str(value)


def _subject_classes() -> dict[str, type[rules.Rule]]:
    """Each subject of a book and the class of its rules, as the book's own annotations name them."""
    found = {}
    for name, field in Book.model_fields.items():
        inner = getattr(field.annotation, "__args__", (None,))[0]
        if isinstance(inner, type) and issubclass(inner, rules.Rule):
            found[name] = inner
    return found


SUBJECTS: dict[str, type[rules.Rule]] = _subject_classes()


def _changes(listed: Sequence[rules.Rule]) -> list[date]:
    starts = {rule.first_day for rule in listed}
    ends = {rule.last_day + timedelta(days=1) for rule in listed if rule.last_day < date.max}
    return sorted({date.min} | starts | ends)
