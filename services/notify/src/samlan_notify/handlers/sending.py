"""Sending what is due, on any replica, each cause in one message.

One batch: look up what falls due, judge each notice, find its company, read the contacts, and deliver.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from samlan_plumbing.clocks import LibraryClock, MachineClock
from samlan_plumbing.peers import PeerDown

from samlan_notify.clients.accounts import Accounts
from samlan_notify.domain.address import Contact, Recipient
from samlan_notify.domain.company import Company, company_of
from samlan_notify.domain.notice import (
    Kind,
    Notice,
    delay,
    failed,
    later,
    ride,
    sent,
    stay_behind,
)
from samlan_notify.domain.verdict import Never, NotYet
from samlan_notify.handlers.delivering import Delivery, Desk, Parcel
from samlan_notify.handlers.survey import Batch, Findings, Survey
from samlan_notify.store import Notices

BATCH: Final = 50  # notices looked at together: one request for contacts, one mail connection


class Sending:
    """The sender: a job on every replica."""

    def __init__(
        self,
        *,
        notices: Notices,
        survey: Survey,
        accounts: Accounts,
        delivery: Delivery,
        library_clock: LibraryClock,
        machine_clock: MachineClock,
    ) -> None:
        self._notices = notices
        self._survey = survey
        self._accounts = accounts
        self._library_clock = library_clock
        self._machine_clock = machine_clock
        self._delivery = delivery
        self._one_batch = asyncio.Lock()
        self._accounts_down = 0
        self._ask_again_at = machine_clock.now()
        self._looked_at = 0

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

    def behind(self) -> bool:
        """Whether the last run found as much as it could take, so that more may be due."""
        return self._looked_at >= BATCH

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
            self._looked_at = len(batch)
            try:
                return await self._work_on(batch, now)
            finally:
                await self._delivery.close()

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
        return settled + judged + await self._delivery.deliver(parcels, desk)

    async def _settle(self, riding: Batch) -> int:
        """Ends the riders whose message is over, and takes back those it went without."""
        leaders = await self._notices.by_ids(one.state.rides for one in riding.values() if one.state.rides)
        for key, one in riding.items():
            leader = leaders.get(one.state.rides or "")
            await self._notices.move(
                key, one, self._after_ride(key, one.state, leader.state if leader else None)
            )
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
                    await self._notices.move(key, one, failed(one.state, reason=reason, at=now))
                case NotYet():
                    waits = later(one.state, machine_now=self._machine_clock.now(), missed=True)
                    await self._notices.move(key, one, waits)
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
