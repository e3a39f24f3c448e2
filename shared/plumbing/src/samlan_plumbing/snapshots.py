"""Snapshots: state events in batches, to the asking services' queues only, which set nothing off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson
from samlan_contracts.event import Event, Reading

from samlan_plumbing.consuming import SNAPSHOT_TYPE
from samlan_plumbing.ids import fresh
from samlan_plumbing.outbox import Tell, encode
from samlan_plumbing.relay import Outgoing

if TYPE_CHECKING:
    from samlan_plumbing.resources import Resources

BATCH: Final = 500
ATTEMPTS: Final = 20
PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One subject as it stands: its event, and the sequence it stands at."""

    event: Event
    subject: str
    sequence: int


async def send_snapshot(
    resources: Resources, rows: Sequence[Row], *, readers: Sequence[str] | None = None
) -> None:
    """Sends the rows to every reader of their class, 500 at a time; `TimeoutError` when not confirmed."""
    for start in range(0, len(rows), BATCH):
        await _send(resources, rows[start : start + BATCH], readers)


async def _send(resources: Resources, rows: Sequence[Row], readers: Sequence[str] | None) -> None:
    event = rows[0].event
    if event.READING is Reading.OCCURRENCE:
        raise TypeError(f"{event.key()} happened once and cannot be part of a snapshot")
    now = resources.library_clock.now()
    told = [
        encode(
            Tell(event=one.event, subject=one.subject, cause="snapshot", happened_at=now), one.sequence, now
        )
        for one in rows
    ]
    body = orjson.dumps({"snapshot": event.key(), "events": [orjson.Fragment(one) for one in told]})
    messages = [
        Outgoing(id=fresh(), exchange="snapshots", key=reader, body=body, type=SNAPSHOT_TYPE,
                 headers={"x-subject": f"snapshot/{event.key()}"})
        for reader in (readers if readers is not None else event.READERS)
    ]  # fmt: skip
    await _until_confirmed(resources, messages)


async def _until_confirmed(resources: Resources, messages: list[Outgoing]) -> None:
    for _ in range(ATTEMPTS):
        confirmed = await resources.relay.publish(messages)
        messages = [one for one in messages if one.id not in confirmed]
        if not messages:
            return
        await asyncio.sleep(PAUSE_SECONDS)
    raise TimeoutError("the broker did not confirm a snapshot")
