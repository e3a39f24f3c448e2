"""The measures of quality.md, each a function from what it needs to rows of the table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from samlan.bench.counts import Counts, counts_between, metrics
from samlan.bench.desk import AtTheDesk, Desk, titles_without_holds
from samlan.bench.figures import AT_LEAST, AT_MOST, Figure, Target, medians, times_linear
from samlan.bench.floor import floor
from samlan.bench.growing import Growing, Pair
from samlan.bench.processor import memory_mb
from samlan.bench.stage import BROKER, DATASTORE, Stage, stage
from samlan.bench.storm import Paced, Storm, checked, paced, storm
from samlan.sample import Scale
from samlan.supervisor import Supervisor

COUNTED_RETURNS: Final = 100
IDLE_SECONDS: Final = 5.0
PACED_RETURNS: Final = 150
ITEMS_PER_RETURN: Final = 3  # of which two are on loan
DESK_ITEMS: Final = 4_000
SCALED_RETURNS: Final = 200
SCALED_DELAY_MS: Final = 100
BUSIEST: Final = "holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a run is to measure, and how much of it."""

    rounds: int = 3
    returns: int = 3_000
    items: int = 20_000
    grown: int = 40_000
    only: frozenset[str] = frozenset()

    @property
    def paced(self) -> int:
        """How many returns are played at an even pace."""
        return min(self.returns, PACED_RETURNS)

    def wants(self, *names: str) -> bool:
        """Whether any of these measures is asked for."""
        return not self.only or bool(self.only & set(names))


@dataclass
class Run:
    """One run of the benchmark: its wish, who hears how far it is, and what was found so far."""

    wish: Wish
    step: Callable[[str], None] = lambda line: None
    figures: list[Figure] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    def found(self, *figures: Figure) -> None:
        """Adds rows."""
        self.figures.extend(one for one in figures if self.wish.wants(one.name))


STORMY: Final = (
    "returns_per_second", "floor_ratio", "cpu_ms_per_return", "work_per_return", "reply_ms", "effect_ms",
    "memory_mb",
)  # fmt: skip


async def storms(run: Run) -> None:
    """Everything that is measured on one stage with storms of returns."""
    wish = run.wish
    if not wish.wants(*STORMY):
        return
    async with stage(tell=run.step) as here:
        await _load(run, here, wish)
        run.about["datastore"] = here.datastore
        counts = await _counts(run, here)
        rest = memory_of(here)
        idle = await _idle(here, run)
        done: list[Storm] = []
        floors: list[Storm] = []
        for number in range(wish.rounds):
            run.step(f"storm {number + 1} of {wish.rounds}: {wish.returns} returns")
            done.append(await storm(here, here.plans.pop()))
            if counts is not None:  # each storm beside its floor: what else the machine does meets both
                run.step(f"the floor, {number + 1} of {wish.rounds}")
                floors.append(await floor(here, counts, wish.returns))
        if wish.wants("memory_mb"):
            _remember(run, rest, memory_of(here), wish.rounds)
        per_second = Figure(name="returns_per_second", unit="/s", rounds=[one.per_second for one in done])
        run.found(per_second)
        if counts is not None:
            _against_the_floor(run, done, floors, counts, idle)
        if wish.wants("reply_ms", "effect_ms"):
            await _latencies(run, here, per_second.median / 2)
        run.step("checking every invariant")
        await checked(here)


async def _load(run: Run, here: Stage, wish: Wish) -> None:
    sizes = [COUNTED_RETURNS, *[wish.paced] * wish.rounds, *[wish.returns] * wish.rounds]
    items = max(wish.items, sum(sizes) * ITEMS_PER_RETURN)
    run.about["items"] = items
    run.step(f"importing {items} items")
    await here.load(Scale.for_storm(items, returns=sum(sizes)), sizes=sizes)
    run.step("waiting until everything imported is at rest")
    await here.at_rest()


async def _idle(here: Stage, run: Run) -> float:
    """Processor milliseconds a second that everything uses with nothing to do."""
    run.step("measuring what it costs to do nothing")
    before = here.used()
    await asyncio.sleep(IDLE_SECONDS)
    return sum(here.used().since(before).values()) * 1000 / IDLE_SECONDS


async def _counts(run: Run, here: Stage) -> Counts | None:
    """What a return makes the services do, where a measure asks."""
    if not run.wish.wants("floor_ratio", "cpu_ms_per_return", "work_per_return"):
        return None
    run.step("counting what a return makes the services do")
    return await counted(here)


def _against_the_floor(run: Run, done: list[Storm], floors: list[Storm], counts: Counts, idle: float) -> None:
    ratios = [one.per_second / bare.per_second for one, bare in zip(done, floors, strict=True)]
    bare = medians([one.cpu_ms for one in floors])
    run.found(
        Figure(
            name="floor_ratio", unit="", rounds=ratios, target=Target(AT_LEAST, 0.6),
            parts={
                "floor returns/s": medians([{"x": one.per_second} for one in floors])["x"],
                "floor cpu ms": round(sum(bare.values()), 2),
            },
        ),
        Figure(
            name="cpu_ms_per_return", unit="ms", rounds=[sum(one.cpu_ms.values()) for one in done],
            target=Target(AT_MOST, 20), parts=medians([one.cpu_ms for one in done]),
            note=f"at rest {idle:.0f} ms a second",
        ),
        Figure(
            name="work_per_return", unit="commits", rounds=[counts.as_json()["commits"]],
            parts=counts.as_json(),
        ),
    )  # fmt: skip


async def counted(here: Stage) -> Counts:
    """What the services do for one return, counted in a small storm of its own that nobody times."""
    await here.restart(SAMLAN_COUNTING="true")
    plan = here.plans.pop(0)
    before = await metrics(here.urls)
    await storm(here, plan)
    counts = counts_between(before, await metrics(here.urls), len(plan))
    await here.restart(SAMLAN_COUNTING="false")
    return counts


async def _latencies(run: Run, here: Stage, per_second: float) -> None:
    rounds: list[Paced] = []
    for number in range(run.wish.rounds):
        run.step(f"latencies at {per_second:.1f} returns a second, {number + 1} of {run.wish.rounds}")
        rounds.append(await paced(here, here.plans.pop(), per_second=per_second))
    pace = f"at {per_second:.1f} returns a second"
    for name, target in (("reply_ms", 100.0), ("effect_ms", 500.0)):
        spreads = [one.reply if name == "reply_ms" else one.effect for one in rounds]
        p50 = [one.p50 for one in spreads if one.p50 is not None]
        p99 = [one.p99 for one in spreads if one.p99 is not None]
        if p99:
            run.found(
                Figure(
                    name=name, unit="ms p99", rounds=p99, target=Target(AT_MOST, target), note=pace,
                    parts={"p50": medians([{"p50": one} for one in p50])["p50"]},
                )
            )  # fmt: skip


def memory_of(here: Stage) -> dict[str, float]:
    """Proportional memory of each service, in MB."""
    return {
        name: memory_mb(pid) for name, pid in here.pids.items() if pid and name not in (BROKER, DATASTORE)
    }


def _remember(run: Run, rest: Mapping[str, float], after: Mapping[str, float], rounds: int) -> None:
    largest = max(after, key=lambda name: after[name])
    growth = max(after[name] - rest[name] for name in rest)
    run.found(
        Figure(
            name="memory_mb", unit="MB", rounds=[after[largest]], target=Target(AT_MOST, 90),
            parts={name: round(value, 1) for name, value in after.items()},
            note=f"largest: {largest}; grew at most {growth:.1f} MB over {rounds} storms",
        )
    )  # fmt: skip


async def at_the_desk(run: Run) -> None:
    """Check-out and renewal through the gateway, beside a bare endpoint in the same run."""
    if not run.wish.wants("desk_ms"):
        return
    async with stage(tell=run.step) as here:
        run.step("importing for the desk")
        await here.load(Scale.of(DESK_ITEMS), sizes=[])
        await here.at_rest()
        visitors, done = AtTheDesk(here), list[Desk]()
        for number in range(run.wish.rounds):
            run.step(f"the desk, {number + 1} of {run.wish.rounds}")
            done.append(await visitors.measure())
    ratios = [one.gateway.p50 / one.bare.p50 for one in done if one.gateway.p50 and one.bare.p50]
    parts = {
        f"{who} {rank}": medians([{"x": getattr(getattr(one, who), rank) or 0.0} for one in done])["x"]
        for who in ("gateway", "bare")
        for rank in ("p50", "p99")
    }
    run.found(
        Figure(
            name="desk_ms", unit="× bare p50", rounds=ratios, target=Target(AT_MOST, 2), parts=parts,
            note="8 clients, check-out and renewal",
        )
    )  # fmt: skip


async def growing(run: Run) -> None:
    """One long queue over a short one, and one patron with many loans over one with few."""
    if not run.wish.wants("queue_growth", "patron_growth"):
        return
    async with stage(tell=run.step) as here:
        run.step("importing long queues and long lists")
        await here.load(Scale.of(DESK_ITEMS), sizes=[])
        both = Growing(here, titles_without_holds(here.folder / "sample"))
        await both.prepare()
        queues: list[Pair] = []
        pages: list[Pair] = []
        for number in range(run.wish.rounds):
            run.step(f"long and short, {number + 1} of {run.wish.rounds}")
            queues.append(await both.queues())
            pages.append(await both.pages())
    for name, target, pairs in (("queue_growth", 2.0, queues), ("patron_growth", 3.0, pages)):
        run.found(
            Figure(
                name=name, unit="×", rounds=[one.ratio for one in pairs], target=Target(AT_MOST, target),
                parts={
                    "short ms": medians([{"x": one.short} for one in pairs])["x"],
                    "long ms": medians([{"x": one.long} for one in pairs])["x"],
                },
            )
        )  # fmt: skip


async def start(run: Run) -> None:
    """How long `samlan up` takes to be ready: the first start on a new folder, and later ones."""
    if not run.wish.wants("start_s"):
        return
    async with stage(tell=run.step) as here:
        data, first = here.supervisor.data, here.started_in
        await here.supervisor.stop()
        later = [await _start_again(run, data) for _ in range(run.wish.rounds)]
    run.found(
        Figure(
            name="start_s", unit="s", rounds=later, target=Target(AT_MOST, 10),
            note=f"first start {first:.1f} s",
        )
    )  # fmt: skip


async def _start_again(run: Run, data: Path) -> float:
    run.step("starting again")
    supervisor, started = Supervisor(data), time.perf_counter()
    await supervisor.start()
    seconds = time.perf_counter() - started
    await supervisor.stop()
    return seconds


async def growth(run: Run) -> None:
    """The same storm on a small and on a large collection."""
    wish = run.wish
    if not wish.wants("growth"):
        return
    small, large = [await _rates(run, items) for items in (min(10_000, wish.grown), wish.grown)]
    ratios = [late / early for late, early in zip(large, small, strict=True)]
    run.found(
        Figure(
            name="growth", unit="", rounds=ratios, target=Target(AT_LEAST, 0.9),
            note=f"{wish.grown:,} items over {min(10_000, wish.grown):,}",
        )
    )  # fmt: skip


async def _rates(run: Run, items: int) -> list[float]:
    wish = run.wish
    returns = min(wish.returns, items // 10)
    async with stage(tell=run.step) as here:
        run.step(f"importing {items} items")
        await here.load(Scale.for_storm(items, returns=returns * wish.rounds), sizes=[returns] * wish.rounds)
        await here.at_rest()
        run.step(f"storms on {items} items")
        return [(await storm(here, plan)).per_second for plan in here.plans]


async def scale(run: Run) -> None:
    """One, two and four replicas of the busiest service, each slowed so that cores are not what is short."""
    if not run.wish.wants("scale"):
        return
    rates: dict[int, list[float]] = {}
    for replicas in (1, 2, 4):
        run.step(f"{replicas} replicas of {BUSIEST}")
        rates[replicas] = await _scaled(run, replicas)
    worst = [
        times_linear({replicas: rate[number] for replicas, rate in rates.items()})
        for number in range(run.wish.rounds)
    ]
    run.found(
        Figure(
            name="scale", unit="linear", rounds=worst, target=Target(AT_LEAST, 0.9),
            note=f"{BUSIEST}, {SCALED_DELAY_MS} ms a message",
            parts={f"{replicas} replicas": medians([{"x": one} for one in rate])["x"]
                   for replicas, rate in rates.items()},
        )
    )  # fmt: skip


async def _scaled(run: Run, replicas: int) -> list[float]:
    rounds = run.wish.rounds
    async with stage(replicas={BUSIEST: replicas}, tell=run.step) as here:
        await here.load(
            Scale.for_storm(4_000, returns=SCALED_RETURNS * rounds), sizes=[SCALED_RETURNS] * rounds
        )
        await here.at_rest()
        await here.restart(only=BUSIEST, SAMLAN_DELAY_MS=str(SCALED_DELAY_MS))
        return [(await storm(here, plan)).per_second for plan in here.plans]


Measure = Callable[[Run], Coroutine[Any, Any, None]]
ALL: Final[tuple[Measure, ...]] = (storms, at_the_desk, growing, start, scale, growth)
NAMES: Final = (*STORMY, "desk_ms", "queue_growth", "patron_growth", "start_s", "scale", "growth")
