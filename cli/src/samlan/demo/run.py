"""`samlan demo`: everything started, the sample loaded once, returns played and shown, the check run."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.status import Status
from rich.text import Text

from samlan.checking import check
from samlan.consortium import Consortium, started
from samlan.demo.lending import plan_first_run, plan_further_run
from samlan.demo.messages import Languages
from samlan.demo.record import Record, Whereabouts
from samlan.demo.stage import Stage, load_sample, sample_folder, set_stage
from samlan.demo.summary import Summary, missing, where_to_look
from samlan.demo.tally import tally
from samlan.demo.view import View
from samlan.demo.words import QUIET
from samlan.interrupting import Interrupted, Interruption, run
from samlan.playing import Effects, Kiosks, Player, Return, Spread, Watch, notice_latencies_ms
from samlan.sample.workload import PlannedReturn

INTERRUPTED: Final = 130
LOOK_EVERY_SECONDS: Final = 0.1
GOES: Final[dict[str | None, Whereabouts]] = {"home": "here", "shelf": "kept"}


def play_demo(returns: int, data: Path, *, once: bool, as_json: bool) -> None:
    """Plays the demonstration; ends after the summary where `once`, else with Ctrl-C, which is no failure."""
    console = Console(stderr=as_json, highlight=False)
    demonstration = Demonstration(returns, data, console, as_json=as_json)
    try:
        run(lambda interruption: demonstration.play(interruption, once=once))
    except Interrupted:
        console.print("stopped")
        if demonstration.summary is None:
            raise typer.Exit(INTERRUPTED) from None


class Demonstration:
    """One run of the demonstration on a data folder."""

    def __init__(self, wanted: int, data: Path, console: Console, *, as_json: bool) -> None:
        self._wanted = wanted
        self._data = data
        self._console = console
        self._as_json = as_json
        self.summary: Summary | None = None

    async def play(self, interruption: Interruption, *, once: bool) -> None:
        """Starts everything, plays, shows the summary, and stays up until Ctrl-C unless `once`."""
        began = time.monotonic()
        with Telling(self._console, "starting") as status:
            async with started(self._data, interruption, tell=status.say) as here:
                status.done(f"the consortium runs ({time.monotonic() - began:.1f} s)")
                await interruption.unless(self._perform(here, status))
                if not once:
                    self._console.print("\nCtrl-C ends it.", style=QUIET)
                    await interruption.unless(asyncio.Event().wait())

    async def _perform(self, here: Consortium, status: Telling) -> None:
        record = Record.of(here.data)
        stage, plan = await self._prepare(here, record, status)
        status.stop()
        effects, seconds = await self._play(here, stage, plan)
        status.say("checking every invariant across the services")
        self._remember(record, effects.returns.values())
        summary = await self._sum_up(here, effects.returns.values(), seconds)
        status.stop()
        self._show(here, summary, effects.returns.values())

    async def _prepare(
        self, here: Consortium, record: Record, status: Telling
    ) -> tuple[Stage, list[PlannedReturn]]:
        if not record.loaded:
            began = time.monotonic()
            status.say("making the sample consortium")
            await load_sample(here, record, status.progress)
            status.done(f"the sample consortium is loaded ({time.monotonic() - began:.1f} s)")
        status.say("choosing what comes back")
        stage = set_stage(sample_folder(here.data))
        record.runs += 1
        if record.runs == 1:
            plan = plan_first_run(self._wanted, stage)
        else:
            plan = await plan_further_run(self._wanted, stage, record, here.peers)
        record.write()
        await here.settle()
        if len(plan) < self._wanted:
            self._console.print(missing(len(plan), self._wanted), style=QUIET)
        return stage, plan

    async def _play(self, here: Consortium, stage: Stage, plan: list[PlannedReturn]) -> tuple[Effects, float]:
        effects = Effects()
        languages = Languages(Path(here.addresses.mail), Path(here.addresses.sms))
        view = View(self._console, len(plan), stage.names, languages)

        def hear(envelope: dict[str, Any]) -> None:
            for one in effects.hear(envelope):
                view.heard(one)

        kiosks = Kiosks(here.data / "kiosks", here.addresses.devices, plan)
        async with Watch(here.addresses.amqp, hear), kiosks:
            self._console.print()
            async with view:
                began = time.monotonic()
                await Player(kiosks, effects, answered=view.heard).play(plan)
                await here.settle()
                seconds = time.monotonic() - began
                await self._until_all_is_told(here, effects)
        return effects, seconds

    async def _until_all_is_told(self, here: Consortium, effects: Effects) -> None:
        """Waits for the messages that go out a little later, so that others can join them."""
        while any(one.awaiting for one in effects.returns.values()):
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        await here.settle()

    async def _sum_up(self, here: Consortium, returns: Iterable[Return], seconds: float) -> Summary:
        languages = Languages(Path(here.addresses.mail), Path(here.addresses.sms))
        told, violations = await asyncio.gather(notice_latencies_ms(here.peers, returns), check(here.peers))
        self.summary = Summary(
            tally=tally(returns, languages),
            seconds=seconds,
            reply=Spread.of(one.reply_ms for one in returns if one.reply_ms is not None),
            effect=Spread.of(told),
            violations=tuple(str(one) for one in violations),
        )
        return self.summary

    def _remember(self, record: Record, returns: Iterable[Return]) -> None:
        for one in returns:
            kept = "kept" if one.for_hold else "home"
            record.returned[one.planned.item] = GOES.get(one.bin, kept)  # type: ignore[arg-type]
        record.write()

    def _show(self, here: Consortium, summary: Summary, returns: Iterable[Return]) -> None:
        self._console.print(summary.page())
        fact = next((one.fact for one in returns if one.ready or one.fees), None)
        self._console.print()
        self._console.print(where_to_look(here.addresses, self._data, fact))
        if self._as_json:
            typer.echo(json.dumps(summary.as_json()))


class Telling:
    """What is being done right now: a spinner with one changing line, or plain lines without a terminal."""

    def __init__(self, console: Console, first: str) -> None:
        self._console = console
        self._status: Status | None = None
        self._moves = console.is_terminal and not console.is_dumb_terminal
        self._first = first

    def __enter__(self) -> Telling:
        self.say(self._first)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def say(self, words: str) -> None:
        """This is being done now."""
        if not self._moves:
            self._console.print(words)
        elif self._status is None:
            self._status = self._console.status(words, spinner_style=QUIET)
            self._status.start()
        else:
            self._status.update(words)

    def progress(self, file: str, done: int, total: int) -> None:
        """So much of a file is loaded."""
        if self._moves:
            self.say(f"loading {file.partition('.')[0]}: {done * 100 // max(total, 1)} %")
        elif done == total:
            self.say(f"loaded {file}")

    def done(self, words: str) -> None:
        """This is done, and stays on the screen."""
        self.stop()
        self._console.print(Text.assemble(("✓ ", "green"), words))

    def stop(self) -> None:
        """Nothing is being done that a person should wait for."""
        if self._status is not None:
            self._status.stop()
            self._status = None
