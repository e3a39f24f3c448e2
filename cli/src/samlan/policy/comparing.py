"""Recorded cases decided twice, by the book in force and by a draft, from the same inputs; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, cast, get_args

from samlan_contracts.policy import (
    BookSilent,
    BranchCalendar,
    ItemFacts,
    Money,
    PolicyBooks,
    Stop,
    UnknownMember,
    acts_stopped,
    shelf_deadline,
)
from samlan_contracts.policy.book import SUBJECTS
from samlan_contracts.policy.figures import Cause, HoldChannel

from samlan.policy.cases import Case, Debt, Loan
from samlan.policy.costing import Changes, accruing, late_return, other_fee
from samlan.policy.differences import AgeGroups, Both, Difference, Example
from samlan.policy.following import due_date
from samlan.policy.recorded import LivingHold, OpenLoan, Person, Recorded, inputs, service_of
from samlan.policy.refusing import debts_that_stop, refusals_to_borrow, refusals_to_hold, refusals_to_renew


def compare(found: Recorded, both: Both, *, since: date, now: datetime) -> Difference:
    """Every recorded case since a day that the draft's member decides something about."""
    difference = Difference()
    groups = AgeGroups.of(both)
    changes: Changes = {}
    for loan in found.loans:
        with _counted(difference, "loans"):
            _loan(difference, loan, both, groups, since, now)
    for late in found.returns:
        with _counted(difference, "fees"):
            late_return(difference, late, both, groups, since, changes)
    for one in found.charges:
        with _counted(difference, "fees"):
            other_fee(difference, one, both, groups, since, changes)
    for hold in found.holds:
        with _counted(difference, "holds"):
            _hold(difference, hold, both, groups, since)
    for patron, who in found.people.items():
        with _counted(difference, "blocks"):
            _blocks(difference, who, changes.get(patron, {}), both, groups, now)
    difference.count(
        difference.left_out, "a patron, an item or a branch is no longer known", found.unreadable
    )
    difference.count(
        difference.left_out, "of a paid fee only amount, kind and date are kept", found.fees_forgotten
    )
    return difference


@contextmanager
def _counted(difference: Difference, what: str) -> Iterator[None]:
    """A case of which a book says nothing is left out, and counted."""
    try:
        yield
    except (BookSilent, UnknownMember):
        difference.count(difference.left_out, f"{what}: one of the books has no rule for the case")


# -- loans ---------------------------------------------------------------------------------------------------


def _loan(
    difference: Difference, loan: OpenLoan, both: Both, groups: AgeGroups, since: date, now: datetime
) -> None:
    start, waiting = _made(loan)
    if loan.branch.local_date(start) < since or not both.concern(
        loan.thing.member, loan.who.facts.member, loan.branch.member
    ):
        return
    case = Case(
        item=loan.thing, patron=loan.who.facts, branch=loan.branch, at=start, holds_waiting=waiting or 0,
        on_loan=loan.on_loan, service=service_of(loan.because),
    )  # fmt: skip
    if waiting is None:
        difference.count(difference.assumed, "loans of which no reason is kept: judged as if nobody waited")
    ages = groups.name(loan.who.facts, case.day)
    _due(difference, loan, case, both, ages)
    _refused(
        difference, "check-out", loan.item, case.item.material, ages,
        refusals_to_borrow(case, both.now), refusals_to_borrow(case, both.draft),
    )  # fmt: skip
    renewal = replace(
        case, at=now, holds_waiting=loan.waiting_now, debts=loan.who.debts,
        loan=Loan(due=loan.due, renewals=loan.renewals),
    )  # fmt: skip
    today = loan.branch.local_date(now)
    was, would = (
        replace(renewal, stops=stops_again(loan.who, books, today)) for books in (both.now, both.draft)
    )
    _refused(
        difference, "renewal today", loan.item, case.item.material, ages,
        refusals_to_renew(was, both.now), refusals_to_renew(would, both.draft),
    )  # fmt: skip
    if loan.branch.days_late(loan.due, now):
        accruing(difference, loan, both, ages, now)


def _made(loan: OpenLoan) -> tuple[datetime, int | None]:
    """When the present due date was decided, and how many waited then; None where that is not kept."""
    for known in inputs(loan.because):
        if "from_day" in known and "holds_waiting" in known:
            day = date.fromisoformat(known["from_day"])
            at = loan.borrowed_at
            if loan.branch.local_date(at) != day:
                at = datetime.combine(day, time(12), loan.branch.zone)
            return at, int(known["holds_waiting"])
    return loan.borrowed_at, None


def _due(difference: Difference, loan: OpenLoan, case: Case, both: Both, ages: str) -> None:
    before, after = due_date(case, both.now), due_date(case, both.draft)
    row = difference.row("due date", loan.thing.material, ages)
    if before.value == after.value:
        return
    row.changed += 1
    row.days.append((after.value - before.value).days)
    difference.show(
        Example("due date", loan.item, loan.thing.material, ages, before.value.isoformat(),
                after.value.isoformat(), after.because)
    )  # fmt: skip


def _refused(
    difference: Difference, what: str, about: str, material: str, ages: str,
    before: Sequence[tuple[str, Any]], after: Sequence[tuple[str, Any]],
) -> None:  # fmt: skip
    row = difference.row(what, material, ages)
    was, would = sorted({reason for reason, _ in before}), sorted({reason for reason, _ in after})
    row.before["refused"] = row.before.get("refused", 0) + bool(was)
    row.after["refused"] = row.after.get("refused", 0) + bool(would)
    if was == would:
        return
    row.changed += 1
    row.stricter += bool(would and not was)
    row.milder += bool(was and not would)
    because = [why for _, found in (after or before) for why in found if "rule" in why]
    difference.show(
        Example(what, about, material, ages, ", ".join(was) or "allowed", ", ".join(would) or "allowed",
                because)
    )  # fmt: skip


# -- holds ---------------------------------------------------------------------------------------------------


def _hold(difference: Difference, hold: LivingHold, both: Both, groups: AgeGroups, since: date) -> None:
    if hold.pickup.local_date(hold.placed_at) < since:
        return
    if not both.concern(hold.who.facts.member, hold.pickup.member):
        return
    if hold.thing is None:
        difference.count(difference.left_out, "holds of a title without items")
        return
    material, ages = hold.thing.material, groups.name(hold.who.facts, hold.pickup.local_date(hold.placed_at))
    case = Case(
        item=hold.thing, patron=hold.who.facts, branch=hold.pickup, at=hold.placed_at,
        hold_channel=hold.channel if hold.channel in get_args(HoldChannel) else None,
    )  # fmt: skip
    _refused(
        difference, "hold", hold.hold, material, ages,
        refusals_to_hold(case, both.now), refusals_to_hold(case, both.draft),
    )  # fmt: skip
    _shelf(difference, hold, both, material, ages)


def _shelf(difference: Difference, hold: LivingHold, both: Both, material: str, ages: str) -> None:
    days = [known["ready_day"] for known in inputs(hold.because) if "ready_day" in known]
    if hold.state != "ready":
        return
    if not days:
        difference.count(difference.left_out, "holds on the shelf of which no reason is kept (imported)")
        return
    at = datetime.combine(date.fromisoformat(days[0]), time(12), hold.pickup.zone).astimezone(UTC)
    before, after = (
        shelf_deadline(books, pickup=hold.pickup, patron_member=hold.who.facts.member, ready_at=at)
        for books in (both.now, both.draft)
    )
    row = difference.row("last day on the shelf", material, ages)
    if before.value == after.value:
        return
    row.changed += 1
    row.days.append((after.value - before.value).days)
    difference.show(
        Example("last day on the shelf", hold.hold, material, ages, before.value.isoformat(),
                after.value.isoformat(), after.because)
    )  # fmt: skip


# -- blocks --------------------------------------------------------------------------------------------------


def _blocks(
    difference: Difference, who: Person, moved: Mapping[tuple[str, str], int], both: Both,
    groups: AgeGroups, now: datetime,
) -> None:  # fmt: skip
    """What is stopped today, and what would be with the draft's fees and the draft's limit."""
    ours = who.facts.member == both.member or any(debt.member == both.member for debt in who.debts)
    if not (who.debts or who.stops) or not ours:
        return
    owed = {(debt.member, debt.balance.currency): debt.balance.amount_minor for debt in who.debts}
    for account, minor in moved.items():
        owed[account] = owed.get(account, 0) + minor
    after = tuple(
        Debt(member=member, balance=Money(minor, currency))
        for (member, currency), minor in sorted(owed.items())
        if minor > 0
    )
    was, _ = _stopped(who, who.debts, both.now, now)
    would, because = _stopped(who, after, both.draft, now)
    ages = groups.name(who.facts, now.astimezone(both.now.book(who.facts.member).zone).date())
    row = difference.row("block", "-", ages)
    row.before["blocked"] = row.before.get("blocked", 0) + bool(was)
    row.after["blocked"] = row.after.get("blocked", 0) + bool(would)
    if was == would:
        return
    row.changed += 1
    row.stricter += bool(would and not was)
    row.milder += bool(was and not would)
    shown = [", ".join(sorted(acts)) or "nothing" for acts in (was, would)]
    difference.show(Example("block", "a patron", "-", ages, shown[0], shown[1], because))


def _stopped(
    who: Person, debts: tuple[Debt, ...], books: PolicyBooks, now: datetime
) -> tuple[set[str], list[dict[str, Any]]]:
    zone = books.book(who.facts.member).zone
    calendar = BranchCalendar(branch=f"{who.facts.member}/-", zone=zone)
    nothing = ItemFacts(member=who.facts.member, material="")  # debts ask about no item
    case = Case(item=nothing, patron=who.facts, branch=calendar, at=now, debts=debts)
    decided = debts_that_stop(case, books)
    stops = stops_again(who, books, case.day)
    acts = {act for one in decided for act in one.value} | {act for one in stops for act in one.acts}
    because = [*(one.because for one in decided), *(one.because for one in stops)]
    return acts, [why for found in because for why in found if "rule" in why]


def stops_again(who: Person, books: PolicyBooks, on: date) -> tuple[Stop, ...]:
    """What other causes stop by these books; what staff stated themselves stands as they stated it."""
    return tuple(_stop_again(one, who, books, on) for one in who.stops)


def _stop_again(stop: Stop, who: Person, books: PolicyBooks, on: date) -> Stop:
    by_a_rule = any("rule" in why for why in stop.because)
    if not by_a_rule or stop.cause not in get_args(Cause):
        return stop
    cause: Cause = cast("Cause", stop.cause)
    age = who.facts.age_on(on)
    decided = acts_stopped(books, member=who.facts.member, cause=cause, on=on, age=age)
    return Stop(cause=cause, acts=frozenset(decided.value), because=decided.because)


def later_rules(both: Both, today: date) -> Iterator[tuple[str, date]]:
    """The draft's rules that begin after today, and so decide no recorded case."""
    book = both.draft.book(both.member)
    for name in SUBJECTS:
        for rule in getattr(book, name):
            if rule.first_day > today:
                yield rule.id, rule.first_day
