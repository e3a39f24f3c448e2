"""Renewing one loan: every rule that refuses is named, and the new due date is never earlier than the old."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from samlan_contracts.events.circulation import LoanRenewed
from samlan_contracts.policy import (
    BranchCalendar,
    PolicyBooks,
    loan_period,
    renewable_with_queue,
    renewals_left,
)
from samlan_contracts.shapes import Queue

from samlan_circulation.domain.fold import renewed
from samlan_circulation.domain.lending import Standing, facts_of
from samlan_circulation.domain.model import Item, Loan, LoanId, PatronId
from samlan_circulation.domain.outcomes import Decided
from samlan_circulation.domain.refusals import Refusal, Refused, refused
from samlan_circulation.domain.staging import rescheduled


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The wish to keep a loan longer; `patron` is None when staff ask."""

    loan: LoanId
    at: datetime
    branch: BranchCalendar
    standing: Standing
    queue: Queue
    patron: PatronId | None = None
    command: str | None = None


Rule = Callable[[Item, Loan, Renewal, PolicyBooks], Iterable[Refusal]]


def the_loan_is_this_patrons(item: Item, loan: Loan, wish: Renewal, books: PolicyBooks) -> Iterable[Refusal]:
    """A patron renews own loans only."""
    if wish.patron is not None and wish.patron != loan.patron:
        yield Refusal("not_your_loan")


def nobody_waits_for_the_title(
    item: Item, loan: Loan, wish: Renewal, books: PolicyBooks
) -> Iterable[Refusal]:
    """A title that others hold is not renewed (D20, K35, O22)."""
    decided = renewable_with_queue(
        books, item=item.thing, patron=facts_of(wish.standing.borrower), branch=wish.branch,
        queue_length=wish.queue.others(loan.patron), at=wish.at,
    )  # fmt: skip
    if not decided.value:
        yield Refusal("others_are_waiting", decided.because)


def renewals_are_left(item: Item, loan: Loan, wish: Renewal, books: PolicyBooks) -> Iterable[Refusal]:
    """So many renewals and no more, and some materials never (K35, O14, O22, D21)."""
    decided = renewals_left(
        books, item=item.thing, patron=facts_of(wish.standing.borrower), branch=wish.branch,
        renewals=loan.renewals, at=wish.at,
    )  # fmt: skip
    if not decided.value:
        yield Refusal("no_renewals_left", decided.because)


def the_account_may_renew(item: Item, loan: Loan, wish: Renewal, books: PolicyBooks) -> Iterable[Refusal]:
    """A temporary account renews where its book lets it, while it is valid (V07)."""
    yield from wish.standing.account_stops("renew", books, branch=wish.branch, at=wish.at)


def nothing_blocks_renewing(item: Item, loan: Loan, wish: Renewal, books: PolicyBooks) -> Iterable[Refusal]:
    """Every cause that stops renewing is named (K28)."""
    yield from wish.standing.stopped("renew")


RENEWING: Final[tuple[Rule, ...]] = (
    the_loan_is_this_patrons,
    nobody_waits_for_the_title,
    renewals_are_left,
    the_account_may_renew,
    nothing_blocks_renewing,
)


def refusals_to_renew(item: Item, loan: Loan, wish: Renewal, books: PolicyBooks) -> tuple[Refusal, ...]:
    """Every reason why this loan is not renewed now."""
    return tuple(refusal for rule in RENEWING for refusal in rule(item, loan, wish, books))


def renew(item: Item | None, wish: Renewal, books: PolicyBooks) -> Decided[Loan | Refused]:
    """Renews the loan, or refuses for every reason there is; the same command again changes nothing."""
    loan = item.loan if item else None
    if item is None or loan is None or loan.id != wish.loan:
        return Decided(refused("unknown_loan"))
    if wish.command and loan.renewed_by == wish.command:
        return Decided(loan)
    if refusals := refusals_to_renew(item, loan, wish, books):
        return Decided(Refused(refusals))
    period = loan_period(
        books, item=item.thing, patron=facts_of(wish.standing.borrower), branch=wish.branch,
        queue_length=wish.queue.others(loan.patron), at=wish.at, service=loan.service,
    )  # fmt: skip
    later = period.value >= loan.due  # a date that stays keeps the reason for which it is that date
    after = replace(
        loan, due=period.value if later else loan.due, renewals=loan.renewals + 1, renewed_by=wish.command,
        because=period.because if later else loan.because,
    )  # fmt: skip
    after = rescheduled(loan, after, item.thing, books, wish.branch, after=wish.at)
    told = LoanRenewed(
        loan=after.id, item=item.thing.item, patron=after.patron, due=after.due, renewals=after.renewals,
        because=after.because,
    )  # fmt: skip
    kept = renewed(item.kept, after.id, due=after.due, renewals=after.renewals)
    return Decided(after, replace(item, loan=after, kept=kept), (told,))
