"""Items handed in: at a device or at the desk, by the same way and to the same deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from samlan_contracts.forms import whole_ms
from samlan_contracts.policy import BranchCalendar
from samlan_contracts.shapes import Because
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.facts import CONFLICTS, Fact, Standing
from samlan_plumbing.ids import derive, fresh
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.messages import AHEAD, digest_of
from samlan_circulation.domain.model import BranchId, Item, ItemBarcode, Place, Scan
from samlan_circulation.domain.outcomes import (
    ROUTING_PENDING,
    Answer,
    NamedException,
    Outcome,
    exception_answer,
)
from samlan_circulation.domain.refusals import Refused, refused
from samlan_circulation.domain.returning import hand_in
from samlan_circulation.handlers.answers import Answers
from samlan_circulation.handlers.telling import change_of
from samlan_circulation.store import Store

DESK: Final = "desk"
FINISH_EVERY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskReturn:
    """What a desk says: this item, here, at this time."""

    item: str
    branch: str
    happened_at: datetime | None = None
    command: str | None = None


class Returns:
    """Takes items in."""

    def __init__(self, store: Store, answers: Answers, resources: Resources) -> None:
        self._store = store
        self._answers = answers
        self._resources = resources

    async def take(self, scan: Scan, branch: BranchCalendar) -> Outcome:
        """Commits a scan to its item, notes the exception it became, and marks the fact done."""
        outcome = await self._commit(scan, branch)
        await self.conclude(
            scan.row, outcome, fact=scan.fact, item=scan.item, branch=scan.branch, at=scan.place.at
        )
        return outcome

    async def conclude(
        self, row: str, outcome: Outcome, *, fact: str, item: str | None, branch: str, at: datetime
    ) -> None:
        """Stores what came of a fact: its exception first, then its end."""
        if outcome.exception:
            noted = NamedException(
                key=fact, fact=fact, reason=outcome.exception, branch=branch, item=item, happened_at=at,
                belongs=outcome.belongs, because=outcome.because,
            )  # fmt: skip
            await self._store.exceptions.note(noted)
        await self._store.facts.close(row, outcome)

    async def _commit(self, scan: Scan, branch: BranchCalendar) -> Outcome:
        books = self._resources.books

        def decide(stored: Stored[Item] | None) -> Change[Item, Outcome]:
            if stored is None:
                return Change(unknown_item())
            decided = hand_in(stored.state, scan, branch=branch, books=books, sequence=stored.sequence)
            return change_of(decided, scan.item, cause=scan.fact, happened_at=scan.place.at)

        return await self._store.items.change(scan.item, decide)

    # -- the desk ---------------------------------------------------------------------------------------

    async def at_the_desk(self, wish: DeskReturn) -> dict[str, Any] | Refused:
        """Takes an item in at a desk and answers with its bin; the same command answers as the first time."""
        branch = await self._store.places.branch(wish.branch)
        if branch is None:
            return refused("unknown_branch")
        if wish.happened_at and wish.happened_at > self._resources.library_clock.now() + AHEAD:
            return refused("in_the_future")
        fact = self._fact(wish)
        taken = await self._store.facts.take(fact)
        if taken.standing in CONFLICTS:
            return refused("command_reused")
        scan = _scan(taken.row, live=wish.happened_at is None)
        if taken.standing is Standing.DONE:
            return await self._at_the_desk(scan, None, [])
        outcome = await self.take(scan, branch.calendar)
        return await self._at_the_desk(scan, outcome.answer, outcome.because)

    async def finish_for_ever(self) -> None:
        """The loop that finishes what a crash left half done at a desk; a device's broker brings it again."""
        while True:
            await asyncio.sleep(FINISH_EVERY_SECONDS)
            await self.finish_left_open()

    async def finish_left_open(self) -> None:
        """Takes up each desk's fact that has no end yet though nobody works on it any more."""
        for row in await self._store.facts.left_open(f"{DESK}/"):
            scan = _scan(row, live=False)
            if branch := await self._store.places.branch(scan.branch):
                await self.take(scan, branch.calendar)

    async def _at_the_desk(self, scan: Scan, known: Answer | None, because: Because) -> dict[str, Any]:
        if known:
            answer = await self._answers.settle(scan.row, known)
        else:
            pending = exception_answer(ROUTING_PENDING, scan.branch)
            by = self._answers.due_by(scan.taken_at)
            answer = await self._answers.at_the_desk(scan.row, by, otherwise=pending)
        body = await self._answers.body(answer, fact=scan.fact, item=scan.item, branch=scan.branch)
        return {**body, "because": [*because, *answer.because]}

    def _fact(self, wish: DeskReturn) -> Fact:
        """A desk counts nothing: its sequence is part of its command's id."""
        fact = derive("desk-return", wish.command) if wish.command else fresh()
        now = self._resources.library_clock.now()
        at = whole_ms(wish.happened_at or now)
        return Fact(
            id=fact, device=f"{DESK}/{wish.branch}", sequence=UUID(fact).int >> 66, item=wish.item,
            branch=wish.branch, kind="item_returned", happened_at=at,
            digest=digest_of(wish.item, wish.branch, wish.happened_at),
        )  # fmt: skip


def _scan(row: Mapping[str, Any], *, live: bool) -> Scan:
    """The scan of a desk, from the row of its fact."""
    device, _, sequence = row["_id"].rpartition("/")
    return Scan(
        place=Place.of(row["happened_at"], device, int(sequence), row["id"]), mode="desk",
        item=ItemBarcode(row["item"]), branch=BranchId(row["branch"]), row=row["_id"],
        taken_at=row["taken_at"], live=live,
    )  # fmt: skip


def unknown_item() -> Outcome:
    """What comes of an item that the catalogue has not told of."""
    return Outcome(did="nothing", exception="unknown_item", answer=exception_answer("unknown_item", None))
