"""What billing keeps of others' facts: when loans ended, and the calendars of branches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from samlan_contracts.policy import BranchCalendar
from samlan_plumbing.consuming import NotReady
from samlan_plumbing.copies import Copies, Fields
from samlan_plumbing.memory import Memory
from samlan_plumbing.resources import Resources

PLAIN_END_KEPT_SECONDS: Final = 60 * 86_400  # machine time; longer than any message may be on its way


class Closings:
    """Ends of loans that other news must know of, by loan: the earliest that any told, and nobody's name.

    An end that was corrected stays; a plain one only for as long as a stage's message may be on its way."""

    def __init__(self, resources: Resources) -> None:
        self.collection = resources.database["closings"]
        self._batches = resources.batches
        self._machine_clock = resources.machine_clock

    async def prepare(self) -> None:
        """Creates the index by which plain ends are forgotten."""
        await self.collection.create_index("noted_at", expireAfterSeconds=PLAIN_END_KEPT_SECONDS)

    async def note(self, loan: str, returned_at: datetime) -> None:
        """Keeps an earlier end for good, unless a still earlier one is known."""
        earliest = {"$min": {"returned_at": returned_at}, "$unset": {"noted_at": ""}}
        await self._batches.update(self.collection, {"_id": loan}, earliest, upsert=True)

    async def note_plain(self, loan: str, returned_at: datetime) -> None:
        """Keeps an end for a while, unless an earlier one is known."""
        noted = {
            "$min": {"returned_at": returned_at},
            "$setOnInsert": {"noted_at": self._machine_clock.now()},
        }
        await self._batches.update(self.collection, {"_id": loan}, noted, upsert=True)

    async def read(self, loan: str) -> datetime | None:
        """The earliest end that is known of a loan, if any news told of one."""
        found = await self._batches.read(self.collection, loan)
        return found["returned_at"] if found else None


class Branches:
    """Copies of the branches, with their calendars."""

    def __init__(self, resources: Resources) -> None:
        self.copies = Copies(resources, "branches")
        self._calendars: Memory[BranchCalendar] = Memory(resources.machine_clock.monotonic)

    async def describe(self, branch: str, sequence: int, fields: Fields) -> None:
        """Keeps what catalog told of a branch, unless something as new is held."""
        await self.copies.apply(branch, sequence, fields)
        self._calendars.forget(branch)

    async def describe_many(self, rows: Sequence[tuple[str, int, Fields]]) -> None:
        """Keeps these branches, each with its sequence and fields; newer copies win."""
        await self.copies.apply_many(rows)
        for branch, _, _ in rows:
            self._calendars.forget(branch)

    async def calendar(self, branch: str) -> BranchCalendar:
        """The calendar of a branch; `NotReady` until catalog has told of it."""
        found = await self._calendars.get(branch, self._read)
        if found is None:
            raise NotReady(f"branch {branch} is not known yet")
        return found

    async def _read(self, branch: str) -> BranchCalendar | None:
        found = await self.copies.read(branch)
        return BranchCalendar.of(branch, found) if found is not None else None
