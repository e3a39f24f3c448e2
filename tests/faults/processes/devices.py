"""Devices that publish whatever they are told to, until the broker has it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import AMQPError
from samlan_plumbing.topology import kiosk_key

TROUBLE: Final = (TimeoutError, AMQPError, RuntimeError, ConnectionError, OSError)
CONFIRM_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.2


class Publisher:
    """Publishes with the operator's rights, again and again until the broker confirms."""

    def __init__(self, amqp: str) -> None:
        self._amqp = amqp
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._one = asyncio.Lock()

    async def publish(self, place: str, device: str, body: bytes) -> None:
        """Publishes a body in a device's name."""
        message = aio_pika.Message(body, user_id=device, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await self.send("kiosk", kiosk_key(place, device), message)

    async def send(
        self, exchange: str, key: str, message: aio_pika.Message, *, mandatory: bool = True
    ) -> None:
        """Publishes any message; returns when the broker has it."""
        while not await self._sent(exchange, key, message, mandatory):
            await asyncio.sleep(PAUSE_SECONDS)

    async def close(self) -> None:
        """Hangs up."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(*TROUBLE):
                await connection.close()

    async def _sent(self, exchange: str, key: str, message: aio_pika.Message, mandatory: bool) -> bool:
        try:
            async with self._one, asyncio.timeout(CONFIRM_SECONDS):
                channel = await self._open()
                place = (
                    channel.default_exchange
                    if not exchange
                    else await channel.get_exchange(exchange, ensure=False)
                )
                await place.publish(message, key, mandatory=mandatory)
        except asyncio.CancelledError:  # the client cancels what nobody asked it to when it loses heartbeats
            if (task := asyncio.current_task()) and task.cancelling():
                raise
        except TROUBLE:
            pass
        else:
            return True
        await self.close()
        return False

    async def _open(self) -> AbstractChannel:
        if self._channel is None:
            self._connection = await aio_pika.connect(self._amqp, heartbeat=10)
            self._channel = await self._connection.channel(publisher_confirms=True, on_return_raises=True)
        return self._channel
