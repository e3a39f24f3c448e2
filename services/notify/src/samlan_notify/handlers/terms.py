"""What a member's book says of a notice, as the domain asks it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from samlan_contracts.policy import PolicyBooks, notice_rules

from samlan_notify.domain.notice import Kind
from samlan_notify.domain.verdict import Terms

ASKED_ELSEWHERE: Final[frozenset[Kind]] = frozenset({"receipt"})  # asked for by a setting of its own (D13)


def local_day(books: PolicyBooks, member: str, now: datetime) -> date:
    """The day it is at a member."""
    return now.astimezone(ZoneInfo(books.book(member).timezone)).date()


def terms_of(books: PolicyBooks, *, member: str, kind: Kind, now: datetime) -> Terms:
    """Whether, how and to whom the member sends notices of this kind today."""
    rules = notice_rules(books, member=member, kind=kind, on=local_day(books, member, now)).value
    return Terms(
        sent=rules.sent,
        channels=tuple(rules.channels),
        guardian_under=rules.guardian_under,
        bundled=rules.bundle_seconds > 0,
        asked_only=rules.opt_in and kind not in ASKED_ELSEWHERE,
    )
