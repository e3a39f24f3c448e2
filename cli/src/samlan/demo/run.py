"""`samlan demo`: everything started, the sample loaded once, returns played and shown, the check run."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console

from samlan.ahead import HeadStart
from samlan.checking import check
from samlan.consortium import Consortium, started
from samlan.demo.lending import plan_first_run, plan_further_run
from samlan.demo.messages import Languages
from samlan.demo.record import Record, Whereabouts
from samlan.demo.stage import Stage, load_sample, sample_folder, set_stage
from samlan.demo.summary import Summary, checked, missing, where_to_look
from samlan.demo.tally import tally
from samlan.demo.telling import Telling
from samlan.demo.view import View
from samlan.demo.words import QUIET
from samlan.interrupting import Interrupted, Interruption, run
from samlan.playing import KEYS, Effects, Kiosks, Pace, Player, Return, Spread, Watch, notice_latencies_ms
from samlan.sample import Scale
from samlan.sample.workload import PlannedReturn

INTERRUPTED: Final = 130  # what shells expect of Ctrl-C
LOOK_EVERY_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 60.0  # for a message that is still to go out, without any news


def play_demo(returns: int, data: Path, ahead: HeadStart, *, items: int, once: bool, as_json: bool) -> None:
    """Plays the demonstration; it ends after the summary where `once`, else with Ctrl-C."""
    console = Console(stderr=as_json, highlight=False)
    demonstration = Demonstration(returns, data, ahead, console, items=items, as_json=as_json)
    try:
        run(lambda interruption: demonstration.play(interruption, once=once), asked=ahead.asked)
    except Interrupted:
        console.print("everything that was started has ended", style=QUIET)
        if not demonstration.ended:
            raise typer.Exit(INTERRUPTED) from None


class Demonstration:
    """One run of the demonstration on a data folder."""

    def __init__(
        self, wanted: int, data: Path, ahead: HeadStart, console: Console, *, items: int, as_json: bool
    ) -> None:
        self._wanted = wanted
        self._data = data
        self._ahead = ahead
        self._console = console
        self._items = items
        self._as_json = as_json
        self.ended = False

    async def play(self, interruption: Interruption, *, once: bool) -> None:
        """Starts everything, plays, sums up, and stays up until Ctrl-C unless `once`."""
        began = time.monotonic()
        reading = asyncio.create_task(self._read_early())
        with Telling(self._console) as telling:
            telling.say("starting broker, datastore and services")
            async with started(self._data, interruption, ahead=self._ahead, tell=telling.news) as here:
                telling.done(f"the consortium runs ({time.monotonic() - began:.1f} s)")
                try:
                    await interruption.unless(self._perform(here, telling, reading))
                    if not once:
                        self._console.print("\nEverything stays up. Ctrl-C ends it.", style=QUIET)
                        await interruption.wait()
                finally:
                    telling.stop()
                    if interruption.asked:
                        self._console.print("\nending what was started", style=QUIET)

    async def _read_early(self) -> Stage | None:
        """The stage of a later run, read while broker and services start and this process would only wait."""
        if not Record.of(self._data).loaded:
            return None
        return await asyncio.to_thread(set_stage, sample_folder(self._data))

    async def _perform(self, here: Consortium, telling: Telling, reading: asyncio.Task[Stage | None]) -> None:
        record = Record.of(here.data)
        await self._load(here, record, telling)
        telling.say("choosing what comes back")
        stage = await reading or set_stage(sample_folder(here.data))
        languages = Languages(Path(here.addresses.mail), Path(here.addresses.sms))
        places = {kiosk.device: kiosk.branch for kiosk in stage.facts.kiosks}
        async with Kiosks(here.data / "kiosks", here.addresses.devices, places) as kiosks:
            plan = await self._plan(here, stage, record)
            await kiosks.connected()
            telling.stop()
            returns, seconds = await self._play(here, stage, record, plan, kiosks, languages)
        summary = await _sum_up(here, returns, seconds, languages)
        self._console.print(summary.page())
        telling.say("checking the invariants across all services")
        found = tuple(str(one) for one in await check(here.peers))
        telling.stop()
        self._show(here, summary, found, returns)

    async def _load(self, here: Consortium, record: Record, telling: Telling) -> None:
        if not record.loaded:
            began = time.monotonic()
            telling.say("making the sample consortium")
            await load_sample(here, record, Scale.of(self._items), telling.progress)
            telling.done(f"the sample consortium is loaded ({time.monotonic() - began:.1f} s)")

    async def _plan(self, here: Consortium, stage: Stage, record: Record) -> list[PlannedReturn]:
        """What is handed in; a run that was begun counts, so that the next one lends anew."""
        record.runs += 1
        if record.runs == 1:
            plan = plan_first_run(self._wanted, stage)
        else:
            plan = await plan_further_run(self._wanted, stage, record, here.peers)
        record.write()
        if len(plan) < self._wanted:
            self._console.print(missing(len(plan), self._wanted), style=QUIET)
        return plan

    async def _play(
        self,
        here: Consortium,
        stage: Stage,
        record: Record,
        plan: Sequence[PlannedReturn],
        kiosks: Kiosks,
        languages: Languages,
    ) -> tuple[list[Return], float]:
        """The returns with all that they set off, and the seconds until every effect was stored."""
        effects = Effects()
        view = View(self._console, len(plan), stage.names, languages)

        def hear(envelope: dict[str, Any]) -> None:
            for one in effects.hear(envelope):
                view.heard(one)

        try:
            async with Watch(here.addresses.amqp, hear, keys=KEYS):
                self._console.print()
                async with view:
                    began = time.monotonic()
                    await Player(kiosks, effects, answered=view.heard).play(plan, Pace())
                    await here.settle()
                    seconds = time.monotonic() - began
                    if await _until_all_is_told(effects):
                        await here.settle()
        finally:
            _remember(record, effects.returns.values())  # what was handed in was, also by half a run
        return list(effects.returns.values()), seconds

    def _show(
        self, here: Consortium, summary: Summary, violations: Sequence[str], returns: Sequence[Return]
    ) -> None:
        telling = next((one.fact for one in returns if one.ready or one.fees), None)
        self._console.print(checked(violations))
        self._console.print()
        self._console.print(where_to_look(here.addresses, self._data, telling))
        if self._as_json:
            typer.echo(json.dumps(summary.as_json(violations)))
        self.ended = True


async def _until_all_is_told(effects: Effects) -> bool:
    """Waits for the messages that go out a little later, so that others could join them.

    False says that there was nothing to wait for."""
    left, since, waited = 0, time.monotonic(), False
    while now := sum(len(one.awaiting) for one in effects.returns.values()):
        if now != left:
            left, since = now, time.monotonic()
        elif time.monotonic() - since > PATIENCE_SECONDS:
            break  # the check will name them
        waited = True
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return waited


async def _sum_up(
    here: Consortium, returns: Sequence[Return], seconds: float, languages: Languages
) -> Summary:
    told = await notice_latencies_ms(here.peers, returns)
    return Summary(
        tally=tally(returns, languages),
        seconds=seconds,
        reply=Spread.of(one.reply_ms for one in returns if one.reply_ms is not None),
        effect=Spread.of(told),
        waited=sum(one.reply_ms is None for one in returns),
    )


def _remember(record: Record, returns: Iterable[Return]) -> None:
    for one in returns:
        record.returned[one.planned.item] = _went(one)
    record.write()


def _went(one: Return) -> Whereabouts:
    if one.for_hold or one.bin is None:
        return "kept"
    return "here" if one.bin == "home" else "home"
