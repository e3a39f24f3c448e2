"""Every service is crashed at every point between write, publish and acknowledge, and nobody can tell.

The story: a late return sets off a fee and serves a hold at another branch, the item arrives there, the fee
is paid, and whoever waited borrows the item. It is told once without a crash; then once for each point a
service reaches, crashed exactly there. The ledger, the place of the item, the hold, the loans, the messages
and the invariants must come out the same.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from samlan.checking import check
from samlan_testkit.consortium import Consortium, Row, item, patron
from samlan_testkit.crashes import CrashPoint, crash_once

Outcome = dict[str, Any]
LOOK_EVERY_SECONDS = 0.1  # a lease takes a second
VICTIMS = ("circulation", "holds", "billing", "notify")


class Story:
    """One telling of the story, with a cast of its own."""

    def __init__(self, services: Consortium) -> None:
        self.services = services
        self.world = services.world
        self.tag = secrets.token_hex(4)
        self.returned = self.world.clock.now()
        self.arrived = self.returned + timedelta(seconds=30)

    def own(self, name: str) -> str:
        return f"{name}.{self.tag}"

    def rows(self) -> dict[str, list[Row]]:
        """The story's cast as import rows."""
        late, waiting = self.own("late"), self.own("waiting")
        due = (self.world.clock.now() - timedelta(days=3)).date().isoformat()
        return {
            "titles": [{"title": self.own("t"), "name": f"Titel {self.tag}"}],
            "items": [item(self.own("i"), self.own("t"), "kungsbacka/fyren")],
            "patrons": [patron(late, "kungsbacka"), patron(waiting, "kungsbacka")],
            "loans": [{"item": self.own("i"), "patron": late, "branch": "kungsbacka/fyren",
                       "borrowed_at": "2026-10-01T12:00:00Z", "due": due, "renewals": 0}],
            "holds": [{"title": self.own("t"), "patron": waiting, "pickup": "kungsbacka/asa",
                       "placed_at": "2026-11-01T12:00:00Z"}],
        }  # fmt: skip

    async def act(self) -> None:
        """Every step may be repeated: facts have their ids, the payment its command."""
        for n, (place, at) in enumerate((("fyren", self.returned), ("asa", self.arrived)), start=1):
            await self.world.fact(
                id=self.own(f"f{n}"), sequence=int(self.tag, 16) * 10 + n, device=f"{place}-1",
                branch=f"kungsbacka/{place}", item=self.own("i"), happened_at=at.isoformat(),
            )  # fmt: skip
            await self.world.settle()
            await self._until_told()
        await self._pay()
        await self._collect()

    async def _until_told(self) -> None:
        """Messages that a crash left half sent go out when their lease is over."""
        while {one["state"] for one in await self._notices()} - {"sent", "failed"}:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self.services.settle()

    async def _notices(self) -> list[Any]:
        cast = [self.own(name) for name in ("late", "waiting")]
        return [one for who in cast for one in await self._items("notify", f"/patrons/{who}/notices")]

    async def _collect(self) -> None:
        body = {"item": self.own("i"), "patron": self.own("waiting"), "branch": "kungsbacka/asa"}
        await self.world.post("circulation", "/loans", {**body, "command": self.own("lend")})

    async def _pay(self) -> None:
        fees = await self._items("billing", f"/patrons/{self.own('late')}/fees")
        body = {"patron": self.own("late"), "fees": [one["id"] for one in fees], "command": self.own("pay")}
        await self.world.post("billing", "/payments", body)

    async def outcome(self) -> Outcome:
        """What must be the same however often somebody crashed."""
        place = (await self.world.get("circulation", f"/items/{self.own('i')}")).json()
        holds = await self._items("holds", f"/patrons/{self.own('waiting')}/holds")
        fees = await self._items("billing", f"/patrons/{self.own('late')}/fees")
        events = {e.id: e.type for e in self.world.told if self.tag in str(e.data)}
        await self._until_told()
        borrowed = await self._items("circulation", f"/patrons/{self.own('waiting')}/loans")
        mails = [m for m in self.services.mails() if self.tag in str(m["To"])]
        return {
            "place": (place["state"], place["branch"]),
            "holds": [(one["state"], one["ready_until"]) for one in holds],
            "loans": await self._items("circulation", f"/patrons/{self.own('late')}/loans"),
            "borrowed": [(one["item"] == self.own("i"), one["due"]) for one in borrowed],
            "fees": [(one["kind"], one["amount"], one["outstanding"]) for one in fees],
            "told": Counter(events.values()),
            "mails": Counter(str(m["X-Samlan-Kind"]) for m in mails),
        }

    async def _items(self, service: str, path: str) -> list[Any]:
        return list((await self.world.get(service, path)).json()["items"])


async def cast(services: Consortium, stories: int) -> list[Story]:
    """So many stories with their casts loaded."""
    made = [Story(services) for _ in range(stories)]
    rows = [one.rows() for one in made]
    await services.load(**{name: [row for one in rows for row in one[name]] for name in rows[0]})
    return made


@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_crash_at_any_point_changes_nothing(services: Consortium, victim: str) -> None:
    (calm,) = await cast(services, 1)
    points = CrashPoint(victim, 0)
    await crash_once(services, points, calm.act)
    expected = await calm.outcome()
    assert expected["mails"] == {"fee_charged": 1, "hold_ready": 1}
    assert len(expected["borrowed"]) == 1
    assert points.reached, "the victim takes part in the story"
    stories = await cast(services, len(points.reached))
    for at, (story, name) in enumerate(zip(stories, points.reached, strict=True), start=1):
        await crash_once(services, CrashPoint(victim, at), story.act)
        assert await story.outcome() == expected, f"{victim} crashed at point {at}, {name}"
    assert [str(one) for one in await check(services.world.peers("check"))] == []
