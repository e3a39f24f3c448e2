"""The fork server ends what it forked, however its socket is lost."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from samlan.forking import spawned

GONE_SECONDS = 60.0


def children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children()


def until(true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + GONE_SECONDS
    while not (done := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(done)


def test_who_is_gone_before_it_read_an_answer_leaves_no_process_behind(tmp_path: Path) -> None:
    served = spawned(tmp_path / "forkserver.log")
    wanted = {
        "name": "sleeper", "entry": "signal:pause", "environment": {"PATH": os.environ["PATH"]},
        "log": str(tmp_path / "sleeper.log"),
    }  # fmt: skip
    served.control.sendall(json.dumps(wanted).encode() + b"\n")
    assert until(lambda: children(served.pid))
    (sleeper,) = children(served.pid)
    served.control.close()  # with the sleeper's pid unread in it
    served.wait()
    assert until(lambda: not sleeper.is_running())
