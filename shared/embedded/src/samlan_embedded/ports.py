"""Ports on loopback that a data folder keeps from one start to the next."""

import json
import random
import socket
from collections.abc import Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
OURS = range(20_000, 32_000)  # below what kernels hand out to clients, so that nobody takes one by chance


def kept_ports(record: Path, names: Sequence[str]) -> dict[str, int]:
    """A free port per name: last time's while it is free, so that clients find a restarted server again."""
    try:
        before: dict[str, int] = json.loads(record.read_text())
    except (OSError, ValueError):
        before = {}
    free = iter(free_ports(len(names)))
    ports = {name: before[name] if is_free(before.get(name, 0)) else next(free) for name in names}
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
    """As many different ports as asked for that nobody listens on now."""
    found: set[int] = set()
    while len(found) < count:
        port = random.choice(OURS)  # noqa: S311 - nothing secret
        if is_free(port):
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
