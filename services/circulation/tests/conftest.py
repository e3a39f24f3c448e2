"""A running circulation with its neighbours played by the test: catalog, accounts, holds and the devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from fastapi import APIRouter
from samlan_circulation import app
from samlan_circulation.handlers import answers
from samlan_contracts.event import Event
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import BranchDescribed, ItemDescribed
from samlan_contracts.events.circulation import ItemReturned
from samlan_contracts.events.holds import ItemRouted, QueueChanged
from samlan_contracts.shapes import Queue, RoutedHold, Thing
from samlan_plumbing.http import problem
from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_plumbing.settings import ServiceSettings
from samlan_testkit.world import World

OPENING = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("10:00", "19:00"))
BRANCHES: dict[str, dict[str, Any]] = {
    "vast/lerum": {"name": "Lerums bibliotek"},
    "vast/partille": {"name": "Partille bibliotek"},
    "kungsbacka/fyren": {"name": "Fyren"},
    "gladsaxe/hovedbiblioteket": {"name": "Hovedbiblioteket", "timezone": "Europe/Copenhagen"},
    "orebro/stadsbiblioteket": {"name": "Stadsbiblioteket", "drop": "immediate"},
    "orebro/adolfsberg": {"name": "Adolfsberg"},
}
DEVICES = {
    "lerum-1": "vast/lerum", "lerum-2": "vast/lerum", "partille-1": "vast/partille",
    "fyren-1": "kungsbacka/fyren", "hoved-1": "gladsaxe/hovedbiblioteket",
    "stads-drop": "orebro/stadsbiblioteket", "adolfsberg-drop": "orebro/adolfsberg",
}  # fmt: skip
PATRONS: dict[str, dict[str, Any]] = {
    "astrid": {"member": "vast", "born": date(1980, 5, 1), "borrower_id": "A-17"},
    "karin": {"member": "kungsbacka", "born": date(1975, 1, 1), "borrower_id": "K-4"},
    "emil": {"member": "vast", "born": date(2015, 3, 2), "borrower_id": "E-9"},
    "olof": {"member": "orebro", "born": date(1990, 9, 9), "borrower_id": "O-1"},
}
CARDS = {"2000": "astrid", "2001": "karin", "2002": "emil", "2999": "astrid"}
BLOCKED = {"2999"}


@dataclass
class Library:
    """A running circulation, and short words for what happens to it."""

    world: World
    sequences: dict[str, int] = field(default_factory=dict)

    # -- neighbours -------------------------------------------------------------------------------------

    async def tell(self, event: Event, subject: str, **more: Any) -> str:
        self.sequences[subject] = more.pop("sequence", self.sequences.get(subject, 0) + 1)
        return await self.world.tell(event, subject=subject, sequence=self.sequences[subject], **more)

    async def thing(
        self, item: str, home: str = "vast/lerum", *, state: str = "available", **more: Any
    ) -> None:
        fields = {"title": "roda-rummet", "material": "book", **more}
        described = Thing(item=item, member=home.partition("/")[0], home=home, **fields)
        await self.tell(ItemDescribed(thing=described, first_state=state), f"item/{item}")  # type: ignore[arg-type]
        await self.world.settle()

    async def patron(self, patron: str, **more: Any) -> None:
        fields = {**PATRONS.get(patron, {"member": "vast", "born": date(1990, 1, 1)}), **more}
        await self.tell(PatronDescribed(patron=patron, **fields), f"patron/{patron}")
        await self.world.settle()

    async def queue(self, *patrons: str, title: str = "roda-rummet") -> None:
        self.sequences[title] = self.sequences.get(title, 0) + 1
        queue = Queue(title=title, sequence=self.sequences[title], waiting=len(patrons), patrons=patrons)
        await self.tell(QueueChanged(queue=queue), f"queue/{title}")
        await self.world.settle()

    async def route(self, item: str, to: str, branch: str, *, patron: str | None = None, **more: Any) -> str:
        """What holds answers to the item's last scan."""
        last = [e for e in self.world.told if e.type == ItemReturned.NAME and e.subject == f"item/{item}"][-1]
        hold = None
        if patron:
            number = PATRONS[patron]["borrower_id"]
            hold = RoutedHold(hold=f"hold-{patron}", patron=patron, borrower_id=number, pickup=branch)
        fields = {"answers": last.sequence, "fact": last.data["fact"], "hold": hold, **more}
        times, sequence = fields.pop("times", 1), fields.pop("sequence", last.sequence)
        event = ItemRouted(item=item, title="roda-rummet", to=to, branch=branch, **fields)  # type: ignore[arg-type]
        return await self.world.tell(event, subject=f"item/{item}", sequence=sequence, times=times)

    # -- desks and devices ------------------------------------------------------------------------------

    async def lend(self, item: str, patron: str, branch: str = "vast/lerum", **more: Any) -> dict[str, Any]:
        answer = await self.try_to_lend(item, patron, branch, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def try_to_lend(self, item: str, patron: str, branch: str = "vast/lerum", **more: Any) -> Any:
        body = {"item": item, "patron": patron, "branch": branch, "channel": "desk", **more}
        return await self.world.post("circulation", "/loans", _json(body))

    async def hand_in(self, item: str, *, device: str = "lerum-1", **more: Any) -> str:
        return await self.world.fact(item=item, device=device, branch=DEVICES[device], **more)

    async def ask_and_wait(self, item: str, *, device: str = "lerum-1", **more: Any) -> dict[str, Any]:
        """Hands an item in with a reply address and waits for the answer to it."""
        fact = await self.hand_in(item, device=device, reply_to=f"replies.{device}", **more)
        return await self.answer(fact)

    async def answer(self, fact: str, *, nth: int = 1) -> dict[str, Any]:
        while len(found := [one for one in self.world.answers if one["id"] == fact]) < nth:
            await asyncio.sleep(0.005)
        return found[nth - 1]

    async def told(self, cls: type[Event], count: int = 1) -> list[Any]:
        while len(found := self.world.events(cls)) < count:
            await asyncio.sleep(0.005)
        return found

    # -- what can be seen -------------------------------------------------------------------------------

    async def item(self, item: str) -> dict[str, Any]:
        return (await self.world.get("circulation", f"/items/{item}")).json()  # type: ignore[no-any-return]

    async def loans(self, patron: str) -> list[dict[str, Any]]:
        return (await self.world.get("circulation", f"/patrons/{patron}/loans")).json()["items"]  # type: ignore[no-any-return]

    async def exceptions(self, branch: str | None = None) -> list[dict[str, Any]]:
        params = {"branch": branch} if branch else {}
        return (await self.world.get("circulation", "/exceptions", **params)).json()["items"]  # type: ignore[no-any-return]

    async def fact(self, fact: str) -> dict[str, Any]:
        return (await self.world.get("circulation", f"/facts/{fact}")).json()  # type: ignore[no-any-return]

    async def replica(self) -> Service:
        return await self.world.start(app.build, name="circulation-2")

    def database(self) -> Any:
        return self.world.services["circulation"].resources.database


def accounts(settings: ServiceSettings, *, resources: Resources | None = None) -> Service:
    """Accounts, as far as circulation asks it."""
    router = APIRouter(prefix="/private/v1")

    @router.post("/cards/resolve")
    async def resolve(body: dict[str, str]) -> dict[str, Any]:
        if body["card"] not in CARDS:
            raise problem(404, ["unknown_card"])
        return {"patron": CARDS[body["card"]], **({"blocked": True} if body["card"] in BLOCKED else {})}

    return Service(resources or Resources(settings), routers=[router])


accounts.__module__ = "samlan_accounts.app"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that a busy machine cannot miss, for tests that are not about the deadline."""
    monkeypatch.setattr(answers, "DEADLINE", timedelta(minutes=1))


@pytest.fixture
def haste(monkeypatch: pytest.MonkeyPatch, patience: None) -> None:
    """A deadline that is always missed, for tests that are about it."""
    monkeypatch.setattr(answers, "DEADLINE", timedelta(0))


@pytest_asyncio.fixture
async def library(world: World, patience: None) -> AsyncIterator[Library]:
    """Circulation with the consortium's branches, devices and cast."""
    await world.start(app.build)
    library = Library(world)
    for name, more in BRANCHES.items():
        row = {"timezone": "Europe/Stockholm", "opening": OPENING, **more}
        described = BranchDescribed(branch=name, member=name.partition("/")[0], **row)
        await library.tell(described, f"branch/{name}")
    for patron, more in PATRONS.items():
        await library.tell(PatronDescribed(patron=patron, **more), f"patron/{patron}")
    await world.settle()
    rows = [
        {"line": line, "row": {"device": device, "branch": branch, "kind": "kiosk"}}
        for line, (device, branch) in enumerate(DEVICES.items())
    ]
    answer = await world.post("circulation", "/import/devices", {"rows": rows})
    assert answer.json()["refused"] == []
    for device in DEVICES:
        await world.replies(device)
    yield library


def ago(world: World, **delta: float) -> datetime:
    return world.clock.now() - timedelta(**delta)


def _json(body: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime | date) else v for k, v in body.items()}


def reasons(answer: Any) -> list[str]:
    return [one["reason"] for one in answer.json()["reasons"]]
