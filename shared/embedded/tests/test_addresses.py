"""Addresses, passwords and processes that need no server."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest
from samlan_embedded import Passwords, Servers, kept_ports
from samlan_embedded.ports import claim, free_ports, is_free
from samlan_embedded.processes import Child

RUNNING = {
    "RABBITMQ_URL": "amqp://root:p%40ss@broker:5673/lib",
    "RABBITMQ_MANAGEMENT_URL": "http://broker:15673",
    "MONGODB_URL": "mongodb://root:secret@db1:27017,db2:27017/?replicaSet=rs0",
}


def test_servers_that_already_run_are_used_and_never_started(tmp_path: Path) -> None:
    servers = Servers(tmp_path, RUNNING)
    assert servers.node is None
    assert servers.server is None
    assert servers.broker.management_url == "http://broker:15673"
    assert servers.broker.url("root", "a/b") == "amqp://root:p%40ss@broker:5673/a%2Fb"
    assert servers.datastore.admin_url == RUNNING["MONGODB_URL"]
    password = servers.passwords.of("mongodb", "holds")
    assert servers.datastore.url("holds") == f"mongodb://holds:{password}@db1:27017,db2:27017/?replicaSet=rs0"


def test_a_datastore_without_log_in_is_used_without(tmp_path: Path) -> None:
    servers = Servers(tmp_path, {**RUNNING, "MONGODB_URL": "mongodb://127.0.0.1:27017/"})
    assert servers.datastore.url("holds") == "mongodb://127.0.0.1:27017/?"


def test_passwords_stay_and_differ_by_server_user_and_folder(tmp_path: Path) -> None:
    mine = Passwords(tmp_path / "a")
    assert mine.of("mongodb", "holds") == Passwords(tmp_path / "a").of("mongodb", "holds")
    others = {
        mine.of("rabbitmq", "holds"),
        mine.of("mongodb", "notify"),
        Passwords(tmp_path / "b").of("mongodb", "holds"),
    }
    assert len(others | {mine.of("mongodb", "holds")}) == 4
    assert (tmp_path / "a" / "passwords.secret").stat().st_mode & 0o077 == 0


def test_ports_are_kept_while_they_are_free(tmp_path: Path) -> None:
    record = tmp_path / "ports.json"
    first = kept_ports(record, ("amqp", "management"))
    assert kept_ports(record, ("amqp", "management")) == first
    assert all(map(is_free, first.values()))


def test_two_starts_at_one_moment_never_choose_one_port() -> None:
    (port,) = free_ports(1)
    other = f"from samlan_embedded.ports import claim; print(claim({port}))"
    asked = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"
    assert claim(port)


async def test_a_process_is_known_again_by_who_did_not_start_it(tmp_path: Path) -> None:
    record = tmp_path / "child.json"
    Child(record).start(
        [sys.executable, "-c", "import signal; signal.pause()"],
        folder=tmp_path, log=tmp_path / "log", env=dict(os.environ),
    )  # fmt: skip
    heir = Child(record)
    assert heir.pid == json.loads(record.read_text())["pid"]
    await heir.kill()
    assert heir.pid is None


@pytest.mark.parametrize("end", [Child.end, Child.kill])
@pytest.mark.parametrize("leaving", ["by itself", "never"])
async def test_nobody_outlives_a_process_that_was_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaving: str, end: Callable[[Child], Awaitable[None]]
) -> None:
    """As the helpers of RabbitMQ do, which end a moment after the node; and one that would stay."""
    monkeypatch.setattr("samlan_embedded.processes.ORPHAN_SECONDS", 5.0 if leaving == "by itself" else 0.1)
    helper = "sys.stdin.read(); time.sleep(0.3)" if leaving == "by itself" else "signal.pause()"
    helped = (
        "import signal, subprocess, sys\n"
        f"helper = 'import signal, sys, time; {helper}'\n"
        "subprocess.Popen([sys.executable, '-c', helper], stdin=subprocess.PIPE)\n"
        "signal.pause()"
    )
    child = Child(tmp_path / "child.json")
    child.start([sys.executable, "-c", helped], folder=tmp_path, log=tmp_path / "log", env=dict(os.environ))
    assert child.pid
    while not (family := psutil.Process(child.pid).children(recursive=True)):
        await asyncio.sleep(0.01)
    await end(child)
    assert [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []


async def test_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    record = tmp_path / "child.json"
    record.write_text(json.dumps({"pid": os.getpid(), "created": 1.0}))
    stranger = Child(record)
    assert stranger.pid is None
    stranger.signal(signal.SIGKILL)
    await stranger.end()
