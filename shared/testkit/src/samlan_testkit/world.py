"""A world for one test: the worker's own virtual host, databases of the test's own, services in this process.

::

    async def test_something(world: World) -> None:
        holds = await world.start(samlan_holds.app.build)
        await world.tell(ItemReturned(...), subject="item/1", sequence=4)
        await world.settle()
        assert [e.type for e in world.told] == ["holds.item_routed"]
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aio_pika
import httpx2
import orjson
from aio_pika.abc import AbstractRobustConnection
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pymongo import AsyncMongoClient
from samlan_contracts.event import Envelope, Event
from samlan_plumbing import topology
from samlan_plumbing.clocks import MachineClock, SettableLibraryClock
from samlan_plumbing.ids import fresh
from samlan_plumbing.outbox import Tell, encode
from samlan_plumbing.peers import PREFIX, Peers
from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_plumbing.settings import ServiceSettings
from samlan_plumbing.tokens import PRIVATE_KEYS, PUBLIC_KEYS, Signer

from samlan_testkit.servers import Servers

Build = Callable[..., Service]
NOON: Final = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # a Monday, noon in Sweden and Denmark
POLICIES: Final = Path(__file__).parents[4] / "policies"
# Whose service a task belongs to: a process of tests may hold several worlds; a test's own task is of none.
WORLD: ContextVar[World | None] = ContextVar("world", default=None)
SETTLE_ROUND_SECONDS: Final = 0.02


@dataclass
class World:
    """Real broker and datastore, a library clock to set, and everything that was told."""

    servers: Servers
    vhost: str
    prefix: str
    keys: Path
    clock: SettableLibraryClock = field(default_factory=lambda: SettableLibraryClock(NOON))
    services: dict[str, Service] = field(default_factory=dict)
    told: list[Envelope] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    policies: Path = POLICIES
    environment: dict[str, str] = field(default_factory=dict)
    _crashed: set[str] = field(default_factory=set)
    _quiet: dict[Service, tuple[int, int]] = field(default_factory=dict)
    _amqp: AbstractRobustConnection | None = None
    _channel: Any = None

    # -- services ---------------------------------------------------------------------------------------

    def settings(self, service: str) -> dict[str, str]:
        """The environment of one service in this world."""
        return {
            "SAMLAN_SERVICE": service,
            "SAMLAN_MONGODB_URL": self.servers.mongodb_url,
            "SAMLAN_DATABASE": f"{self.prefix}_{service}",
            "SAMLAN_RABBITMQ_URL": self.servers.amqp_url(self.vhost),
            "SAMLAN_KEYS": str(self.keys),
            "SAMLAN_POLICIES": str(self.policies),
            "SAMLAN_PEERS": json.dumps({name: f"http://{name}" for name in topology.SERVICES}),
            "SAMLAN_LOG": str(self.keys / f"{service}.log"),
            **self.environment,
        }

    def resources(self, service: str, settings: ServiceSettings | None = None) -> Resources:
        """Resources of a service whose clock is this world's and whose peers are in this process."""
        settings = settings or _read(ServiceSettings, self.settings(service))
        return Resources(settings, library_clock=self.clock, peers=self.peers(service))

    async def start(self, build: Build, *, name: str | None = None) -> Service:
        """Builds and starts a service here; `build` is its `app.build`. A second start is a replica.

        `build(settings, resources=...)` must take resources made elsewhere."""
        service_name = build.__module__.split(".")[0].removeprefix("samlan_")
        kind = _settings_class(build)
        settings = _read(kind, self.settings(service_name))
        service = build(settings, resources=self.resources(service_name, settings))
        self.services[name or service_name] = service
        before = WORLD.set(self)
        try:
            await service.start()
        finally:
            WORLD.reset(before)
        return service

    async def stop(self, name: str) -> None:
        """Stops a service cleanly and forgets it."""
        await self.services.pop(name).stop()

    async def crash(self, name: str) -> None:
        """Drops a service's connections without draining, and forgets it."""
        service = self.services.pop(name)
        self._crashed.add(service.name)  # until all is quiet, messages may wait that nobody living knows of
        await service.crash()

    def ask(self, service: str) -> httpx2.AsyncClient:
        """A client of a service's private HTTP with its token; paths begin with `/private/v1`."""
        token = Signer(self.keys, MachineClock()).for_service(service, "test")
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.services[service].app, raise_app_exceptions=False),
            base_url=f"http://{service}",
            headers={"authorization": f"Bearer {token}"},
        )

    async def post(self, service: str, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        """Asks a service's private HTTP; `path` is below `/private/v1`."""
        async with self.ask(service) as client:
            return await client.post(PREFIX + path, json=body, **more)

    async def get(self, service: str, path: str, **params: Any) -> httpx2.Response:
        """Asks a service's private HTTP; `path` is below `/private/v1`."""
        async with self.ask(service) as client:
            return await client.get(PREFIX + path, params=params)

    # -- events -----------------------------------------------------------------------------------------

    async def tell(
        self,
        event: Event,
        *,
        subject: str,
        sequence: int,
        cause: str | None = None,
        happened_at: datetime | None = None,
        times: int = 1,
    ) -> str:
        """Publishes an event as its owner would, `times` times under the same id; returns the id."""
        now = self.clock.now()
        tell = Tell(event=event, subject=subject, cause=cause or fresh(), happened_at=happened_at or now)
        for _ in range(times):
            await self.publish(
                "events", event.key(), encode(tell, sequence, now),
                message_id=tell.id, type=event.key(), headers={"x-subject": subject},
            )  # fmt: skip
        return tell.id

    async def publish(self, exchange: str, key: str, body: bytes, **properties: Any) -> None:
        """Publishes a raw message, for what no well-behaved sender would send."""
        where = await self._channel.get_exchange(exchange, ensure=False)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, **properties)
        await asyncio.shield(where.publish(message, key, mandatory=False))

    async def fact(
        self,
        *,
        reply_to: str | None = None,
        key: str | None = None,
        user_id: str | None = None,
        **fields: Any,
    ) -> str:
        """Publishes a device fact with sensible defaults for what is not given; returns its id."""
        body = {
            "id": fresh(), "type": "item_returned", "version": 1, "device": "lerum-1",
            "branch": "vast/lerum", "sequence": secrets.randbelow(2**40),
            "happened_at": self.clock.now().isoformat(), "mode": "kiosk", **fields,
        }  # fmt: skip
        await self.publish(
            "kiosk", key or topology.kiosk_key(body["branch"], body["device"]), orjson.dumps(body),
            message_id=body["id"], user_id=user_id or body["device"], reply_to=reply_to,
            correlation_id=body["id"], headers={},
        )  # fmt: skip
        return str(body["id"])

    def events(self, cls: type[Event]) -> list[Any]:
        """What was told of one class, in the order the broker had it, repeats left out."""
        seen = {e.id: e for e in self.told if (e.type, e.version) == (cls.NAME, cls.VERSION)}
        return [cls.model_validate(e.data) for e in seen.values()]

    # -- quiet ------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Waits until nothing is queued, in hand, on a retry rung or in an outbox of a running service."""
        before: tuple[int, ...] | None = None
        while True:
            state = await self._state()
            if state[0] == 0 and state == before and await self._left() == 0 and state == self._counts():
                self._note_quiet()
                return
            before = state if state[0] == 0 else None
            await asyncio.sleep(SETTLE_ROUND_SECONDS)

    async def _state(self) -> tuple[int, ...]:
        """How much is to be done, as far as it takes to know that it is not nothing; and what was done."""
        if (counts := self._counts())[0]:  # nobody needs to be asked
            return counts
        waiting = self._with_waiting()
        for name in {one.name for one in self.services.values()}:
            for queue in _queues_of(name, waiting=name in waiting):
                if ready := await self._ready(queue):
                    return ready, *counts[1:]
        return self._counts()

    def _counts(self) -> tuple[int, ...]:
        """How much is in hand or on its way back to somebody, and what was done and told."""
        flows = [one.resources.flow for one in self.services.values()]
        busy = sum(flow.in_hand for flow in flows) + self._between()
        return busy, sum(flow.consumed for flow in flows), len(self.told)

    async def _left(self) -> int:
        """How much is left to tell; after a crash a sweep is not waited for."""
        outboxes = [one.resources.outboxes for one in self.services.values()]
        left = sum([await one.left() for one in outboxes])
        if left and self._crashed:
            for one in outboxes:
                await one.sweep()
        return left

    def _since_quiet(self, service: Service) -> tuple[int, int]:
        """How many messages a service put back for later, and how many of these came back."""
        flow, before = service.resources.flow, self._quiet.get(service, (0, 0))
        return flow.put_back - before[0], flow.came_back - before[1]

    def _between(self) -> int:
        """How many messages are on their way back to somebody; a crash takes the count with it."""
        counts = [self._since_quiet(one) for one in self.services.values() if one.name not in self._crashed]
        return max(0, sum(put_back - came_back for put_back, came_back in counts))

    def _with_waiting(self) -> set[str]:
        """The services for which messages may wait for later."""
        running = self.services.values()
        return self._crashed | {one.name for one in running if self._since_quiet(one)[0] > 0}

    def _note_quiet(self) -> None:
        """Nothing waits for whoever runs."""
        running = self.services.values()
        self._crashed -= {one.name for one in running}
        self._quiet = {one: (one.resources.flow.put_back, one.resources.flow.came_back) for one in running}

    async def _ready(self, queue: str) -> int:
        asked = self._channel.declare_queue(queue, passive=True, robust=False)
        declared = await asyncio.shield(asked)  # a call cut off would close the channel for everybody
        return int(declared.declaration_result.message_count or 0)

    # -- life -------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Connects, and listens to everything told."""
        self._amqp = await aio_pika.connect_robust(self.servers.amqp_url(self.vhost))
        self._channel = await self._amqp.channel()
        tap = await self._channel.declare_queue(exclusive=True, auto_delete=True)
        await tap.bind("events", "#")
        await tap.consume(self._hear, no_ack=True)

    async def replies(self, device: str) -> None:
        """Listens to what a device is answered, into `answers`."""
        queue = await self._channel.declare_queue(topology.reply_queue(device), durable=True)
        await queue.bind("replies", topology.reply_queue(device))
        await queue.consume(self._hear_answer, no_ack=True)

    async def close(self) -> None:
        """Stops what runs, empties the queues and drops the databases."""
        await asyncio.gather(*(service.stop() for service in self.services.values()))
        self.services.clear()
        for queue in (q for name in topology.CONSUMERS for q in _queues_of(name)):
            await (await self._channel.get_queue(queue, ensure=False)).purge()
        if self._amqp is not None:
            await self._amqp.close()
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self.servers.mongodb_url)
        made = [name for name in await client.list_database_names() if name.startswith(self.prefix)]
        await asyncio.gather(*(client.drop_database(name) for name in made))
        await client.close()

    async def _hear(self, message: Any) -> None:
        self.told.append(Envelope.model_validate_json(message.body))

    async def _hear_answer(self, message: Any) -> None:
        self.answers.append(orjson.loads(message.body))

    def peers(self, caller: str) -> Peers:
        """The private HTTP of this world's services, asked in a name."""
        return Peers(
            caller=caller,
            urls={name: f"http://{name}" for name in topology.SERVICES},
            signer=Signer(self.keys, MachineClock()),
            transports=_Mounted(self.services),
        )


class _Mounted(Mapping[str, httpx2.AsyncBaseTransport]):
    """The services of this world as transports, looked up when they are asked."""

    def __init__(self, services: dict[str, Service]) -> None:
        self._services = services

    def __getitem__(self, name: str) -> httpx2.AsyncBaseTransport:
        return _Lookup(self._services, name)

    def __iter__(self) -> Any:
        return iter(topology.SERVICES)

    def __len__(self) -> int:
        return len(topology.SERVICES)


class _Lookup(httpx2.AsyncBaseTransport):
    """Asks the service that runs under a name now; nobody there is a connection refused."""

    def __init__(self, services: dict[str, Service], name: str) -> None:
        self._services = services
        self._name = name

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request."""
        if self._name not in self._services:
            raise httpx2.ConnectError("nobody listens", request=request)
        app = self._services[self._name].app
        return await httpx2.ASGITransport(app=app, raise_app_exceptions=False).handle_async_request(request)


def make_keys(folder: Path) -> Path:
    """The signing key pairs and the field and PIN keys of a world."""
    folder.mkdir(parents=True, exist_ok=True)
    for use, name in PRIVATE_KEYS.items():
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / name).write_bytes(private)
        (folder / PUBLIC_KEYS[use]).write_bytes(public)
    for name in ("fields.key", "pin.key"):
        (folder / name).write_text(secrets.token_hex(32))
    return folder


def _queues_of(service: str, *, waiting: bool = True) -> list[str]:
    """A service's queues; those in which messages wait for later only when some may."""
    if service not in topology.CONSUMERS:
        return []
    if not waiting:
        return list(topology.sources(service))
    rungs = [
        topology.retry_queue(source, delay)
        for source in topology.sources(service)
        for delay in topology.RETRY_DELAYS_MS
    ]
    return [*topology.sources(service), *rungs, topology.dead_queue(service)]


def _settings_class(build: Build) -> type[ServiceSettings]:
    annotation = build.__annotations__.get("settings", ServiceSettings)
    if isinstance(annotation, str):
        annotation = build.__globals__.get(annotation, ServiceSettings)
    return annotation  # type: ignore[no-any-return]


def _read(kind: type[ServiceSettings], values: Mapping[str, str]) -> ServiceSettings:
    fields = {k.removeprefix("SAMLAN_").lower(): v for k, v in values.items()}
    lists = {name: json.loads(fields[name]) for name in ("peers", "trusted_proxies") if name in fields}
    return kind.model_validate({**fields, **lists})
