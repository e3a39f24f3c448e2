"""When the consortium is quiet: two rounds with the same counts, and nothing anywhere between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one look at every service and every queue found."""

    services: Mapping[str, Counts]
    queues: Mapping[str, int] = field(default_factory=dict)
    down: tuple[str, ...] = ()


def busy(before: Round | None, now: Round) -> tuple[str, ...]:
    """What is not quiet, in words; empty when two rounds say the same and nothing is left to do."""
    found = [f"{service} does not answer" for service in now.down]
    for service, counts in now.services.items():
        found += [f"{service}: {counts[name]} {words}" for name, words in WORK.items() if counts.get(name)]
    found += [f"{queue}: {count} messages" for queue, count in now.queues.items() if count]
    if not found and before is not None:
        found = [f"{name} still works" for name in now.services if _moved(name, before, now)]
    return tuple(found)


WORK = {"in_hand": "in hand", "outbox": "in the outbox"}


def _moved(service: str, before: Round, now: Round) -> bool:
    then, since = before.services.get(service, {}), now.services[service]
    return any(then.get(name) != since.get(name) for name in ("told", "consumed"))
