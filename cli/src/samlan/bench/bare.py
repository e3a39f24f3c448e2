"""One process of the floor: `python -m samlan.bench.bare`, told what to do by one JSON line."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from typing import Any, Final

import aio_pika
import uvloop
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from bson import Binary
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from samlan.bench.floor import DATABASE, DOCUMENTS, EXCHANGE, PREFETCH, Part, message, queue_of, told_for

CLEAR_EVERY_SECONDS: Final = 1.0  # as the services do


class Bare:
    """Reads, writes, publishes and acknowledges as often as a service does, one statement at a time."""

    def __init__(self, part: Part, documents: AsyncCollection[dict[str, Any]]) -> None:
        self._part = part
        self._documents = documents
        self._exchange: AbstractExchange | None = None
        self._done = 0
        self._owed: defaultdict[str, float] = defaultdict(float)
        self._revisions = [1] * DOCUMENTS
        self._next = 0
        self._inserted = 0
        self._clears: list[str] = []
        self.ended = asyncio.Event()

    async def prepare(self) -> None:
        """Fills the collection with documents of the size that was counted."""
        size, written = self._part.read_bytes, self._part.write_bytes
        rows = [
            {"_id": f"d{n}", "revision": 1, "pad": Binary(b"x" * max(size - written, 0)), "last": Binary(b"")}
            for n in range(DOCUMENTS)
        ]
        await self._documents.insert_many(rows)
        await self._documents.create_index([("_id", 1), ("revision", 1)])

    async def consume(self, channel: aio_pika.abc.AbstractChannel, exchange: AbstractExchange) -> None:
        """Takes deliveries from now on."""
        self._exchange = exchange
        await channel.set_qos(PREFETCH)
        queue = await channel.get_queue(queue_of(self._part.name), ensure=False)
        await queue.consume(self._take)

    async def clear_for_ever(self) -> None:
        """Clears in batches, off the hot path."""
        while True:
            await asyncio.sleep(CLEAR_EVERY_SECONDS)
            await self.clear()

    async def clear(self) -> None:
        """Clears what is owed."""
        clears, self._clears = self._clears, []
        if clears:
            told = {"$pull": {"outbox": {"id": "x"}}}
            await self._documents.update_many({"_id": {"$in": clears}}, told)

    async def _take(self, delivered: AbstractIncomingMessage) -> None:
        kind, number = str(delivered.type), int((delivered.message_id or "/0").partition("/")[2])
        for what in ("reads", "inserts", "updates", "clears"):
            self._owed[what] += getattr(self._part, what)
        for _ in range(self._take_owed("reads")):
            await self._documents.find_one({"_id": f"d{self._another()}"})
        for _ in range(self._take_owed("inserts")):
            await self._insert()
        for _ in range(self._take_owed("updates")):
            await self._update()
        for _ in range(self._take_owed("clears")):
            self._clears.append(f"d{self._another()}")
        for told, share in self._part.tells[kind]:
            if told_for(number, share) and self._exchange is not None:
                await self._exchange.publish(message(told, number), told, mandatory=False)
        await delivered.ack()
        self._done += 1
        if self._done == self._part.deliveries:
            self.ended.set()

    def _take_owed(self, what: str) -> int:
        whole = int(self._owed[what])
        self._owed[what] -= whole
        return whole

    def _another(self) -> int:
        self._next = (self._next + 1) % DOCUMENTS
        return self._next

    async def _insert(self) -> None:
        self._inserted += 1
        body = Binary(b"x" * self._part.write_bytes)
        await self._documents.insert_one({"_id": f"i{self._inserted}", "body": body})

    async def _update(self) -> None:
        n = self._another()
        guard = {"_id": f"d{n}", "revision": self._revisions[n]}
        self._revisions[n] += 1
        body = Binary(b"x" * self._part.write_bytes)
        await self._documents.update_one(guard, {"$inc": {"revision": 1}, "$set": {"last": body}})


async def main() -> None:
    """Says one line when it is ready and one when all is done, and ends when nobody listens any more."""
    part = Part(**json.loads(await asyncio.to_thread(sys.stdin.readline)))
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(part.mongodb, w="majority")
    bare = Bare(part, client[DATABASE][f"{part.name}_{time.time_ns()}"])
    await bare.prepare()
    async with await aio_pika.connect(part.amqp) as connection:
        publishing = await connection.channel(publisher_confirms=True)
        exchange = await publishing.get_exchange(EXCHANGE, ensure=False)
        await bare.consume(await connection.channel(), exchange)
        clearing = asyncio.create_task(bare.clear_for_ever())
        _say("ready")
        await bare.ended.wait()
        clearing.cancel()
        await bare.clear()
        _say("done")
        await asyncio.to_thread(sys.stdin.readline)
    await client.close()


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())
