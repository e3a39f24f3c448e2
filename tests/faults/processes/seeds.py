"""Which seeds are told, and how hard they are struck.

A few in every run of the tests, each process killed once; as many as `make faults SEEDS="…"` asks for, with
more of everything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from .nemesis import Blow, at_random, each_once

ASKED: Final = os.environ.get("SAMLAN_SEEDS", "").split()
SEEDS: Final = [int(seed) for seed in ASKED] or [1, 2, 3]
EACH: Final = 4 if ASKED else 1  # stories of every tale
BLOWS: Final = 40
TWICE: Final = ("circulation", "holds", "billing", "notify") if ASKED else ("holds",)
REPLICAS: Final[Mapping[str, int]] = dict.fromkeys(TWICE, 2)


def blows_of(seed: int, processes: Sequence[str]) -> list[Blow]:
    """The faults of a seed."""
    if ASKED:
        return at_random(seed, [*processes, "catchers"], BLOWS)
    return each_once(seed, processes)
