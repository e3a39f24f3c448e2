"""The supervisor with real processes: what it starts, what it starts again, what it leaves behind."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aio_pika
import httpx2
import psutil
import pytest
from samlan import addresses
from samlan.keys import keys_of
from samlan.supervisor import Supervisor
from samlan.trouble import Trouble
from samlan_embedded import DidNotStart

SOME = ("accounts", "catalog", "notify")


class Terminal(list[str]):
    """The lines told, and a way to wait for one."""

    async def until(self, said: Callable[[str], bool]) -> str:
        while not (found := [line for line in self if said(line)]):
            await asyncio.sleep(0.05)
        return found[0]


@pytest.fixture(scope="module")
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture(scope="module")
async def supervisor(
    tmp_path_factory: pytest.TempPathFactory, terminal: Terminal
) -> AsyncIterator[Supervisor]:
    data = tmp_path_factory.mktemp("consortium")
    supervisor = Supervisor(data, services=SOME, replicas={"catalog": 2}, tell=terminal.append)
    await supervisor.start()
    yield supervisor
    await supervisor.stop()


def running(data: Path) -> list[psutil.Process]:
    """Every process that holds a file of the data folder, or works in it."""
    found = []
    for process in psutil.process_iter(["environ", "cwd"]):
        told = f"{process.info['environ']}{process.info['cwd']}"
        if str(data) in told and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


async def status_of(url: str) -> int:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{url}/private/v1/ready")).status_code


async def test_the_addresses_are_complete_and_their_owners_alone(supervisor: Supervisor) -> None:
    file = supervisor.data / "addresses.json"
    assert file.stat().st_mode & 0o777 == 0o600
    known = json.loads(file.read_text())
    assert {"gateway", "amqp", "devices", "mongodb", "mail", "sms", "tokens", "logs"} <= set(known)
    assert set(known["tokens"]) == {"operator", "desk"}
    assert [await status_of(url) for url in known["services"].values()] == [200] * len(SOME)


async def test_the_operator_may_publish_in_a_devices_name(supervisor: Supervisor) -> None:
    async with await aio_pika.connect(addresses.read(supervisor.data).amqp) as connection:
        channel = await connection.channel(publisher_confirms=True)
        kiosk = await channel.get_exchange("kiosk", ensure=False)
        message = aio_pika.Message(b"{}", user_id="lerum-1")
        assert await kiosk.publish(message, "kiosk.vast.lerum.lerum-1", mandatory=True)


async def test_no_secret_stands_in_a_command_line_or_is_readable_by_others(supervisor: Supervisor) -> None:
    secret = supervisor.servers.broker.admin_password
    assert not any(secret in " ".join(process.cmdline()) for process in running(supervisor.data))
    assert supervisor.data.stat().st_mode & 0o077 == 0
    files = [path for path in supervisor.plan.keys.rglob("*") if path.is_file()]
    assert [path for path in files if path.stat().st_mode & 0o077] == []


async def test_a_service_is_given_its_own_keys_only(supervisor: Supervisor) -> None:
    def names(folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir()}

    public, keys = {"gateway.ed25519.pub", "services.ed25519.pub"}, supervisor.plan.keys
    given = Path(supervisor.processes["accounts"].environment["SAMLAN_KEYS"])
    assert names(given) == {*public, "fields.key", "pin.key"}
    assert names(keys_of("catalog", keys)) == public
    assert names(keys_of("circulation", keys)) == {*public, "services.ed25519"}
    assert names(keys_of("gateway", keys)) == {*public, "gateway.ed25519", "services.ed25519"}


async def test_a_killed_service_is_started_again_and_said_so(
    supervisor: Supervisor, terminal: Terminal
) -> None:
    before = supervisor.processes["accounts"].child.pid
    terminal.clear()
    supervisor.kill("accounts")
    said = await terminal.until(lambda line: line.startswith("accounts ended by SIGKILL"))
    assert "accounts.log" in said
    await terminal.until(lambda line: line.startswith("accounts began"))
    await supervisor.ready("accounts")
    assert supervisor.processes["accounts"].child.pid not in (None, before)


async def test_a_service_that_was_ended_stays_down_until_it_is_begun(supervisor: Supervisor) -> None:
    await supervisor.end("catalog-2")
    assert supervisor.processes["catalog-2"].child.pid is None
    assert await status_of(supervisor.processes["catalog"].url) == 200
    await supervisor.begin("catalog-2")
    await supervisor.ready("catalog-2")


async def test_services_come_back_after_broker_and_datastore_were_killed(supervisor: Supervisor) -> None:
    node, server = supervisor.servers.node, supervisor.servers.server
    assert node
    assert server
    await asyncio.gather(node.kill(), server.kill())
    await asyncio.gather(node.start(), server.start())
    await supervisor.ready()


async def test_one_folder_has_one_supervisor(supervisor: Supervisor) -> None:
    with pytest.raises(Trouble, match=r"already runs on .* \(pid \d+\)"):
        await Supervisor(supervisor.data, services=SOME).start()
    await supervisor.ready()


async def test_stopping_ends_everything_and_a_start_finds_devices_and_branches_again(
    supervisor: Supervisor,
) -> None:
    known = addresses.read(supervisor.data)
    joined = addresses.joined(
        known, broker=supervisor.servers.broker, vhost=supervisor.vhost, keys=supervisor.plan.keys,
        devices={"lerum-1"}, branches={"vast/lerum"},
    )  # fmt: skip
    joined.write(supervisor.data)
    await supervisor.stop()
    assert running(supervisor.data) == []
    again = await supervisor.start()
    assert again.devices == joined.devices
    assert set(again.tokens["desk"]) == {"vast/lerum"}


async def test_a_start_that_fails_names_who_is_not_ready_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samlan.supervisor.READY_SECONDS", 5.0)
    broken = Supervisor(tmp_path, services=("catalog",), environment={"SAMLAN_PREFETCH": "many"})
    with pytest.raises(DidNotStart, match=r"(?s)catalog is not ready.*catalog\.log"):
        await broken.start()
    assert running(tmp_path) == []
