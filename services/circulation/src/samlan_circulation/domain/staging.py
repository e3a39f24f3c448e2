"""What a loan that is not returned comes to, each stage once per due date.

::

    due_soon ──▶ reminder_1 ──▶ reminder_2 ──▶ invoiced       a renewal that moves the due date starts anew
        ╰─ skipped once the due date has passed               a return ends it, for it ends the loan

Whose rule: a warning before the due date is the patron's member's notice (G04, K45); what follows the due
date is decided by the book that its fees are owed by (K22, K23); the hour of the day is that of the branch
that lent the item, and all of it in that branch's zone. The patron answers for returning in time whether or
not anything was sent (O24): no stage changes a due date or a fee for late days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from samlan_contracts.events.circulation import LoanStageReached
from samlan_contracts.policy import (
    BookSilent,
    BranchCalendar,
    PolicyBooks,
    UnknownMember,
    creditor,
    notice_rules,
    overdue_stages,
    stage_time,
)
from samlan_contracts.shapes import Because, LoanStage, Thing

from samlan_circulation.domain.model import Item, Loan
from samlan_circulation.domain.outcomes import Decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage, the branch's day and the instant at which a loan comes to it, and the rules behind it."""

    name: LoanStage
    on: date
    at: datetime
    because: Because


def stages_of(loan: Loan, thing: Thing, books: PolicyBooks, calendar: BranchCalendar) -> tuple[Stage, ...]:
    """All stages of a loan by its present due date, in order; none where a member has no book."""
    try:
        found = [*_due_soon(loan, books), *_overdue(loan, thing, books, calendar)]
        placed = [
            Stage(
                name=name, on=on, because=because,
                at=calendar.at(on, stage_time(books, member=calendar.member, on=on)),
            )
            for name, on, because in found
        ]  # fmt: skip
    except (UnknownMember, BookSilent):
        return ()
    return tuple(sorted(placed, key=lambda stage: stage.at))


_Day = tuple[LoanStage, date, Because]


def _due_soon(loan: Loan, books: PolicyBooks) -> Iterator[_Day]:
    """The warning so many days before the due date, where the patron's member sends one (G04, K45)."""
    if loan.patron_member not in books.members:
        return
    told = notice_rules(books, member=loan.patron_member, kind="due_soon", on=loan.due)
    if told.value.sent and told.value.days_before_due is not None:
        yield "due_soon", loan.due - timedelta(days=told.value.days_before_due), told.because


def _overdue(loan: Loan, thing: Thing, books: PolicyBooks, calendar: BranchCalendar) -> Iterator[_Day]:
    """The reminders and the invoice (K22, K23)."""
    member = creditor(books, item=thing.member, patron=loan.patron_member, branch=calendar.member)
    found = overdue_stages(books, member=member, due=loan.due)
    for stage, why in zip(found.value, found.because, strict=True):
        yield stage.stage, stage.on, [why]


def scheduled(
    loan: Loan, thing: Thing, books: PolicyBooks, calendar: BranchCalendar, *, after: datetime
) -> Loan:
    """The loan with the first stage of its due date that falls due later than `after`, none come to yet."""
    later = (stage for stage in stages_of(loan, thing, books, calendar) if stage.at > after)
    return _awaiting(replace(loan, reached=None), next(later, None))


def rescheduled(
    before: Loan, loan: Loan, thing: Thing, books: PolicyBooks, calendar: BranchCalendar, *, after: datetime
) -> Loan:
    """The renewed loan: a due date that moved starts the stages anew, one that did not starts nothing."""
    if loan.due == before.due:
        return loan
    return scheduled(loan, thing, books, calendar, after=after)


def reach(item: Item, books: PolicyBooks, calendar: BranchCalendar, now: datetime) -> Decided[bool]:
    """Brings the loan to the one stage that is due, and tells it as of its own day, however late it is now.

    A warning whose due date has passed by then is left out. A book that has changed meanwhile decides by
    what it says now."""
    loan = item.loan
    if loan is None or loan.next_at is None or loan.next_at > now:
        return Decided(False)
    plan = stages_of(loan, item.thing, books, calendar)
    place = next((n for n, stage in enumerate(plan) if stage.name == loan.next_stage), None)
    if place is None:
        later = (stage for stage in plan if stage.at > loan.next_at)
        return Decided(True, replace(item, loan=_awaiting(loan, next(later, None))))
    stage = plan[place]
    if stage.at != loan.next_at:  # told, if it is due by now, at the next look: as of its own instant
        return Decided(True, replace(item, loan=_awaiting(loan, stage)))
    after = _awaiting(loan, plan[place + 1] if place + 1 < len(plan) else None)
    if stage.name == "due_soon" and calendar.local_date(now) > loan.due:
        return Decided(True, replace(item, loan=after))
    return Decided(True, replace(item, loan=replace(after, reached=stage.name)), (_told(item, loan, stage),))


def _awaiting(loan: Loan, stage: Stage | None) -> Loan:
    return replace(loan, next_stage=stage.name if stage else None, next_at=stage.at if stage else None)


def _told(item: Item, loan: Loan, stage: Stage) -> LoanStageReached:
    return LoanStageReached(
        stage=stage.name, thing=item.thing, loan=loan.id, patron=loan.patron,
        patron_member=loan.patron_member, born=loan.born, branch=loan.branch, due=loan.due,
        renewals=loan.renewals, reached_on=stage.on, because=stage.because,
    )  # fmt: skip
