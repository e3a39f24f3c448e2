"""The cast of holds' component tests, and the running service they speak to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import httpx2
import pytest_asyncio
from samlan_contracts.event import Event
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached, MoneyBlock
from samlan_contracts.events.catalog import BranchDescribed, ItemDescribed, TitleDescribed
from samlan_contracts.events.circulation import (
    ItemBorrowed,
    ItemReturned,
    ItemShelved,
    ItemWhereaboutsChanged,
    RoutingRefused,
)
from samlan_contracts.events.holds import ItemRouted, QueueChanged
from samlan_contracts.shapes import Block, Thing
from samlan_holds import app
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.peers import PREFIX
from samlan_plumbing.tokens import Signer
from samlan_testkit.world import NOON, World

OPENING = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("10:00", "19:00"))
LERUM, PARTILLE, KUNGSBACKA, OREBRO = (
    "vast/lerum",
    "vast/partille",
    "kungsbacka/stadsbiblioteket",
    "orebro/stadsbiblioteket",
)
RED_ROOM = "roda-rummet"
COPY, COPY_2, COPY_3 = "red-1", "red-2", "red-3"
ADULT = date(1980, 2, 29)
# who, of which member, born when; each picks up at home
PATRONS = {
    "anna": ("vast", ADULT, LERUM),
    "bo": ("vast", ADULT, PARTILLE),
    "cilla": ("vast", ADULT, LERUM),
    "david": ("vast", ADULT, LERUM),
    "kim": ("kungsbacka", ADULT, KUNGSBACKA),
    "mio": ("vast", date(2016, 5, 1), LERUM),
    "olle": ("orebro", ADULT, OREBRO),
}
SHELF_DAYS = 7


@dataclass
class Holds:
    """A running holds service, and short words for what happens around it."""

    world: World
    sequences: dict[str, int] = field(default_factory=dict)
    service: str = "holds"

    # -- what others tell ------------------------------------------------------------------------------

    def next(self, subject: str) -> int:
        """The next sequence of a subject."""
        self.sequences[subject] = self.sequences.get(subject, 0) + 1
        return self.sequences[subject]

    async def tell(self, event: Event, subject: str, *, sequence: int | None = None, times: int = 1) -> str:
        """Another service tells an event; with no sequence given, its subject's next."""
        number = sequence if sequence is not None else self.next(subject)
        return await self.world.tell(event, subject=subject, sequence=number, times=times)

    async def branch(self, name: str, **more: Any) -> None:
        """Catalog tells of a branch."""
        fields: dict[str, Any] = {"timezone": "Europe/Stockholm", "opening": OPENING, **more}
        member = name.partition("/")[0]
        event = BranchDescribed(branch=name, member=member, name=name, **fields)
        await self.tell(event, f"branch/{name}")

    async def patron(self, patron: str, **more: Any) -> None:
        """Accounts tells of a patron; the cast's particulars unless others are given."""
        member, born, pickup = PATRONS.get(patron, ("vast", ADULT, LERUM))
        fields: dict[str, Any] = {
            "member": member, "born": born, "pickup": pickup, "borrower_id": f"id-{patron}", **more,
        }  # fmt: skip
        await self.tell(PatronDescribed(patron=patron, **fields), f"patron/{patron}")

    async def blocked(self, patron: str, *stops: str) -> None:
        """Accounts tells that staff blocked a patron."""
        await self.patron(patron, blocks=(Block(cause="staff", stops=stops or ("borrow", "hold")),))

    async def owes(self, patron: str, *stops: str) -> None:
        """Billing tells of debts that stop acts; without any, that they stop nothing any more."""
        block = MoneyBlock(
            member="vast", outstanding_minor=15000, currency="SEK", stops=stops,
            because=[{"rule": "vast/debt"}],
        )  # fmt: skip
        event = DebtLimitReached(patron=patron, blocks=(block,)) if stops else DebtLimitCleared(patron=patron)
        await self.tell(event, f"ledger/{patron}")

    async def title(self, title: str, **more: Any) -> None:
        """Catalog tells of a title."""
        await self.tell(TitleDescribed(title=title, name=title, **more), f"title/{title}")

    async def item(self, item: str, *, removed: bool = False, **more: Any) -> None:
        """Catalog tells of an item."""
        await self.tell(ItemDescribed(thing=thing(item, **more), removed=removed), f"thing/{item}")

    async def scan(
        self, item: str, branch: str = LERUM, *, times: int = 1, sequence: int | None = None,
        route: bool = True, was: str = "on_loan", settle: bool = True,
        lent_to: str | None = None, **more: Any,
    ) -> int:  # fmt: skip
        """Circulation tells that an item was scanned as handed in; its sequence.

        The loan that ended by it, if it is to be told, began a moment after this world did."""
        number = sequence if sequence is not None else self.next(f"item/{item}")
        event = ItemReturned.model_validate(
            {
                "fact": f"fact-{item}-{number}", "thing": thing(item, **more), "branch": branch,
                "mode": "kiosk", "returned_at": self.world.clock.now(), "was": was, "route": route,
                "loan": self._loan(lent_to, branch) if lent_to else None,
            }
        )  # fmt: skip
        await self.tell(event, f"item/{item}", sequence=number, times=times)
        if settle:
            await self.world.settle()
        return number

    def _loan(self, patron: str, branch: str) -> dict[str, Any]:
        return {
            "loan": "l1", "patron": patron, "patron_member": "vast", "branch": branch, "due": "2026-12-21",
            "borrowed_at": NOON + timedelta(minutes=1), "returned_at": self.world.clock.now(),
        }  # fmt: skip

    async def shelve(self, item: str = COPY, *, sequence: int | None = None, times: int = 1) -> None:
        """Circulation tells that an item stands on the shelf where its last routing sent it."""
        routed = self.routed(item)
        assert routed.hold is not None
        event = ItemShelved(
            item=item, title=routed.title, hold=routed.hold.hold, branch=routed.branch,
            shelved_at=self.world.clock.now(),
        )  # fmt: skip
        await self.tell(event, f"item/{item}", sequence=sequence, times=times)
        await self.world.settle()

    async def lend(
        self, patron: str, item: str = COPY, *, title: str = RED_ROOM, sequence: int | None = None,
        at: datetime | None = None, over: bool = False, hold: str | None = None, times: int = 1,
    ) -> None:  # fmt: skip
        """Circulation tells that an item was lent."""
        number = sequence if sequence is not None else self.next(f"item/{item}")
        event = ItemBorrowed(
            item=item, title=title, loan=f"loan-{item}-{number}", patron=patron, branch=LERUM,
            borrowed_at=at or self.world.clock.now(), due=date(2026, 12, 21), over=over, hold=hold,
        )  # fmt: skip
        await self.tell(event, f"item/{item}", sequence=number, times=times)
        await self.world.settle()

    async def refuse(self, routed: ItemRouted, *, times: int = 1) -> None:
        """Circulation refuses a routing."""
        hold = routed.hold.hold if routed.hold else None
        event = RoutingRefused(item=routed.item, title=routed.title, answers=routed.answers, hold=hold)
        await self.tell(event, f"item/{routed.item}", times=times)
        await self.world.settle()

    async def whereabouts(self, item: str, state: str, branch: str = LERUM, title: str = RED_ROOM) -> None:
        """Circulation tells that staff marked an item."""
        event = ItemWhereaboutsChanged.model_validate(
            {"item": item, "title": title, "state": state, "branch": branch}
        )
        await self.tell(event, f"item/{item}")
        await self.world.settle()

    async def ready(self, patron: str, item: str = COPY, **more: Any) -> str:
        """A patron's hold whose item stands on the shelf."""
        hold = await self.placed(patron, **more)
        await self.scan(item, more.get("pickup") or PATRONS[patron][2])
        await self.shelve(item)
        assert (await self.state(patron))["state"] == "ready"
        return hold

    # -- what people ask -------------------------------------------------------------------------------

    async def place(self, patron: str, title: str = RED_ROOM, **more: Any) -> tuple[int, dict[str, Any]]:
        """Somebody places a hold: the status, and the hold or the problem."""
        body = {"patron": patron, "title": title, "channel": "web", **more}
        answer = await self.world.post(self.service, "/holds", body)
        return answer.status_code, answer.json()

    async def post(self, replica: str, path: str, body: Any = None) -> httpx2.Response:
        """Asks a replica of the service, whose door opens to the service's own tokens."""
        token = Signer(self.world.keys, MachineClock()).for_service("holds", "test")
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.world.services[replica].app),
            base_url="http://holds",
            headers={"authorization": f"Bearer {token}"},
        ) as client:
            return await client.post(PREFIX + path, json=body)

    async def placed(self, patron: str, title: str = RED_ROOM, **more: Any) -> str:
        """The id of a hold somebody placed."""
        status, hold = await self.place(patron, title, **more)
        assert status == 201, hold
        return str(hold["id"])

    async def queue_of(self, *patrons: str, title: str = RED_ROOM) -> dict[str, str]:
        """Patrons place holds one after another; their holds."""
        return {patron: await self.placed(patron, title) for patron in patrons}

    async def change(
        self, *changes: dict[str, Any], patron: str | None = None, **more: Any
    ) -> list[dict[str, Any]]:
        """Somebody changes holds; the outcomes."""
        async with self.world.ask(self.service) as client:
            body = {"patron": patron, "changes": list(changes), **more}
            answer = await client.patch(f"{PREFIX}/holds", json=body)
        assert answer.status_code == 200, answer.text
        await self.world.settle()
        return list(answer.json()["outcomes"])

    async def holds(self, patron: str, *, finished: bool = False) -> list[dict[str, Any]]:
        """A patron's holds."""
        answer = await self.get(f"/patrons/{patron}/holds", finished=finished)
        return list(answer["items"])

    async def state(self, patron: str) -> dict[str, Any]:
        """A patron's only living hold."""
        [hold] = await self.holds(patron)
        return hold

    async def ended(self, patron: str) -> str:
        """How a patron's only hold ended."""
        assert await self.holds(patron) == []
        [hold] = await self.holds(patron, finished=True)
        return str(hold["state"])

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """What the service answers."""
        answer = await self.world.get(self.service, path, **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def imported(self, *rows: Any) -> dict[str, Any]:
        """The operator imports rows."""
        lines = [{"line": line, "row": row} for line, row in enumerate(rows, start=1)]
        answer = await self.world.post(self.service, "/import/holds", {"rows": lines})
        assert answer.status_code == 200, answer.text
        await self.world.settle()
        return dict(answer.json())

    # -- time and what was told ------------------------------------------------------------------------

    async def at(self, now: datetime) -> None:
        """Library time moves, and what falls due is done."""
        self.world.clock.set(now)
        await self.world.post(self.service, "/clock/run")
        await self.world.settle()

    def routed(self, item: str = COPY) -> ItemRouted:
        """The last routing of an item."""
        return self.routings(item)[-1]

    def routings(self, item: str = COPY) -> list[ItemRouted]:
        """Every routing of an item, in order."""
        found: list[ItemRouted] = [one for one in self.world.events(ItemRouted) if one.item == item]
        return found

    def length(self, title: str = RED_ROOM) -> int | None:
        """How many wait for a title, by the newest word anybody was told."""
        told = [one.queue for one in self.world.events(ItemRouted) if one.queue]
        told += [one.queue for one in self.world.events(QueueChanged)]
        newest = max((one for one in told if one.title == title), key=lambda one: one.sequence, default=None)
        return newest.waiting if newest else None

    async def document(self, title: str = RED_ROOM) -> dict[str, Any]:
        """The queue's document as it lies in the datastore."""
        found = await self.world.services[self.service].resources.database["queues"].find_one({"_id": title})
        assert found is not None
        return dict(found)


def thing(item: str, **more: Any) -> Thing:
    """An item as a thing: an adult's book of Lerum unless more is said."""
    fields: dict[str, Any] = {
        "title": RED_ROOM, "member": "vast", "home": LERUM, "material": "book", **more,
    }  # fmt: skip
    return Thing(item=item, **fields)


@pytest_asyncio.fixture
async def holds(world: World) -> AsyncIterator[Holds]:
    """Holds, running, with branches, the cast, one title and its three items known."""
    found = Holds(world)
    await world.start(app.build)
    for branch in (LERUM, PARTILLE, KUNGSBACKA, OREBRO):
        await found.branch(branch)
    for patron in PATRONS:
        await found.patron(patron)
    await found.title(RED_ROOM)
    for item in (COPY, COPY_2, COPY_3):
        await found.item(item)
    await world.settle()
    yield found
