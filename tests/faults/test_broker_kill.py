"""The broker is killed while it moves messages by itself, from a queue to the next.

The processes' storms kill it as well, with a few messages under way; here all of them are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq.exceptions import AMQPError
from samlan_embedded import Passwords, RabbitNode
from samlan_embedded.rabbit import STATISTICS_MS
from samlan_plumbing.topology import (
    NEVER_LOST,
    RETRY_DELAYS_MS,
    Administration,
    dead_queue,
    definitions,
    events_queue,
    retry_exchange,
    retry_queue,
)

SERVICE = "holds"
SENT = {f"m{number}" for number in range(1000)}
FIRST_RUNG = RETRY_DELAYS_MS[0]
VHOST = "/"
LOOKS = 90  # half as many seconds as the package lets pass before it sends again
CALM_LOOKS = 4  # the broker counts its messages once in a while


def test_whatever_the_broker_moves_it_moves_at_least_once() -> None:
    moving = [
        one["definition"]
        for one in definitions(VHOST)["policies"]
        if "dead-letter-exchange" in one["definition"]
    ]
    assert moving
    assert all(NEVER_LOST.items() <= one.items() for one in moving)


@pytest.fixture(scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RabbitNode]:
    folder = tmp_path_factory.mktemp("broker")
    node = RabbitNode(folder / "rabbitmq", Passwords(folder / "keys"))
    try:
        await node.start()
        broker = node.address
        admin = Administration(broker.management_url, broker.admin, broker.admin_password, VHOST)
        await admin.declare()
        await admin.close()
        await node.restart()  # a queue's own metadata reaches the disk some seconds after it was declared
        yield node
    finally:
        await node.stop()


@asynccontextmanager
async def channel_of(node: RabbitNode) -> AsyncIterator[AbstractChannel]:
    """A channel of a connection of its own while the block runs, should the broker live so long."""
    connection = await aio_pika.connect(node.address.url(node.address.admin, VHOST))
    try:
        yield await connection.channel(publisher_confirms=True)
    finally:
        with suppress(AMQPError, ConnectionError):
            await connection.close()


async def send(channel: AbstractChannel, queue: str) -> None:
    exchange = await channel.get_exchange(retry_exchange(SERVICE), ensure=False)
    lasting = aio_pika.DeliveryMode.PERSISTENT
    await asyncio.gather(
        *(
            exchange.publish(aio_pika.Message(b"{}", message_id=one, delivery_mode=lasting), queue)
            for one in SENT
        )
    )


async def in_hand(channel: AbstractChannel, queue: str) -> list[AbstractIncomingMessage]:
    """All that was sent, delivered and not yet acknowledged."""
    taken: list[AbstractIncomingMessage] = []
    every = asyncio.Event()

    async def keep(message: AbstractIncomingMessage) -> None:
        taken.append(message)
        if len(taken) == len(SENT):
            every.set()

    await (await channel.get_queue(queue, ensure=False)).consume(keep)
    await every.wait()
    return taken


async def found_in(node: RabbitNode, *queues: str) -> set[str]:
    """Everything that is in these queues or still comes into them; some of it may come twice."""
    found: set[str] = set()

    async def take(message: AbstractIncomingMessage) -> None:
        found.add(str(message.message_id))
        await message.ack()

    async with channel_of(node) as channel:
        for name in queues:
            await (await channel.get_queue(name, ensure=False)).consume(take)
        calm = looks = 0
        while found != SENT and calm < CALM_LOOKS and looks < LOOKS:
            await asyncio.sleep(STATISTICS_MS / 1000)
            looks += 1
            calm = 0 if await messages_in(node) else calm + 1
    return found


async def messages_in(node: RabbitNode) -> int:
    """How many messages the broker has, those included that are between two queues."""
    broker = node.address
    admin = Administration(broker.management_url, broker.admin, broker.admin_password, VHOST)
    try:
        return sum(one.get("messages", 1) for one in await admin.queues())
    finally:
        await admin.close()


async def test_what_is_rejected_as_the_broker_dies_is_not_lost(node: RabbitNode) -> None:
    async with channel_of(node) as channel:
        await send(channel, events_queue(SERVICE))
        for message in await in_hand(channel, events_queue(SERVICE)):
            await message.reject(requeue=False)
        await asyncio.sleep(0.02)  # measured: the broker has then read them all and moved few
        await node.kill()
    await node.start()
    assert await found_in(node, events_queue(SERVICE), dead_queue(SERVICE)) == SENT


async def test_what_leaves_its_rung_as_the_broker_dies_comes_back(node: RabbitNode) -> None:
    async with channel_of(node) as channel:
        await send(channel, retry_queue(events_queue(SERVICE), FIRST_RUNG))
        await asyncio.sleep(FIRST_RUNG / 1000)
        await node.kill()
    await node.start()
    assert await found_in(node, events_queue(SERVICE)) == SENT
