"""The broker as the gateway may see it: how much lies in which queue, and the journey's events as they pass.

Counts are passive declares on a plain channel (the robust one answers from memory). Events are watched on a
private exclusive queue that lives no longer than its connection, and only while somebody watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aio_pika
import orjson
from aio_pika.abc import AbstractIncomingMessage
from aiormq.exceptions import AMQPError
from samlan_contracts.event import Event
from samlan_plumbing import topology
from samlan_plumbing.ids import fresh
from samlan_plumbing.logs import Log, words_of

CONNECT_SECONDS: Final = 10
HEARTBEAT_SECONDS: Final = 10
WAITING: Final = 500  # events a slow watcher may be behind before it loses the oldest
WATCHERS: Final = 32  # operators' pages open at once on one process
QUEUE_EVENTS: Final = 1000
TROUBLE: Final = (AMQPError, ConnectionError, OSError, TimeoutError)
Envelope = dict[str, Any]


class BrokerDown(RuntimeError):
    """The broker does not answer."""


class TooManyWatchers(RuntimeError):
    """Nobody else may watch now."""


class Queues:
    """The service queues of the broker and how much waits in each."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._names = tuple(_service_queues())

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Counter]:
        """A connection for counting, for as long as somebody counts; `BrokerDown` when there is none."""
        try:
            connection = await aio_pika.connect(self._url, timeout=CONNECT_SECONDS)
        except TROUBLE as trouble:
            raise BrokerDown("the broker does not answer") from trouble
        try:
            yield Counter(await connection.channel(), self._names)
        finally:
            with suppress(*TROUBLE):
                await connection.close()


class Counter:
    """Counts what waits in each queue, over one open channel."""

    def __init__(self, channel: Any, names: Sequence[str]) -> None:
        self._channel = channel
        self._names = names

    async def counts(self) -> dict[str, int]:
        """Messages ready in each queue; `BrokerDown` when the broker went away."""
        try:
            return {name: await self._count(name) for name in self._names}
        except TROUBLE as trouble:
            raise BrokerDown("the broker does not answer") from trouble

    async def _count(self, name: str) -> int:
        declared = await self._channel.declare_queue(name, passive=True)
        return int(declared.declaration_result.message_count or 0)


class Watch:
    """Everybody who watches the journey's events here, fed by one connection while there is somebody."""

    def __init__(self, url: str, classes: Iterable[type[Event]], log: Log) -> None:
        self._url = url
        self._keys = [one.key() for one in classes]
        self._log = log
        self._watchers: set[asyncio.Queue[Envelope | None]] = set()
        self._feed: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self._ended = False

    @property
    def full(self) -> bool:
        """Whether as many watch as may."""
        return len(self._watchers) >= WATCHERS

    @asynccontextmanager
    async def join(self) -> AsyncIterator[asyncio.Queue[Envelope | None]]:
        """A queue of events from now on, and None at the end; `TooManyWatchers` when no more may watch."""
        if self.full:
            raise TooManyWatchers
        mine: asyncio.Queue[Envelope | None] = asyncio.Queue(WAITING)
        self._watchers.add(mine)
        if self._ended:
            mine.put_nowait(None)
        try:
            if self._feed is None or self._feed.done():
                self._feed = asyncio.create_task(self._for_ever())
            yield mine
        finally:
            self._watchers.discard(mine)
            if not self._watchers:
                await self.close()

    async def listening(self) -> None:
        """Waits until events are heard: what is told from now on is passed on."""
        await self._heard.wait()

    def end(self) -> None:
        """Tells everybody who watches, now or later, that there is nothing more to come."""
        self._ended = True
        self._heard.set()
        self._pass(None)

    async def close(self) -> None:
        """Ends the connection to the broker, and with it the queue."""
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)

    async def _for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except TROUBLE as trouble:
                self._log.info("watching_again", error=words_of(trouble))
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        """Listens until the connection ends."""
        connection = await aio_pika.connect(self._url, heartbeat=HEARTBEAT_SECONDS, timeout=CONNECT_SECONDS)
        gone = asyncio.Event()
        connection.close_callbacks.add(lambda *_: gone.set())
        try:
            channel = await connection.channel()
            queue = await channel.declare_queue(
                f"gateway.watch.{fresh()}", exclusive=True, auto_delete=True,
                arguments={"x-max-length": QUEUE_EVENTS},
            )  # fmt: skip
            for key in self._keys:
                await queue.bind("events", key)
            await queue.consume(self._hear, no_ack=True)
            self._heard.set()
            await gone.wait()
        finally:
            self._heard.clear()
            with suppress(*TROUBLE):
                await connection.close()

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        try:
            envelope = orjson.loads(message.body)
        except orjson.JSONDecodeError:
            return
        self.pass_on(envelope)

    def pass_on(self, envelope: Envelope) -> None:
        """Gives an event to everybody who watches; who is too slow loses the oldest."""
        if not self._ended:
            self._pass(envelope)

    def _pass(self, envelope: Envelope | None) -> None:
        for watcher in self._watchers:
            if watcher.full():
                watcher.get_nowait()
            watcher.put_nowait(envelope)


def _service_queues() -> Iterable[str]:
    for service in topology.CONSUMERS:
        yield topology.dead_queue(service)
        for source in topology.sources(service):
            yield source
            yield from (topology.retry_queue(source, delay) for delay in topology.RETRY_DELAYS_MS)
