"""Looking a batch up: everything that judging and writing its messages needs, in a handful of reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from samlan_contracts.policy import PatronFacts, PolicyBooks, UnknownMember
from samlan_plumbing.documents import Stored

from samlan_notify.domain.address import Patron
from samlan_notify.domain.notice import Notice
from samlan_notify.domain.text import Branch
from samlan_notify.domain.verdict import Known, LoanNews, Settled, Terms, Verdict, verdict
from samlan_notify.handlers.terms import local_day, terms_of
from samlan_notify.store import Known as Copies

Batch = dict[str, Stored[Notice]]


@dataclass(frozen=True, slots=True)
class Findings:
    """The copies found, with birth dates beside them."""

    known: Known
    born: Mapping[str, date | None]


class Survey:
    """Reads copies for batches of notices and judges them by the members' books."""

    def __init__(self, *, copies: Copies, books: PolicyBooks) -> None:
        self._copies = copies
        self._books = books

    async def look_up(self, notices: Iterable[Notice]) -> Findings:
        """The patrons with their guardians, the titles and the branches of these notices."""
        batch = list(notices)
        people = await self._copies.patrons.read_many(one.patron for one in batch if one.patron)
        guardians = {one["guardian"] for one in people.values() if one.get("guardian")} - people.keys()
        people |= await self._copies.patrons.read_many(guardians)
        titles = await self._copies.titles.read_many(_named(batch, "title"))
        branches = await self._copies.branches.read_many(_named(batch, "branch"))
        loans = await self._copies.loans.read_many(_named(batch, "loan"))
        settled = await self._copies.settled.read_many(
            fee for one in batch if one.about for fee in one.about.get("fees", ())
        )
        return Findings(
            known=Known(
                patrons={key: _patron(one) for key, one in people.items()},
                titles={key: one.get("name") for key, one in titles.items()},
                branches={key: Branch(one["name"], one["timezone"]) for key, one in branches.items()},
                loans={key: _news(one) for key, one in loans.items()},
                settled={key: Settled(one["sequence"], one["why"]) for key, one in settled.items()},
            ),
            born={key: _day(one.get("born")) for key, one in people.items()},
        )

    async def family_of(self, recipients: Iterable[str]) -> list[str]:
        """The recipients and everybody whose notices may go to them."""
        own = sorted(set(recipients))
        return [*own, *await self._copies.wards_of(own)]

    def judge(self, notice: Notice, findings: Findings, now: datetime) -> Verdict:
        """Whether a notice can go, and to whom."""
        return verdict(
            notice, known=findings.known, terms=self.terms(notice, findings, now),
            age=self._age(notice, findings, now), today=self._today(notice, findings, now),
        )  # fmt: skip

    def terms(self, notice: Notice, findings: Findings, now: datetime) -> Terms:
        """The book's terms: of the notice's member, else of the patron's; open while neither is known."""
        member = self._member(notice, findings)
        if member is None:
            return OPEN
        try:
            return terms_of(self._books, member=member, kind=notice.kind, now=now)
        except UnknownMember:
            return SILENT

    def language(self, member: str) -> str:
        """A member's own language."""
        try:
            return self._books.book(member).language
        except UnknownMember:
            return ""

    def member_names(self) -> dict[str, str]:
        """What the members are called."""
        return {member: self._books.book(member).name for member in self._books.members}

    def _member(self, notice: Notice, findings: Findings) -> str | None:
        if notice.member:
            return notice.member
        patron = findings.known.patrons.get(notice.patron or "")
        return patron.member or None if patron else None

    def _today(self, notice: Notice, findings: Findings, now: datetime) -> date:
        member = self._member(notice, findings)
        return local_day(self._books, member, now) if member in self._books.members else now.date()

    def _age(self, notice: Notice, findings: Findings, now: datetime) -> int | None:
        member = self._member(notice, findings)
        born = findings.born.get(notice.patron or "")
        if member not in self._books.members or born is None:
            return None
        return PatronFacts(member=member, born=born).age_on(local_day(self._books, member, now))


SILENT = Terms(sent=False, channels=(), guardian_under=None, bundled=False)
OPEN = Terms(sent=True, channels=("email", "sms"), guardian_under=None, bundled=False)


def _named(notices: Iterable[Notice], field: str) -> set[str]:
    return {str(one.about[field]) for one in notices if one.about and one.about.get(field)}


def _patron(copy: Mapping[str, Any]) -> Patron:
    return Patron(
        member=copy.get("member") or "",
        guardian=copy.get("guardian"),
        shielded=bool(copy.get("shielded")),
        removed=bool(copy.get("removed")),
    )


def _news(copy: Mapping[str, Any]) -> LoanNews:
    return LoanNews(sequence=copy["sequence"], due=copy["due"], stage=copy.get("stage"), ended=copy["ended"])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
