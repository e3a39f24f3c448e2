"""The desk's clock: check-out and renewal through the gateway, beside an endpoint without rules.

The endpoint is FastAPI and PyMongo in one process, with as many reads and writes of the same sizes for each
request as all services together made for it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
from samlan_contracts.forms import member_of
from samlan_embedded.ports import free_ports
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.ids import fresh
from samlan_plumbing.tokens import Signer

from samlan.bench.counts import Counts, counts_between, metrics
from samlan.bench.stage import Stage
from samlan.playing import Spread
from samlan.trouble import Trouble

CLIENTS: Final = 8
REQUESTS: Final = 120
COUNTED: Final = 20
ADULT_BEFORE: Final = "2000"
LIMIT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who borrows an item at its home branch and renews it."""

    item: str
    branch: str
    card: str


@dataclass(frozen=True, slots=True)
class Desk:
    """How long the gateway's desk and the bare endpoint took."""

    gateway: Spread
    bare: Spread
    lent: int


def visits_of(sample: Path) -> Iterator[Visit]:
    """Visits that a sample allows: an adult of a member and an item at home there that nobody waits for."""
    adults: dict[str, list[str]] = {}
    for row in _rows(sample / "patrons.jsonl"):
        if row.get("born", "9") < ADULT_BEFORE and row.get("cards") and row.get("status") == "full":
            adults.setdefault(row["member"], []).append(row["cards"][0])
    lent = {row["item"] for row in _rows(sample / "loans.jsonl")}
    held = {row["title"] for row in _rows(sample / "holds.jsonl")}
    for row in _rows(sample / "items.jsonl"):
        cards = adults.get(member_of(row["branch"]))
        if row["item"] not in lent and row["title"] not in held and row["material"] == "book" and cards:
            yield Visit(row["item"], row["branch"], cards.pop())


class AtTheDesk:
    """The visits of a stage, each made once, and what one makes the services do."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._visits = visits_of(stage.folder / "sample")
        self._counts: Counts | None = None

    async def measure(self) -> Desk:
        """Measures both, one after the other."""
        if self._counts is None:
            self._counts = await _counted(self._stage, self._visits)
        gateway = await _through_the_gateway(self._stage, self._visits, REQUESTS)
        return Desk(Spread.of(gateway), Spread.of(await _bare(self._stage, self._counts)), len(gateway))


async def _counted(stage: Stage, visits: Iterator[Visit]) -> Counts:
    await stage.restart(SAMLAN_COUNTING="true")
    before = await metrics(stage.urls)
    requests = await _through_the_gateway(stage, visits, COUNTED)
    counts = counts_between(before, await metrics(stage.urls), max(len(requests), 1))
    await stage.restart(SAMLAN_COUNTING="false")
    return counts


async def _through_the_gateway(stage: Stage, visits: Iterator[Visit], wanted: int) -> list[float]:
    """Milliseconds of each request that was answered: a check-out or a renewal."""
    signer = Signer(stage.supervisor.data / "keys", MachineClock())
    taken: list[float] = []

    async def client(http: httpx2.AsyncClient) -> None:
        for visit in visits:
            if len(taken) >= wanted:
                return
            headers = {"authorization": f"Bearer {signer.for_desk(visit.branch)}"}
            body = {"item": visit.item, "card": visit.card}
            lent = await _timed(http, "/desk/loans", body, headers, taken)
            if lent is not None:
                await _timed(http, "/desk/renewals", {"loans": [lent["id"]]}, headers, taken)

    await _with_clients(stage.urls["gateway"], client)
    await stage.settle()
    if not taken:
        raise Trouble("the desk lent nothing")
    return taken


async def _timed(
    http: httpx2.AsyncClient, path: str, body: Any, headers: dict[str, str], taken: list[float]
) -> dict[str, Any] | None:
    started = time.perf_counter()
    answer = await http.post(f"/v1{path}", json=body, headers={**headers, "idempotency-key": fresh()})
    if not answer.is_success:
        return None  # a rule said no: nothing was lent, nothing is measured
    taken.append((time.perf_counter() - started) * 1000)
    return dict(answer.json())


async def _bare(stage: Stage, counts: Counts) -> list[float]:
    works = counts.services.values()
    size = max((one.read_bytes for one in works), default=0)
    told = {
        "mongodb": stage.mongodb, "port": free_ports(1)[0],
        "reads": sum(one.reads for one in works),
        "writes": sum(one.inserts + one.updates for one in works),
        "read_bytes": size, "write_bytes": max((one.write_bytes for one in works), default=0),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "samlan.bench.bare_desk", json.dumps(told), stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None or not await process.stdout.readline():
            raise Trouble("the bare endpoint did not start")
        return await _asked(f"http://127.0.0.1:{told['port']}")
    finally:
        process.terminate()
        await process.wait()
        await stage.client.drop_database("samlan_bare_desk")


async def _asked(url: str) -> list[float]:
    taken: list[float] = []

    async def client(http: httpx2.AsyncClient) -> None:
        while len(taken) < REQUESTS:
            started = time.perf_counter()
            await http.post("/loans", json={"item": "1", "card": "2"})
            taken.append((time.perf_counter() - started) * 1000)

    await _with_clients(url, client)
    return taken


async def _with_clients(url: str, client: Callable[[httpx2.AsyncClient], Awaitable[None]]) -> None:
    async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=LIMIT_SECONDS) as http:
        await asyncio.gather(*(client(http) for _ in range(CLIENTS)))


def titles_without_holds(sample: Path) -> tuple[str, str, str]:
    """Three titles that nobody waits for."""
    held = {row["title"] for row in _rows(sample / "holds.jsonl")}
    free = (row["title"] for row in _rows(sample / "items.jsonl") if row["title"] not in held)
    first, second, third, *_ = dict.fromkeys(free)
    return first, second, third


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)
