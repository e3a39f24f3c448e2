"""Dead letters: what a service could not process, kept in its own store until somebody decides.

A listing shows what kind of message it is and why it failed, never what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from samlan_plumbing.ids import derive
from samlan_plumbing.relay import Outgoing
from samlan_plumbing.topology import events_queue, retry_exchange

if TYPE_CHECKING:
    from samlan_plumbing.resources import Resources

MAX_LISTED: Final = 200
TRAVELLING: Final = ("x-subject", "x-routing-key", "x-user-id", "x-reply-to")
SHOWN: Final = ("id", "type", "version", "subject", "sequence", "cause", "happened_at", "recorded_at")
Row = dict[str, Any]


class DeadLetters:
    """The dead letters of one service."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.collection = resources.database["dead_letters"]

    async def keep(
        self, body: bytes, message_id: str | None, kind: str | None, headers: Mapping[str, Any]
    ) -> None:
        """Stores a dead message under an id derived from it, so that a redelivery keeps it once."""
        key = derive("dead", self._resources.service, message_id or "", body.hex()[:2000])
        row = {
            "kind": kind or "", "message_id": message_id or "", "body": body,
            "reason": str(headers.get("x-error") or headers.get("x-first-death-reason") or "rejected"),
            "attempts": int(headers.get("x-attempt", 0)),
            "queue": str(headers.get("x-queue") or events_queue(self._resources.service)),
            "headers": {k: str(v) for k, v in headers.items() if k in TRAVELLING},
            "dead_at": self._resources.machine_clock.now(), "state": "dead",
        }  # fmt: skip
        await self.collection.update_one({"_id": key}, {"$set": row}, upsert=True)

    async def listing(self) -> list[Row]:
        """The letters that wait for a decision, without their contents."""
        found = self.collection.find({"state": "dead"}, {"body": 0}).limit(MAX_LISTED)
        return [self._listed(row) async for row in found]

    async def show(self, key: str) -> Row | None:
        """One letter with its envelope's outside, and the names of the fields inside."""
        row = await self.collection.find_one({"_id": key})
        return None if row is None else {**self._listed(row), "envelope": _outside(bytes(row["body"]))}

    async def replay(self, key: str) -> bool:
        """Puts a letter back into the queue it came from; False when there is no such letter."""
        row = await self.collection.find_one({"_id": key})
        if row is None or row["state"] != "dead":
            return False
        again = Outgoing(
            id=row["message_id"], exchange=retry_exchange(self._resources.service), key=row["queue"],
            body=bytes(row["body"]), type=row["kind"], headers=row["headers"],
        )  # fmt: skip
        self._resources.flow.put_back += 1
        if again.id not in await self._resources.relay.publish([again]):
            raise TimeoutError("the broker did not confirm the replay")
        await self.collection.delete_one({"_id": key})
        return True

    async def discard(self, key: str, why: str) -> bool:
        """Gives a letter up: its contents go, its reason stays."""
        change = {"$set": {"state": "discarded", "why": why}, "$unset": {"body": ""}}
        return (await self.collection.update_one({"_id": key}, change)).matched_count == 1

    async def count(self) -> int:
        """How many letters wait for a decision."""
        return await self.collection.count_documents({"state": "dead"})

    def _listed(self, row: Row) -> Row:
        return {
            "id": row["_id"], "service": self._resources.service, "type": row["kind"], "queue": row["queue"],
            "reason": row["reason"], "attempts": row["attempts"], "dead_at": row["dead_at"].isoformat(),
            "state": row["state"],
        }  # fmt: skip


def _outside(body: bytes) -> Row:
    try:
        envelope = orjson.loads(body)
        outside = {name: envelope[name] for name in SHOWN if name in envelope}
        return {**outside, "fields": sorted(envelope.get("data", {}))}
    except (orjson.JSONDecodeError, TypeError, AttributeError):
        return {"unreadable": True, "bytes": len(body)}
