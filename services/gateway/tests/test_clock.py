"""Moving library time: from due time to due time, each finished before the next; never back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aio_pika
import httpx2
import pytest
from fastapi import FastAPI
from samlan_gateway.clients.broker import BrokerDown, Queues
from samlan_gateway.domain.quiet import Round, busy
from samlan_gateway.handlers.clock import MoveClock, Moved, NotMoved, NotQuiet
from samlan_plumbing.clocks import (
    FileLibraryClock,
    MachineClock,
    SystemLibraryClock,
    read_clock,
    write_clock,
)
from samlan_plumbing.peers import Peers
from samlan_plumbing.tokens import Signer
from samlan_testkit.servers import Servers

from .conftest import Town, only, reasons

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNTED = ("told", "consumed", "in_hand", "outbox")


@dataclass
class Sleeper:
    """A service that has work due at certain hours, and writes down when it did it."""

    clock: FileLibraryClock
    dues: list[datetime] = field(default_factory=list)
    did: list[datetime] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: {"told": 0, "consumed": 0, "in_hand": 0, "outbox": 0}
    )
    idle: bool = False
    looks: int = 0
    on_flow: Callable[[], None] = lambda: None

    def app(self) -> FastAPI:
        """Its private HTTP."""
        app = FastAPI()

        @app.get("/private/v1/clock/next")
        async def due() -> dict[str, Any]:
            return {"due": min(self.dues).isoformat() if self.dues else None}

        @app.post("/private/v1/clock/run")
        async def run() -> dict[str, int]:
            now = self.clock.now()
            ready = [] if self.idle else [one for one in self.dues if one <= now]
            self.dues = [one for one in self.dues if one not in ready]
            self.did += [now] * len(ready)
            return {"done": len(ready)}

        @app.get("/private/v1/flow")
        async def flow() -> dict[str, int]:
            self.looks += 1
            self.on_flow()
            return self.counts

        return app


@dataclass
class Bench:
    """A clock file, services that sleep, and the real broker's queues."""

    path: Path
    services: dict[str, Sleeper]
    move: Callable[..., Awaitable[Moved | NotQuiet | NotMoved]]


@pytest.fixture
def bench(tmp_path: Path, keys: Path, servers: Servers, vhost: str) -> Bench:
    """Two services and patience of a moment."""
    path = tmp_path / "clock"
    write_clock(path, NOON)
    library = FileLibraryClock(path)
    services = {"holds": Sleeper(library), "notify": Sleeper(library)}
    peers = Peers(
        caller="gateway", urls={name: f"http://{name}" for name in services},
        signer=Signer(keys, MachineClock()),
        transports={name: httpx2.ASGITransport(app=one.app()) for name, one in services.items()},
    )  # fmt: skip
    move = MoveClock(
        path=path, library=library, machine=MachineClock(), peers=peers,
        queues=Queues(servers.amqp_url(vhost)), services=(*services,), patience_seconds=0.3,
    )  # fmt: skip
    return Bench(path, services, move)


async def test_every_due_time_on_the_way_is_met_at_its_own_hour(bench: Bench) -> None:
    holds, notify = bench.services.values()
    holds.dues = [NOON + HOUR, NOON + 3 * HOUR, NOON + 9 * HOUR]
    notify.dues = [NOON + 2 * HOUR]
    moved = await bench.move(NOON + 4 * HOUR)
    assert moved == Moved(NOON + 4 * HOUR, steps=4, ran=3)
    assert holds.did == [NOON + HOUR, NOON + 3 * HOUR]
    assert notify.did == [NOON + 2 * HOUR]
    assert read_clock(bench.path) == NOON + 4 * HOUR


async def test_what_falls_due_because_of_what_was_done_is_met_as_well(bench: Bench) -> None:
    holds, notify = bench.services.values()
    holds.dues = [NOON + HOUR]

    def one_thing_leads_to_another() -> None:
        if holds.did and not notify.did and not notify.dues:
            notify.dues = [NOON + HOUR + timedelta(seconds=5)]

    holds.on_flow = one_thing_leads_to_another
    await bench.move(NOON + 2 * HOUR)
    assert notify.did == [NOON + HOUR + timedelta(seconds=5)]


async def test_work_overdue_at_the_start_is_done_without_moving(bench: Bench) -> None:
    bench.services["holds"].dues = [NOON - HOUR]
    assert await bench.move(NOON) == Moved(NOON, steps=0, ran=1)
    assert bench.services["holds"].did == [NOON]


async def test_the_clock_never_goes_back(bench: Bench) -> None:
    assert await bench.move(NOON - timedelta(seconds=1)) == NotMoved("clock_never_goes_back")
    assert read_clock(bench.path) == NOON


async def test_a_busy_service_stops_the_clock_and_is_named(bench: Bench) -> None:
    bench.services["notify"].counts["in_hand"] = 2
    bench.services["holds"].counts["outbox"] = 1
    stopped = await bench.move(NOON + HOUR)
    assert stopped == NotQuiet(NOON, ("holds: 1 in the outbox", "notify: 2 in hand"))
    assert read_clock(bench.path) == NOON


async def test_counts_that_move_are_not_quiet(bench: Bench) -> None:
    notify = bench.services["notify"]

    def counting() -> None:
        notify.counts["consumed"] += 1

    notify.on_flow = counting
    stopped = await bench.move(NOON + HOUR)
    assert isinstance(stopped, NotQuiet)
    assert stopped.busy == ("notify still works",)


async def test_a_service_that_is_down_is_named_at_once(bench: Bench) -> None:
    bench.services["lost"] = bench.services.pop("notify")
    bench.move._peers._transports["notify"] = httpx2.ASGITransport(app=FastAPI())  # type: ignore[attr-defined]
    assert await bench.move(NOON + HOUR) == NotQuiet(NOON, ("notify does not answer",))


async def test_work_that_is_due_and_never_done_ends_the_move(bench: Bench) -> None:
    holds = bench.services["holds"]
    holds.dues, holds.idle = [NOON + HOUR], True
    stopped = await bench.move(NOON + 2 * HOUR)
    assert stopped == NotQuiet(NOON + HOUR, ("holds has work due that it does not do",))
    holds.idle = False
    assert isinstance(await bench.move(NOON + 2 * HOUR), Moved)


async def test_a_message_in_any_queue_is_not_quiet(bench: Bench, servers: Servers, vhost: str) -> None:
    connection = await aio_pika.connect(servers.amqp_url(vhost))
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("billing.events.retry.60000", passive=True)
        await channel.default_exchange.publish(aio_pika.Message(b"{}"), queue.name)
        try:
            stopped = await bench.move(NOON + HOUR)
        finally:
            await queue.purge()
    assert stopped == NotQuiet(NOON, ("billing.events.retry.60000: 1 messages",))


async def test_two_moves_at_once_go_one_after_the_other(bench: Bench) -> None:
    bench.services["holds"].dues = [NOON + HOUR, NOON + 3 * HOUR]
    both = await asyncio.gather(bench.move(NOON + 2 * HOUR), bench.move(NOON + 4 * HOUR))
    assert [type(one) for one in both] == [Moved, Moved]
    assert bench.services["holds"].did == [NOON + HOUR, NOON + 3 * HOUR]


async def test_without_a_broker_nothing_moves(bench: Bench) -> None:
    class Gone(Queues):
        @asynccontextmanager
        async def open(self) -> AsyncIterator[Any]:
            raise BrokerDown
            yield

    bench.move._queues = Gone("amqp://127.0.0.1:9")  # type: ignore[attr-defined]
    assert await bench.move(NOON + HOUR) == NotQuiet(NOON, ("the broker does not answer",))


def test_quiet_is_two_rounds_that_say_the_same() -> None:
    still = {"holds": {"told": 3, "consumed": 2, "in_hand": 0, "outbox": 0, "dead": 1}}
    assert busy(Round(services=still), Round(services=still)) == ()
    moved = {"holds": {**still["holds"], "told": 4}}
    assert busy(Round(services=still), Round(services=moved)) == ("holds still works",)
    assert busy(None, Round(services=still, queues={"holds.events": 2})) == ("holds.events: 2 messages",)


async def test_without_a_clock_file_nothing_moves(servers: Servers, vhost: str) -> None:
    peers = Peers(caller="gateway", urls={}, signer=None)
    queues = Queues(servers.amqp_url(vhost))
    move = MoveClock(
        path=None,
        library=SystemLibraryClock(),
        machine=MachineClock(),
        peers=peers,
        queues=queues,
        services=(),
    )
    assert await move(datetime.now(UTC) + HOUR) == NotMoved("clock_does_not_move")


async def test_the_town_follows_the_clock_through_the_door(town: Town) -> None:
    """A hold that nobody collects: its deadline passes on the way, and its patron is told."""
    who = await town.patron()
    item = await town.item("t4")
    async with await town.log_in(who) as mine, town.desk() as desk, town.operator() as operator:
        hold = only(await mine.post("/v1/me/holds", json={"title": "t4"}), 201)
        await town.consortium.settle()
        only(await desk.post("/v1/desk/returns", json={"item": item}))
        await town.consortium.settle()
        (ready,) = only(await mine.get("/v1/me/holds"))["items"]
        assert (ready["state"], ready["id"]) == ("ready", hold["id"])
        before = town.world.clock.now()
        back = await operator.post("/v1/ops/clock", json={"now": (before - HOUR).isoformat()})
        assert (back.status_code, reasons(back)) == (409, ["clock_never_goes_back"])
        for nonsense in ("tomorrow", "2026-12-01T10:00:00", None, 5, "9999-12-31T23:59:59-12:00"):
            assert (await operator.post("/v1/ops/clock", json={"now": nonsense})).status_code == 422
        target = before + timedelta(days=9)
        moved = only(await operator.post("/v1/ops/clock", json={"now": target.isoformat()}))
        (ended,) = only(await mine.get("/v1/me/holds", params={"finished": "true"}))["items"]
        again = only(await operator.post("/v1/ops/clock", json={"now": target.isoformat()}))
    assert datetime.fromisoformat(moved["now"]) == town.world.clock.now() == target
    assert moved["ran"] > 0
    assert ended["state"] == "expired"
    assert (again["steps"], again["ran"]) == (0, 0)
    told = {one["X-Samlan-Kind"] for one in town.consortium.mails()}
    assert told == {"hold_ready", "hold_expired"}


async def test_the_door_names_who_is_down(town: Town) -> None:
    billing = town.world.services.pop("billing")
    target = (town.world.clock.now() + HOUR).isoformat()
    try:
        async with town.operator() as operator:
            stopped = await operator.post("/v1/ops/clock", json={"now": target})
    finally:
        town.world.services["billing"] = billing
    assert (stopped.status_code, stopped.json()["busy"]) == (503, ["billing does not answer"])
