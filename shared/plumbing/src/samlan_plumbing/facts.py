"""Device facts: each is taken once, finished once, and answered the same way for ever.

::

    take ── new ────▶ (act on the item) ──▶ finish ──▶ answer
     ├──── open ───▶ the same, where a crash left off
     ├──── done ───▶ the stored answer again
     └── conflict ─▶ a named exception: an id or a sequence was used for something else

A row holds no card and no patron and stays for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pymongo.errors import DuplicateKeyError

from samlan_plumbing.seams import reach

if TYPE_CHECKING:
    from samlan_plumbing.resources import Resources

Row = dict[str, Any]


class Standing(StrEnum):
    """How a fact stands when it is taken."""

    NEW = "new"
    OPEN = "open"
    DONE = "done"
    SEQUENCE_REUSED = "sequence_reused"
    ID_REUSED = "id_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What identifies a device's fact: `digest` stands for its contents, so that a reused id shows."""

    id: str
    device: str
    sequence: int
    item: str | None
    branch: str
    kind: str
    happened_at: datetime
    digest: str

    @property
    def key(self) -> str:
        """The row's key: one row per device and sequence."""
        return f"{self.device}/{self.sequence}"


@dataclass(frozen=True, slots=True)
class Taken:
    """How a fact stands, and its row as stored."""

    standing: Standing
    row: Row


CONFLICTS: Final = (Standing.SEQUENCE_REUSED, Standing.ID_REUSED)


class FactLog:
    """The log of one service's device facts, one row each."""

    def __init__(self, resources: Resources, name: str = "facts") -> None:
        self.collection = resources.database[name]
        self._batches = resources.batches
        self._machine = resources.machine_clock
        self._service = resources.service

    async def prepare(self) -> None:
        """Creates the index that makes a fact's id unique."""
        await self.collection.create_index("id", unique=True)

    async def take(self, fact: Fact) -> Taken:
        """Inserts the fact as open, or says how it stood already."""
        row = {
            "_id": fact.key, "id": fact.id, "item": fact.item, "branch": fact.branch, "kind": fact.kind,
            "happened_at": fact.happened_at, "digest": fact.digest,
            "taken_at": self._machine.now(), "open": True,
        }  # fmt: skip
        await reach(self._service, "before-fact")
        try:
            await self._batches.insert(self.collection, row)
        except DuplicateKeyError:
            return await self._met_before(fact)
        await reach(self._service, "after-fact")
        return Taken(Standing.NEW, row)

    async def finish(self, key: str, outcome: Mapping[str, Any]) -> None:
        """Marks the fact done with its outcome; a second time changes nothing that matters."""
        await reach(self._service, "before-finish")
        done = {"$set": {"open": False, "outcome": dict(outcome)}}
        await self._batches.update(self.collection, {"_id": key}, done)
        await reach(self._service, "after-finish")

    async def answer(self, key: str, answer: Mapping[str, Any]) -> Row:
        """Stores the answer unless there is one; returns the answer that stands."""
        if await self.answer_unless(key, answer):
            return dict(answer)
        row = await self._batches.read(self.collection, key)
        return dict(row["answer"]) if row else dict(answer)

    async def answer_unless(self, key: str, answer: Mapping[str, Any]) -> bool:
        """Stores the answer; False says that another stands already, or that the fact was never taken."""
        fields = {"answer": {"$ifNull": ["$answer", {"$literal": dict(answer)}]}}
        return (await self._batches.update(self.collection, {"_id": key}, [{"$set": fields}])).modified

    async def by_id(self, fact: str) -> Row | None:
        """The row of a fact's id, if it was ever taken."""
        return await self.collection.find_one({"id": fact})

    async def _met_before(self, fact: Fact) -> Taken:
        row = await self.collection.find_one({"_id": fact.key})
        if row is None:
            other = await self.collection.find_one({"id": fact.id})
            return Taken(Standing.ID_REUSED, other or {})
        if row["id"] != fact.id:
            return Taken(Standing.SEQUENCE_REUSED, row)
        if row["digest"] != fact.digest:
            return Taken(Standing.ID_REUSED, row)
        return Taken(Standing.OPEN if row["open"] else Standing.DONE, row)
