"""The broker as a device meets it: its own routing key to write, its own queue to read, nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import aio_pika
import orjson
from aio_pika.abc import AbstractConnection, AbstractExchange, AbstractIncomingMessage
from aiormq.exceptions import AMQPError
from samlan_plumbing.seams import reach
from samlan_plumbing.topology import kiosk_key, reply_queue

from samlan_kiosk.domain.facts import Answer, Origin, Unsent, answer_of

CONNECT_SECONDS: Final = 10.0
CONFIRM_SECONDS: Final = 5.0  # the client itself would wait for as long as the broker is blocked
HEARTBEAT_SECONDS: Final = 10
HICCUP_SECONDS: Final = 5.0  # a reconnection that takes no longer cuts nobody off
TROUBLE: Final = (TimeoutError, AMQPError, RuntimeError, ConnectionError, OSError)
Hear = Callable[[str, Answer], None]


class Cut(RuntimeError):
    """The broker cannot be reached, or stopped answering."""


class Line:
    """One connection to the broker; after any trouble it is closed and another one made."""

    def __init__(self, *, url: str, origin: Origin, hear: Hear) -> None:
        self._url = url
        self._origin = origin
        self._hear = hear
        self._connection: AbstractConnection | None = None
        self._exchange: AbstractExchange | None = None
        self._last_up = time.monotonic()
        self.gone = asyncio.Event()

    @property
    def up(self) -> bool:
        """Whether facts can be sent right now, as far as is known."""
        return self._exchange is not None and not self.gone.is_set()

    @property
    def cut_off(self) -> bool:
        """Whether the broker has been out of reach for longer than a hiccup."""
        return not self.up and time.monotonic() - self._last_up >= HICCUP_SECONDS

    async def open(self) -> None:
        """Connects and listens for answers; `Cut` when that cannot be done now."""
        self.gone = asyncio.Event()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connect(self.gone)
        except asyncio.CancelledError:
            await self.close()
            _raise_if_asked()
            raise Cut from None
        except TROUBLE as trouble:
            await self.close()
            raise Cut from trouble

    async def _connect(self, gone: asyncio.Event) -> None:
        self._connection = await aio_pika.connect(self._url, heartbeat=HEARTBEAT_SECONDS)
        channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        for one in (self._connection, channel):
            one.close_callbacks.add(lambda *_: gone.set())
        await self._listen(self._connection)
        self._exchange = await channel.get_exchange("kiosk", ensure=False)

    async def _listen(self, connection: AbstractConnection) -> None:
        """Reads answers on a channel of their own: without its reply queue a device still says its facts."""
        channel = await connection.channel()
        with suppress(AMQPError):
            replies = await channel.get_queue(reply_queue(self._origin.device), ensure=False)
            await replies.consume(self._on_answer)

    async def send(self, facts: Sequence[Unsent]) -> list[int]:
        """Publishes in order, pipelined; the sequences of those that the broker confirmed."""
        outcomes = await asyncio.gather(*(self._send(one) for one in facts))
        return [one.sequence for one, clean in zip(facts, outcomes, strict=True) if clean]

    async def close(self) -> None:
        """Hangs up."""
        if self.up:
            self._last_up = time.monotonic()
        connection, self._connection, self._exchange = self._connection, None, None
        if connection is not None:
            with suppress(*TROUBLE):
                async with asyncio.timeout(CONFIRM_SECONDS):
                    await connection.close()

    async def _send(self, fact: Unsent) -> bool:
        """Whether the broker confirmed this fact; anything else means that it goes again, under its id."""
        try:
            await reach("kiosk", "before-publish")
            async with asyncio.timeout(CONFIRM_SECONDS):
                if self._exchange is None:
                    return False
                await self._exchange.publish(
                    self._message(fact), kiosk_key(self._origin.place, self._origin.device), mandatory=True
                )
            await reach("kiosk", "after-publish")
        except asyncio.CancelledError:
            _raise_if_asked()
            return False
        except TROUBLE:
            return False
        self._last_up = time.monotonic()
        return True

    def _message(self, fact: Unsent) -> aio_pika.Message:
        return aio_pika.Message(
            fact.body,
            message_id=fact.id,
            correlation_id=fact.id,
            user_id=self._origin.device,
            reply_to=reply_queue(self._origin.device),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )

    async def _on_answer(self, message: AbstractIncomingMessage) -> None:
        answer = _read(message.body)
        if message.correlation_id and answer is not None:
            self._hear(message.correlation_id, answer)
        await message.ack()


def _read(body: bytes) -> Answer | None:
    """An answer, or None for what cannot be one."""
    try:
        parsed: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return answer_of(parsed) if isinstance(parsed, dict) else None


def _raise_if_asked() -> None:
    """Ends this task where somebody cancelled it; the client also cancels what nobody asked it to."""
    if (task := asyncio.current_task()) and task.cancelling():
        raise asyncio.CancelledError
