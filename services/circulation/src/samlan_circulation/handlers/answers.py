"""Answering who handed an item in: once, by the deadline, and the same way ever after.

::

    handed in ── routing within 700 ms ──▶ its bin            (whoever stores the answer first, sends it)
        └────── none by then ────────────▶ routing_pending

The replica that takes a fact watches its deadline; the one that applies the routing answers. Both store the
answer before they send it, and only the first to store sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from samlan_plumbing.resources import Resources
from samlan_plumbing.topology import reply_queue

from samlan_circulation.domain.outcomes import ROUTING_PENDING, Answer, exception_answer
from samlan_circulation.domain.slips import language_of, reply
from samlan_circulation.store import Store

DEADLINE: Final = timedelta(milliseconds=600)  # surface.md: 700 ms, less to store the answer and to bring it
REMEMBERED_MOST: Final = 10_000  # rows whose routing is late and may never come
LOOK_EVERY_SECONDS: Final = 0.05  # a desk whose routing another replica applies looks for it this often


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A device that is owed an answer by a machine instant, on its own queue and under its own number.

    A repeat waits beside the first asker, who alone is answered by whoever stores the answer."""

    row: str
    fact: str
    item: str | None
    branch: str
    device: str
    correlation: str | None
    by: datetime
    repeat: bool = False


class Answers:
    """Stores answers once and sends each to the one that asked."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._relay = resources.relay
        self._machine = resources.machine_clock
        self._resources = resources
        self._owed: dict[str, list[Waiting]] = {}
        self._expired: set[str] = set()  # where `routing_pending` is known to stand, until its routing comes
        self._desks: dict[str, asyncio.Event] = {}
        self._wake = asyncio.Event()

    # -- who waits --------------------------------------------------------------------------------------

    def owe(self, waiting: Waiting) -> None:
        """Watches the deadline of a question."""
        self._owed.setdefault(waiting.row, []).append(waiting)
        self._wake.set()

    def due_by(self, taken_at: datetime) -> datetime:
        """When a fact taken at a machine instant must have its answer."""
        return taken_at + DEADLINE

    async def at_the_desk(self, row: str, by: datetime, *, otherwise: Answer) -> Answer:
        """The answer to a desk that waits for it here; `otherwise` when none came in time."""
        arrived = self._desks.setdefault(row, asyncio.Event())
        try:
            while (left := (by - self._machine.now()).total_seconds()) > 0:
                try:
                    async with asyncio.timeout(min(left, LOOK_EVERY_SECONDS)):
                        await arrived.wait()
                except TimeoutError:
                    pass
                if answer := await self._store.facts.answered(row):
                    return answer
        finally:
            self._desks.pop(row, None)
        return await self.settle(row, otherwise)

    # -- answers ----------------------------------------------------------------------------------------

    async def settle(self, row: str, answer: Answer) -> Answer:
        """Stores an answer unless one stands; returns the one that stands."""
        if await self._store.facts.answer_first(row, answer):
            return answer
        return await self._store.facts.answered(row) or answer

    async def arrived(
        self, row: str, answer: Answer, *, first: Waiting | None, borrower_id: str | None = None
    ) -> bool:
        """Stores an answer, and sends it to the device that asked first and to all that wait here.

        False says that another answer stood already, and was sent."""
        won = not self._known_expired(row) and await self._store.facts.answer_first(row, answer)
        repeats = [one for one in self._owed.pop(row, []) if one.repeat]
        if arrived := self._desks.get(row):
            arrived.set()
        if won and first is not None:
            await self.send(first, answer, borrower_id=borrower_id)
        if repeats:
            standing = answer if won else await self._store.facts.answered(row) or answer
            await asyncio.gather(*(self.send(one, standing) for one in repeats))
        return won

    async def send(self, to: Waiting, answer: Answer, *, borrower_id: str | None = None) -> None:
        """Sends one answer to the queue of the very device that asked."""
        body = await self.body(answer, fact=to.fact, item=to.item, branch=to.branch, borrower_id=borrower_id)
        await self._relay.reply(reply_queue(to.device), to.correlation, body)

    async def body(
        self, answer: Answer, *, fact: str, item: str | None, branch: str, borrower_id: str | None = None
    ) -> dict[str, Any]:
        """The answer as it is given, with the slip in the branch's language."""
        known = borrower_id or await self._borrower_id(answer, item)
        there = await self._store.places.branch(answer.branch) if answer.branch else None
        return reply(
            answer, fact=fact, item=item, borrower_id=known,
            language=language_of(self._resources.books, branch), branch_name=there.name if there else None,
        )  # fmt: skip

    async def _borrower_id(self, answer: Answer, item: str | None) -> str | None:
        """Under whose number the item is shelved, for as long as that hold lives."""
        if not answer.hold or not item:
            return None
        stored = await self._store.items.read(item)
        hold = stored.state.hold if stored else None
        return hold.borrower_id if hold and hold.hold == answer.hold else None

    # -- deadlines --------------------------------------------------------------------------------------

    async def watch_for_ever(self) -> None:
        """The loop that answers `routing_pending` where no routing came in time.

        No answer waits for another's: one that is being stored or sent holds up nobody's deadline."""
        async with asyncio.TaskGroup() as expiring:
            while True:
                await self._until_something_is_due()
                now = self._machine.now()
                late = [row for row, waiting in self._owed.items() if waiting[0].by <= now]
                for row in late:
                    expiring.create_task(self._expire(row, self._owed.pop(row)))

    async def _until_something_is_due(self) -> None:
        while not self._owed:
            self._wake.clear()
            await self._wake.wait()
        earliest = min(waiting[0].by for waiting in self._owed.values())
        await asyncio.sleep(max(0.0, (earliest - self._machine.now()).total_seconds()))

    async def _expire(self, row: str, waiting: Sequence[Waiting]) -> None:
        pending = exception_answer(ROUTING_PENDING, waiting[0].branch)
        if won := await self._store.facts.answer_first(row, pending):
            self._remember_expired(row)
        answer = pending if won else await self._store.facts.answered(row) or pending
        sent = [one for one in waiting if won or one.repeat]
        await asyncio.gather(*(self.send(one, answer) for one in sent))

    def _remember_expired(self, row: str) -> None:
        if len(self._expired) >= REMEMBERED_MOST:
            self._expired.clear()  # those are asked about again, which answers the same
        self._expired.add(row)

    def _known_expired(self, row: str) -> bool:
        """Whether this replica stored `routing_pending` itself, so that no other answer needs to be tried."""
        known = row in self._expired
        self._expired.discard(row)
        return known
