"""Processor time of processes, user and system, with that of threads and of children that still run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Used:
    """Processor seconds by process name."""

    seconds: Mapping[str, float]

    def since(self, earlier: Used) -> dict[str, float]:
        """What each process used since an earlier look."""
        return {name: now - earlier.seconds.get(name, 0.0) for name, now in self.seconds.items()}


def used(pids: Mapping[str, int | None]) -> Used:
    """What these processes have used so far; one that is not ours to see is left out."""
    return Used({name: _of(pid) for name, pid in pids.items() if pid is not None})


def _of(pid: int) -> float:
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def memory_mb(pid: int) -> float:
    """The proportional set size: shared memory counts for each by its share."""
    full = psutil.Process(pid).memory_full_info()
    return float(getattr(full, "pss", full.uss)) / 2**20
