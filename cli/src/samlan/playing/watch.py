"""Everything the services tell, as it passes: a private queue on `events` that ends with its connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

import aio_pika
import orjson
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

Envelope = dict[str, Any]


class Watch:
    """Calls `hear` with every event's envelope while the block runs, with the operator's rights.

    `keys` are routing keys or patterns: what is of no use here need not be sent."""

    def __init__(self, amqp: str, hear: Callable[[Envelope], None], *, keys: Iterable[str] = ("#",)) -> None:
        self._amqp = amqp
        self._hear = hear
        self._keys = tuple(keys)
        self._connection: AbstractConnection | None = None

    async def __aenter__(self) -> Self:
        """Connects; what is told from now on is heard."""
        self._connection = await aio_pika.connect(self._amqp)
        channel = await self._connection.channel()
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
        for key in self._keys:
            await queue.bind("events", key)
        await queue.consume(self._take, no_ack=True)
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Hangs up; the queue goes."""
        if self._connection is not None:
            await self._connection.close()

    async def _take(self, message: AbstractIncomingMessage) -> None:
        self._hear(orjson.loads(message.body))
