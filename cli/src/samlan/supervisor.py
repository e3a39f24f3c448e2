"""Everything on one machine: broker, datastore, catchers and every service, started, watched and stopped as one.

::

    stopped ── start ──▶ broker and datastore boot ─▶ services connect ─▶ ready ── stop ──▶ stopped
                                                                            │
                          a process that ends unasked is started again ◀────┘

What runs is known by pid and start time in the data folder, so that a start after a crash ends what was left.
"""

import asyncio
import fcntl
import json
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import httpx2
from samlan_embedded import Child, DidNotStart, Servers, grant, kept_ports, last_lines
from samlan_embedded.ports import LOOPBACK, is_free
from samlan_plumbing.topology import SERVICES, Administration, Rights, service_rights

from samlan import addresses
from samlan.addresses import Addresses
from samlan.forking import Forks
from samlan.keys import keys_of, make_keys
from samlan.trouble import Trouble

VHOST = "samlan"
OPERATOR = "operator"
GATEWAY_PORT = 8080
POLICIES = Path(__file__).parents[3] / "policies"
READY_SECONDS = 90.0
POLL_SECONDS = 0.1
DRAIN_SECONDS = 25.0
BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0  # who ran this long starts again at the shortest backoff

Tell = Callable[[str], None]


@dataclass
class Process:
    """One process of ours: what it is told, where it logs, and whether it is to run."""

    name: str
    entry: str
    port: int
    log: Path
    environment: dict[str, str]
    child: Child
    wanted: bool = False
    pid: int | None = None
    failures: int = 0
    started_at: float = 0.0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Its private HTTP."""
        return f"http://{LOOPBACK}:{self.port}"


class Supervisor:
    """Runs a consortium on a data folder; also what the demonstration, the benchmark and the faults stand on.

    `replicas` starts a service more than once (`holds`, `holds-2`, …), `environment` reaches every service,
    and `tell` hears one line for each change.
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
        tell: Tell = lambda line: None,
    ) -> None:
        self.data = data.absolute()
        self.logs = self.data / "logs"
        self.keys = self.data / "keys"
        self.processes: dict[str, Process] = {}
        self._port = port
        self._clock = clock
        self._replicas = dict(replicas or {})
        self._environment = dict(environment or {})
        self._services = services
        self._tell = tell
        self._lock: TextIO | None = None
        self._restarts: set[asyncio.Task[None]] = set()
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.servers = Servers(self.data)
        self._forks = Forks(self.logs / "forkserver.log", self._ended)

    # -- as one -------------------------------------------------------------------------------------------

    async def start(self) -> Addresses:
        """Starts everything, waits until all is ready, and answers (and writes) the addresses.

        On failure everything that was started is ended again.
        """
        self._take_lock()
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends what was started here, and nothing else: services drain first, then broker and datastore end."""
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

    async def begin(self, name: str) -> None:
        """Starts a process that is down; does not wait until it is ready."""
        process = self.processes[name]
        process.wanted = True
        process.ended.clear()
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
        waiting = {
            name for name in names or self.processes if self.processes[name].environment.get("SAMLAN_SERVICE")
        }
        try:
            async with (
                asyncio.timeout(READY_SECONDS),
                httpx2.AsyncClient(timeout=2.0, trust_env=False) as client,
            ):
                while waiting:
                    answers = await asyncio.gather(*(self._is_ready(client, name) for name in waiting))
                    waiting = {name for name, is_ready in zip(waiting, answers, strict=True) if not is_ready}
                    await asyncio.sleep(POLL_SECONDS if waiting else 0)
        except TimeoutError:
            raise DidNotStart("\n".join(self._why(name) for name in sorted(waiting))) from None

    # -- start, step by step ------------------------------------------------------------------------------

    async def _start(self) -> Addresses:
        make_keys(self.keys)
        self._plan()
        await asyncio.gather(*(process.child.kill() for process in self.processes.values()))
        await asyncio.gather(self.servers.launch(), self._forks.start())
        databases = {name: [f"samlan_{name}"] for name in self._services}
        await grant(self.servers.datastore, databases)
        self._tell(f"datastore is ready ({self.servers.datastore.location})")
        self._connect()
        await asyncio.gather(*(self.begin(name) for name in self.processes))
        await self.servers.wait()
        self._tell(f"broker is ready ({self.servers.broker.host}:{self.servers.broker.port})")
        devices, branches = addresses.known(self.data)
        await self._declare()
        await self.ready()
        return self._addresses(devices, branches)

    def _plan(self) -> None:
        """Decides which processes there will be, and where."""
        self.logs.mkdir(exist_ok=True)
        names = [name for service in self._services for name in self._names(service)]
        ports = kept_ports(self.data / "ports.json", [*names, "smtp", "sms"])
        if "gateway" in ports:
            ports["gateway"] = self._gateway_port(ports["gateway"])
        mail = {
            "SAMLAN_MAIL": str(self.data / "mail"), "SAMLAN_SMS": str(self.data / "sms.jsonl"),
            "SAMLAN_SMTP_PORT": str(ports["smtp"]), "SAMLAN_SMS_PORT": str(ports["sms"]),
        }  # fmt: skip
        self._add("catchers", "samlan.entries:catchers", ports["smtp"], mail)
        peers = json.dumps({service: f"http://{LOOPBACK}:{ports[service]}" for service in self._services})
        outside = {
            "SAMLAN_SMTP_HOST": LOOPBACK, "SAMLAN_SMTP_PORT": str(ports["smtp"]),
            "SAMLAN_SMS_URL": f"http://{LOOPBACK}:{ports['sms']}/messages",
        }  # fmt: skip
        for service in self._services:
            for name in self._names(service):
                environment = {
                    "SAMLAN_SERVICE": service,
                    "SAMLAN_HTTP_HOST": LOOPBACK,
                    "SAMLAN_HTTP_PORT": str(ports[name]),
                    "SAMLAN_KEYS": str(keys_of(service, self.keys)),
                    "SAMLAN_POLICIES": os.environ.get("SAMLAN_POLICIES", str(POLICIES)),
                    "SAMLAN_PEERS": peers,
                    "SAMLAN_LOG": str(self.logs / f"{name}.log"),
                    **({"SAMLAN_CLOCK": str(self._clock.absolute())} if self._clock else {}),
                    **(outside if service == "notify" else {}),
                    **self._environment,
                }
                self._add(name, "samlan.entries:service", ports[name], environment)

    def _connect(self) -> None:
        """Tells each service its broker and datastore users, whose ports are known only now."""
        for process in self.processes.values():
            if service := process.environment.get("SAMLAN_SERVICE"):
                process.environment["SAMLAN_MONGODB_URL"] = self.servers.datastore.url(service)
                process.environment["SAMLAN_RABBITMQ_URL"] = self.servers.broker.url(service, self.vhost)

    async def _declare(self) -> None:
        """Declares the broker's topology, every service's user, the operator's and the known devices'."""
        broker = self.servers.broker
        admin = Administration(broker.management_url, broker.admin, broker.admin_password, self.vhost)
        try:
            await admin.declare()
            await admin.grant_all(broker.admin)
            everything = Rights(".*", ".*", ".*")
            await admin.user(OPERATOR, broker.password(OPERATOR), everything, tags="impersonator")
            for service in self._services:
                await admin.user(service, broker.password(service), service_rights(service))
        finally:
            await admin.close()

    def _addresses(self, devices: set[str], branches: set[str]) -> Addresses:
        gateway = self.processes.get("gateway")
        known = Addresses(
            gateway=gateway.url if gateway else "",
            amqp=self.servers.broker.url(OPERATOR, self.vhost),
            mongodb=self.servers.datastore.admin_url,
            mail=str(self.data / "mail"),
            sms=str(self.data / "sms.jsonl"),
            logs=str(self.logs),
            services={name: self.processes[name].url for name in self._services},
        )
        all_joined = addresses.joined(
            known,
            broker=self.servers.broker,
            vhost=self.vhost,
            keys=self.keys,
            devices=devices,
            branches=branches,
        )
        all_joined.write(self.data)
        return all_joined

    @property
    def vhost(self) -> str:
        """The virtual host: the one that `RABBITMQ_URL` names, or our own."""
        return self.servers.broker.vhost or VHOST

    # -- watching -----------------------------------------------------------------------------------------

    def _ended(self, pid: int, code: int) -> None:
        process = next((p for p in self.processes.values() if p.pid == pid), None)
        if process is None:
            return
        process.pid = None
        process.ended.set()
        if process.wanted:
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

    # -- small things -------------------------------------------------------------------------------------

    def _add(self, name: str, entry: str, port: int, environment: dict[str, str]) -> None:
        self.processes[name] = Process(
            name=name, entry=entry, port=port, log=self.logs / f"{name}.log", environment=environment,
            child=Child(self.data / "run" / f"{name}.json"),
        )  # fmt: skip

    def _names(self, service: str) -> list[str]:
        return [service, *(f"{service}-{n}" for n in range(2, self._replicas.get(service, 1) + 1))]

    def _gateway_port(self, kept: int) -> int:
        if self._port is None:
            return GATEWAY_PORT if is_free(GATEWAY_PORT) else kept
        if not is_free(self._port):
            raise Trouble(f"port {self._port} is in use: choose another with --port")
        return self._port

    def _take_lock(self) -> None:
        self._lock = (self.data / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip()
            self._lock.close()
            self._lock = None
            raise Trouble(f"samlan already runs on {self.data} (pid {holder})") from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
