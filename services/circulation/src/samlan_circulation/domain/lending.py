"""Lending at a desk, where the system may refuse; and offline, where it happened and is only written down.

Check-out of an item that stands for somebody: its hold's patron yes, another is refused `reserved`. While
routing is unknown it is lent only when nobody waits for the title.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from samlan_contracts.event import Event
from samlan_contracts.events.circulation import ItemBorrowed, ItemReturned
from samlan_contracts.policy import (
    BranchCalendar,
    Decision,
    PatronFacts,
    PolicyBooks,
    Service,
    Stop,
    lapsed,
    loan_period,
    may_borrow_more,
    old_enough,
    stated,
    temporary_may,
)
from samlan_contracts.policy.says import Count
from samlan_contracts.shapes import Act, ClosedLoan, Mode, Queue

from samlan_circulation.domain.fold import Again, Closing, Placed, TooOld, after_all, place
from samlan_circulation.domain.model import (
    Borrower,
    BranchId,
    Item,
    Kept,
    Loan,
    LoanId,
    PatronId,
    Place,
)
from samlan_circulation.domain.outcomes import Answer, Decided, Outcome
from samlan_circulation.domain.refusals import Refusal, Refused, refused
from samlan_circulation.domain.returning import closed_loan, exception, loan_after, moved_closings, remembered
from samlan_circulation.domain.staging import scheduled


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who a patron is to the rules, and every cause that stops something."""

    borrower: Borrower
    stops: tuple[Stop, ...] = ()

    def stopped(self, act: Act) -> tuple[Refusal, ...]:
        """A refusal for each cause that stops this act."""
        return tuple(Refusal("blocked", one.why) for one in self.stops if act in one.acts)

    def account_stops(
        self, act: Act, books: PolicyBooks, *, branch: BranchCalendar, at: datetime
    ) -> Iterable[Refusal]:
        """What the account itself stops: its days are over, it rests, or it is temporary (V04, V07, K52)."""
        who = self.borrower
        if lapse := lapsed(status=who.status, valid_until=who.valid_until, at=at):
            yield Refusal(lapse)
        if who.temporary:
            may = temporary_may(books, member=who.member, act=act, on=branch.local_date(at))
            yield from _unless(may, Refusal("temporary_account", may.because))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOut:
    """The wish to lend an item to a patron (`live`: just now), with all that the rules ask about."""

    loan: LoanId
    place: Place
    live: bool
    branch: BranchCalendar
    standing: Standing
    queue: Queue
    on_loan: Mapping[str, int]
    agent: PatronId | None = None
    service: Service = "branch"

    @property
    def patron(self) -> PatronId:
        """Who borrows."""
        return self.standing.borrower.patron

    def facts(self) -> PatronFacts:
        """The patron as rules see one."""
        return facts_of(self.standing.borrower)


def facts_of(borrower: Borrower) -> PatronFacts:
    """The patron as rules see one."""
    return PatronFacts(member=borrower.member, born=borrower.born, temporary=borrower.temporary)


Rule = Callable[[Item, CheckOut, PolicyBooks], Iterable[Refusal]]


def the_item_is_for_loan(item: Item, wish: CheckOut, books: PolicyBooks) -> Iterable[Refusal]:
    """What is withdrawn, or never lent, stays."""
    if not item.thing.loanable or item.state == "withdrawn":
        yield Refusal("not_for_loan")


def the_item_is_not_on_loan(item: Item, wish: CheckOut, books: PolicyBooks) -> Iterable[Refusal]:
    """An item has at most one open loan."""
    if item.loan is not None:
        yield Refusal("already_on_loan")


def the_item_is_not_reserved_for_another(item: Item, wish: CheckOut, books: PolicyBooks) -> Iterable[Refusal]:
    """A held item is lent to its hold's patron only; one that waits for routing, when nobody else waits."""
    if item.hold is not None:
        if item.hold.patron != wish.patron:
            yield Refusal("reserved")
    elif item.state == "returned" and (waiting := wish.queue.others(wish.patron)) > 0:
        yield Refusal("reserved", [_others_wait(wish.queue.title, waiting)])


def _others_wait(title: str, waiting: int) -> dict[str, Any]:
    return stated("reserved", "reserved_for_others", title=title, holds_waiting=Count(waiting, "hold"))


def the_account_may_borrow(item: Item, wish: CheckOut, books: PolicyBooks) -> Iterable[Refusal]:
    """A temporary account may hold, not borrow, neither within its days nor after them (V07)."""
    yield from wish.standing.account_stops("borrow", books, branch=wish.branch, at=wish.place.at)


def nothing_blocks_borrowing(item: Item, wish: CheckOut, books: PolicyBooks) -> Iterable[Refusal]:
    """Every cause that stops borrowing is named (K28, O30, V15)."""
    yield from wish.standing.stopped("borrow")


def the_patron_is_old_enough(item: Item, wish: CheckOut, books: PolicyBooks) -> Iterable[Refusal]:
    """Some materials and items have an age (K14, K15, K16, O18)."""
    decided = old_enough(books, item=item.thing, patron=wish.facts(), branch=wish.branch, at=wish.place.at)
    yield from _unless(decided, Refusal("age_limit", decided.because))


def another_loan_is_within_limits(item: Item, wish: CheckOut, books: PolicyBooks) -> Iterable[Refusal]:
    """Some materials go few at a time, and a library may limit all loans (O15-O18, D12)."""
    decided = may_borrow_more(
        books,
        item=item.thing,
        patron=wish.facts(),
        branch=wish.branch,
        on_loan=wish.on_loan,
        at=wish.place.at,
    )
    yield from _unless(decided, Refusal("too_many_loans", decided.because))


CHECKING_OUT: Final[tuple[Rule, ...]] = (
    the_item_is_for_loan,
    the_item_is_not_on_loan,
    the_item_is_not_reserved_for_another,
    the_account_may_borrow,
    nothing_blocks_borrowing,
    the_patron_is_old_enough,
    another_loan_is_within_limits,
)


def _unless(decided: Decision[bool], refusal: Refusal) -> Iterable[Refusal]:
    return () if decided.value else (refusal,)


def check_out(item: Item, wish: CheckOut, books: PolicyBooks) -> Decided[Loan | Refused]:
    """Lends the item, or refuses for every reason there is; the same wish again finds its loan."""
    if item.loan and item.loan.id == wish.loan:
        return Decided(item.loan)
    refusals = tuple(refusal for rule in CHECKING_OUT for refusal in rule(item, wish, books))
    if refusals:
        return Decided(Refused(refusals))
    at = after_all(item, wish.place) if wish.live else wish.place
    period = due_date(item, wish, books)
    loan = loan_of(item, wish.standing.borrower, wish.loan, at.at, BranchId(wish.branch.branch), period)
    loan = scheduled(
        replace(loan, agent=wish.agent, service=wish.service), item.thing, books, wish.branch, after=at.at
    )
    lent = _lend(item, loan, at, mode="desk")
    return lent if lent.state else Decided(refused("too_old_to_place"))


def due_date(item: Item, wish: CheckOut, books: PolicyBooks) -> Decision[date]:
    """The due date by the book, shortened where others wait."""
    return loan_period(
        books, item=item.thing, patron=wish.facts(), branch=wish.branch,
        queue_length=wish.queue.others(wish.patron), at=wish.place.at, service=wish.service,
    )  # fmt: skip


def loan_of(
    item: Item, borrower: Borrower, loan: LoanId, at: datetime, branch: BranchId, due: Decision[date]
) -> Loan:
    """A loan of an item to a patron, with all that its end will tell of the patron."""
    return Loan(
        id=loan, patron=borrower.patron, patron_member=borrower.member, born=borrower.born, branch=branch,
        borrowed_at=at, due=due.value, receipt=borrower.receipts, remembered=borrower.history,
        registered=borrower.registered, because=due.because,
    )  # fmt: skip


def note_loan(item: Item, loan: Loan, at: Place) -> Decided[Outcome]:
    """Writes down a loan that happened while nobody could be asked; the printed due date stands."""
    lent = _lend(item, loan, at, mode="offline")
    if lent.state is None and not item.remembers(at.fact):
        return Decided(exception(item, "too_old_to_place"))
    outcome = Outcome(did="borrowed", loan=loan.id, answer=Answer(bin=None, branch=loan.branch))
    return Decided(outcome, lent.state, lent.events)


def _lend(item: Item, loan: Loan, at: Place, *, mode: Mode) -> Decided[Loan | Refused]:
    """Places the loan among the item's facts; without a state when it stands there or is too old to."""
    opened = Kept(
        place=at, kind="borrowed", branch=loan.branch, loan=loan.id, due=loan.due, renewals=loan.renewals,
        registered=loan.registered,
    )  # fmt: skip
    match place(item, opened):
        case TooOld() | Again():
            return Decided(loan)
        case Placed() as placed:
            return Decided(loan, _after(item, loan, placed), tuple(_told(item, loan, at, mode, placed)))


def _after(item: Item, loan: Loan, placed: Placed) -> Item:
    """The item with its loan, which may have ended before it was known; the newest fact says where it is."""
    after = replace(item, kept=placed.kept, loan=loan_after(item.loan, placed))
    if placed.open_loan != loan.id:
        return after
    after = replace(after, loan=replace(loan, seen_at=placed.seen_at))
    if placed.is_newest or item.state in ("available", "returned", "in_transit", "hold_shelf"):
        return after.resting("on_loan", loan.branch)
    return after


def _told(item: Item, loan: Loan, at: Place, mode: Mode, placed: Placed) -> Iterable[Event]:
    """The loan that this one shows to be over, this one, and its own end when that came first."""
    ended = [one for one in placed.closings if not one.moved]
    before = next((one for one in ended if one.opened_by.loan != loan.id), None)
    own = next((one for one in ended if one.opened_by.loan == loan.id), None)
    if over := closed_loan(item.loan, before):
        yield _ending(item, at, mode, loan.branch, over)
        yield from remembered(item, item.loan, before)
    yield ItemBorrowed(
        item=item.thing.item, title=item.thing.title, loan=loan.id, patron=loan.patron, branch=loan.branch,
        borrowed_at=loan.borrowed_at, due=loan.due, hold=_collected(item, loan), over=own is not None,
        because=loan.because,
    )  # fmt: skip
    if own is not None:
        yield _ending(item, at, mode, _branch_of(own, placed), loan.closed(own.at))
        yield from remembered(item, loan, own)
    yield from moved_closings(item, at.fact, placed.closings)


def _ending(item: Item, at: Place, mode: Mode, branch: BranchId, loan: ClosedLoan) -> ItemReturned:
    """The end of a loan that was inferred, not scanned: it routes nothing."""
    return ItemReturned(
        fact=at.fact, thing=item.thing, branch=branch, mode=mode, returned_at=loan.returned_at,
        was=item.state, loan=loan, route=False,
    )  # fmt: skip


def _branch_of(own: Closing, placed: Placed) -> BranchId:
    """Where the fact stands that ended a loan."""
    after = [one for one in placed.kept if one.place > own.opened_by.place]
    return next((one.branch for one in after if one.kind in ("returned", "borrowed")), own.opened_by.branch)


def _collected(item: Item, loan: Loan) -> str | None:
    return item.hold.hold if item.hold and item.hold.patron == loan.patron else None


def by_material(materials: Iterable[str]) -> dict[str, int]:
    """How many loans there are of each material."""
    return dict(Counter(materials))
