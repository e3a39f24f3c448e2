"""The private node on the real RabbitMQ package: what it keeps, where it listens, what it leaves behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aio_pika
import httpx2
import psutil
import pytest
from samlan_embedded import Passwords, RabbitNode

VHOST = "/"
QUEUE = "kept"


@pytest.fixture(scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RabbitNode]:
    folder = tmp_path_factory.mktemp("broker")
    node = RabbitNode(folder / "rabbitmq", Passwords(folder / "keys"))
    await node.start()
    await declare(node)
    await node.restart()  # a queue's own metadata reaches the disk some seconds after it was declared
    yield node
    await node.stop()


async def connect(node: RabbitNode) -> aio_pika.abc.AbstractConnection:
    return await aio_pika.connect(node.address.url(node.address.admin, VHOST))


async def declare(node: RabbitNode) -> None:
    async with await connect(node) as connection:
        channel = await connection.channel()
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})


async def put(node: RabbitNode, body: bytes) -> None:
    async with await connect(node) as connection:
        channel = await connection.channel(publisher_confirms=True)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, QUEUE)


async def take(node: RabbitNode) -> bytes:
    async with await connect(node) as connection:
        channel = await connection.channel()
        waiting = await channel.get_queue(QUEUE, ensure=False)
        message = await waiting.get(timeout=20)
        await message.ack()
        return message.body


def runs(pid: int | None) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def listening(pid: int | None) -> set[str]:
    connections = psutil.Process(pid).net_connections(kind="inet")
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


async def test_only_this_machine_reaches_the_node(node: RabbitNode) -> None:
    assert listening(node.pid) == {"127.0.0.1"}


async def test_nobody_enters_with_a_guessed_password(node: RabbitNode) -> None:
    address = node.address
    with pytest.raises(aio_pika.exceptions.ProbableAuthenticationError):
        await aio_pika.connect(f"amqp://guest:guest@{address.host}:{address.port}/")
    async with httpx2.AsyncClient(auth=(address.admin, "guest")) as client:
        assert (await client.get(f"{address.management_url}/api/whoami")).status_code == 401


async def test_a_killed_node_comes_back_at_its_address_with_what_it_confirmed(node: RabbitNode) -> None:
    before = node.address
    await put(node, b"confirmed")
    await node.kill()
    assert node.pid is None
    await node.start()
    assert node.address == before
    assert await take(node) == b"confirmed"


async def test_a_node_whose_starter_died_is_ended_by_the_next_start(node: RabbitNode) -> None:
    orphan = node.pid
    await put(node, b"still here")
    heir = RabbitNode(node._folder, node._passwords)
    await heir.start()
    assert not runs(orphan)
    assert await take(heir) == b"still here"


async def test_secrets_of_the_node_are_its_owners_alone(node: RabbitNode) -> None:
    secret = [".erlang.cookie", "rabbitmq.conf"]
    assert [oct((node._folder / name).stat().st_mode & 0o077) for name in secret] == ["0o0", "0o0"]
    arguments = " ".join(psutil.Process(node.pid).cmdline())
    assert node.address.admin_password not in arguments
    assert (node._folder / ".erlang.cookie").read_text() not in arguments


async def test_ending_leaves_no_process(node: RabbitNode) -> None:
    await node.stop()
    homes = {"HOME": str(node._folder)}.items()
    assert [p for p in psutil.process_iter(["environ"]) if homes <= (p.info["environ"] or {}).items()] == []


async def test_a_node_that_was_killed_in_its_first_boot_boots_anew(tmp_path: Path) -> None:
    node = RabbitNode(tmp_path / "rabbitmq", Passwords(tmp_path / "keys"))
    schema = tmp_path / "rabbitmq" / "data" / "samlan@localhost" / "schema.DAT"
    await node.launch()
    try:
        while not schema.exists():  # the tables are made after it: without them no later boot gets anywhere
            assert node.pid
            await asyncio.sleep(0.001)
        await node.kill()
        await node.start()
        await declare(node)
        await node.restart()  # what has served once is kept
        async with await connect(node) as connection:
            await (await connection.channel()).get_queue(QUEUE)
    finally:
        await node.stop()
