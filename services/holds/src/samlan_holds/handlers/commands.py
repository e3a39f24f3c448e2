"""What patrons and staff ask for: placing holds, and changing them in batches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from samlan_contracts.shapes import Because as Policy
from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.ids import derive, fresh
from samlan_plumbing.outbox import Cause

from samlan_holds.domain.changing import Amended, Cancelled, Outcome, Wish, change
from samlan_holds.domain.model import BranchId, HoldId, PatronId, TitleId
from samlan_holds.domain.placing import Placed, Placing, place
from samlan_holds.domain.refusals import Refusal
from samlan_holds.domain.shelving import end_of_need
from samlan_holds.store.copies import Copies
from samlan_holds.store.holds import LOOKED_AT_AFTER, Holds, particulars
from samlan_holds.store.queues import Asks, Queues


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A hold somebody asks for; `command` makes a repeat answer as the first time."""

    patron: str
    title: str
    channel: str
    pickup: str | None = None
    last_needed: date | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOutcome:
    """What became of one part of a batch: why it was refused, or why it cost the hold its item."""

    hold: str
    cancelled: bool = False
    reasons: tuple[Refusal, ...] = ()
    because: Policy = field(default_factory=list)


class Commands:
    """Handles what patrons and staff ask for."""

    def __init__(self, clock: LibraryClock, queues: Queues, holds: Holds, copies: Copies) -> None:
        self._clock = clock
        self._queues = queues
        self._holds = holds
        self._copies = copies

    async def place(self, wanted: Place) -> Placed | HoldId | tuple[Refusal, ...]:
        """Places a hold, or says every reason why not; the hold's particulars are written first.

        A hold that a repeated command placed before is answered by its id."""
        hold = HoldId(derive("hold", wanted.command or fresh()))
        known = await self._holds.read(hold) if wanted.command else None
        if known is not None and known["state"] != "open":
            return hold
        title_known, owned, on_loan = await asyncio.gather(
            self._copies.title_known(wanted.title), self._copies.is_owned(wanted.title),
            self._copies.on_loan_to(wanted.patron, wanted.title),
        )  # fmt: skip
        placing = Placing(
            hold=hold, patron=PatronId(wanted.patron), title=TitleId(wanted.title), channel=wanted.channel,
            pickup=BranchId(wanted.pickup) if wanted.pickup else None, last_needed=wanted.last_needed,
            title_known=title_known, owned=owned, on_loan=on_loan,
        )  # fmt: skip
        outcome = await self._queues.decide(
            wanted.title, Cause(wanted.command or hold, self._clock.now()),
            lambda queue, facts: place(queue, placing, facts),
            asks=Asks(patrons=(placing.patron,)), first=partial(self._write_particulars, placing),
        )  # fmt: skip
        return hold if isinstance(outcome, Placed) and outcome.position is None else outcome

    async def change(
        self, wishes: tuple[Wish, ...], *, patron: str | None, command: str | None
    ) -> tuple[ChangeOutcome, ...]:
        """Changes holds one by one, each with its own outcome; `patron` None is the staff."""
        cause = command or fresh()
        return tuple([await self._change(wish, patron, cause) for wish in wishes])

    async def _change(self, wish: Wish, patron: str | None, cause: str) -> ChangeOutcome:
        row = await self._holds.read(wish.hold)
        if row is None or patron not in (None, row["patron"]):
            return ChangeOutcome(hold=wish.hold, reasons=(Refusal("unknown_hold"),))
        if row["state"] != "open":
            done = wish.cancel and row["state"] == "cancelled"
            return ChangeOutcome(
                hold=wish.hold, cancelled=done, reasons=() if done else (Refusal("already_ended"),)
            )
        if wish.last_needed is not None:
            await self._holds.set_need(wish.hold, self._clock.now())  # the job looks, and finds the day
        outcome: Outcome = await self._queues.decide(
            row["title"],
            Cause(derive("change", cause, wish.hold), self._clock.now()),
            lambda queue, facts: change(queue, wish, facts),
            asks=Asks(holds=(wish.hold,)),
        )
        return ChangeOutcome(
            hold=wish.hold, cancelled=isinstance(outcome, Cancelled),
            reasons=outcome if isinstance(outcome, tuple) else (),
            because=outcome.because if isinstance(outcome, Amended) else [],
        )  # fmt: skip

    async def _write_particulars(self, placing: Placing, outcome: Placed | tuple[Refusal, ...]) -> None:
        if not isinstance(outcome, Placed):
            return
        entry, pickup = outcome.entry, await self._copies.calendar(outcome.entry.pickup)
        needed_at = end_of_need(entry.last_needed, pickup) if entry.last_needed else None
        await self._holds.write_first(
            particulars(
                entry, title=placing.title, channel=placing.channel, because=outcome.because,
                look_at=self._clock.now() + LOOKED_AT_AFTER, needed_at=needed_at,
                interlibrary=outcome.interlibrary,
            )
        )  # fmt: skip
