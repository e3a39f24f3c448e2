"""One storm of returns, timed from the first publish until everything it set off is stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import aio_pika
from aio_pika.abc import AbstractChannel
from samlan_plumbing.topology import CONSUMERS, sources

from samlan.bench.stage import Stage
from samlan.checking.check import check
from samlan.playing import KEYS, Answered, BareHands, Effects, Player, Spread, Watch, notice_latencies_ms
from samlan.sample.workload import PlannedReturn
from samlan.trouble import Trouble

LOOK_EVERY_SECONDS: Final = 0.25
CHECKS: Final = 20  # a message that waited for others may go out in the very moment of a check
AT_WORK: Final = (" outbox", " in hand")
LATE_MS: Final = 10_000.0  # what nobody answered counts as answered this late


@dataclass(frozen=True, slots=True)
class Storm:
    """What a storm cost."""

    returns: int
    seconds: float
    processor: dict[str, float]

    @property
    def per_second(self) -> float:
        """Returns a second."""
        return self.returns / self.seconds

    @property
    def cpu_ms(self) -> dict[str, float]:
        """Processor milliseconds per return, by process."""
        return {name: seconds * 1000 / self.returns for name, seconds in self.processor.items()}


@dataclass(frozen=True, slots=True)
class Paced:
    """The latencies of returns that come at an even pace."""

    reply: Spread
    effect: Spread


async def storm(stage: Stage, plan: Sequence[PlannedReturn]) -> Storm:
    """Publishes a plan as fast as the broker takes it and waits for all it sets off."""
    await stage.settle()
    async with BareHands(stage.amqp, plan) as hands:
        before, started = stage.used(), time.perf_counter()
        for planned in plan:
            handed_in = await hands.hand_in(planned)
            cast("Coroutine[Any, Any, Answered]", handed_in.answer).close()  # nobody waits for it
        await drained(stage)
        seconds = time.perf_counter() - started
        return Storm(len(plan), seconds, stage.used().since(before))


async def drained(stage: Stage) -> None:
    """Returns when no queue holds a message and nothing is in hand; looks seldom while there is much."""
    names = [name for service in CONSUMERS for name in sources(service)]
    async with await aio_pika.connect(stage.amqp) as connection:
        channel = await connection.channel()
        while any([await _left(channel, name) for name in names]):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
    await stage.settle()


async def _left(channel: AbstractChannel, queue: str) -> int:
    return (await channel.declare_queue(queue, passive=True)).declaration_result.message_count or 0


async def paced(stage: Stage, plan: Sequence[PlannedReturn], *, per_second: float) -> Paced:
    """Publishes a plan at an even pace; how long the kiosks and the notices waited."""
    effects = Effects()

    def hear(envelope: dict[str, Any]) -> None:
        effects.hear(envelope)

    async with Watch(stage.amqp, hear, keys=KEYS), BareHands(stage.amqp, plan) as hands:
        await Player(hands, effects).play_at(plan, per_second=per_second)
        await drained(stage)
    returns = list(effects.returns.values())
    replies = [one.reply_ms if one.reply_ms is not None else LATE_MS for one in returns]
    return Paced(Spread.of(replies), Spread.of(await notice_latencies_ms(stage.peers, returns)))


async def checked(stage: Stage) -> None:
    """`Trouble` when a storm broke an invariant; a message that waits for its hour is no trouble."""
    for _ in range(CHECKS):
        await stage.settle()
        broken = [one for one in await check(stage.peers) if not one.says.endswith(" is waiting")]
        if not broken:
            return
        if not all(one.says.endswith(AT_WORK) for one in broken):
            break
    raise Trouble("the storm broke an invariant:\n" + "\n".join(map(str, broken[:10])))
