"""Notices: what a member tells its patrons, how, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.books import PolicyBooks
from samlan_contracts.policy.facts import Case
from samlan_contracts.policy.figures import Channel, NoticeKind
from samlan_contracts.policy.rules import Notice


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """Whether and how a kind of notice is told; below the age `guardian_under`, to a guardian."""

    sent: bool
    channels: tuple[Channel, ...] = ()
    guardian_under: int | None = None
    opt_in: bool = False
    bundle_seconds: int = 0
    days_before_due: int | None = None


def notice_rules(books: PolicyBooks, *, member: str, kind: NoticeKind, on: date) -> Decision[NoticeTerms]:
    """How a member tells its patrons about this; not at all where its book is silent (G04, D15, K24, K45)."""
    book = books.book(member)
    rule = book.subject(Notice).first(Case(day=on, kind=kind))
    if rule is None:
        return Decision(NoticeTerms(sent=False))
    before = rule.before_due.days if rule.before_due else None
    terms = NoticeTerms(rule.sent, rule.channels, rule.guardian_under, rule.opt_in, rule.bundle, before)
    why = reason(
        book, rule, "notice_sent" if rule.sent else "notice_not_sent", kind=kind, channels=rule.channels,
        guardian_under=rule.guardian_under, days_before_due=before,
    )  # fmt: skip
    return Decision(terms, [why])
