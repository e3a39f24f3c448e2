"""What billing keeps of others' facts: when loans ended, and the calendars of branches."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from samlan_contracts.policy import BranchCalendar
from samlan_plumbing.consuming import NotReady
from samlan_plumbing.copies import Copies
from samlan_plumbing.resources import Resources

PLAIN_END_KEPT_SECONDS: Final = 60 * 86_400  # machine time; longer than any message may be on its way


class Closings:
    """Ends of loans that other news must know of, by loan: the earliest that any told, and nobody's name.

    An end that was corrected stays; a plain one only for as long as a stage's message may be on its way."""

    def __init__(self, resources: Resources) -> None:
        self.collection = resources.database["closings"]
        self._machine_clock = resources.machine_clock

    async def prepare(self) -> None:
        """Creates the index by which plain ends are forgotten."""
        await self.collection.create_index("noted_at", expireAfterSeconds=PLAIN_END_KEPT_SECONDS)

    async def note(self, loan: str, returned_at: datetime) -> None:
        """Keeps an earlier end for good, unless a still earlier one is known."""
        earliest = {"$min": {"returned_at": returned_at}, "$unset": {"noted_at": ""}}
        await self.collection.update_one({"_id": loan}, earliest, upsert=True)

    async def note_plain(self, loan: str, returned_at: datetime) -> None:
        """Keeps an end for a while, unless an earlier one is known."""
        noted = {
            "$min": {"returned_at": returned_at},
            "$setOnInsert": {"noted_at": self._machine_clock.now()},
        }
        await self.collection.update_one({"_id": loan}, noted, upsert=True)

    async def read(self, loan: str) -> datetime | None:
        """The earliest end that is known of a loan, if any news told of one."""
        found = await self.collection.find_one({"_id": loan})
        return found["returned_at"] if found else None


class Branches:
    """Copies of the branches, with their calendars as last told."""

    def __init__(self, resources: Resources) -> None:
        self.copies = Copies(resources, "branches")
        self._read: dict[str, tuple[int, BranchCalendar]] = {}

    async def calendar(self, branch: str) -> BranchCalendar:
        """The calendar of a branch; `NotReady` until catalog has told of it."""
        found = await self.copies.read(branch)
        if found is None:
            raise NotReady(f"branch {branch} is not known yet")
        sequence, calendar = self._read.get(branch, (None, None))
        if calendar is None or sequence != found["sequence"]:
            calendar = BranchCalendar.of(branch, found)
            self._read[branch] = (found["sequence"], calendar)
        return calendar
