"""The floor: what bare aio-pika and PyMongo need for the same publishes, deliveries, reads and writes.

::

    storm ──▶ floor.circulation ─ returned ─▶ holds, billing, notify      (the chain of one return, no rules)
                     ▲     └──── answer ─▶ nobody       │
                     └────────── routed ────────────────┘

One process for each service that works on a return, quorum queues, confirmed publishes and acknowledged
deliveries, documents and statements of the sizes that were counted in the services.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import aio_pika

from samlan.bench.counts import Counts
from samlan.bench.processor import used
from samlan.bench.stage import BROKER, DATASTORE, Stage
from samlan.bench.storm import Storm
from samlan.trouble import Trouble

EXCHANGE: Final = "floor"
DATABASE: Final = "samlan_floor"
DOCUMENTS: Final = 2_000
BODY_BYTES: Final = 900  # of an event with its envelope
PREFETCH: Final = 20
GOLDEN: Final = 0.6180339887498949
PATIENCE_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Edge:
    """When a service hears `heard`, it tells `tells`, for this share of the returns."""

    service: str
    heard: str
    tells: str
    share: str


CHAIN: Final = (
    Edge("circulation", "fact", "returned", "circulation.item_returned.v1"),
    Edge("circulation", "fact", "remembered", "circulation.loan_remembered.v1"),
    Edge("holds", "returned", "routed", "holds.item_routed.v1"),
    Edge("circulation", "routed", "shelved", "circulation.item_shelved.v1"),
    Edge("circulation", "routed", "answer", "answer"),
    Edge("holds", "shelved", "ready", "holds.hold_ready.v1"),
    Edge("billing", "returned", "charged", "billing.fee_charged.v1"),
)
HEARS: Final[Mapping[str, tuple[str, ...]]] = {
    "circulation": ("fact", "routed", "remembered"),
    "holds": ("returned", "shelved"),
    "billing": ("returned",),
    "notify": ("returned", "ready", "charged"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one process of the floor does; rates are per delivery."""

    name: str
    amqp: str
    mongodb: str
    deliveries: int
    tells: dict[str, list[tuple[str, float]]]
    reads: float
    inserts: float
    updates: float
    clears: float
    read_bytes: int
    write_bytes: int


def shares_of(counts: Counts) -> dict[str, float]:
    """How often each message of the chain is told for one return, at most once each."""
    told = {edge.tells: min(counts.events.get(edge.share, 0.0), 1.0) for edge in CHAIN}
    return {"fact": 1.0, **told}


def told_for(number: int, share: float) -> bool:
    """Whether the return of this number is among the share: the same for everybody, evenly spread, and a
    smaller share is part of every larger one."""
    return number * GOLDEN % 1.0 < share


def how_many(returns: int, share: float) -> int:
    """How many of so many returns are among the share."""
    return sum(told_for(number, share) for number in range(returns))


def parts_of(counts: Counts, returns: int, amqp: str, mongodb: str) -> list[Part]:
    """The processes of the floor, for what was counted in the services.

    A message is told for a return only where the one before it in the chain was."""
    shares = shares_of(counts)
    parts = []
    for name, heard in HEARS.items():
        work = counts.services[name]
        deliveries = sum(how_many(returns, reached(one, shares)) for one in heard)
        each = returns / max(deliveries, 1)
        tells: dict[str, list[tuple[str, float]]] = {one: [] for one in heard}
        for edge in CHAIN:
            if edge.service == name:
                tells[edge.heard].append((edge.tells, reached(edge.tells, shares)))
        parts.append(
            Part(
                name=name, amqp=amqp, mongodb=mongodb, deliveries=deliveries, tells=tells,
                reads=work.reads * each, inserts=work.inserts * each, updates=work.updates * each,
                clears=work.clears * each, read_bytes=work.read_bytes, write_bytes=work.write_bytes,
            )
        )  # fmt: skip
    return parts


def reached(message: str, shares: Mapping[str, float]) -> float:
    """The share of returns for which a message is told: never more than the message before it."""
    edge = next((one for one in CHAIN if one.tells == message), None)
    own = shares[message]
    return own if edge is None else min(own, reached(edge.heard, shares))


async def floor(stage: Stage, counts: Counts, returns: int) -> Storm:
    """Runs the floor once on the stage's own broker and datastore."""
    parts = parts_of(counts, returns, stage.amqp, stage.mongodb)
    await _declare(stage, parts)
    processes = [await _begin(part) for part in parts]
    try:
        pids: dict[str, int | None] = {
            part.name: process.pid for part, process in zip(parts, processes, strict=True)
        }
        pids |= {name: stage.pids[name] for name in (BROKER, DATASTORE)}
        for process in processes:
            await _line(process)
        before, started = used(pids), time.perf_counter()
        await _publish_facts(stage.amqp, returns)
        async with asyncio.timeout(PATIENCE_SECONDS):
            for process in processes:
                await _line(process)
        seconds = time.perf_counter() - started
        return Storm(returns, seconds, used(pids).since(before))
    except TimeoutError:
        raise Trouble(f"the floor did not end within {PATIENCE_SECONDS:.0f} s") from None
    finally:
        for process in processes:
            if process.stdin is not None:
                process.stdin.close()
        await asyncio.gather(*(process.wait() for process in processes))
        await _remove(stage, parts)


async def _begin(part: Part) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "samlan.bench.bare", stdin=pipe, stdout=pipe
    )
    if process.stdin is not None:
        process.stdin.write(json.dumps(asdict(part)).encode() + b"\n")
    return process


async def _line(process: asyncio.subprocess.Process) -> None:
    line = await process.stdout.readline() if process.stdout is not None else b""
    if not line:
        raise Trouble("a process of the floor ended by itself")


async def _declare(stage: Stage, parts: list[Part]) -> None:
    async with await aio_pika.connect(stage.amqp) as connection:
        channel = await connection.channel()
        exchange = await channel.declare_exchange(EXCHANGE, "topic", durable=True)
        for part in parts:
            queue = await channel.declare_queue(
                queue_of(part.name), durable=True, arguments={"x-queue-type": "quorum"}
            )
            await queue.purge()
            for heard in HEARS[part.name]:
                await queue.bind(exchange, heard)


async def _publish_facts(amqp: str, returns: int) -> None:
    async with await aio_pika.connect(amqp) as connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        for number in range(returns):
            await exchange.publish(message("fact", number), "fact", mandatory=True)


async def _remove(stage: Stage, parts: list[Part]) -> None:
    async with await aio_pika.connect(stage.amqp) as connection:
        channel: Any = await connection.channel()
        for part in parts:
            await channel.queue_delete(queue_of(part.name))
        await channel.exchange_delete(EXCHANGE)
    await stage.client.drop_database(DATABASE)


def queue_of(name: str) -> str:
    """The queue of one process."""
    return f"floor.{name}"


def message(kind: str, number: int) -> aio_pika.Message:
    """One message of the chain; its body only has the size of an event."""
    return aio_pika.Message(
        b"x" * BODY_BYTES, message_id=f"{kind}/{number}", type=kind, headers={"x-subject": str(number)},
        content_type="application/json", delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
    )  # fmt: skip
