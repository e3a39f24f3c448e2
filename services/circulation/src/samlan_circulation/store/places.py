"""Branches with their calendars, and the devices that stand in them, remembered for half a minute each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pymongo import UpdateOne
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.policy import BranchCalendar
from samlan_plumbing.copies import Copies
from samlan_plumbing.memory import Memory
from samlan_plumbing.resources import Resources


class Branch:
    """A branch: its name for slips, and its calendar for rules."""

    def __init__(self, doc: dict[str, Any]) -> None:
        self.id: str = doc["_id"]
        self.name: str = doc["name"]
        self.calendar = BranchCalendar.of(self.id, doc)


class Places:
    """What circulation knows of branches and devices."""

    def __init__(self, resources: Resources) -> None:
        self.copies = Copies(resources, "branches")
        self._devices = resources.database["devices"]
        clock = resources.machine_clock.monotonic
        self._branch_memory: Memory[Branch] = Memory(clock)
        self._device_memory: Memory[str] = Memory(clock)

    async def describe(self, rows: Sequence[tuple[BranchDescribed, int]]) -> None:
        """Takes newer descriptions of branches."""
        for event, sequence in rows:
            await self.copies.apply(event.branch, sequence, event.model_dump(mode="json"))
            self._branch_memory.forget(event.branch)

    async def branch(self, branch: str) -> Branch | None:
        """A branch, or None when the catalogue has not told of it."""
        return await self._branch_memory.get(branch, self._read_branch)

    async def branch_of_device(self, device: str) -> str | None:
        """Where a device stands, or None when nobody registered it."""
        return await self._device_memory.get(device, self._read_device)

    async def known(self, branches: Iterable[str]) -> set[str]:
        """Which of these branches are known."""
        return set(await self.copies.read_many(branches))

    async def calendars(self, branches: Iterable[str]) -> dict[str, BranchCalendar]:
        """The calendars of those of these branches that are known."""
        found = await self.copies.read_many(branches)
        return {key: Branch(doc).calendar for key, doc in found.items()}

    async def register(self, devices: Sequence[dict[str, Any]]) -> int:
        """Stores devices as imported; returns how many were new or changed."""
        writes = [UpdateOne({"_id": one["device"]}, {"$set": one}, upsert=True) for one in devices]
        for one in devices:
            self._device_memory.forget(one["device"])
        if not writes:
            return 0
        result = await self._devices.bulk_write(writes, ordered=False)
        return result.modified_count + result.upserted_count

    async def devices(self) -> list[dict[str, Any]]:
        """Every registered device with its branch and kind."""
        names = ("device", "branch", "kind")
        return [{name: one[name] for name in names} async for one in self._devices.find({}).sort("_id", 1)]

    async def _read_branch(self, branch: str) -> Branch | None:
        doc = await self.copies.read(branch)
        return Branch(doc) if doc else None

    async def _read_device(self, device: str) -> str | None:
        doc = await self._devices.find_one({"_id": device}, {"branch": 1})
        return doc["branch"] if doc else None
