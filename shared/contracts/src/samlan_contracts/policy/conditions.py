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
    """What one field of a rule asks of a case, and when its value takes in another rule's value."""

    says: str
    holds: Callable[[Any, Case], bool]
    covers: Callable[[Any, Any], bool]


def _younger(age: int, case: Case) -> bool:
    return case.born is not None and case.day < reaches_age(case.born, age)


CONDITIONS: dict[str, Condition] = {
    "materials": Condition("the item is one of these", lambda wanted, case: case.material in wanted, ge),
    "audience": Condition("the item is for them", lambda wanted, case: case.audience == wanted, eq),
    "issue": Condition("issued this calendar year or before", lambda wanted, case: case.issue == wanted, eq),
    "item_marked": Condition("the item asks for this age", lambda wanted, case: case.item_age == wanted, eq),
    "homes": Condition("the item's home is one of these", lambda wanted, case: case.home in wanted, ge),
    "branches": Condition("it happens at one of these", lambda wanted, case: case.branch in wanted, ge),
    "branch_kinds": Condition(
        "it happens at such a branch", lambda wanted, case: case.branch_kind in wanted, ge
    ),
    "service": Condition("how the item is handed over", lambda wanted, case: case.service == wanted, eq),
    "attended": Condition(
        "staff are there, only those registered, or nobody", lambda wanted, case: case.attended == wanted, eq
    ),
    "registered": Condition(
        "the borrower is registered for staffless hours", lambda wanted, case: case.registered is wanted, eq
    ),
    "items": Condition("this member's items, or others'", lambda wanted, case: case.items == wanted, eq),
    "patron_under": Condition("the patron is younger than this on the day", _younger, ge),
    "normal_period": Condition("the period without a queue", lambda wanted, case: case.normal == wanted, eq),
    "holds_at_least": Condition("so many others wait", lambda wanted, case: case.holds >= wanted, le),
    "stage": Condition("the stage", lambda wanted, case: case.kind == wanted, eq),
    "kinds": Condition("it is one of these", lambda wanted, case: case.kind in wanted, ge),
    "cause": Condition("the cause", lambda wanted, case: case.cause == wanted, eq),
}
