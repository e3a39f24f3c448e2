"""What is begun ahead of a command ends with it, however that ends, and holds nothing after it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from samlan.locking import runs
from samlan_embedded import Servers

SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from samlan.ahead import head_start
with head_start(Path(sys.argv[1])) as ahead:
    os.kill(os.getpid(), signal.SIGINT)
    asked = list(ahead.asked)
    servers = ahead.servers
    pids = [os.getpid(), ahead.served.pid, servers.node.pid, servers.server.pid]
    print(json.dumps({"asked": asked, "pids": pids}), flush=True)
    if len(sys.argv) > 2:
        os.kill(os.getpid(), signal.SIGKILL)
"""
GONE_SECONDS = 30.0


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    asyncio.run(Servers(folder).stop())


def begun(data: Path, *how: str) -> dict[str, Any]:
    """What a command that began ahead says before it ends."""
    command = [sys.executable, "-c", SCRIPT, str(data), *how]
    said: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=not how).stdout)
    return said


def ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def gone(pid: int) -> bool:
    deadline = time.monotonic() + GONE_SECONDS
    while not ended(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return ended(pid)


def test_what_nobody_takes_over_has_ended_and_a_ctrl_c_meanwhile_is_noted(data: Path) -> None:
    said = begun(data)
    assert said["asked"] == [2]
    assert all(said["pids"])
    assert all(ended(pid) for pid in said["pids"])
    assert not runs(data)


def test_the_fork_server_of_a_killed_command_ends_and_holds_neither_lock_nor_ports(data: Path) -> None:
    ports = data / "rabbitmq" / "ports.json"
    command, fork_server, *_ = begun(data, "killed")["pids"]
    before = ports.read_text()
    assert gone(command)
    assert not runs(data)  # while the fork server has not noticed yet
    begun(data)
    assert ports.read_text() == before
    assert gone(fork_server)
