"""The stage of a benchmark: a consortium of its own, on loopback, with a sample for its storms."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient
from samlan_plumbing.peers import Peers

from samlan.bench.processor import Used, used
from samlan.consortium import operator_peers
from samlan.importing.load import Loading, load_folder
from samlan.quiet import Quiet
from samlan.sample import Scale, generate
from samlan.sample.workload import STORM, PlannedReturn, facts_in, plan_returns
from samlan.supervisor import Supervisor

Tell = Callable[[str], None]
BROKER, DATASTORE, CATCHERS = "broker", "datastore", "catchers"
SEED: Final = 1
LOOK_SECONDS: Final = 2.0
LOOKS_FOR_REST: Final = 150
REST_SHARE: Final = 0.04  # of a core
WHOLE_CORE: Final = {"SAMLAN_PIN_HASHING_SHARE": "1"}  # what an import leaves to do is soon over


@dataclass
class Stage:
    """What runs, and how the benchmark looks at it."""

    supervisor: Supervisor
    peers: Peers
    amqp: str
    mongodb: str
    client: AsyncMongoClient[dict[str, Any]]
    folder: Path
    today: date
    started_in: float
    plans: list[list[PlannedReturn]] = field(default_factory=list)

    async def settle(self) -> None:
        """Waits until every service has heard of everything."""
        await Quiet(self.peers, self.supervisor.plan.services, self.amqp)()

    @property
    def pids(self) -> dict[str, int | None]:
        """Every process that works on a return, by name."""
        servers = self.supervisor.servers
        found: dict[str, int | None] = {
            name: one.pid for name, one in self.supervisor.processes.items() if name != CATCHERS
        }
        found[BROKER] = servers.node.pid if servers.node else None
        found[DATASTORE] = servers.server.pid if servers.server else None
        return found

    def used(self) -> Used:
        """Processor time so far."""
        return used(self.pids)

    @property
    def urls(self) -> dict[str, str]:
        """The private HTTP of every process of a service."""
        return {name: one.url for name, one in self.supervisor.processes.items() if one.service}

    @property
    def datastore(self) -> str:
        """What the datastore is."""
        server = self.supervisor.servers.server
        return server.name if server else "the datastore of MONGODB_URL"

    async def load(self, scale: Scale, *, sizes: Sequence[int]) -> None:
        """Imports a sample and plans storms of these sizes on it; no item is handed in twice."""
        generate(self.folder / "sample", seed=SEED, today=self.today, scale=scale)
        await load_folder(self.folder / "sample", Loading(self.peers, self.settle, self.supervisor.data))
        await self.settle()
        facts = facts_in(self.folder / "sample", today=self.today)
        planned = iter(plan_returns(sum(sizes), SEED, facts, today=self.today, mix=STORM))
        self.plans = [list(islice(planned, size)) for size in sizes]

    async def at_rest(self) -> None:
        """Returns when what goes on in the background after an import has ended, or after a while."""
        for _ in range(LOOKS_FOR_REST):
            before = self.used()
            await asyncio.sleep(LOOK_SECONDS)
            if self.used().since(before)["accounts"] < LOOK_SECONDS * REST_SHARE:
                return

    async def restart(self, *, only: str = "", **environment: str) -> None:
        """Starts services again, all or the replicas of one, with more in their environment."""
        concerned = {
            name: process
            for name, process in self.supervisor.processes.items()
            if process.service and only in ("", process.service)
        }
        for process in concerned.values():
            process.environment.update(environment)
        await asyncio.gather(*(self.supervisor.restart(name) for name in concerned))
        await self.settle()


@asynccontextmanager
async def stage(
    *,
    replicas: Mapping[str, int] | None = None,
    environment: Mapping[str, str] | None = None,
    tell: Tell = lambda line: None,
) -> AsyncIterator[Stage]:
    """A consortium in a folder of its own, ended and removed with the block."""
    with tempfile.TemporaryDirectory(prefix="samlan-bench-") as temporary:
        folder = Path(temporary)
        supervisor = Supervisor(
            folder / "data", replicas=replicas, environment={**WHOLE_CORE, **(environment or {})}, tell=tell
        )
        began = time.perf_counter()
        here = await supervisor.start()
        started_in = time.perf_counter() - began
        peers = operator_peers(folder / "data", here)
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(here.mongodb, tz_aware=True)
        try:
            yield Stage(
                supervisor,
                peers,
                here.amqp,
                here.mongodb,
                client,
                folder,
                datetime.now(UTC).date(),
                started_in,
            )
        finally:
            await client.close()
            await peers.close()
            await supervisor.stop()
