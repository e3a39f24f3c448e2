"""Which processes a consortium on one machine has, where each listens, and what each is told."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from samlan_embedded import Broker, Child, Datastore, kept_ports
from samlan_embedded.ports import LOOPBACK, claim

from samlan.keys import keys_of
from samlan.trouble import Trouble

CATCHERS = "catchers"
GATEWAY = "gateway"
GATEWAY_PORT = 8080
POLICIES = Path(__file__).parents[3] / "policies"


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

    @property
    def service(self) -> str | None:
        """The service this is a replica of; None for the catchers."""
        return self.environment.get("SAMLAN_SERVICE")

    @property
    def url(self) -> str:
        """Its private HTTP."""
        return f"http://{LOOPBACK}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything about the processes that is known before anything runs."""

    data: Path
    services: tuple[str, ...]
    replicas: Mapping[str, int] = field(default_factory=dict)
    port: int | None = None
    clock: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def logs(self) -> Path:
        """The folder of logs, one file per process."""
        return self.data / "logs"

    @property
    def keys(self) -> Path:
        """The folder of secrets."""
        return self.data / "keys"

    @property
    def policies(self) -> Path:
        """The folder of the books in force."""
        return Path({**os.environ, **self.environment}.get("SAMLAN_POLICIES", str(POLICIES)))

    @property
    def mail(self) -> Path:
        """The folder of caught mails."""
        return self.data / "mail"

    @property
    def sms(self) -> Path:
        """The file of caught texts."""
        return self.data / "sms.jsonl"

    def processes(self) -> dict[str, Process]:
        """The catchers and every replica of every service, by name; ports stay from one start to the next."""
        names = [name for service in self.services for name in self._names(service)]
        ports = kept_ports(self.data / "ports.json", [*names, "smtp", "sms"])
        if GATEWAY in ports:
            ports[GATEWAY] = self._gateway_port(ports[GATEWAY])
        every = [self._catchers(ports)]
        every += [
            self._service(service, name, ports) for service in self.services for name in self._names(service)
        ]
        return {process.name: process for process in every}

    def record(self, name: str) -> Child:
        """The process of this name, whoever started it."""
        return Child(self.data / "run" / f"{name}.json")

    def left_behind(self) -> list[Child]:
        """The processes that an earlier run recorded, also those this run would not have."""
        return [Child(record) for record in (self.data / "run").glob("*.json")]

    def _catchers(self, ports: Mapping[str, int]) -> Process:
        environment = {
            "SAMLAN_MAIL": str(self.mail), "SAMLAN_SMS": str(self.sms),
            "SAMLAN_SMTP_PORT": str(ports["smtp"]), "SAMLAN_SMS_PORT": str(ports["sms"]),
        }  # fmt: skip
        return self._process(CATCHERS, "samlan.entries:catchers", ports["smtp"], environment)

    def _service(self, service: str, name: str, ports: Mapping[str, int]) -> Process:
        peers = {peer: f"http://{LOOPBACK}:{ports[peer]}" for peer in self.services}
        environment = {
            "SAMLAN_SERVICE": service,
            "SAMLAN_HTTP_HOST": LOOPBACK,
            "SAMLAN_HTTP_PORT": str(ports[name]),
            "SAMLAN_KEYS": str(keys_of(service, self.keys)),
            "SAMLAN_POLICIES": str(self.policies),
            "SAMLAN_PEERS": json.dumps(peers),
            "SAMLAN_LOG": str(self.logs / f"{name}.log"),
            "SAMLAN_SMTP_HOST": LOOPBACK,
            "SAMLAN_SMTP_PORT": str(ports["smtp"]),
            "SAMLAN_SMS_URL": f"http://{LOOPBACK}:{ports['sms']}/messages",
        }
        if self.clock:
            environment["SAMLAN_CLOCK"] = str(self.clock.absolute())
        return self._process(name, "samlan.entries:service", ports[name], {**environment, **self.environment})

    def _process(self, name: str, entry: str, port: int, environment: dict[str, str]) -> Process:
        return Process(
            name=name, entry=entry, port=port, log=self.logs / f"{name}.log",
            environment=environment, child=self.record(name),
        )  # fmt: skip

    def _names(self, service: str) -> list[str]:
        return [service, *(f"{service}-{n}" for n in range(2, self.replicas.get(service, 1) + 1))]

    def _gateway_port(self, kept: int) -> int:
        if self.port is None:
            return GATEWAY_PORT if claim(GATEWAY_PORT) else kept
        if not claim(self.port):
            raise Trouble(f"port {self.port} is in use: choose another with --port")
        return self.port


def connect(process: Process, broker: Broker, vhost: str, datastore: Datastore) -> None:
    """Tells a service its own users of broker and datastore, whose ports are known once they start."""
    if process.service:
        process.environment["SAMLAN_MONGODB_URL"] = datastore.url(process.service)
        process.environment["SAMLAN_RABBITMQ_URL"] = broker.url(process.service, vhost)
