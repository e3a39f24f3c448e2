"""What a person asks to have explained, and the case it is about: facts given go before what is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final, Literal, get_args

from samlan_contracts.forms import member_of
from samlan_contracts.policy import (
    BranchCalendar,
    ItemFacts,
    Money,
    PatronFacts,
    PolicyBooks,
    Stop,
    acts_stopped,
    lapsed,
)
from samlan_contracts.policy.calendar import WEEKDAYS
from samlan_contracts.policy.facts import Service
from samlan_contracts.policy.figures import Cause, HoldChannel

from samlan.policy.asking import KnownItem, KnownPatron
from samlan.policy.cases import Act, Case, Debt, Loan
from samlan.policy.recorded import service_of
from samlan.trouble import Trouble

YEARS: Final = range(1850, 2300)  # of people and loans: no period or age leads out of the calendar
HOURS: Final = ["10:00", "19:00"]  # of a branch that is only imagined: open at noon, every day


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the person asks: ids of the running consortium, or facts, which go before what it knows."""

    branch: str
    on: str | None = None
    patron: str | None = None
    item: str | None = None
    acts: tuple[Act, ...] = ()
    returned: str | None = None
    due: str | None = None
    renewals: int | None = None
    material: str | None = None
    audience: Literal["adult", "child"] | None = None
    issued: str | None = None
    item_age: int | None = None
    price: str | None = None
    home: str | None = None
    member: str | None = None
    born: str | None = None
    temporary: bool = False
    holds_waiting: int | None = None
    on_loan: tuple[str, ...] = ()
    owes: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    branch_kind: Literal["library", "mobile", "partner"] | None = None
    closed: tuple[str, ...] = ()
    drop: bool = False
    home_delivery: bool = False
    channel: str = "web"
    policies: Path | None = None


def case_of(
    wish: Wish, books: PolicyBooks, item: KnownItem | None, patron: KnownPatron | None,
    known: BranchCalendar | None,
) -> Case:  # fmt: skip
    """The case that a wish is about."""
    branch = _branch(wish, books, known)
    at = _instant(wish.on, branch, "--on") if wish.on else datetime.now(UTC)
    thing = _item(wish, branch, books, item)
    who = _patron(wish, branch, patron)
    loan = _loan(wish, item, patron)
    if who.born is not None and branch.local_date(at) < who.born:
        raise Trouble(f"--born {who.born} is later than {branch.local_date(at)}, the day that is asked about")
    if wish.channel not in get_args(HoldChannel):
        raise Trouble(f"--channel is one of {', '.join(get_args(HoldChannel))}, not {wish.channel}")
    day = branch.local_date(at)
    return Case(
        item=thing, patron=who, branch=branch, at=at, holds_waiting=_waiting(wish, item, patron),
        on_loan={**(patron.on_loan if patron else {}), **_counts(wish.on_loan)},
        debts=_debts(wish, who, books) or (patron.debts if patron else ()),
        stops=(*(patron.stops if patron else ()), *_stops(wish, who, books, day)), loan=loan,
        returned_at=_instant(wish.returned, branch, "--returned") if wish.returned else None,
        dropped=wish.drop, service="home_delivery" if wish.home_delivery else _service(wish, patron),
        hold_channel=wish.channel, wants_notices=bool(patron and patron.channels),
        receipts=bool(patron and patron.receipts),
        loanable=item is None or (item.loanable and item.state != "withdrawn"),
        kept_for_another=_kept_for_another(item, patron),
        has_title=bool(patron and item and any(row["title"] == item.title for row in patron.loans.values())),
        lapse=lapsed(status=patron.status, valid_until=patron.valid_until, at=at) if patron else None,
        registered=patron is None or patron.registered,
        holds_title=bool(patron and item and any(row["title"] == item.title for row in patron.holds)),
    )  # fmt: skip


def _branch(wish: Wish, books: PolicyBooks, known: BranchCalendar | None) -> BranchCalendar:
    if known is not None:
        closed = known.closed | {_day(one, "--closed") for one in wish.closed}
        return replace(known, closed=frozenset(closed), kind=wish.branch_kind or known.kind)
    member, _, name = wish.branch.partition("/")
    if not name:
        raise Trouble(f"--branch is written member/branch, not {wish.branch}")
    return BranchCalendar.of(
        wish.branch,
        {
            "timezone": books.book(member).timezone, "opening": dict.fromkeys(WEEKDAYS, HOURS),
            "kind": wish.branch_kind, "closed": [_day(one, "--closed").isoformat() for one in wish.closed],
        },
    )  # fmt: skip


def _item(wish: Wish, branch: BranchCalendar, books: PolicyBooks, known: KnownItem | None) -> ItemFacts:
    if known is None and wish.material is None:
        raise Trouble("say which item: --item BARCODE, or --material and what else matters")
    base = known.facts if known else ItemFacts(member=branch.member, material="", home=branch.branch)
    if wish.home is not None:
        base = replace(base, home=wish.home, member=member_of(wish.home))
    material = wish.material or base.material
    book = books.book(base.member)
    if material not in book.all_materials:
        raise Trouble(f"{base.member} has no material {material!r}: {', '.join(sorted(book.all_materials))}")
    return replace(
        base, material=material, audience=wish.audience or base.audience,
        issued=_day(wish.issued, "--issued") if wish.issued else base.issued,
        min_age=base.min_age if wish.item_age is None else wish.item_age,
        price_minor=_money(wish.price, book.currency).amount_minor if wish.price else base.price_minor,
    )  # fmt: skip


def _patron(wish: Wish, branch: BranchCalendar, known: KnownPatron | None) -> PatronFacts:
    base = known.facts if known else PatronFacts(member=branch.member)
    return replace(
        base, member=wish.member or base.member, temporary=wish.temporary or base.temporary,
        born=_day(wish.born, "--born") if wish.born else base.born,
    )  # fmt: skip


def _loan(wish: Wish, item: KnownItem | None, patron: KnownPatron | None) -> Loan | None:
    """The open loan: this patron's, an imagined one, or one of somebody else, whose dates are not told."""
    known = patron.loan_of(wish.item) if patron and wish.item else None
    if wish.due is not None:
        due = _day(wish.due, "--due")
        return Loan(due=due, renewals=wish.renewals or 0, own=True)
    if known is not None:
        return known if wish.renewals is None else replace(known, renewals=wish.renewals)
    if item is not None and item.state == "on_loan":
        return Loan(due=date.max, own=False)
    return None


def _service(wish: Wish, patron: KnownPatron | None) -> Service:
    """How the patron's own loan was handed over; anything else is lent at a branch."""
    row = patron.loans.get(wish.item or "") if patron else None
    return service_of(row["because"] or []) if row else "branch"


def _waiting(wish: Wish, item: KnownItem | None, patron: KnownPatron | None) -> int:
    """How many others wait: this patron's own hold does not count."""
    if wish.holds_waiting is not None:
        return wish.holds_waiting
    if item is None:
        return 0
    holds = patron.holds if patron else ()
    own = any(row["title"] == item.title and row["state"] == "waiting" for row in holds)
    return max(0, item.waiting - own)


def _kept_for_another(item: KnownItem | None, patron: KnownPatron | None) -> bool:
    if item is None or item.hold is None:
        return False
    return item.hold not in {row["id"] for row in (patron.holds if patron else ())}


def _stops(wish: Wish, who: PatronFacts, books: PolicyBooks, on: date) -> tuple[Stop, ...]:
    found = []
    for cause in wish.blocked:
        if cause not in get_args(Cause):
            raise Trouble(f"--blocked is one of {', '.join(get_args(Cause))}, not {cause}")
        decided = acts_stopped(books, member=who.member, cause=cause, on=on, age=who.age_on(on))  # type: ignore[arg-type]
        found.append(Stop(cause=cause, acts=frozenset(decided.value), because=decided.because))
    return tuple(found)


def _debts(wish: Wish, who: PatronFacts, books: PolicyBooks) -> tuple[Debt, ...]:
    """What is owed: `120.00` to the patron's member, or `orebro=120.00` to another."""
    found = []
    for owed in wish.owes:
        member, equals, amount = owed.rpartition("=")
        creditor = member if equals else who.member
        found.append(Debt(member=creditor, balance=_money(amount, books.book(creditor).currency)))
    return tuple(found)


def _counts(written: Sequence[str]) -> Mapping[str, int]:
    found = {}
    for one in written:
        material, _, count = one.partition("=")
        if not count.isdigit():
            raise Trouble(f"--on-loan is written video_game=1, not {one}")
        found[material] = int(count)
    return found


def _money(written: str, currency: str) -> Money:
    try:
        return Money.parse(written, currency)
    except ValueError as error:
        raise Trouble(str(error)) from None


def _day(written: str, option: str) -> date:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Trouble(f"{option} is a day such as 2026-12-01, not {written}") from None
    return _in_our_time(day, option)


def _in_our_time(day: date, option: str) -> date:
    if day.year not in YEARS:
        raise Trouble(f"{option} lies between the years {YEARS[0]} and {YEARS[-1]}, not on {day}")
    return day


def _instant(written: str, branch: BranchCalendar, option: str) -> datetime:
    """A day, which is noon of it at the branch, or a local time such as 2026-12-01T20:30."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        raise Trouble(f"{option} is a day or a local time, such as 2026-12-01T20:30, not {written}") from None
    _in_our_time(read.date(), option)
    if read.tzinfo is not None:
        return read
    return (datetime.combine(read, time(12)) if len(written) == 10 else read).replace(tzinfo=branch.zone)
