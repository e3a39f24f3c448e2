"""The supervisor's end of the fork server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from samlan.forkserver import begin, flush

Ended = Callable[[int, int], None]
STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A fork server that runs: our end of its socket, and how its end is waited for, in a thread."""

    pid: int
    control: socket.socket
    wait: Callable[[], object]

    def end(self) -> None:
        """Ends one that nobody asked for anything, at once: it may hang in an import."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()
        self.control.close()


def log_of(data: Path) -> Path:
    """Where the fork server of a data folder writes."""
    folder = data / "logs"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / "forkserver.log"


def spawned(log: Path) -> Served:
    """A fork server that imports everything itself."""
    ours, theirs = socket.socketpair()
    with theirs, log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - the argv is ours
            [sys.executable, "-m", "samlan.forkserver", str(theirs.fileno())],
            pass_fds=[theirs.fileno()], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    return Served(process.pid, ours, process.wait)


def forked(log: Path, ours: Iterable[IO[str]]) -> Served:
    """A fork server that has already what this process has imported, and none of `ours`, its open files.

    For a process that has no other thread yet."""
    control, theirs = socket.socketpair()
    flush()  # lest the fork writes it out again
    pid = os.fork()
    if not pid:
        begin(theirs, log, [control, *ours])
    theirs.close()
    return Served(pid, control, partial(os.waitpid, pid, 0))


class Forks:
    """Starts processes as forks of one, and calls `ended(pid, code)` for each that ends."""

    def __init__(self, log: Path, ended: Ended, served: Served | None = None) -> None:
        self._log = log
        self._ended = ended
        self._pids: dict[str, asyncio.Future[int]] = {}
        self._served = served
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the fork server, unless it was; it imports while others start too."""
        self._served = self._served or spawned(self._log)
        reader, self._writer = await asyncio.open_connection(sock=self._served.control)
        self._reading = asyncio.create_task(self._read(reader))

    async def fork(self, name: str, *, entry: str, environment: Mapping[str, str], log: Path) -> int:
        """Starts `module:function` in a process of its own and answers its pid."""
        if self._writer is None:
            raise RuntimeError("the fork server was not started")
        known = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TZ") if key in os.environ}
        wanted = {
            "name": name, "entry": entry, "environment": {**known, **environment}, "log": str(log),
        }  # fmt: skip
        self._pids[name] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps(wanted).encode() + b"\n")
        return await self._pids[name]

    async def stop(self) -> None:
        """Ends the fork server and, through it, whatever of its forks still runs."""
        served, self._served = self._served, None
        if served is None:
            return
        if self._writer:
            self._writer.close()
        else:
            served.control.close()
        ended = asyncio.create_task(asyncio.to_thread(served.wait))
        if not (await asyncio.wait([ended], timeout=STOP_SECONDS))[0]:
            os.kill(served.pid, signal.SIGKILL)
        await ended
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                self._take(json.loads(line))
        for waiting in self._pids.values():
            if not waiting.done():
                waiting.set_exception(RuntimeError(f"the fork server ended; see {self._log}"))

    def _take(self, message: dict[str, Any]) -> None:
        if "ended" in message:
            self._ended(message["ended"], message["code"])
        else:
            asked = self._pids.pop(message["name"])
            if not asked.done():  # whoever asked may have been interrupted
                asked.set_result(message["pid"])
