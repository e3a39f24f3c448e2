"""Delivering messages: each recorded as going out, handed over, and recorded again.

The first record is guarded, so one replica wins. A kill between any two of these steps leaves a notice that
a later look finishes; what may have gone out goes again as the same message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from samlan_plumbing.clocks import LibraryClock, MachineClock
from samlan_plumbing.documents import Stored
from samlan_plumbing.seams import reach

from samlan_notify.clients import Courier, Message, Outcome, Unreachable
from samlan_notify.domain.address import Contact, Recipient, channel_of, language_of
from samlan_notify.domain.company import Company
from samlan_notify.domain.notice import (
    PATIENCE,
    Channel,
    Kind,
    Notice,
    Reason,
    Role,
    again,
    failed,
    later,
    ride,
    sent,
    take,
)
from samlan_notify.domain.text import Names, write
from samlan_notify.domain.verdict import Terms
from samlan_notify.handlers.survey import Batch, Findings, Survey
from samlan_notify.store import Notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A message to be made: its notices as read, the leader first, and who gets it."""

    company: Company
    notices: Batch
    recipient: Recipient

    @property
    def leader(self) -> Stored[Notice]:
        """The notice that gives the message its id."""
        return self.notices[self.company.leader]

    def role(self, notice: Notice) -> Role:
        """As whom the recipient gets this notice."""
        return "patron" if notice.patron == self.recipient.patron else "guardian"

    @property
    def children(self) -> list[str]:
        """The patrons in whose place the recipient gets the message."""
        told = (one.state for one in self.notices.values())
        return [one.patron or "" for one in told if self.role(one) == "guardian"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a batch has on its desk: the findings and the contacts of everybody concerned."""

    findings: Findings
    contacts: Mapping[str, Contact]


class Delivery:
    """Hands messages over, one at a time by each channel."""

    def __init__(
        self,
        *,
        notices: Notices,
        survey: Survey,
        couriers: Mapping[Channel, Courier],
        library_clock: LibraryClock,
        machine_clock: MachineClock,
    ) -> None:
        self._notices = notices
        self._survey = survey
        self._couriers = couriers
        self._library_clock = library_clock
        self._machine_clock = machine_clock
        self._turns = {channel: asyncio.Lock() for channel in couriers}

    async def close(self) -> None:
        """Lets go of what the couriers hold open."""
        for courier in self._couriers.values():
            await courier.close()

    async def deliver(self, parcels: Iterable[Parcel], desk: Desk) -> int:
        """Delivers messages, one at a time by each channel; one that fails keeps no other from its end."""
        moved = await asyncio.gather(
            *(self._deliver(parcel, desk) for parcel in parcels), return_exceptions=True
        )
        for outcome in moved:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(one for one in moved if isinstance(one, int))

    async def _deliver(self, parcel: Parcel, desk: Desk) -> int:
        """One message: recorded, handed over, recorded.

        Whoever is recorded as going out is handed over next, within the lease; what came of it is recorded
        while the next one takes its turn, so that both share a command."""
        contact = _checked_contact(parcel, desk.contacts)
        if contact is None:
            if parcel.leader.state.misses >= PATIENCE:
                return await self._fail(parcel, "unknown_patron")
            return await self._wait(parcel, missed=True)
        leader = parcel.leader.state
        terms = self._survey.terms(leader, desk.findings, self._now)
        channel = _channel(leader, contact, terms)
        if channel is None:
            unasked = terms.asked_only and not contact.channels
            return await self._fail(parcel, "not_asked_for" if unasked else "no_channel")
        courier = self._couriers[channel]
        async with self._turns[channel]:
            try:
                await courier.open()
            except Unreachable:
                return await self._wait(parcel)
            taken = await self._take(parcel, channel)
            if taken is None:
                return 0
            await reach("notify", "before-hand-over")
            outcome = await courier.hand_over(self._message(taken, contact, channel, desk))
            await reach("notify", "after-hand-over")
        await self._record(taken, outcome)
        return len(taken.notices)

    async def _take(self, parcel: Parcel, channel: Channel) -> Parcel | None:
        """Records before the hand-over who goes along; None when another replica was faster."""
        company, machine_now = parcel.company, self._machine_clock.now()
        first = parcel.leader.state
        taking = take(
            first, channel=channel, to=parcel.role(first), carries=company.riders, machine_now=machine_now
        )
        leader = await self._notices.move(company.leader, parcel.leader, taking)
        riders: Batch = {}
        for key in company.riders if leader else ():
            one = parcel.notices[key]
            riding = ride(one.state, on=company.leader, to=parcel.role(one.state), machine_now=machine_now)
            if rider := await self._notices.move(key, one, riding):
                riders[key] = rider
        if leader and len(riders) < len(company.riders):
            leader = await self._notices.move(
                company.leader, leader, replace(leader.state, carries=tuple(riders))
            )
        if leader is None:
            return None
        taken = Company(company.leader, tuple(riders))
        return Parcel(company=taken, notices={company.leader: leader, **riders}, recipient=parcel.recipient)

    def _message(self, parcel: Parcel, contact: Contact, channel: Channel, desk: Desk) -> Message:
        notices = [one.state for one in parcel.notices.values()]
        kind: Kind = parcel.leader.state.kind
        language = language_of(contact, member_language=self._survey.language(contact.member))
        names = Names(
            titles=desk.findings.known.titles,
            branches=desk.findings.known.branches,
            members=self._survey.member_names(),
            patrons={key: one.name for key, one in desk.contacts.items()},
            shielded=frozenset(key for key, one in desk.findings.known.patrons.items() if one.shielded),
        )
        return Message(
            id=parcel.company.leader,
            to=contact.address(channel) or "",
            kind=kind,
            language=language,
            causes=tuple(one.cause for one in notices),
            text=write(kind, language=language, channel=channel, notices=notices, names=names),
        )

    async def _record(self, parcel: Parcel, outcome: Outcome) -> None:
        """Records after the hand-over: the leader first, for it alone decides whether this goes again."""
        leader = parcel.leader.state
        match outcome:
            case "sent":
                await self._end(parcel, partial(_sent, by=leader.channel, at=self._now))
            case "refused":
                await self._fail(parcel, "refused_by_server")
            case "deferred" if leader.misses + 1 >= PATIENCE:
                await self._fail(parcel, "refused_by_server")
            case "deferred" | "unreachable" | "unknown":
                waits = again(
                    leader, machine_now=self._machine_clock.now(),
                    went_out=outcome == "unknown", missed=outcome == "deferred",
                )  # fmt: skip
                await self._notices.move(parcel.company.leader, parcel.leader, waits)

    async def _fail(self, parcel: Parcel, reason: Reason) -> int:
        await self._end(parcel, partial(failed, reason=reason, at=self._now))
        return len(parcel.notices)

    async def _end(self, parcel: Parcel, move: Callable[[Notice], Notice]) -> None:
        """Ends every notice of a message; the leader tells it, with all the causes in it."""
        causes = tuple(one.state.cause for one in parcel.notices.values())
        for key, one in parcel.notices.items():
            told = causes if key == parcel.company.leader else ()
            await self._notices.move(key, one, move(one.state), causes=told)

    async def _wait(self, parcel: Parcel, *, missed: bool = False) -> int:
        """Puts off a message before its hand-over; riders of an earlier attempt wait with their leader."""
        machine_now = self._machine_clock.now()
        for key, one in parcel.notices.items():
            if one.state.state != "riding":
                await self._notices.move(key, one, later(one.state, machine_now=machine_now, missed=missed))
        return len(parcel.notices)

    @property
    def _now(self) -> datetime:
        return self._library_clock.now()


def _sent(notice: Notice, *, by: Channel | None, at: datetime) -> Notice:
    """A notice that went out, to whom it was told: one message may be a guardian's own and a child's."""
    return sent(notice, channel=by, to=notice.to, at=at)


def _checked_contact(parcel: Parcel, contacts: Mapping[str, Contact]) -> Contact | None:
    """The recipient's contact; None while accounts knows nobody, or another guardian than our copy does."""
    if any(
        one not in contacts or contacts[one].guardian != parcel.recipient.patron for one in parcel.children
    ):
        return None
    return contacts.get(parcel.recipient.patron)


def _channel(leader: Notice, contact: Contact, terms: Terms) -> Channel | None:
    """The channel of an attempt that may have gone out, so that a repeat is a repeat; else the best one."""
    if leader.channel is not None and contact.address(leader.channel):
        return leader.channel
    return channel_of(leader.kind, contact, book=terms.channels, asked_only=terms.asked_only)
