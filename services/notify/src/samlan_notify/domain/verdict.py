"""Whether a notice can go now: to whom, or why never, or what it still waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from samlan_notify.domain.address import Patron, Recipient, recipient_of
from samlan_notify.domain.notice import PATIENCE, Notice, Reason
from samlan_notify.domain.text import Branch


@dataclass(frozen=True, slots=True)
class Never:
    """The notice must not or cannot be sent, for a named reason."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class NotYet:
    """Something the message needs has not arrived here."""

    missing: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the member's book says of a kind of notice; `asked_only` are told who asked for a channel."""

    sent: bool
    channels: tuple[str, ...]
    guardian_under: int | None
    bundled: bool
    asked_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNews:
    """The newest that is known of a loan, with the sequence it was told with."""

    sequence: int
    due: str
    stage: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """Why nothing was owed of a fee, with the sequence in which it was told; more may be added later."""

    sequence: int
    why: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The copies that the notices of a batch need; a subject that is not in it never came."""

    patrons: Mapping[str, Patron]
    titles: Mapping[str, str | None]
    branches: Mapping[str, Branch]
    loans: Mapping[str, LoanNews] = field(default_factory=dict)
    settled: Mapping[str, Settled] = field(default_factory=dict)


Verdict = Recipient | Never | NotYet


def verdict(
    notice: Notice, *, known: Known, terms: Terms, age: int | None, today: date | None = None
) -> Verdict:
    """Judges a notice by what is known at the time of sending; `today` is the member's day."""
    if not terms.sent:
        return Never("not_by_policy")
    patron = known.patrons.get(notice.patron or "")
    if notice.patron is None or (patron is not None and patron.removed):
        return Never("erased")
    if overtaken := _overtaken(notice, known, today):
        return Never(overtaken)
    if patron is None:
        return _patiently(notice, "unknown_patron")
    if missing := _missing(notice, known):
        return _patiently(notice, missing)
    guardian = known.patrons.get(patron.guardian or "")
    found = recipient_of(
        notice.kind, patron=notice.patron, known=patron, age=age, guardian_under=terms.guardian_under,
        guardian_known=guardian is not None and not guardian.removed,
    )  # fmt: skip
    return found if isinstance(found, Recipient) else Never(found)


def _overtaken(notice: Notice, known: Known, today: date | None) -> Reason | None:
    """Why nobody need be told of this any more: returned, renewed, paid, or told of a later stage."""
    about = notice.about or {}
    news = known.loans.get(about.get("loan") or "")
    if news is not None and news.ended:
        return "returned"
    if news is not None and "sequence" in about and news.sequence > about["sequence"]:
        return _newer(news, about)
    if notice.kind == "due_soon" and today is not None and today.isoformat() > about.get("due", ""):
        return "past_due"
    return _settled(about, known)


def _settled(about: Mapping[str, Any], known: Known) -> Reason | None:
    """Why nothing is owed any more of what was charged: all of it was settled after that."""
    found = [known.settled.get(fee) for fee in about.get("fees", ())]
    later = [one for one in found if one is not None and one.sequence > about.get("charged", 0)]
    if not found or len(later) < len(found):
        return None
    return next((one.why for one in later if one.why == "paid"), later[0].why)


def _newer(news: LoanNews, about: Mapping[str, Any]) -> Reason | None:
    if news.due != about.get("due"):
        return "renewed"
    return "superseded" if news.stage is not None else None


def _missing(notice: Notice, known: Known) -> Reason | None:
    about = notice.about or {}
    if about.get("title") and about["title"] not in known.titles:
        return "unknown_title"
    if about.get("branch") and about["branch"] not in known.branches:
        return "unknown_branch"
    return None


def _patiently(notice: Notice, missing: Reason) -> Never | NotYet:
    return Never(missing) if notice.misses >= PATIENCE else NotYet(missing)
