"""The supervisor's end of the fork server."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

Ended = Callable[[int, int], None]
STOP_SECONDS = 60.0


class Forks:
    """Starts processes as forks of one, and calls `ended(pid, code)` for each that ends."""

    def __init__(self, log: Path, ended: Ended) -> None:
        self._log = log
        self._ended = ended
        self._pids: dict[str, asyncio.Future[int]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the fork server; it imports while others start too."""
        ours, theirs = socket.socketpair()
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "samlan.forkserver", str(theirs.fileno()),
                pass_fds=[theirs.fileno()], start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        theirs.close()
        reader, self._writer = await asyncio.open_connection(sock=ours)
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
        if self._process is None:
            return
        if self._writer:
            self._writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        self._process = None

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
            self._pids.pop(message["name"]).set_result(message["pid"])
