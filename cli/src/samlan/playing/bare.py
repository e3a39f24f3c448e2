"""Many devices on one connection: facts straight to the broker as its operator, answers of all of them.

Nothing is kept on a disk here; it is how a storm is published that no single kiosk would make.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

import aio_pika
import orjson
from aio_pika.abc import AbstractConnection, AbstractExchange, AbstractIncomingMessage
from samlan_plumbing.ids import fresh
from samlan_plumbing.topology import kiosk_key, reply_queue

from samlan.playing.hands import Answered, HandedIn
from samlan.sample.workload import PlannedReturn

PATIENCE_SECONDS: Final = 10.0
SEQUENCES_PER_SECOND: Final = 1_000_000  # a later run begins above all that an earlier one used


class BareHands:
    """Publishes for many devices with the operator's rights, while the block runs."""

    def __init__(self, amqp: str, plan: Iterable[PlannedReturn]) -> None:
        self._amqp = amqp
        self._devices = sorted({planned.device for planned in plan})
        first = int(time.time()) * SEQUENCES_PER_SECOND
        self._sequences: dict[str, Iterator[int]] = defaultdict(lambda: itertools.count(first))
        self._waiting: dict[str, tuple[float, asyncio.Future[Answered]]] = {}
        self._connection: AbstractConnection | None = None
        self._exchange: AbstractExchange | None = None

    async def __aenter__(self) -> Self:
        """Connects, and listens to the answers of every device in the plan."""
        self._connection = await aio_pika.connect(self._amqp)
        listening = await self._connection.channel()
        replies = await listening.declare_queue(exclusive=True, auto_delete=True)
        for device in self._devices:
            await replies.bind("replies", reply_queue(device))
        await replies.consume(self._hear, no_ack=True)
        publishing = await self._connection.channel(publisher_confirms=True)
        self._exchange = await publishing.get_exchange("kiosk", ensure=False)
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Hangs up."""
        if self._connection is not None:
            await self._connection.close()

    async def hand_in(self, planned: PlannedReturn) -> HandedIn:
        """Publishes one return; the broker has it when this returns."""
        if self._exchange is None:
            raise RuntimeError("use it as `async with BareHands(…) as hands`")
        fact, at, started = fresh(), datetime.now(UTC), time.perf_counter()
        waiting: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting[fact] = (started, waiting)
        await self._exchange.publish(
            self._message(planned, fact, at), kiosk_key(planned.branch, planned.device), mandatory=True
        )
        return HandedIn(fact, at, self._answer(fact, waiting))

    def _message(self, planned: PlannedReturn, fact: str, at: datetime) -> aio_pika.Message:
        body = {
            "id": fact, "type": "item_returned", "version": 1, "device": planned.device,
            "branch": planned.branch, "sequence": next(self._sequences[planned.device]),
            "item": planned.item, "happened_at": at.isoformat(), "mode": "kiosk",
        }  # fmt: skip
        return aio_pika.Message(
            orjson.dumps(body), message_id=fact, correlation_id=fact, user_id=planned.device,
            reply_to=reply_queue(planned.device), content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )  # fmt: skip

    async def _answer(self, fact: str, waiting: asyncio.Future[Answered]) -> Answered:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await waiting
        except TimeoutError:
            return Answered("exception", "routing_pending", None)
        finally:
            self._waiting.pop(fact, None)

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        started, waiting = self._waiting.get(message.correlation_id or "", (0.0, None))
        if waiting is not None and not waiting.done():
            body: dict[str, Any] = orjson.loads(message.body)
            elapsed_ms = (time.perf_counter() - started) * 1000
            waiting.set_result(Answered(body["bin"], body.get("reason"), elapsed_ms))
