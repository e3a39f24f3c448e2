"""What one return makes the services do: publishes, deliveries, reads and writes, from their own metrics."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx2
from prometheus_client.parser import text_string_to_metric_families

TOLD: Final = "samlan_events_told_total"
HANDLED: Final = "samlan_messages_handled_total"
DONE: Final = "samlan_datastore_done_total"
BYTES: Final = "samlan_datastore_bytes_total"
COMMANDS: Final = "samlan_datastore_commands_total"
Sample = tuple[str, str]
"""A metric's name and its first label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one service does for one return, on average; bytes are of one read or write."""

    told: float
    handled: float
    reads: float
    inserts: float
    updates: float
    clears: float
    commands: float
    read_bytes: int
    write_bytes: int

    @classmethod
    def of(cls, counted: Mapping[Sample, float], returns: int) -> Work:
        """The work in counters that grew during so many returns."""
        total: defaultdict[str, float] = defaultdict(float)
        for (name, _), value in counted.items():
            total[name] += value

        def done(kind: str) -> float:
            return counted.get((DONE, kind), 0.0)

        written = sum(counted.get((BYTES, kind), 0.0) for kind in ("insert", "update"))
        return cls(
            told=total[TOLD] / returns, handled=total[HANDLED] / returns, reads=done("read") / returns,
            inserts=done("insert") / returns, updates=done("update") / returns,
            clears=done("clear") / returns, commands=total[COMMANDS] / returns,
            read_bytes=round(counted.get((BYTES, "read"), 0.0) / max(done("read"), 1)),
            write_bytes=round(written / max(done("insert") + done("update"), 1)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """The work of every service for one return, and how often each event was told for it."""

    services: Mapping[str, Work]
    events: Mapping[str, float]

    def as_json(self) -> dict[str, float]:
        """The sums, for programs and people."""
        works = self.services.values()
        return {
            "publishes": round(1 + sum(one.told for one in works), 2),
            "deliveries": round(sum(one.handled for one in works) + self.events.get("answer", 0), 2),
            "reads": round(sum(one.reads for one in works), 2),
            "commits": round(sum(one.inserts + one.updates for one in works), 2),
            "clears": round(sum(one.clears for one in works), 2),
            "datastore_commands": round(sum(one.commands for one in works), 2),
        }


Metrics = dict[str, dict[Sample, float]]


async def metrics(urls: Mapping[str, str]) -> Metrics:
    """The counters of these processes as they stand."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        answers = await asyncio.gather(*(client.get(f"{url}/private/v1/metrics") for url in urls.values()))
    return {name: read(answer.text) for name, answer in zip(urls, answers, strict=True)}


def read(text: str) -> dict[Sample, float]:
    """The counters in one page of metrics; only an event's type and a command's kind tell them apart."""
    found: defaultdict[Sample, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            label = next((sample.labels[name] for name in ("type", "kind") if name in sample.labels), "")
            found[sample.name, label] += sample.value
    return found


def counts_between(before: Metrics, after: Metrics, returns: int) -> Counts:
    """What grew between two looks, per return."""
    grown = {
        name: {sample: value - before.get(name, {}).get(sample, 0.0) for sample, value in counted.items()}
        for name, counted in after.items()
    }
    events: defaultdict[str, float] = defaultdict(float)
    for counted in grown.values():
        for (metric, label), value in counted.items():
            if metric == TOLD:
                events[label] += value / returns
    return Counts({name: Work.of(counted, returns) for name, counted in grown.items()}, events)
