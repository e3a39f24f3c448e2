"""A private RabbitMQ node of one data folder, run from the installed package and never as the system's.

Everything is the folder's own: ports on loopback, cookie, port mapper (epmd), database, logs, plugins. The
node sees only the plugins it needs: with all sixty of the package on its path it boots twice as long.
Their modules it loads in batches before it boots: left to itself it would, one by one (decision 0051).
"""

import asyncio
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2

from samlan_embedded.addresses import Broker
from samlan_embedded.passwords import Passwords
from samlan_embedded.ports import LOOPBACK, kept_ports, remembered_ports
from samlan_embedded.processes import POLL_SECONDS, Child, DidNotStart, Server, last_lines, write_private

NODE = "samlan@localhost"
ADMIN = "administrator"
PLUGINS = ("rabbit", "rabbitmq_management")
PORTS = ("amqp", "management", "distribution", "epmd")
READY_SECONDS = 120.0
CONF = """\
listeners.tcp.1 = {host}:{amqp}
management.tcp.ip = {host}
management.tcp.port = {management}
default_user = {admin}
default_pass = {password}
collect_statistics_interval = {statistics_ms}
raft.wal_max_size_bytes = {wal_bytes}
log.console = false
"""
STATISTICS_MS = 1_000  # the node waits once as long as this before it ends
SEND_AGAIN_MS = 2_000  # what it moved to a queue that was not up yet; the package waits three minutes (0052)
SHUTDOWN_MS = 2_000  # its stores are shut long before; then its statistics wait 5 s for what is itself ending
LOAD_FIRST = """\
os:unsetenv("ERL_AFLAGS"),
lists:foreach(fun(App) ->
  catch code:ensure_modules_loaded([list_to_atom(filename:basename(File, ".beam"))
    || File <- filelib:wildcard("*.beam", filename:join(code:lib_dir(App), ebin))])
end, [{applications}])."""
"""Erlang that never fails: an application that cannot be found is left to the boot.

It is for the node alone: while it boots it starts another Erlang, for the port mapper's sake, and waits for
it to end; that one would load everything too."""
WAL_BYTES = 32 * 2**20  # kept in memory until rolled over; the package's 512 MB suit a server


class RabbitNode(Server):
    """Starts, ends and kills the node; its addresses and its administrator stay the same for ever."""

    def __init__(self, folder: Path, passwords: Passwords) -> None:
        super().__init__(folder, Child(folder / "node.json"))
        self._passwords = passwords
        self._mapper = Child(folder / "epmd.json")
        self._ports: dict[str, int] = {}

    @property
    def address(self) -> Broker:
        """Where the node listens and who administers it; known once it was started, by whomever."""
        ports = self._ports or remembered_ports(self._folder / "ports.json", PORTS)
        return Broker(
            host=LOOPBACK, port=ports["amqp"],
            management_url=f"http://{LOOPBACK}:{ports['management']}",
            admin=ADMIN, admin_password=self._passwords.of("rabbitmq", ADMIN), passwords=self._passwords,
        )  # fmt: skip

    async def launch(self) -> None:
        """Starts the node and its port mapper; nobody is waited for."""
        scripts = _scripts()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self.stop()
        self._begin_anew()
        self._ports = self._ports or kept_ports(self._folder / "ports.json", PORTS)
        environment = self._prepare(scripts)
        log = self._folder / "start.log"
        mapper = [_epmd(), "-port", str(self._ports["epmd"]), "-address", LOOPBACK]
        self._mapper.start(mapper, folder=self._folder, log=log, env=environment)
        server = str(scripts / "rabbitmq-server")
        self._child.start([server], folder=self._folder, log=log, env=environment)

    async def wait(self) -> None:
        """Returns when the node takes connections and its management answers."""
        admin = self.address
        async with httpx2.AsyncClient(auth=(admin.admin, admin.admin_password), timeout=2.0) as client:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    while not await self._serves(client):
                        await asyncio.sleep(POLL_SECONDS)
            except TimeoutError:
                raise self._failure(f"does not answer after {READY_SECONDS:.0f} s") from None
        self._remember_it_served()

    async def stop(self) -> None:
        """Ends the node in good order, and its port mapper."""
        await super().stop()
        await self._mapper.end()

    @property
    def _unborn(self) -> Path:
        """There from the first launch until the node has served once."""
        return self._folder / "unborn"

    def _begin_anew(self) -> None:
        """Takes away what a first boot left half made: a node killed in it would never boot again.

        Nobody was served from it yet."""
        data = self._folder / "data"
        if self._unborn.exists():
            shutil.rmtree(data, ignore_errors=True)
        if not data.exists():
            self._unborn.touch()

    def _remember_it_served(self) -> None:
        """On the disk before anybody is told so: after a power cut the next launch must not begin anew."""
        if self._unborn.exists():
            self._unborn.unlink()
            folder = os.open(self._folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    async def _serves(self, client: httpx2.AsyncClient) -> bool:
        if self._child.pid is None:
            raise self._failure("ended while it started")
        try:
            answer = await client.get(f"{self.address.management_url}/api/whoami")
            _, writer = await asyncio.open_connection(LOOPBACK, self._ports["amqp"])
        except (OSError, httpx2.TransportError):
            return False
        writer.close()
        return answer.status_code == 200

    def _failure(self, what: str) -> DidNotStart:
        log = self._folder / "start.log"
        return DidNotStart(f"RabbitMQ {what}; see {log}\n{last_lines(log)}")

    def _prepare(self, scripts: Path) -> dict[str, str]:
        """Writes what the node reads and answers its environment."""
        folder, ports = self._folder, self._ports
        cookie = folder / ".erlang.cookie"
        if not cookie.exists():
            write_private(cookie, secrets.token_hex(20))
            cookie.chmod(0o400)
        conf = CONF.format(
            host=LOOPBACK, **ports, admin=ADMIN, password=self._passwords.of("rabbitmq", ADMIN),
            statistics_ms=STATISTICS_MS, wal_bytes=WAL_BYTES,
        )  # fmt: skip
        write_private(folder / "rabbitmq.conf", conf)
        (folder / "enabled_plugins").write_text(f"[{PLUGINS[-1]}].")
        home = folder / "home"
        applications = _lean_home(scripts, home)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "ERL_AFLAGS": f"-eval '{LOAD_FIRST.format(applications=','.join(sorted(applications)))}'",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(ports["epmd"]),
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),  # the system node's settings are not ours
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
            "RABBITMQ_DIST_PORT": str(ports["distribution"]),
            "RABBITMQ_SCRIPTS_DIR": str(home / "sbin"),
            "RABBITMQ_PLUGINS_DIR": str(home / "plugins"),
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",  # nodes bound to the same cores starve each other
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"+S {_schedulers()} -kernel inet_dist_use_interface {{127,0,0,1}}"
                f" -shutdown_time {SHUTDOWN_MS}"
                f" -rabbit dead_letter_worker_publisher_confirm_timeout {SEND_AGAIN_MS}"
            ),
            "RUNNING_UNDER_SYSTEMD": "true",  # no shell in between: the pid we start is the node's
        }


def _schedulers() -> int:
    """Half the cores that are ours: services and a datastore share them (0055)."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, ours // 2)


def installed() -> bool:
    """Whether this machine has the package that the node is run from."""
    return next(_places(), None) is not None


def _scripts() -> Path:
    if folder := next(_places(), None):
        return folder
    raise DidNotStart("rabbitmq-server is not installed: run `make install`, or set RABBITMQ_URL")


def _places() -> Iterator[Path]:
    """The folders with the package's own scripts, not the wrappers that change user."""
    yield from sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"), reverse=True)
    for prefix in ("/opt/homebrew", "/usr/local"):
        yield from Path(prefix).glob("opt/rabbitmq/sbin")
    if found := shutil.which("rabbitmq-server"):
        folder = Path(found).resolve().parent
        if (folder / "rabbitmq-env").exists():
            yield folder


def _epmd() -> str:
    if found := shutil.which("epmd"):
        return found
    raise DidNotStart("epmd, a part of Erlang, is not on the path")


def _lean_home(scripts: Path, home: Path) -> set[str]:
    """A view of the package with only the plugins that ours need, so that fewer folders are searched.

    Answers the applications that the node is made of."""
    shutil.rmtree(home, ignore_errors=True)
    plugins = home / "plugins"
    plugins.mkdir(parents=True)
    (home / "sbin").symlink_to(scripts)
    (home / "escript").symlink_to(scripts.parent / "escript")
    every = {path.name.rpartition("-")[0]: path for path in (scripts.parent / "plugins").iterdir()}
    needed = _closure(every, PLUGINS)
    for name in needed & every.keys():
        (plugins / every[name].name).symlink_to(every[name])
    return needed


def _closure(every: dict[str, Path], roots: tuple[str, ...]) -> set[str]:
    """The applications that `roots` need, as their `.app` files name them, Erlang's own among them."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            if name in every:
                text = (every[name] / "ebin" / f"{name}.app").read_text()
                needs = re.findall(r"\{\s*(?:included_)?applications\s*,\s*\[([^]]*)]", text)
                waiting += re.findall(r"\w+", " ".join(needs))
    return found
