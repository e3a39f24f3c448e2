"""Server processes that belong to one data folder, known again after a crash of whoever started them."""

import asyncio
import json
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

END_SECONDS = 15.0
"""How long a server may take to end by itself; RabbitMQ needs two seconds, under load more."""
ORPHAN_SECONDS = 5.0
"""How long the helpers of a process that is gone may take to notice; those of RabbitMQ need a moment."""
POLL_SECONDS = 0.05


class DidNotStart(RuntimeError):
    """A server ended, or did not answer in time; the message says where to read why."""


class Child:
    """One process, remembered in a file by pid and start time: a reused pid is never mistaken for it."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid of the running process, or None."""
        process = self._find()
        return process.pid if process else None

    def start(self, argv: Sequence[str], *, folder: Path, log: Path, env: Mapping[str, str]) -> None:
        """Starts the command in its own session: a Ctrl-C at the terminal reaches only who asked for it."""
        with log.open("ab") as out:
            self._popen = subprocess.Popen(  # noqa: S603 - the argv is ours
                argv, cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        self.adopt(self._popen.pid)

    def adopt(self, pid: int) -> None:
        """Remembers a process that somebody else started for us."""
        self._record.parent.mkdir(parents=True, exist_ok=True)
        self._record.write_text(json.dumps({"pid": pid, "created": psutil.Process(pid).create_time()}))

    def signal(self, number: int) -> None:
        """Sends a signal, if the process still runs."""
        if process := self._find():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    async def end(self, seconds: float = END_SECONDS) -> None:
        """Asks the process to end and waits for it and its descendants; after `seconds` they are killed."""
        if process := self._find():
            family = _descendants(process)
            with suppress(psutil.NoSuchProcess):
                process.terminate()
            if not await self._gone(seconds):
                await self.kill()
            await _outlived(family)
        self._forget()

    async def kill(self) -> None:
        """Kills the process at once (SIGKILL) and waits until it is gone, and its descendants with it."""
        if process := self._find():
            family = _descendants(process)
            with suppress(psutil.NoSuchProcess):
                process.kill()
            await self._gone(END_SECONDS)
            await _outlived(family)
        self._forget()

    def _find(self) -> psutil.Process | None:
        if self._popen:
            self._popen.poll()  # takes leave of a dead child, whose pid is free then
        try:
            record = json.loads(self._record.read_text())
            process = psutil.Process(record["pid"])
            alive = process.create_time() == record["created"] and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            return None
        return process if alive else None

    async def _gone(self, seconds: float) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        while self._find():
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    def _forget(self) -> None:
        self._popen = None
        self._record.unlink(missing_ok=True)


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    """Those who would be nobody's children, and not to be found any more, once the process is gone."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


async def _outlived(family: Sequence[psutil.Process]) -> None:
    """Returns when a process that is gone is outlived by nobody: helpers end by themselves a moment after
    whom they help, and who does not is killed."""
    for one in await _left(family):
        with suppress(psutil.NoSuchProcess):
            one.kill()
    await _left(family)


async def _left(family: Sequence[psutil.Process]) -> list[psutil.Process]:
    deadline = asyncio.get_running_loop().time() + ORPHAN_SECONDS
    while (left := [one for one in family if _runs(one)]) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL_SECONDS)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Server(ABC):
    """A server of a data folder: it can be ended, killed and frozen, and starts again on the same ports."""

    def __init__(self, folder: Path, child: Child) -> None:
        self._folder = folder.absolute()
        self._child = child

    @property
    def pid(self) -> int | None:
        """The server's pid while it runs."""
        return self._child.pid

    async def start(self) -> None:
        """Starts the server and waits until it serves; one that an earlier run left is ended first."""
        await self.launch()
        await self.wait()

    @abstractmethod
    async def launch(self) -> None:
        """Starts the server and does not wait for it: what else has to start can start beside it."""

    @abstractmethod
    async def wait(self) -> None:
        """Returns when the launched server serves."""

    async def stop(self) -> None:
        """Ends the server in good order."""
        await self._child.end()

    async def kill(self) -> None:
        """Kills the server (SIGKILL); `start` brings it back on the same ports."""
        await self._child.kill()

    async def restart(self) -> None:
        """Ends the server in good order and starts it again."""
        await self.stop()
        await self.start()

    def pause(self) -> None:
        """Freezes the server, as an overloaded machine does."""
        self._child.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a frozen server go on."""
        self._child.signal(signal.SIGCONT)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read; it is there whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def last_lines(path: Path, count: int = 5) -> str:
    """The end of a log, for an error message."""
    with suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    return ""
