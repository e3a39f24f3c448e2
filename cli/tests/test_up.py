"""`samlan up` as a person runs it: a process, its terminal, its signals."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

import httpx2
import psutil
import pytest
from pymongo import AsyncMongoClient
from samlan.plan import POLICIES

COMMAND = [sys.executable, "-c", "from samlan.main import main; main()"]


async def up(data: Path) -> Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND, "up", "--data", str(data), stdout=PIPE, stderr=STDOUT
    )


async def ready(process: Process) -> str:
    """What was printed until the addresses stood there."""
    assert process.stdout
    printed = b""
    while b"all addresses" not in printed:
        more = await process.stdout.readline()
        assert more, printed.decode()
        printed += more
    return printed.decode()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True)


def left(data: Path) -> list[str]:
    """The programs that still work for the data folder."""
    return [
        process.name()
        for process in psutil.process_iter(["environ", "cwd", "cmdline"])
        if str(data) in f"{process.info}" and process.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_book_with_a_mistake_is_named_and_nothing_is_left_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (POLICIES / "vast.yaml").read_text("utf-8").replace("period: 28 days", "period: 28", 1)
    (tmp_path / "vast.yaml").write_text(text, "utf-8")
    monkeypatch.setenv("SAMLAN_POLICIES", str(tmp_path))
    ended = run("up", "--data", str(tmp_path / "data"))
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"samlan: the books in {tmp_path} cannot be used: vast.yaml:")
    assert "a period has a unit" in line
    assert left(tmp_path) == []


async def test_a_consortium_survives_its_supervisor_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    first = await up(tmp_path)
    printed = await ready(first)
    assert all(f"{service} is ready" in printed for service in ("broker", "datastore", "holds", "gateway"))
    known = json.loads((tmp_path / "addresses.json").read_text())
    async with AsyncMongoClient(known["mongodb"]) as client:
        await client.samlan_test.marks.insert_one({"_id": "kept"})

    second = await asyncio.to_thread(run, "up", "--data", str(tmp_path))
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == f"samlan: samlan already runs on {tmp_path} (pid {first.pid})\n"

    first.kill()
    await first.wait()
    heir = await up(tmp_path)
    await ready(heir)
    known = json.loads((tmp_path / "addresses.json").read_text())
    async with AsyncMongoClient(known["mongodb"]) as client:
        assert await client.samlan_test.marks.find_one({"_id": "kept"})
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{known['gateway']}/v1/members")).status_code < 500

    heir.send_signal(signal.SIGINT)
    assert await heir.wait() == 0
    assert left(tmp_path) == []


def refused(*arguments: str) -> str:
    answer = run("up", *arguments)
    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr
    return answer.stderr


def test_a_clock_without_a_time_is_refused_before_anything_starts(tmp_path: Path) -> None:
    clock, data = tmp_path / "clock", tmp_path / "data"
    assert f"--clock {clock}: No such file" in refused("--data", str(data), "--clock", str(clock))
    clock.write_text("yesterday\n")
    assert f"--clock {clock}: " in refused("--data", str(data), "--clock", str(clock))
    assert not data.exists()


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port} is in use" in refused("--data", str(tmp_path), "--port", port)
    assert left(tmp_path) == []


@pytest.mark.parametrize("port", ["0", "65536", "many"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert "--port" in refused("--port", port)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert refused("--data", str(file)).startswith(f"samlan: {file}")


def test_servers_that_do_not_answer_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URL", "mongodb://127.0.0.1:1/")
    monkeypatch.setenv("RABBITMQ_URL", "amqp://127.0.0.1:1/")
    assert "samlan: the datastore (127.0.0.1:1) does not serve" in refused("--data", str(tmp_path))
