"""Ports on loopback that a data folder keeps from one start to the next.

Between choosing a port and listening on it there is a moment, in which another start on this machine would
choose the same. So a port is claimed by a lock that lasts as long as the process that chose it.
"""

import fcntl
import json
import os
import random
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

LOOPBACK = "127.0.0.1"
OURS = range(20_000, 32_000)  # below what kernels hand out to clients, so that nobody takes one by chance


def kept_ports(record: Path, names: Sequence[str]) -> dict[str, int]:
    """A free port per name: last time's while it is free, so that clients find a restarted server again."""
    try:
        before: dict[str, int] = json.loads(record.read_text())
    except (OSError, ValueError):
        before = {}
    missing = [name for name in names if not claim(before.get(name, 0))]
    ports = {name: before.get(name, 0) for name in names} | dict(
        zip(missing, free_ports(len(missing)), strict=True)
    )
    record.write_text(json.dumps(ports))
    return ports


def remembered_ports(record: Path, names: Sequence[str]) -> dict[str, int]:
    """The ports that were kept at the last start; `KeyError` names one that never was."""
    try:
        before: dict[str, int] = json.loads(record.read_text())
    except (OSError, ValueError):
        before = {}
    return {name: before[name] for name in names}


def free_ports(count: int) -> list[int]:
    """As many different ports as asked for that nobody listens on or has claimed; they are claimed now."""
    found: set[int] = set()
    while len(found) < count:
        port = random.choice(OURS)  # noqa: S311 - nothing secret
        if port not in _claims and claim(port):
            found.add(port)
    return list(found)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now; 0 is never free."""
    if not port:
        return False
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def claim(port: int) -> bool:
    """Whether a server of this process may listen on this port: nobody does, and no other start chose it.

    The claim lasts as long as this process; claiming again what it has is no conflict.
    """
    if not is_free(port):
        return False
    if port in _claims:
        return True
    folder = Path(tempfile.gettempdir()) / f"samlan-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    record = (folder / str(port)).open("a")
    try:
        fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        record.close()
        return False
    _claims[port] = record
    return True


def claims() -> list[TextIO]:
    """The open files that are this process's claims: a fork that is to outlive it closes them."""
    return list(_claims.values())


_claims: dict[int, TextIO] = {}
