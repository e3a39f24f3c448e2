"""A consortium of real processes, with a clock that moves by steps, and doors to knock on until they open."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
from samlan.addresses import Addresses
from samlan.checking import Seen, gather, violations
from samlan.consortium import Consortium
from samlan.importing import Loading, load_folder
from samlan.quiet import Quiet
from samlan.supervisor import Supervisor
from samlan_embedded.rabbit import SEND_AGAIN_MS
from samlan_plumbing.clocks import MachineClock, write_clock
from samlan_plumbing.peers import PeerDown, Peers
from samlan_plumbing.tokens import Signer
from samlan_plumbing.topology import Administration

from .cast import Row
from .devices import Publisher

log = logging.getLogger(__name__)
NOON: Final = datetime(2026, 11, 23, 11, tzinfo=UTC)  # of a Monday in Sweden
STEP: Final = timedelta(milliseconds=250)
SOON: Final = timedelta(seconds=90)  # what falls due by then belongs to what just happened
HURRY: Final = 4  # the retry ladder's rungs are this much shorter: a minute's wait proves nothing more
KNOCK_EVERY_SECONDS: Final = 0.2
ANSWER_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 300.0
LEFT_TO_THE_DAY: Final = ("accounts", "catalog")  # their jobs are none of this suite's business


class Replicas(Peers):
    """The private HTTP in which every replica goes by its own name."""

    def _token(self, service: str) -> str:
        return super()._token(service.partition("-")[0])


class Town:
    """Everything that runs, and how to reach it whatever was just killed."""

    def __init__(self, supervisor: Supervisor, addresses: Addresses, clock: Path) -> None:
        self.supervisor = supervisor
        self.data = supervisor.data
        self.clock = clock
        self.now = NOON
        self.signer = Signer(self.data / "keys", MachineClock())
        self.peers = Peers(caller="operator", urls=addresses.services, signer=self.signer)
        replicas = {name: one.url for name, one in supervisor.processes.items() if one.service}
        self.replicas = tuple(replicas)
        self.every = Replicas(caller="operator", urls=replicas, signer=self.signer)
        self.consortium = Consortium(self.data, addresses, supervisor.servers.broker, self.peers)
        self.devices = Publisher(addresses.amqp)
        self.gateway = httpx2.AsyncClient(base_url=addresses.gateway, trust_env=False, timeout=ANSWER_SECONDS)
        self.mail = Path(addresses.mail)
        self._broker_began = time.monotonic()

    @property
    def addresses(self) -> Addresses:
        """Where everything is, the devices that joined later included."""
        return self.consortium.addresses

    def tick(self) -> datetime:
        """Moves library time one step, so that no two steps share an instant."""
        self.move_to(self.now + STEP)
        return self.now

    def move_to(self, now: datetime) -> None:
        """Moves library time."""
        self.now = now
        write_clock(self.clock, now)

    async def close(self) -> None:
        """Hangs up everywhere."""
        await self.devices.close()
        await self.gateway.aclose()
        await self.peers.close()
        await self.every.close()

    # -- asking -----------------------------------------------------------------------------------------

    async def ask(
        self, service: str, method: str, path: str, body: Any = None, **params: str
    ) -> tuple[int, Any]:
        """Asks a service until it answers; a fault of its own is no answer."""
        while True:
            try:
                answer = await self.peers.ask(
                    service, method, path, json=body, params=params, limit_seconds=ANSWER_SECONDS
                )
            except PeerDown:
                pass
            else:
                if answer.status < 500:
                    return answer.status, answer.body
            await asyncio.sleep(KNOCK_EVERY_SECONDS)

    async def desk(self, branch: str, what: str, body: Row, key: str) -> tuple[int, Any]:
        """A desk asks through the gateway, under one `Idempotency-Key`, until it is answered."""
        headers = {
            "authorization": f"Bearer {self.addresses.tokens['desk'][branch]}", "idempotency-key": key
        }  # fmt: skip
        while True:
            try:
                answer = await self.gateway.post(f"/v1/desk/{what}", json=body, headers=headers)
            except httpx2.TransportError:
                pass
            else:
                if answer.status_code < 500:
                    return answer.status_code, answer.json()
            await asyncio.sleep(KNOCK_EVERY_SECONDS)

    # -- loading ----------------------------------------------------------------------------------------

    async def load(self, name: str, files: Mapping[str, Iterable[Row]]) -> None:
        """Imports rows, as the command line does, and lets new devices and desks join in."""
        folder = self.data / "imports" / name
        folder.mkdir(parents=True)
        for file, rows in files.items():
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"{file}.jsonl").write_text(lines, encoding="utf-8")
        report = await load_folder(folder, Loading(self.peers, self.quiet, self.data))
        assert report.refused == []
        await self.consortium.join_everybody()

    def broker_began(self) -> None:
        """Notes that the broker was started again: what it was moving is in no queue for a moment (0052)."""
        self._broker_began = time.monotonic()

    # -- quiet ------------------------------------------------------------------------------------------

    async def heal(self) -> None:
        """Returns when everything runs and is ready again, and the broker has moved what it had to.

        What it moves is counted in its statistics only, seconds late: here alone time is waited for."""
        await self.supervisor.ready()
        await asyncio.sleep(self._broker_began + 2 * SEND_AGAIN_MS / 1000 - time.monotonic())

    async def quiet(self) -> None:
        """Returns when nobody has anything left to do now."""
        await Quiet(self.every, self.replicas, self.addresses.amqp)()

    async def settle(self) -> None:
        """Returns when all is quiet and every message that falls due soon has gone out."""
        await self.quiet()
        began = time.monotonic()
        while True:
            due = await self._next_due()
            if due is None or due > self.now + SOON:
                return
            assert time.monotonic() - began < PATIENCE_SECONDS, f"something is due since {due}"
            self.move_to(max(due, self.now))
            await asyncio.gather(*(self.ask(one, "POST", "/clock/run") for one in self._with_jobs))
            await self.quiet()

    @property
    def _with_jobs(self) -> list[str]:
        return [one for one in self.addresses.services if one not in LEFT_TO_THE_DAY]

    async def _next_due(self) -> datetime | None:
        answers = [(await self.ask(one, "GET", "/clock/next"))[1]["due"] for one in self._with_jobs]
        return min((datetime.fromisoformat(one) for one in answers if one), default=None)

    async def check(self) -> Seen:
        """What every service says of itself; nothing in it violates an invariant.

        What a killed sender left goes out when its lease is over, and is waited for."""
        seen = await gather(self.peers)
        while (found := violations(seen)) and all(one.passing for one in found):
            await asyncio.sleep(1)
            seen = await gather(self.peers)
        if found:
            raise AssertionError("\n".join(str(one) for one in found))
        return seen


@asynccontextmanager
async def town(data: Path, replicas: Mapping[str, int]) -> AsyncIterator[Town]:
    """A town while the block runs, with a retry ladder in a hurry."""
    clock = data / "clock"
    write_clock(clock, NOON)
    supervisor = Supervisor(data, clock=clock, replicas=replicas, tell=log.warning)
    addresses = await supervisor.start()
    made = Town(supervisor, addresses, clock)
    try:
        await _hurry(made)
        yield made
    finally:
        await made.close()
        await supervisor.stop()


async def _hurry(made: Town) -> None:
    broker = made.consortium.broker
    admin = Administration(broker.management_url, broker.admin, broker.admin_password, made.consortium.vhost)
    try:
        await admin.declare(hurry=HURRY)
    finally:
        await admin.close()
