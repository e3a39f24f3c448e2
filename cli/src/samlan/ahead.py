"""The broker started ahead: it boots for seconds, and what the command needs else is imported meanwhile.

So this imports the servers and nothing else of ours: a third of what a command imports.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from samlan_embedded import DidNotStart, Servers

from samlan.trouble import Trouble


@dataclass(slots=True)
class HeadStart:
    """A data folder's lock and its servers, the broker booting; whoever takes them over ends them.

    `asked` holds the signals by which somebody asked to end meanwhile."""

    lock: TextIO
    servers: Servers
    asked: list[int] = field(default_factory=list)
    taken: bool = False

    def take(self) -> tuple[TextIO, Servers]:
        """Hands both over."""
        self.taken = True
        return self.lock, self.servers


@contextmanager
def head_start(data: Path) -> Iterator[HeadStart]:
    """The broker of a data folder boots while the block runs; ended after it unless somebody took it over.

    Ctrl-C and SIGTERM are noted in `asked` and raise nothing: half-way through a start they would leave a
    broker that nobody knows, and an import may swallow what is raised in it."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    data.mkdir(parents=True, exist_ok=True)
    ahead = HeadStart(take_lock(data), Servers(data.absolute()), asked)
    try:
        try:
            asyncio.run(ahead.servers.launch_broker())
        except DidNotStart as error:
            raise Trouble(str(error)) from error
        yield ahead
    finally:
        if not ahead.taken:
            asyncio.run(ahead.servers.stop())
            ahead.lock.close()


def take_lock(data: Path) -> TextIO:
    """The lock of a data folder, with our pid in it; `Trouble` names who holds it."""
    lock = (data / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise Trouble(f"samlan already runs on {data} (pid {holder})") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
