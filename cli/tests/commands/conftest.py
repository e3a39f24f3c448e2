"""Commands as a person runs them: processes, their output, their signals, and a consortium that runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

COMMAND = (sys.executable, "-c", "from samlan.main import main; main()")
OWN_SERVERS = {k: v for k, v in os.environ.items() if k not in ("MONGODB_URL", "RABBITMQ_URL")}


@dataclass(frozen=True)
class Samlan:
    """The command line, on one data folder."""

    data: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        return subprocess.run(
            [*COMMAND, *arguments, "--data", str(self.data)], capture_output=True, text=True, env=OWN_SERVERS
        )

    async def start(self, *arguments: str) -> Process:
        """Begins a command whose output can be read."""
        return await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            "--data",
            str(self.data),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=OWN_SERVERS,
        )

    def refused(self, *arguments: str) -> str:
        """The one line that a command says when it cannot do as it is told."""
        answer = self.run(*arguments)
        assert (answer.returncode, answer.stdout) == (1, ""), answer
        assert answer.stderr.count("\n") == 1
        return answer.stderr

    @property
    def addresses(self) -> dict[str, Any]:
        """What `addresses.json` says."""
        return json.loads((self.data / "addresses.json").read_text())  # type: ignore[no-any-return]

    def left(self) -> list[str]:
        """The programs that still work for the data folder."""
        return [
            process.name()
            for process in psutil.process_iter(["environ", "cwd", "cmdline"])
            if str(self.data) in f"{process.info}" and process.status() != psutil.STATUS_ZOMBIE
        ]


async def read_until(stream: asyncio.StreamReader | None, words: str) -> str:
    """What a process said until these words stood there."""
    assert stream
    said = ""
    while words not in said:
        line = await stream.readline()
        assert line, said
        said += line.decode()
    return said


@pytest.fixture
def samlan(tmp_path: Path) -> Samlan:
    """The command line on a folder where nothing runs."""
    return Samlan(tmp_path / "data")


@pytest_asyncio.fixture(scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Samlan]:
    """The command line on a folder where a consortium runs."""
    here = Samlan(tmp_path_factory.mktemp("town"))
    up = await here.start("up")
    await read_until(up.stdout, "all addresses")
    yield here
    up.terminate()
    await up.communicate()
