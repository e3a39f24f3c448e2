"""Sending what is due, on any replica, each cause in one message.

One batch: look up what falls due, judge each notice, find its company, read the contacts, and for each
message: record it as going out (guarded: one replica wins), hand it over, record what came of it. A kill
between any two of these steps leaves a notice that a later look finishes; what may have gone out goes again
as the same message.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from samlan_plumbing.clocks import LibraryClock, MachineClock
from samlan_plumbing.documents import Stored
from samlan_plumbing.peers import PeerDown
from samlan_plumbing.seams import reach

from samlan_notify.clients import Courier, Message, Outcome, Unreachable
from samlan_notify.clients.accounts import Accounts
from samlan_notify.domain.address import Contact, Recipient, channel_of, language_of
from samlan_notify.domain.company import Company, company_of
from samlan_notify.domain.notice import (
    PATIENCE,
    Channel,
    Kind,
    Notice,
    Reason,
    Role,
    again,
    delay,
    failed,
    later,
    ride,
    sent,
    stay_behind,
    take,
)
from samlan_notify.domain.text import Names, write
from samlan_notify.domain.verdict import Never, NotYet, Terms
from samlan_notify.handlers.survey import Batch, Findings, Survey
from samlan_notify.store import Notices

BATCH: Final = 50  # notices looked at together: one request for contacts, one mail connection


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


class Sending:
    """The sender: a job on every replica."""

    def __init__(
        self,
        *,
        notices: Notices,
        survey: Survey,
        accounts: Accounts,
        couriers: Mapping[Channel, Courier],
        library_clock: LibraryClock,
        machine_clock: MachineClock,
    ) -> None:
        self._notices = notices
        self._survey = survey
        self._accounts = accounts
        self._couriers = couriers
        self._library_clock = library_clock
        self._machine_clock = machine_clock
        self._one_batch = asyncio.Lock()
        self._turns = {channel: asyncio.Lock() for channel in couriers}
        self._accounts_down = 0
        self._ask_again_at = machine_clock.now()

    async def next_due(self) -> datetime | None:
        """When there is something to look at next; now, where a pause in machine time is over."""
        now = self._library_clock.now()
        if self._machine_clock.now() < self._ask_again_at:
            return None
        return now if await self.due(now) else await self._notices.next_look("due")

    async def due(self, now: datetime) -> bool:
        """Whether there is something to look at."""
        machine_now = self._machine_clock.now()
        if machine_now < self._ask_again_at:
            return False
        return bool(
            await self._notices.looked_at("retry", machine_now, 1)
            or await self._notices.looked_at("due", now, 1)
            or await self._notices.waited_out(machine_now, 1)
        )

    async def run(self, now: datetime) -> int:
        """Looks at one batch; returns how many notices moved on."""
        async with self._one_batch:
            machine_now = self._machine_clock.now()
            if machine_now < self._ask_again_at:
                return 0
            batch = await self._notices.looked_at("retry", machine_now, BATCH)
            if left := BATCH - len(batch):
                batch |= await self._notices.looked_at("due", now, left)
            if left := max(0, BATCH - len(batch)):
                batch |= await self._notices.waited_out(machine_now, left)
            try:
                return await self._work_on(batch, now)
            finally:
                for courier in self._couriers.values():
                    await courier.close()

    async def _work_on(self, batch: Batch, now: datetime) -> int:
        settled = await self._settle({key: one for key, one in batch.items() if one.state.state == "riding"})
        rest = {key: one for key, one in batch.items() if one.state.state != "riding"}
        if not rest:
            return settled
        parcels, findings, judged = await self._pack(rest, now)
        try:
            desk = Desk(findings=findings, contacts=await self._contacts(parcels))
        except PeerDown:
            self._accounts_down += 1
            self._ask_again_at = self._machine_clock.now() + min(
                delay(self._accounts_down), timedelta(minutes=1)
            )
            return settled + judged
        self._accounts_down = 0
        random.shuffle(parcels)  # replicas at work on the same batch meet less often
        return settled + judged + await self._deliver_all(parcels, desk)

    async def _settle(self, riding: Batch) -> int:
        """Ends the riders whose message is over, and takes back those it went without."""
        leaders = await self._notices.by_ids(one.state.rides for one in riding.values() if one.state.rides)
        for key, one in riding.items():
            leader = leaders.get(one.state.rides or "")
            await self._change(key, one, self._after_ride(key, one.state, leader.state if leader else None))
        return len(riding)

    def _after_ride(self, key: str, rider: Notice, leader: Notice | None) -> Notice:
        machine_now = self._machine_clock.now()
        if leader is None or key not in leader.carries or leader.state == "failed":
            return stay_behind(rider, machine_now=machine_now)
        if leader.state == "sent" and leader.channel and leader.over_at:
            return sent(rider, channel=leader.channel, to=leader.to, at=leader.over_at)
        return ride(rider, on=rider.rides or "", to=rider.to, machine_now=machine_now)

    async def _pack(self, due: Batch, now: datetime) -> tuple[list[Parcel], Findings, int]:
        """Judges what is due and puts what can go into parcels; what cannot is recorded."""
        carried = await self._notices.by_ids(key for one in due.values() for key in one.state.carries)
        batch = {**carried, **due}
        findings = await self._survey.look_up(one.state for one in batch.values())
        judged = await self._put_off(due, findings, now)
        family = await self._family(due, findings, now)
        if family:
            batch = {**family, **batch}  # as first read: what was moved since then fails its guard
            findings = await self._survey.look_up(one.state for one in batch.values())
        return self._parcels(batch, due.keys(), findings, now), findings, judged

    async def _put_off(self, due: Batch, findings: Findings, now: datetime) -> int:
        """Records which of the due notices never go, and which must wait for something to arrive."""
        moved = 0
        for key, one in due.items():
            match self._survey.judge(one.state, findings, now):
                case Never(reason):
                    await self._change(key, one, failed(one.state, reason=reason, at=now))
                case NotYet():
                    waits = later(one.state, machine_now=self._machine_clock.now(), missed=True)
                    await self._change(key, one, waits)
                case Recipient():
                    continue
            moved += 1
        return moved

    async def _family(self, due: Batch, findings: Findings, now: datetime) -> Batch:
        """All that is still owed to those who get a bundled notice now."""
        recipients = {
            to.patron
            for key, to in self._going(due, findings, now).items()
            if due[key].state.alone and self._survey.terms(due[key].state, findings, now).bundled
        }
        if not recipients:
            return {}
        return await self._notices.unsent_of(await self._survey.family_of(recipients))

    def _going(self, batch: Batch, findings: Findings, now: datetime) -> dict[str, Recipient]:
        unsent = {key: one.state for key, one in batch.items() if not one.state.over}
        judged = {key: self._survey.judge(one, findings, now) for key, one in unsent.items()}
        return {key: one for key, one in judged.items() if isinstance(one, Recipient)}

    def _parcels(self, batch: Batch, due: Collection[str], findings: Findings, now: datetime) -> list[Parcel]:
        """The messages to make: those begun before as they were, the others with their company."""
        going = self._going(batch, findings, now)
        lanes: dict[tuple[Kind, str], dict[str, Notice]] = defaultdict(dict)
        for key, to in going.items():
            lanes[batch[key].state.kind, to.patron][key] = batch[key].state
        companies: set[Company] = set()
        for key in due & going.keys():
            notice = batch[key].state
            if not notice.alone:
                companies.add(Company(key, tuple(one for one in notice.carries if one in going)))
            elif not self._survey.terms(notice, findings, now).bundled:
                companies.add(Company(key))
            elif found := company_of(lanes[notice.kind, going[key].patron]):
                companies.add(found)
        return [
            Parcel(company=one, notices={key: batch[key] for key in one.all}, recipient=going[one.leader])
            for one in companies
        ]

    async def _contacts(self, parcels: Iterable[Parcel]) -> dict[str, Contact]:
        people = {one.recipient.patron for one in parcels}
        people |= {n.state.patron for one in parcels for n in one.notices.values() if n.state.patron}
        return await self._accounts.contacts(people) if people else {}

    async def _deliver_all(self, parcels: Iterable[Parcel], desk: Desk) -> int:
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
        leader = await self._change(company.leader, parcel.leader, taking)
        riders: Batch = {}
        for key in company.riders if leader else ():
            one = parcel.notices[key]
            riding = ride(one.state, on=company.leader, to=parcel.role(one.state), machine_now=machine_now)
            if rider := await self._change(key, one, riding):
                riders[key] = rider
        if leader and len(riders) < len(company.riders):
            leader = await self._change(company.leader, leader, replace(leader.state, carries=tuple(riders)))
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
                await self._end(parcel, partial(sent, channel=leader.channel, to=leader.to, at=self._now))
            case "refused":
                await self._fail(parcel, "refused_by_server")
            case "deferred" if leader.misses + 1 >= PATIENCE:
                await self._fail(parcel, "refused_by_server")
            case "deferred" | "unreachable" | "unknown":
                waits = again(
                    leader, machine_now=self._machine_clock.now(),
                    went_out=outcome == "unknown", missed=outcome == "deferred",
                )  # fmt: skip
                await self._change(parcel.company.leader, parcel.leader, waits)

    async def _fail(self, parcel: Parcel, reason: Reason) -> int:
        await self._end(parcel, partial(failed, reason=reason, at=self._now))
        return len(parcel.notices)

    async def _end(self, parcel: Parcel, move: Callable[[Notice], Notice]) -> None:
        """Ends every notice of a message; the leader tells it, with all the causes in it."""
        causes = tuple(one.state.cause for one in parcel.notices.values())
        for key, one in parcel.notices.items():
            await self._change(key, one, move(one.state), causes if key == parcel.company.leader else ())

    async def _wait(self, parcel: Parcel, *, missed: bool = False) -> int:
        """Puts off a message before its hand-over; riders of an earlier attempt wait with their leader."""
        machine_now = self._machine_clock.now()
        for key, one in parcel.notices.items():
            if one.state.state != "riding":
                await self._change(key, one, later(one.state, machine_now=machine_now, missed=missed))
        return len(parcel.notices)

    async def _change(
        self, key: str, one: Stored[Notice], to: Notice, causes: tuple[str, ...] = ()
    ) -> Stored[Notice] | None:
        return await self._notices.move(key, one, to, causes=causes)

    @property
    def _now(self) -> datetime:
        return self._library_clock.now()


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
