"""Blocks: a set of causes, each with the acts it stops by the policy book of the patron's member."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, cast

from samlan_contracts.policy import PolicyBooks, acts_stopped
from samlan_contracts.policy.period import age_on
from samlan_contracts.shapes import Act

from samlan_accounts.domain.patron import Cause, Origin, Patron

OwnCause = Literal["lost_card", "staff"]


def local_day(books: PolicyBooks, member: str, now: datetime) -> date:
    """What day it is at a member."""
    return now.astimezone(books.book(member).zone).date()


def age_of(patron: Patron, books: PolicyBooks, now: datetime) -> int | None:
    """How old the patron is today; None when the birth date is unknown."""
    return None if patron.born is None else age_on(patron.born, local_day(books, patron.member, now))


def block(
    patron: Patron, cause: str, *, origin: Origin, books: PolicyBooks, now: datetime,
    stops: Sequence[Act] | None = None,
) -> Cause:  # fmt: skip
    """The cause with what it stops: as stated, or by the member's rules (K28, O30, O31)."""
    if stops is not None:
        return Cause(cause=cause, stops=tuple(stops), origin=origin, since=now)
    today, age = local_day(books, patron.member, now), age_of(patron, books, now)
    decided = acts_stopped(books, member=patron.member, cause=cast("OwnCause", cause), age=age, on=today)
    stopped = cast("tuple[Act, ...]", tuple(sorted(decided.value)))
    return Cause(cause=cause, stops=stopped, origin=origin, since=now, because=decided.because)
