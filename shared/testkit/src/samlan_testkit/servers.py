"""The servers tests run on, in this order: those the environment names, containers, the embedded default.

One broker and one datastore serve a whole session, also one of several workers: the first worker that needs
them starts them, the others find their addresses, and the process that began the session ends them.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import docker
from docker.errors import DockerException
from samlan_embedded.servers import Servers as Embedded

NAMED: Final = ("MONGODB_URL", "RABBITMQ_URL")
IMAGES: Final = {"broker": "rabbitmq:4-management", "datastore": "mongo:8"}
ADDRESSES: Final = "servers.json"
SHARED: Final = "SAMLAN_TEST_SERVERS"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the broker and the datastore answer, and as whom tests speak to them."""

    mongodb_url: str
    rabbitmq_url: str
    management_url: str

    @property
    def user(self) -> str:
        """The administrator's name."""
        return urlsplit(self.rabbitmq_url).username or "guest"

    @property
    def password(self) -> str:
        """The administrator's password."""
        return urlsplit(self.rabbitmq_url).password or "guest"

    def amqp_url(self, vhost: str) -> str:
        """The broker's address for a virtual host."""
        parts = urlsplit(self.rabbitmq_url)
        return f"{parts.scheme}://{parts.netloc}/{quote(vhost, safe='')}"


def servers_in(folder: Path) -> Servers:
    """The session's servers; starts them when nobody has, once for all workers that share the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "lock"):
        record = folder / ADDRESSES
        if not record.exists():
            record.write_text(json.dumps(asdict(_start(folder))))
        return Servers(**json.loads(record.read_text()))


def stop_servers(folder: Path) -> None:
    """Ends what `servers_in` started for this folder, and nothing else."""
    if not (folder / ADDRESSES).exists():
        return
    for container in (folder / "containers").glob("*"):
        with suppress(DockerException):
            docker.from_env().containers.get(container.read_text()).remove(force=True)
    asyncio.run(Embedded(folder / "embedded", _left_to_us(folder)).stop())


def _start(folder: Path) -> Servers:
    if all(name in os.environ for name in NAMED) or not _engine_has_images():
        return asyncio.run(_embedded(folder))
    return _containers(folder)


async def _embedded(folder: Path) -> Servers:
    servers = Embedded(folder / "embedded", os.environ)
    await servers.launch()
    await servers.wait()
    broker = servers.broker
    return Servers(servers.datastore.admin_url, broker.url(broker.admin, "/"), broker.management_url)


def _left_to_us(folder: Path) -> Mapping[str, str]:
    """What to leave alone when stopping: servers the environment named, or none when containers served."""
    if (folder / "containers").exists():
        return dict.fromkeys(NAMED, "")
    return os.environ


def _engine_has_images() -> bool:
    try:
        engine = docker.from_env(timeout=5)
        for image in IMAGES.values():
            engine.images.get(image)
    except DockerException:
        return False
    return True


def _containers(folder: Path) -> Servers:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.waiting_utils import wait_for_logs

    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # these outlive the worker that starts them
    (folder / "containers").mkdir(exist_ok=True)
    with ExitStack() as failed:
        broker = DockerContainer(IMAGES["broker"]).with_exposed_ports(5672, 15672)
        datastore = DockerContainer(IMAGES["datastore"]).with_exposed_ports(27017)
        for name, container in (("broker", broker), ("datastore", datastore)):
            container.start()
            failed.callback(container.stop)
            (folder / "containers" / name).write_text(container.get_wrapped_container().id)
        wait_for_logs(broker, r"completed with \d+ plugins|Server startup complete", timeout=90)
        failed.pop_all()
    host = broker.get_container_host_ip()
    return Servers(
        f"mongodb://{host}:{datastore.get_exposed_port(27017)}/?directConnection=true",
        f"amqp://guest:guest@{host}:{broker.get_exposed_port(5672)}/",
        f"http://{host}:{broker.get_exposed_port(15672)}",
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
