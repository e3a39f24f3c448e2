"""The doors through which messages come in: one queue of events per service, one of device facts.

Each message is worked on once at a time per subject, and ends in one of three ways::

    handled ──▶ acknowledged (its effect is stored)
    failed  ──▶ put on a rung of the retry ladder, acknowledged; our own outages never run out of rungs
    hopeless ─▶ dead-lettered, where operators list, read, replay and discard it
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiormq.exceptions import AMQPError
from faststream import AckPolicy
from faststream.exceptions import AckMessage
from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitMessage, RabbitQueue
from pydantic import BaseModel, ValidationError
from pymongo.errors import PyMongoError
from samlan_contracts.event import Envelope, Event, UnknownEvent, event_class

from samlan_plumbing import tracing
from samlan_plumbing.documents import LostRaces, OutboxFull
from samlan_plumbing.ids import fresh
from samlan_plumbing.logs import words_of
from samlan_plumbing.peers import PeerDown
from samlan_plumbing.relay import Outgoing
from samlan_plumbing.seams import reach
from samlan_plumbing.topology import (
    FACTS_QUEUE,
    RETRY_DELAYS_MS,
    dead_queue,
    events_queue,
    retry_exchange,
    retry_queue,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from samlan_plumbing.resources import Resources

E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Envelope], Awaitable[None]]
Take = Callable[[RabbitMessage], Awaitable[None]]
BatchHandler = Callable[[list[tuple[Any, Envelope]]], Awaitable[None]]

SNAPSHOT_TYPE: Final = "snapshot"
ATTEMPT: Final = "x-attempt"
PUT_BACK_PAUSE_SECONDS: Final = 0.5
PATIENT_RUNG: Final = 1  # where a message waits for our own outage to end, as often as it takes
HOPELESS: Final = (ValidationError, UnknownEvent)


class NotReady(RuntimeError):
    """Something this message needs has not arrived yet; it is tried again, without end."""


OUTAGE: Final = (
    PyMongoError,
    AMQPError,
    PeerDown,
    LostRaces,
    OutboxFull,
    NotReady,
    TimeoutError,
    ConnectionError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMessage:
    """A message of a device as the broker delivered it; nothing in it is trusted yet."""

    body: bytes
    routing_key: str
    user_id: str | None
    message_id: str | None
    reply_to: str | None
    correlation_id: str | None
    redelivered: bool


class SnapshotBatch(BaseModel):
    """What an owner's copy arrives in: many envelopes of one event class."""

    events: list[Envelope]


class EventDoor:
    """The events a service reads, each class with its one handler."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._batches: dict[str, BatchHandler] = {}
        self._classes: dict[str, type[Event]] = {}

    @property
    def classes(self) -> tuple[type[Event], ...]:
        """The event classes that have a handler here."""
        return tuple(self._classes.values())

    def on(
        self, cls: type[E], *, snapshot: Callable[[list[tuple[E, Envelope]]], Awaitable[None]] | None = None
    ) -> Callable[[Callable[[E, Envelope], Awaitable[None]]], Callable[[E, Envelope], Awaitable[None]]]:
        """Registers the handler of an event class, and how a batch of a snapshot is stored."""

        def register(
            handler: Callable[[E, Envelope], Awaitable[None]],
        ) -> Callable[[E, Envelope], Awaitable[None]]:
            self._classes[cls.key()] = cls
            self._handlers[cls.key()] = handler
            if snapshot is not None:
                self._batches[cls.key()] = snapshot
            return handler

        return register

    async def take(self, body: bytes, kind: str | None) -> None:
        """Handles one message: an event, or a batch of a snapshot."""
        if kind == SNAPSHOT_TYPE:
            await self._take_batch(body)
        else:
            await self._take_one(Envelope.model_validate_json(body))

    async def _take_one(self, envelope: Envelope) -> None:
        cls = event_class(envelope.type, envelope.version)
        handler = self._handler_of(cls)
        tracing.follow(envelope.trace)
        await handler(cls.model_validate(envelope.data), envelope)

    def _handler_of(self, cls: type[Event]) -> Handler:
        handler = self._handlers.get(cls.key())
        if handler is None:
            raise UnknownEvent(f"{cls.key()} has no reader here")
        return handler

    async def _take_batch(self, body: bytes) -> None:
        envelopes = SnapshotBatch.model_validate_json(body).events
        if not envelopes:
            return
        cls = event_class(envelopes[0].type, envelopes[0].version)
        rows = [(cls.model_validate(one.data), one) for one in envelopes]
        if batch := self._batches.get(cls.key()):
            await batch(rows)
            return
        for event, envelope in rows:
            await self._handler_of(cls)(event, envelope)


class FactDoor:
    """The devices' facts: the handler takes whatever came, readable or not."""

    def __init__(self, handler: Callable[[DeviceMessage], Awaitable[None]]) -> None:
        self.handler = handler


class Lanes:
    """One piece of work at a time per key, first come first served, within this process."""

    def __init__(self) -> None:
        self._lanes: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def lane(self, key: str) -> AsyncIterator[None]:
        """Waits for its turn in the lane of this key."""
        lock, waiting = self._lanes.get(key, (asyncio.Lock(), 0))
        self._lanes[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._lanes[key]
            if waiting == 1:
                del self._lanes[key]
            else:
                self._lanes[key] = (lock, waiting - 1)


class Consumers:
    """The service's connection for reading, with the three ends of every message."""

    def __init__(self, resources: Resources, events: EventDoor | None, facts: FactDoor | None) -> None:
        self._resources = resources
        self._events = events
        self._facts = facts
        self._lanes = Lanes()
        self._slowed = asyncio.Lock()
        self.broker = RabbitBroker(
            f"{resources.settings.rabbitmq_url}{_heartbeat(resources.settings.rabbitmq_url)}",
            default_channel=Channel(on_return_raises=True),
            reconnect_interval=1,
            graceful_timeout=20,
            ack_policy=AckPolicy.REJECT_ON_ERROR,
            app_id=resources.service,
            apply_types=False,
            logger=None,  # its log lines quote messages; ours name classes
            decoder=_as_it_is,
        )
        self._subscribers = [self._subscribe(*one) for one in self._sources()]

    async def start(self) -> None:
        """Connects and consumes; raises when the broker does not answer."""
        await self.broker.start()

    async def stop(self) -> None:
        """Takes no more work, waits for what is in hand, and closes."""
        await self.broker.stop()

    @property
    def alive(self) -> bool:
        """Whether every queue has its consumer (private: the version is pinned, and a test covers it)."""
        return all(
            one._queue_obj is not None and not one._queue_obj.channel.is_closed for one in self._subscribers
        )

    def _sources(self) -> list[tuple[str, Take]]:
        found: list[tuple[str, Take]] = []
        if self._events is not None:
            found.append((events_queue(self._resources.service), partial(self._take_event, self._events)))
        if self._facts is not None:
            found.append((FACTS_QUEUE, partial(self._take_fact, self._facts)))
        if found:
            found.append((dead_queue(self._resources.service), self._take_dead))
        return found

    def _subscribe(self, queue: str, take: Take) -> Any:
        subscriber = self.broker.subscriber(
            RabbitQueue(queue, queue_type=QueueType.QUORUM, declare=False),
            channel=Channel(prefetch_count=self._resources.settings.prefetch),
            no_reply=True,
        )

        async def handle(message: RabbitMessage) -> None:
            with self._resources.flow.holding():
                await self._with_three_ends(queue, take, message)

        subscriber(handle)
        return subscriber

    async def _with_three_ends(self, queue: str, take: Take, message: RabbitMessage) -> None:
        raw, flow = message.raw_message, self._resources.flow
        kind, started, end = raw.type or queue, time.perf_counter(), "done"
        flow.came_back += _came_back(raw)
        try:
            await self._delay()
            await take(message)
            await reach(self._resources.service, "before-acknowledge")
            flow.consumed += 1
        except Exception as error:  # every end of a message is decided here, and only here
            end = await self._after(error, queue, raw)
            raise AckMessage() from error  # it lies on the ladder, or with its reason among the dead
        finally:
            self._resources.metrics.handled(kind, end, time.perf_counter() - started)

    async def _delay(self) -> None:
        """The benchmark's: each message holds this process up, so that replicas show without more cores."""
        if delay := self._resources.settings.delay_ms:
            async with self._slowed:
                await asyncio.sleep(delay / 1000)

    async def _take_event(self, events: EventDoor, message: RabbitMessage) -> None:
        raw = message.raw_message
        async with self._lanes.lane(str(raw.headers.get("x-subject") or raw.message_id)):
            await events.take(raw.body, raw.type)

    async def _take_fact(self, facts: FactDoor, message: RabbitMessage) -> None:
        await facts.handler(device_message(message.raw_message))

    async def _take_dead(self, message: RabbitMessage) -> None:
        """Keeps a letter, however long the datastore is away: no ladder leads back to the dead."""
        raw = message.raw_message
        while True:
            try:
                await self._resources.dead_letters.keep(raw.body, raw.message_id, raw.type, dict(raw.headers))
            except OUTAGE as error:
                self._resources.log.warning("letter_not_kept", id=raw.message_id, error=words_of(error))
                await asyncio.sleep(PUT_BACK_PAUSE_SECONDS)
            else:
                return

    async def _after(self, error: Exception, queue: str, raw: Any) -> str:
        attempt = _attempt(raw)
        rung = _rung(error, queue, attempt)
        self._resources.log.warning(
            "message_failed", queue=queue, type=raw.type, id=raw.message_id, error=words_of(error),
            attempt=attempt, again_in_ms=rung,
        )  # fmt: skip
        key = dead_queue(self._resources.service) if rung is None else retry_queue(queue, rung)
        own = {ATTEMPT: attempt + 1, "x-error": words_of(error), "x-queue": queue}
        await self._put_back(raw, key, {**_kept(raw), **own})
        return "dead" if rung is None else "retried"

    async def _put_back(self, raw: Any, key: str, headers: Mapping[str, Any]) -> None:
        """Publishes until the broker confirms: before that the message must not be acknowledged."""
        self._resources.flow.put_back += 1
        exchange = retry_exchange(self._resources.service)
        again = Outgoing(
            id=raw.message_id or fresh(), exchange=exchange, key=key, body=raw.body, type=raw.type or "",
            headers=headers, correlation_id=raw.correlation_id,
        )  # fmt: skip
        while again.id not in await self._resources.relay.publish([again]):
            await asyncio.sleep(PUT_BACK_PAUSE_SECONDS)


def device_message(raw: Any) -> DeviceMessage:
    """What a device sent; after a wait on the ladder its properties stand in headers of ours."""
    again = _came_back(raw)
    headers: Mapping[str, Any] = raw.headers if again else {}
    return DeviceMessage(
        body=raw.body,
        routing_key=str(headers.get("x-routing-key") or raw.routing_key or ""),
        user_id=headers.get("x-user-id") or raw.user_id,
        message_id=raw.message_id,
        reply_to=headers.get("x-reply-to") or raw.reply_to,
        correlation_id=raw.correlation_id,
        redelivered=bool(raw.redelivered or again),
    )


def _came_back(raw: Any) -> bool:
    """Whether a message came through the service's own retry exchange, which nobody else may write."""
    return str(raw.exchange or "").endswith(".retry")


def _attempt(raw: Any) -> int:
    return int(raw.headers.get(ATTEMPT, 0)) if _came_back(raw) else 0


def _kept(raw: Any) -> dict[str, Any]:
    """The headers to travel on, with the properties that a republished message would lose."""
    if _came_back(raw):
        return {k: v for k, v in raw.headers.items() if k.startswith("x-") and not k.endswith("death")}
    own = {"x-routing-key": raw.routing_key, "x-user-id": raw.user_id, "x-reply-to": raw.reply_to}
    subject = {"x-subject": raw.headers.get("x-subject")}
    return {name: value for name, value in {**own, **subject}.items() if value}


def _rung(error: Exception, queue: str, attempt: int) -> int | None:
    if isinstance(error, HOPELESS):
        return None
    if isinstance(error, OUTAGE):
        return RETRY_DELAYS_MS[min(attempt, PATIENT_RUNG)]
    if attempt >= len(RETRY_DELAYS_MS):
        return None
    return RETRY_DELAYS_MS[attempt]


def _heartbeat(url: str) -> str:
    return "&heartbeat=10" if "?" in url else "?heartbeat=10"


async def _as_it_is(message: Any) -> Any:
    return message


__all__ = ["Consumers", "DeviceMessage", "EventDoor", "FactDoor", "Lanes", "NotReady", "device_message"]
