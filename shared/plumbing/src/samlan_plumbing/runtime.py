"""A service as a whole: its doors, its jobs, its sweepers, and how it starts, drains and stops.

::

    build(settings) ─▶ Service ── start ──▶ ready ── stop (SIGTERM: drain) ──▶ gone
                                     │
                                     └── crash (fault suite) ──▶ connections dropped, nothing drained
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from socket import socket
from typing import Any, Final

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.responses import Response
from prometheus_client import generate_latest
from pymongo.errors import PyMongoError

from samlan_plumbing.consuming import Consumers, EventDoor, FactDoor
from samlan_plumbing.deadletters import DeadLetters
from samlan_plumbing.http import Json, Problem, private_router, web_app
from samlan_plumbing.jobs import Job, JobLoop
from samlan_plumbing.logs import words_of
from samlan_plumbing.relay import BROKER_TROUBLE
from samlan_plumbing.resources import Resources
from samlan_plumbing.settings import ServiceSettings

Background = Callable[[], Awaitable[None]]
CONNECT_EVERY_SECONDS: Final = 0.3
DRAIN_SECONDS: Final = 20
CANCEL_AGAIN_SECONDS: Final = 0.5
STARTUP_FAILURE: Final = 3  # uvicorn's own status where the address could not be had


class Service:
    """One service: built from its resources and doors, started and stopped as one."""

    def __init__(
        self,
        resources: Resources,
        *,
        routers: Sequence[APIRouter],
        events: EventDoor | None = None,
        facts: FactDoor | None = None,
        jobs: Sequence[Job] = (),
        indexes: Background | None = None,
        background: Sequence[Background] = (),
        closing: Sequence[Callable[[], None]] = (),
        app: FastAPI | None = None,
    ) -> None:
        self.resources = resources
        self.name = resources.service
        self.jobs = JobLoop(resources, jobs)
        self.consumers = Consumers(resources, events, facts)
        self._indexes = indexes
        self._background = background
        self._closing = closing
        self._tasks: list[asyncio.Task[None]] = []
        self.started = False
        self.app = app or web_app(self.name, resources.log)
        for router in (*routers, _own_routes(self)):
            self.app.include_router(router)

    async def start(self) -> None:
        """Connects to the datastore and the broker, waiting for each, then opens every door."""
        await self._until_it_answers(self.resources.prepare)
        if self._indexes is not None:
            await self._until_it_answers(self._indexes)
        await self._until_it_answers(self.resources.relay.start)
        await self._until_it_answers(self.consumers.start)
        outboxes = self.resources.outboxes
        loops = (outboxes.clear_for_ever, outboxes.sweep_for_ever, self.jobs.run_for_ever, *self._background)
        self._tasks = [asyncio.create_task(self._for_ever(loop)) for loop in loops]
        self.started = True
        self.resources.log.info("started")

    def close(self) -> None:
        """Ends the answers that have no end of their own, which a drain would wait for in vain."""
        for end in self._closing:
            end()

    async def stop(self) -> None:
        """Takes no more work, finishes what is in hand, clears its outboxes and closes."""
        self.started = False
        self.close()
        await self.consumers.stop()
        await self._end_tasks()
        with suppress(PyMongoError):
            await self.resources.outboxes.clear()
        await self.resources.close()

    async def crash(self) -> None:
        """Drops every connection without draining: what SIGKILL does, for the fault suite."""
        self.started = False
        await self._end_tasks()
        for connection in (self.consumers.broker._connection, self.resources.relay._connection):
            if connection is not None:
                with suppress(*BROKER_TROUBLE):
                    await connection.close()
        await self.resources.client.close()

    async def ready(self) -> bool:
        """Whether the datastore answers, the broker is connected and every queue has its consumer."""
        if not (self.started and self.resources.relay.connected and self.consumers.alive):
            return False
        try:
            await self.resources.client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    async def _until_it_answers(self, connect: Background) -> None:
        while True:
            try:
                return await connect()
            except (PyMongoError, *BROKER_TROUBLE) as trouble:
                self.resources.log.info("waiting", error=words_of(trouble))
                await asyncio.sleep(CONNECT_EVERY_SECONDS)

    async def _for_ever(self, loop: Background) -> None:
        """Keeps a loop alive through outages and through cancellations nobody asked for."""
        while True:
            try:
                return await loop()
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) and task.cancelling():
                    raise
            except Exception as error:  # a loop that ended would strand outboxes and jobs
                self.resources.log.warning(
                    "loop_failed",
                    loop=getattr(loop, "__qualname__", type(loop).__name__),
                    error=words_of(error),
                )
            await asyncio.sleep(CONNECT_EVERY_SECONDS)

    async def _end_tasks(self) -> None:
        tasks, self._tasks = set(self._tasks), []
        while tasks:
            for task in tasks:
                task.cancel()
            # a library on the way may swallow a cancellation, so it is repeated until the task ends
            _, tasks = await asyncio.wait(tasks, timeout=CANCEL_AGAIN_SECONDS)


def _own_routes(service: Service) -> APIRouter:
    """What every service answers: health, flow, its clock, its dead letters, its metrics."""
    resources = service.resources
    router = APIRouter(default_response_class=Json)
    private = private_router(service.name, resources.verifier)

    @router.get("/private/v1/live")
    async def live() -> dict[str, str]:
        return {"service": service.name}

    @router.get("/private/v1/ready")
    async def ready() -> dict[str, str]:
        if not await service.ready():
            raise Problem(503, f"{service.name} is not ready")
        return {"service": service.name}

    @router.get("/private/v1/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(resources.metrics.registry), media_type="text/plain; version=0.0.4")

    @private.get("/flow")
    async def flow() -> dict[str, int]:
        counts = resources.flow
        left = await resources.outboxes.left()
        dead = await resources.dead_letters.count()
        return {
            "told": counts.told, "consumed": counts.consumed, "in_hand": counts.in_hand,
            "outbox": left, "dead": dead,
        }  # fmt: skip

    @private.get("/clock/next")
    async def next_due() -> dict[str, str | None]:
        due = await service.jobs.next_due()
        now = resources.library_clock.now()
        return {"due": due.isoformat() if due else None, "now": now.isoformat()}

    @private.post("/clock/run")
    async def run_due() -> dict[str, int]:
        return {"done": await service.jobs.run_due()}

    _dead_letter_routes(private, resources.dead_letters)
    router.include_router(private)
    return router


def _dead_letter_routes(private: APIRouter, letters: DeadLetters) -> None:
    @private.get("/dead-letters")
    async def listing() -> dict[str, Any]:
        return {"items": await letters.listing(), "next": None}

    @private.get("/dead-letters/{letter}")
    async def letter(letter: str) -> Any:
        return _found(await letters.show(letter))

    @private.post("/dead-letters/{letter}/replay")
    async def replay(letter: str) -> dict[str, bool]:
        return {"replayed": _found(await letters.replay(letter))}

    @private.post("/dead-letters/{letter}/discard")
    async def discard(letter: str, body: dict[str, str]) -> dict[str, bool]:
        if not body.get("why"):
            raise Problem(422, "Say why the letter is discarded")
        return {"discarded": _found(await letters.discard(letter, body["why"]))}


def _found(answer: Any) -> Any:
    if not answer:
        raise Problem(404, "There is no such dead letter")
    return answer


@asynccontextmanager
async def running(*services: Service) -> AsyncIterator[None]:
    """Starts services of one process together, and stops them together."""
    try:
        await asyncio.gather(*(one.start() for one in services))
        yield
    finally:
        await asyncio.gather(*(one.stop() for one in services), return_exceptions=True)


class HttpServer(uvicorn.Server):
    """Serves a service's HTTP, and asks it to close before open answers are waited for.

    A caller's address is that of its connection; only proxies that the settings name may say otherwise."""

    def __init__(self, service: Service) -> None:
        settings = service.resources.settings
        trusted = [str(one) for one in settings.trusted_proxies]
        config = uvicorn.Config(
            service.app, host=settings.http_host, port=settings.http_port, loop="uvloop",
            log_config=None, access_log=False, timeout_graceful_shutdown=DRAIN_SECONDS,
            proxy_headers=bool(trusted), forwarded_allow_ips=trusted,
        )  # fmt: skip
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Closes the service, then its connections, each once its answer is given."""
        self._service.close()
        await super().shutdown(sockets)


def run(build: Callable[[ServiceSettings], Service]) -> None:
    """The main of a service's process: serves until SIGTERM, then drains."""
    settings = ServiceSettings()  # its values come from the environment
    service = build(settings)
    service.app.router.lifespan_context = lambda _: _lifespan(service)
    server = HttpServer(service)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(STARTUP_FAILURE)


@asynccontextmanager
async def _lifespan(service: Service) -> AsyncIterator[None]:
    """Answers `live` at once and becomes ready when the datastore and the broker answer."""
    starting = asyncio.create_task(service.start())
    try:
        yield
    finally:
        if not starting.done():
            starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await service.stop()
