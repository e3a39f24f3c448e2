"""The nemesis: kills and pauses what runs, repeats what was told, and says what nobody can read.

It strikes when the load has come so far, not when so much time has passed, so that a seed strikes at the same
places on a slow machine and a fast one.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from samlan_plumbing.topology import CONSUMERS

from .devices import TROUBLE
from .telling import Telling
from .town import Town

log = logging.getLogger(__name__)
LOOK_EVERY_SECONDS: Final = 0.02
PAUSES_SECONDS: Final = (1.0, 3.0, 12.0)  # the last is longer than two heartbeats take to be missed
Act = Callable[[Town], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Blow:
    """One fault, once this part of the load is played."""

    at: float
    says: str
    act: Act = field(compare=False)


def kill(name: str) -> tuple[str, Act]:
    """Kills a process; the supervisor starts it again."""

    async def act(town: Town) -> None:
        town.supervisor.kill(name)

    return f"kill {name}", act


def pause(name: str, seconds: float) -> tuple[str, Act]:
    """Freezes a process for a while."""

    async def act(town: Town) -> None:
        town.supervisor.kill(name, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        town.supervisor.kill(name, signal.SIGCONT)

    return f"pause {name} for {seconds} s", act


def kill_broker() -> tuple[str, Act]:
    """Kills the broker and starts it again."""

    async def act(town: Town) -> None:
        node = town.supervisor.servers.node
        assert node
        await node.kill()
        await node.start()
        town.broker_began()

    return "kill broker", act


def restart_broker() -> tuple[str, Act]:
    """Restarts the broker in good order."""

    async def act(town: Town) -> None:
        node = town.supervisor.servers.node
        assert node
        await node.restart()
        town.broker_began()

    return "restart broker", act


def kill_datastore() -> tuple[str, Act]:
    """Kills the datastore and starts it again."""

    async def act(town: Town) -> None:
        server = town.supervisor.servers.server
        assert server
        await server.kill()
        await server.start()

    return "kill datastore", act


def pause_server(which: str, seconds: float) -> tuple[str, Act]:
    """Freezes the broker or the datastore for a while, as an overloaded machine does."""

    async def act(town: Town) -> None:
        servers = town.supervisor.servers
        server = servers.node if which == "broker" else servers.server
        assert server
        server.pause()
        await asyncio.sleep(seconds)
        server.resume()

    return f"pause {which} for {seconds} s", act


def each_once(seed: int, processes: Sequence[str]) -> list[Blow]:
    """Every process, the broker and the datastore killed once, in the order and at the places of a seed."""
    dice = Random(f"nemesis {seed}")
    acts = [*(kill(name) for name in processes), kill_broker(), kill_datastore()]
    return _placed(acts, dice)


def at_random(seed: int, processes: Sequence[str], count: int) -> list[Blow]:
    """So many faults of all kinds."""
    dice = Random(f"nemesis {seed}")
    return _placed([_any(dice, processes) for _ in range(count)], dice)


def _any(dice: Random, processes: Sequence[str]) -> tuple[str, Act]:
    name, seconds = dice.choice(processes), dice.choice(PAUSES_SECONDS)
    kinds = {
        "kill": 10, "pause": 4, "kill_broker": 2, "restart_broker": 1, "kill_datastore": 2, "broker": 1,
        "datastore": 1,
    }  # fmt: skip
    match dice.choices(list(kinds), list(kinds.values()))[0]:
        case "kill":
            return kill(name)
        case "pause":
            return pause(name, seconds)
        case "kill_broker":
            return kill_broker()
        case "restart_broker":
            return restart_broker()
        case "kill_datastore":
            return kill_datastore()
        case server:
            return pause_server(server, seconds)


def _placed(acts: Sequence[tuple[str, Act]], dice: Random) -> list[Blow]:
    shuffled = dice.sample(acts, len(acts))
    places = sorted(dice.uniform(0.02, 0.9) for _ in shuffled)
    return [Blow(at, says, act) for at, (says, act) in zip(places, shuffled, strict=True)]


async def strike(blows: Sequence[Blow], telling: Telling, steps: int) -> None:
    """Strikes each blow once the telling has come so far; what is left when it ends strikes at rest."""
    for blow in blows:
        while telling.played(steps) < blow.at and not telling.done:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        log.warning("%s: %s at %.2f", telling.cast.name, blow.says, telling.played(steps))
        await blow.act(telling.town)


# -- repeats and poison -------------------------------------------------------------------------------------


class Echoes:
    """Hears what services tell each other and says some of it again, later and in another order."""

    def __init__(self, town: Town, seed: int, share: float = 0.3) -> None:
        self._town = town
        self._dice = Random(f"echoes {seed}")
        self._share = share
        self._kept: list[AbstractIncomingMessage] = []
        self._heard: set[str] = set()
        self.said = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listens while the block runs, and says what it kept now and then."""
        tasks = [asyncio.create_task(self._listen_for_ever()), asyncio.create_task(self._repeat_for_ever())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def say_the_rest(self) -> None:
        """Says everything that is still kept, shuffled."""
        kept, self._kept = self._kept, []
        self._dice.shuffle(kept)
        for message in kept:
            await self._say(message)

    async def _listen_for_ever(self) -> None:
        while True:
            with suppress(*TROUBLE):
                await self._listen()
            await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        async with await aio_pika.connect(self._town.addresses.amqp, heartbeat=10) as connection:
            gone = asyncio.Event()
            connection.close_callbacks.add(lambda *_: gone.set())
            channel = await connection.channel()
            queue = await channel.declare_queue(exclusive=True, auto_delete=True)
            await queue.bind("events", "#")
            await queue.consume(self._hear, no_ack=True)
            await gone.wait()

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        name = message.message_id or ""
        if name not in self._heard and self._dice.random() < self._share:
            self._kept.append(message)
        self._heard.add(name)

    async def _repeat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(0.1, 1.0))
            if self._kept:
                await self._say(self._kept.pop(self._dice.randrange(len(self._kept))))

    async def _say(self, heard: AbstractIncomingMessage) -> None:
        again = aio_pika.Message(
            heard.body, message_id=heard.message_id, type=heard.type, headers=heard.headers,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )  # fmt: skip
        with suppress(aio_pika.exceptions.DeliveryError):  # what nobody reads
            await self._town.devices.send("events", heard.routing_key or "", again, mandatory=False)
        self.said += 1


POISON: Final = (
    (b"{", "catalog.title_described.v1"),
    (b'{"id": "poison", "type": "catalog.title_described"}', "catalog.title_described.v1"),
    (b'{"events": 3}', "snapshot"),
)
"""What no service can read, as it would come from a program that is broken: body and type."""


async def poison(town: Town) -> int:
    """Says unreadable things to every service's queue; how many."""
    for service in CONSUMERS:
        for number, (body, kind) in enumerate(POISON):
            message = aio_pika.Message(body, type=kind, message_id=f"poison-{service}-{number}")
            await town.devices.send("", f"{service}.events", message)
    return len(CONSUMERS) * len(POISON)


async def discard_poison(town: Town) -> int:
    """Discards the dead letters as an operator does, once they are there; how many."""
    found = 0
    for service in CONSUMERS:
        _, body = await town.ask(service, "GET", "/dead-letters")
        for letter in body["items"]:
            await town.ask(service, "POST", f"/dead-letters/{letter['id']}/discard", {"why": "a test"})
            found += 1
    return found
