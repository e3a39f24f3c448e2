"""The lock of a data folder: one consortium runs on it, and everybody can see whether one does."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO

from samlan.trouble import Trouble


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


def runs(data: Path) -> bool:
    """Whether a consortium runs on a data folder, by the lock that its supervisor holds."""
    try:
        lock = (data / "lock").open("r+")
    except OSError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
