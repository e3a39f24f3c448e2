"""The only way out to the broker: pipelined, confirmed, and with a time limit of its own.

Anything but a clean confirm means *unknown*: the caller keeps what it told, and somebody tells it again under
the same id. Two traps shape this module: the broker's client hangs while the broker is blocked, so every
publish has its own limit; and it maps returned messages by id, so one id is never in flight twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aio_pika
import orjson
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractRobustConnection
from aiormq.exceptions import AMQPError

from samlan_plumbing.flow import Flow, Metrics
from samlan_plumbing.logs import Log, words_of
from samlan_plumbing.seams import reach

CONFIRM_LIMIT_SECONDS: Final = 2.0  # under the three seconds after which a sweeper tells it again
PIPELINE: Final = 100  # measured: wider gains nothing
HEARTBEAT_SECONDS: Final = 10
_LASTING: Final = aio_pika.DeliveryMode.PERSISTENT
_PASSING: Final = aio_pika.DeliveryMode.NOT_PERSISTENT
BROKER_TROUBLE: Final = (TimeoutError, AMQPError, RuntimeError, ConnectionError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message on its way: `mandatory` where somebody is known to read it, `lasting` where it outlives the
    broker's restart."""

    id: str
    exchange: str
    key: str
    body: bytes
    type: str = ""
    headers: Mapping[str, Any] = field(default_factory=dict)
    mandatory: bool = True
    lasting: bool = True
    correlation_id: str | None = None


class Relay:
    """Publishes what documents told, and says which of it the broker confirmed."""

    def __init__(self, *, service: str, url: str, log: Log, flow: Flow, metrics: Metrics) -> None:
        self._service = service
        self._url = url
        self._log = log
        self._flow = flow
        self._metrics = metrics
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}
        self._in_flight: set[str] = set()

    async def start(self) -> None:
        """Connects; raises when the broker does not answer."""
        self._connection = await aio_pika.connect_robust(
            self._url, heartbeat=HEARTBEAT_SECONDS, reconnect_interval=1, timeout=10
        )
        self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        self._exchanges = {}

    async def stop(self) -> None:
        """Closes the connection; what is not confirmed stays in its outbox."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*BROKER_TROUBLE):
                await connection.close()

    @property
    def connected(self) -> bool:
        """Whether the broker can be reached right now."""
        return self._connection is not None and self._connection.connected.is_set()

    async def publish(self, messages: Sequence[Outgoing]) -> set[str]:
        """Publishes all of them at once; returns the ids the broker confirmed."""
        if not self.connected:
            return set()
        confirmed: set[str] = set()
        for start in range(0, len(messages), PIPELINE):
            part = [one for one in messages[start : start + PIPELINE] if one.id not in self._in_flight]
            answers = await asyncio.gather(*(self._publish(one) for one in part))
            confirmed.update(one.id for one, clean in zip(part, answers, strict=True) if clean)
        return confirmed

    async def reply(self, queue: str, correlation_id: str | None, body: Mapping[str, Any]) -> bool:
        """Answers a device on its own queue; the queue may be gone, and then the answer is not needed.

        The answer is stored with its fact, and a device that asks again gets it again: no disk waits."""
        message = Outgoing(
            id=f"{queue}:{correlation_id}", exchange="replies", key=queue, body=orjson.dumps(body),
            type="answer", mandatory=False, lasting=False, correlation_id=correlation_id,
        )  # fmt: skip
        return message.id in await self.publish([message])

    async def _publish(self, message: Outgoing) -> bool:
        self._in_flight.add(message.id)
        try:
            await reach(self._service, "before-publish")
            async with asyncio.timeout(CONFIRM_LIMIT_SECONDS):
                exchange = await self._exchange(message.exchange)
                await exchange.publish(_amqp(message), message.key, mandatory=message.mandatory)
            await reach(self._service, "after-publish")
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            return False  # the client lost its heartbeats and cancelled what nobody asked it to
        except BROKER_TROUBLE as trouble:
            self._log.warning("not_confirmed", key=message.key, id=message.id, error=words_of(trouble))
            return False
        finally:
            self._in_flight.discard(message.id)
        self._flow.told += 1
        self._metrics.told(message.type)
        return True

    async def _exchange(self, name: str) -> AbstractExchange:
        if name not in self._exchanges:
            if self._channel is None:
                raise ConnectionError("the relay has not been started")
            self._exchanges[name] = await self._channel.get_exchange(name, ensure=False)
        return self._exchanges[name]


def _amqp(message: Outgoing) -> aio_pika.Message:
    return aio_pika.Message(
        message.body,
        message_id=message.id,
        type=message.type,
        correlation_id=message.correlation_id,
        content_type="application/json",
        delivery_mode=_LASTING if message.lasting else _PASSING,
        headers=dict(message.headers),
    )
