"""Recording what is owed: one insert per event, and none for a return nobody wants a receipt of."""

from __future__ import annotations

from dataclasses import replace

from samlan_contracts.policy import Decision, NoticeTerms, PolicyBooks, notice_rules
from samlan_plumbing.clocks import LibraryClock, MachineClock
from samlan_plumbing.ids import derive

from samlan_notify.domain.notice import Kind
from samlan_notify.domain.occasions import Occasion, owed
from samlan_notify.handlers.terms import local_day
from samlan_notify.store import Known, Notices


class Recording:
    """Stores each occasion once under its natural key."""

    def __init__(
        self,
        *,
        notices: Notices,
        known: Known,
        books: PolicyBooks,
        clock: LibraryClock,
        machine_clock: MachineClock,
    ) -> None:
        self._notices = notices
        self._known = known
        self._books = books
        self._clock = clock
        self._machine_clock = machine_clock

    async def owe(self, occasion: Occasion, *, cause: str) -> None:
        """A patron is owed a notice; a repeat of the event owes nothing more."""
        if occasion.member is None:  # none of the events that a return sets off
            patron = await self._known.patrons.read(occasion.patron) or {}
            occasion = replace(occasion, member=patron.get("member"))
        rules = self._rules(occasion.member, occasion.kind)
        notice = owed(
            occasion, cause=cause, now=self._clock.now(), machine_now=self._machine_clock.now(),
            bundle_seconds=lambda member, kind: rules.value.bundle_seconds,
        )  # fmt: skip
        notice = replace(notice, because=rules.because)
        await self._notices.add(derive("notice", occasion.kind, *occasion.key), notice)

    def _rules(self, member: str | None, kind: Kind) -> Decision[NoticeTerms]:
        if member not in self._books.members:
            return Decision(NoticeTerms(sent=True))  # there is no book to ask; the sender will say so
        on = local_day(self._books, member, self._clock.now())
        return notice_rules(self._books, member=member, kind=kind, on=on)
