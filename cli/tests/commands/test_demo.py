"""`samlan demo` as a process: the whole way, twice, and stopped."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import Any

import pytest

from .conftest import Samlan, read_until

SMALL = ("--items", "400", "--returns", "20")
BINS = ("shelf", "transit", "home", "exceptions")


def sent(samlan: Samlan) -> int:
    texts = samlan.data / "sms.jsonl"
    mails = len(list((samlan.data / "mail").glob("*.eml")))
    return mails + (len(texts.read_text().splitlines()) if texts.exists() else 0)


async def test_returns_are_played_told_and_checked_and_a_further_run_lends_anew(samlan: Samlan) -> None:
    once = await asyncio.to_thread(samlan.run, "demo", *SMALL, "--once", "--json")
    assert once.returncode == 0, once.stderr
    summary: dict[str, Any] = json.loads(once.stdout)
    assert list(summary) == [
        "returns", "shelf", "transit", "home", "holds_ready", "fees_charged", "fees_minor", "notices",
        "exceptions", "seconds", "reply_ms", "effect_ms", "check",
    ]  # fmt: skip
    assert summary["check"] == "clean"
    assert summary["returns"] == sum(summary[name] for name in BINS) == 20
    assert summary["exceptions"] == 0
    assert summary["holds_ready"] == summary["shelf"]
    assert summary["notices"] == sent(samlan)
    assert (sum(summary["fees_minor"].values()) > 0) == (summary["fees_charged"] > 0)
    assert 0 < summary["reply_ms"]["p50"] <= summary["reply_ms"]["p99"]
    assert samlan.left() == []

    further = await samlan.start("demo", *SMALL)
    said = await read_until(further.stdout, "Ctrl-C ends it")
    assert "20 returns in" in said
    assert "check: clean" in said
    further.send_signal(signal.SIGINT)
    _, err = await further.communicate()
    assert (further.returncode, err) == (0, b"")
    assert samlan.left() == []


async def test_ctrl_c_while_it_starts_ends_what_was_started(samlan: Samlan) -> None:
    starting = await samlan.start("demo", *SMALL)
    await read_until(starting.stdout, "datastore is ready")
    starting.send_signal(signal.SIGINT)
    await starting.communicate()
    assert starting.returncode == 130
    assert samlan.left() == []


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_whatever_ends_it_while_it_is_still_imported_the_broker_ends_too(
    samlan: Samlan, number: int, times: int
) -> None:
    starting = await samlan.start("demo", *SMALL)
    record = samlan.data / "rabbitmq" / "node.json"
    while starting.returncode is None and not (record.exists() and record.read_text()):
        await asyncio.sleep(0.01)
    for _ in range(times):
        starting.send_signal(number)
        await asyncio.sleep(0.1)
    _, err = await starting.communicate()
    assert b"Traceback" not in err
    assert starting.returncode == 130
    assert samlan.left() == []
