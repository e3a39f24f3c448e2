"""What is begun ahead: the broker boots for seconds, and what is needed else is imported meanwhile.

::

    this process  ── servers ─▶ both launched ── what both need ─▶ fork ── what the command needs else ─▶
    fork server                                                       └──── what services need else ──▶

So this module imports the servers and nothing else of ours: a third of what a command imports.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TextIO

from samlan_embedded import DidNotStart, Servers, claims

from samlan.forking import Served, forked, log_of
from samlan.forkserver import SHARED
from samlan.locking import take_lock
from samlan.trouble import Trouble


@dataclass(slots=True)
class HeadStart:
    """A data folder's lock, its servers with the broker booting, and the fork server; whoever takes them over
    ends them.

    `asked` holds the signals by which somebody asked to end meanwhile."""

    lock: TextIO
    servers: Servers
    asked: list[int] = field(default_factory=list)
    served: Served | None = None
    taken: bool = False

    def take(self) -> tuple[TextIO, Servers, Served | None]:
        """Hands all of it over."""
        self.taken = True
        return self.lock, self.servers, self.served

    def end(self) -> None:
        """Ends what nobody took over."""
        try:
            if self.served:
                self.served.end()
            asyncio.run(self.servers.stop())
        finally:
            self.lock.close()


@contextmanager
def head_start(data: Path) -> Iterator[HeadStart]:
    """Broker and fork server of a data folder boot while the block runs; ended after it unless somebody took
    them over.

    Ctrl-C and SIGTERM are noted in `asked` and raise nothing: half-way through a start they would leave a
    broker that nobody knows, and an import may swallow what is raised in it."""
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: asked.append(number))
    data.mkdir(parents=True, exist_ok=True)
    ahead = HeadStart(take_lock(data), Servers(data.absolute()), asked)
    try:
        try:
            asyncio.run(ahead.servers.launch())
        except DidNotStart as error:
            raise Trouble(str(error)) from error
        for module in SHARED:
            import_module(module)
        ahead.served = forked(log_of(data), [ahead.lock, *claims()])
        yield ahead
    finally:
        if not ahead.taken:
            ahead.end()
