"""Everything on one machine, started, watched and ended as one: broker, datastore, catchers, services.

::

    stopped ── start ──▶ broker and datastore boot ─▶ services connect ─▶ ready ── stop ──▶ stopped
                                                                            │
                          a process that ends unasked is started again ◀────┘

What runs is known by pid and start time in the data folder, so that a start after a crash ends what was left.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TextIO

import httpx2
from samlan_embedded import DidNotStart, Servers, grant, last_lines
from samlan_plumbing.tls import trust
from samlan_plumbing.topology import SERVICES, Administration, Rights, service_rights

from samlan import addresses
from samlan.addresses import Addresses
from samlan.ahead import HeadStart
from samlan.forking import Forks, log_of
from samlan.keys import make_keys
from samlan.locking import take_lock
from samlan.plan import GATEWAY, Plan, Process, connect
from samlan.policy.books import in_force

VHOST = "samlan"
OPERATOR = "operator"
READY_SECONDS = 180.0  # a laptop with nothing else to do needs seven
POLL_SECONDS = 0.1
DRAIN_SECONDS = 25.0
BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0  # who ran this long starts again at the shortest backoff

Tell = Callable[[str], None]


class Supervisor:
    """Runs a consortium on a data folder; also what the demonstration, the benchmark and the faults stand on.

    `replicas` starts a service more than once (`holds`, `holds-2`, …), `environment` reaches every service,
    `ahead` is what boots already, and `tell` hears one line for each change. `servers.node` and
    `servers.server` are the broker and the datastore, to be killed, paused and started where they are ours.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        clock: Path | None = None,
        replicas: Mapping[str, int] | None = None,
        environment: Mapping[str, str] | None = None,
        services: tuple[str, ...] = SERVICES,
        ahead: HeadStart | None = None,
        tell: Tell = lambda line: None,
    ) -> None:
        self.data = data.absolute()
        self.plan = Plan(
            data=self.data, services=services, replicas=replicas or {}, port=port, clock=clock,
            environment=environment or {},
        )  # fmt: skip
        self.processes: dict[str, Process] = {}
        self._lock: TextIO | None
        self._lock, self.servers, served = ahead.take() if ahead else (None, Servers(self.data), None)
        self._tell = tell
        self._restarts: set[asyncio.Task[None]] = set()
        self._forks = Forks(log_of(self.data), self._ended, served)

    @property
    def vhost(self) -> str:
        """The virtual host: the one that `RABBITMQ_URL` names, or our own."""
        return self.servers.broker.vhost or VHOST

    # -- as one -------------------------------------------------------------------------------------------

    async def start(self) -> Addresses:
        """Starts everything, waits until all is ready, writes the addresses and answers them.

        On failure everything that was started is ended again.
        """
        self._lock = self._lock or take_lock(self.data)
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends what was started here, and nothing else: services drain, then broker and datastore end."""
        for restart in self._restarts:
            restart.cancel()
        await asyncio.gather(*(self.end(name) for name in self.processes))
        await self._forks.stop()
        await self.servers.stop()
        if self._lock:
            self._lock.close()
            self._lock = None

    # -- one process --------------------------------------------------------------------------------------

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Sends a process a signal; one that ends by it is started again, as after any crash."""
        self.processes[name].child.signal(number)

    async def end(self, name: str) -> None:
        """Ends a process (it drains) and keeps it down until `begin`."""
        process = self.processes[name]
        process.wanted = False
        await process.child.end(DRAIN_SECONDS)
        process.pid = None  # news of its end may come after it was begun again, and is old then

    async def begin(self, name: str) -> None:
        """Starts a process that is down; does not wait until it is ready."""
        process = self.processes[name]
        process.wanted = True
        process.started_at = asyncio.get_running_loop().time()
        process.pid = await self._forks.fork(
            name, entry=process.entry, environment=process.environment, log=process.log
        )
        process.child.adopt(process.pid)

    async def restart(self, name: str) -> None:
        """Ends a process in good order, starts it again and waits until it is ready."""
        await self.end(name)
        await self.begin(name)
        await self.ready(name)

    async def ready(self, *names: str) -> None:
        """Returns when these processes, or all, are ready; `DidNotStart` names who is not, and why."""
        waiting = {name for name in names or self.processes if self.processes[name].service}
        try:
            asking = httpx2.AsyncClient(trust_env=False, verify=trust("http:"))
            async with asyncio.timeout(READY_SECONDS), asking as client:
                while waiting:
                    waiting -= {name for name in sorted(waiting) if await self._is_ready(client, name)}
                    await asyncio.sleep(POLL_SECONDS if waiting else 0)
        except TimeoutError:
            raise DidNotStart("\n".join(self._why(name) for name in sorted(waiting))) from None

    # -- start, step by step ------------------------------------------------------------------------------

    async def _start(self) -> Addresses:
        make_keys(self.plan.keys)
        processes = self.plan.processes()
        await asyncio.gather(*(child.kill() for child in self.plan.left_behind()))
        books = asyncio.to_thread(
            in_force, self.plan.policies
        )  # else every service would end, again and again
        await _all(books, self._serves(), self._forks.start())
        datastore, broker = self.servers.datastore, self.servers.broker
        self._tell(f"datastore is ready ({datastore.location})")
        for process in processes.values():
            connect(process, broker, self.vhost, datastore)
        self.processes = processes
        rights = {name: [f"samlan_{name}"] for name in self.plan.services}
        await _all(grant(datastore, rights), *(self.begin(name) for name in processes))
        await self.servers.wait()
        self._tell(f"broker is ready ({broker.host}:{broker.port})")
        ready = asyncio.create_task(self.ready())  # at a later start all they need is there already
        try:
            await self._declare()
            await ready
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)
        return self._write_addresses()

    async def _serves(self) -> None:
        await self.servers.launch()
        await self.servers.datastore_serves()

    async def _declare(self) -> None:
        """Declares the broker's topology, every service's user and the operator's."""
        broker = self.servers.broker
        admin = Administration(broker.management_url, broker.admin, broker.admin_password, self.vhost)
        try:
            await admin.declare()
            await admin.grant_all(broker.admin)
            everything = Rights(".*", ".*", ".*")
            await admin.user(OPERATOR, broker.password(OPERATOR), everything, tags="impersonator")
            for service in self.plan.services:
                await admin.user(service, broker.password(service), service_rights(service))
        finally:
            await admin.close()

    def _write_addresses(self) -> Addresses:
        devices, branches = addresses.known(self.data)
        broker, gateway = self.servers.broker, self.processes.get(GATEWAY)
        here = Addresses(
            gateway=gateway.url if gateway else "",
            amqp=broker.url(OPERATOR, self.vhost),
            mongodb=self.servers.datastore.admin_url,
            mail=str(self.plan.mail),
            sms=str(self.plan.sms),
            logs=str(self.plan.logs),
            services={name: self.processes[name].url for name in self.plan.services},
        )
        everything = addresses.joined(
            here, broker=broker, vhost=self.vhost, keys=self.plan.keys, devices=devices, branches=branches
        )
        everything.write(self.data)
        return everything

    # -- watching -----------------------------------------------------------------------------------------

    def _ended(self, pid: int, code: int) -> None:
        process = next((p for p in self.processes.values() if p.pid == pid), None)
        if process and process.wanted:
            task = asyncio.create_task(self._start_again(process, code))
            self._restarts.add(task)
            task.add_done_callback(self._restarts.discard)

    async def _start_again(self, process: Process, code: int) -> None:
        steady = asyncio.get_running_loop().time() - process.started_at > STEADY_SECONDS
        process.failures = 0 if steady else process.failures + 1
        delay = BACKOFF_SECONDS[min(process.failures, len(BACKOFF_SECONDS) - 1)]
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
        self._tell(f"{process.name} ended {how}; starting it again in {delay} s (see {process.log})")
        await asyncio.sleep(delay)
        if process.wanted:
            await self.begin(process.name)
            self._tell(f"{process.name} began again")

    async def _is_ready(self, client: httpx2.AsyncClient, name: str) -> bool:
        try:
            answer = await client.get(f"{self.processes[name].url}/private/v1/ready")
        except httpx2.TransportError:
            return False
        if answer.status_code == 200:
            self._tell(f"{name} is ready ({self.processes[name].url})")
        return answer.status_code == 200

    def _why(self, name: str) -> str:
        log = self.processes[name].log
        return f"{name} is not ready after {READY_SECONDS:.0f} s; see {log}\n{last_lines(log, 3)}"


async def _all(*begun: Awaitable[object]) -> None:
    """Returns when each has ended, so that none is left half-way; then the first that failed is raised."""
    for outcome in await asyncio.gather(*begun, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
