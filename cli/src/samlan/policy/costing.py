"""What recorded loans and fees cost by the book in force and by a draft; pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from samlan_contracts.policy import (
    Decision,
    Money,
    PolicyBooks,
    UnknownFee,
    fee,
    overdue_fee,
    replacement_price,
)

from samlan.policy.differences import AgeGroups, Both, Difference, Example
from samlan.policy.recorded import ChargedFee, OpenLoan, inputs

Changes = dict[str, dict[tuple[str, str], int]]  # of debts, by patron, member and currency


def accruing(difference: Difference, loan: OpenLoan, both: Both, ages: str, now: datetime) -> None:
    """What a late loan would cost if it came back now."""
    before, after = (
        overdue_fee(
            books, item=loan.thing, patron=loan.who.facts, due=loan.due, returned_at=now, branch=loan.branch
        )
        for books in (both.now, both.draft)
    )
    _amounts(
        difference, "fee if returned today", loan.item, loan.thing.material, ages, before.value.total,
        after.value.total, after.because,
    )  # fmt: skip


def _amounts(
    difference: Difference, what: str, about: str, material: str, ages: str, before: Money, after: Money,
    because: list[dict[str, Any]],
) -> None:  # fmt: skip
    row = difference.row(what, material, ages)
    for sums, amount in ((row.before, before), (row.after, after)):
        sums[amount.currency] = sums.get(amount.currency, 0) + amount.amount_minor
    if before == after:
        return
    row.changed += 1
    difference.show(Example(what, about, material, ages, str(before), str(after), because))


# -- late returns --------------------------------------------------------------------------------------------


def late_return(
    difference: Difference, late: ChargedFee, both: Both, groups: AgeGroups, since: date,
    changes: Changes,
) -> None:  # fmt: skip
    """What a late return cost, and would have cost."""
    branch = late.branch
    if branch is None or late.thing is None:
        difference.count(difference.left_out, "fees whose item is not kept")
        return
    if branch.local_date(late.charged_at) < since or not both.concern(
        late.member, late.who.facts.member, branch.member
    ):
        return
    span = _late_days(late)
    if span is None:
        difference.count(difference.left_out, "fees of which no reason is kept (imported)")
        return
    due, last = span
    returned_at = datetime.combine(last, time(12), branch.zone)
    before, after = (
        overdue_fee(
            books, item=late.thing, patron=late.who.facts, due=due, returned_at=returned_at, branch=branch
        )
        for books in (both.now, both.draft)
    )
    if before.value.total.amount_minor != late.amount_minor:
        difference.count(
            difference.assumed, "fees that the book in force today would not charge as they were charged"
        )
    ages = groups.name(late.who.facts, last)
    _amounts(
        difference, "overdue fee", late.item, late.thing.material, ages, before.value.total,
        after.value.total, after.because,
    )  # fmt: skip
    _owed_then(late, before.value.total, after.value.total, changes)


def _owed_then(one: ChargedFee, before: Money, after: Money, changes: Changes) -> None:
    """What the draft would have made of a debt that is still open."""
    if one.outstanding_minor <= 0:
        return
    moved = changes.setdefault(one.patron, {})
    for currency, minor in ((one.currency, -before.amount_minor), (after.currency, after.amount_minor)):
        moved[one.member, currency] = moved.get((one.member, currency), 0) + minor


def _late_days(late: ChargedFee) -> tuple[date, date] | None:
    """The due date and the last late day, from the reasons alone."""
    known = inputs(late.because)
    spans = [(one["first_day"], one["last_day"]) for one in known if "first_day" in one]
    if not spans:
        return None
    counted = next((one["due"] for one in known if "due" in one), None)
    first = date.fromisoformat(min(first for first, _ in spans))
    due = date.fromisoformat(counted) if counted else first - timedelta(days=1)
    return due, date.fromisoformat(max(last for _, last in spans))


# -- other fees ----------------------------------------------------------------------------------------------


def other_fee(
    difference: Difference, one: ChargedFee, both: Both, groups: AgeGroups, since: date,
    changes: Changes,
) -> None:  # fmt: skip
    """A reminder, an invoice, an item's price, a card, a print: what both books ask for on its day."""
    day = one.charged_at.astimezone(both.now.book(one.member).zone).date()
    if day < since or one.member != both.member or not one.amount_minor:
        return  # what fell again when the item came back falls by either book
    before, after = (_asked_for(one, books, day) for books in (both.now, both.draft))
    if before is None or after is None:
        difference.count(difference.left_out, "fees at actual cost, or of which no reason is kept")
        return
    material = one.thing.material if one.thing else "-"
    _amounts(
        difference, f"{one.kind} fee", one.item or one.fee, material, groups.name(one.who.facts, day),
        before.value, after.value, after.because,
    )  # fmt: skip
    _owed_then(one, before.value, after.value, changes)


def _asked_for(one: ChargedFee, books: PolicyBooks, day: date) -> Decision[Money] | None:
    """What a book asks for, by the inputs that its reasons keep; None where nobody can say."""
    known = next(iter(inputs(one.because)), {})
    if "standard_price" in known:
        return replacement_price(books, item=one.thing, on=day) if one.thing else None
    if "kind" not in known:
        return None
    try:
        found = fee(
            books, member=one.member, kind=known["kind"], patron=one.who.facts, on=day,
            pages=known.get("pages", 1), reference="free_pages" in known,
        )  # fmt: skip
    except UnknownFee:
        return Decision(Money(0, books.book(one.member).currency))
    return None if found.value is None else Decision(found.value, found.because)
