"""The conditions a rule may carry; a rule fits a case when all that it carries hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import eq, ge, le
from typing import Any

from samlan_contracts.policy.facts import Case
from samlan_contracts.policy.period import reaches_age


@dataclass(frozen=True, slots=True)
class Condition:
    """How one field of a rule is held against a case, and when its value takes in another's."""

    holds: Callable[[Any, Case], bool]
    covers: Callable[[Any, Any], bool]


def _younger(age: int, case: Case) -> bool:
    return case.born is not None and case.day < reaches_age(case.born, age)


CONDITIONS: dict[str, Condition] = {
    "materials": Condition(lambda wanted, case: case.material in wanted, ge),
    "audience": Condition(lambda wanted, case: case.audience == wanted, eq),
    "issue": Condition(lambda wanted, case: case.issue == wanted, eq),
    "item_marked": Condition(lambda wanted, case: case.item_age == wanted, eq),
    "homes": Condition(lambda wanted, case: case.home in wanted, ge),
    "branches": Condition(lambda wanted, case: case.branch in wanted, ge),
    "branch_kinds": Condition(lambda wanted, case: case.branch_kind in wanted, ge),
    "service": Condition(lambda wanted, case: case.service == wanted, eq),
    "items": Condition(lambda wanted, case: case.items == wanted, eq),
    "patron_under": Condition(_younger, ge),
    "normal_period": Condition(lambda wanted, case: case.normal == wanted, eq),
    "holds_at_least": Condition(lambda wanted, case: case.holds >= wanted, le),
    "stage": Condition(lambda wanted, case: case.kind == wanted, eq),
    "kinds": Condition(lambda wanted, case: case.kind in wanted, ge),
    "cause": Condition(lambda wanted, case: case.cause == wanted, eq),
}
