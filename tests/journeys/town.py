"""Short words for what happens in a journey: what devices scan, desks ask, and what is true afterwards.

Tests speak of `roda-lerum` and `anna`; the town gives each a name of its own, so that many towns share
one consortium."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from email.message import EmailMessage
from itertools import count
from typing import Any

from samlan.checking import check
from samlan_contracts.event import Event
from samlan_testkit.consortium import Consortium, Row, branch, item, patron

BRANCHES = [
    branch("vast/lerum"),
    branch("vast/partille"),
    branch("vast/ale"),
    branch("kungsbacka/fyren"),
    branch("kungsbacka/asa"),
    branch("orebro/stadsbiblioteket", drop="immediate"),
    branch("orebro/odensbacken", drop="next_opening_day"),
    branch("orebro/tegelbruket", kind="partner"),
    branch("orebro/patientbiblioteket", kind="partner"),
    branch("gladsaxe/hovedbiblioteket"),
]
TITLES = [
    {"title": "mio", "name": "Mio, min Mio", "author": "Lindgren, Astrid", "year": 1954, "language": "sv"},
    {"title": "roda", "name": "Röda rummet", "author": "Strindberg, August", "year": 1879, "language": "sv"},
    {"title": "stine", "name": "Fru Marie Grubbe", "author": "Jacobsen, J.P.", "language": "da"},
    {"title": "vi", "name": "Vi", "year": 2026, "language": "sv"},
]
ITEMS = [
    item("roda-lerum", "roda", "vast/lerum"),
    item("roda-partille", "roda", "vast/partille"),
    item("mio-fyren", "mio", "kungsbacka/fyren", audience="child"),
    item("roda-fyren", "roda", "kungsbacka/fyren"),
    item("film-fyren", "vi", "kungsbacka/fyren", material="feature_film", min_age=15),
    item("roda-orebro", "roda", "orebro/stadsbiblioteket"),
    item("stine-gladsaxe", "stine", "gladsaxe/hovedbiblioteket"),
    item("vi-lerum", "vi", "vast/lerum", material="periodical", issued="2026-11-01"),
]
PATRONS = [
    patron("anna", "vast"),
    patron("bo", "vast", channels=["sms"], mobile="+46700000001", email=None),
    patron("cilla", "vast", language="en"),
    patron("dag", "kungsbacka"),
    patron("elin", "kungsbacka"),
    patron("mor", "kungsbacka"),
    patron("barn", "kungsbacka", born="2016-05-01", guardian="mor", email=None),
    patron("karl", "orebro", receipts=True),
    patron("mette", "gladsaxe"),
]
DEVICES = [
    {"device": f"{row['branch']}-1", "branch": f"{row['member']}/{row['branch']}", "kind": "kiosk"}
    for row in BRANCHES
] + [
    {"device": "odensbacken-drop", "branch": "orebro/odensbacken", "kind": "drop"},
    {"device": "stadsbiblioteket-drop", "branch": "orebro/stadsbiblioteket", "kind": "drop"},
]
NAMED = ("item", "title", "patron", "guardian", "borrower_id")
_sequences = count(1)


class Town:
    """One test's cast in the shared consortium."""

    def __init__(self, services: Consortium, tag: str) -> None:
        self.services = services
        self.world = services.world
        self.tag = tag

    async def settle_in(self) -> None:
        """Gives the town its titles, items and patrons."""
        await self.load(titles=TITLES, items=ITEMS, patrons=PATRONS)

    def own(self, name: str) -> str:
        """The town's own name for somebody or something."""
        return f"{name}.{self.tag}"

    async def load(self, **files: Iterable[Row]) -> None:
        """Import rows that speak of this town's cast."""
        await self.services.load(**{name: [self._owned(row) for row in rows] for name, rows in files.items()})

    async def scan(self, barcode: str, at: str, *, device: str | None = None, **fields: Any) -> str:
        """A device of the branch scans an item as handed in; waits for quiet; returns the fact's id."""
        fact = await self.fact(barcode, at, device=device, **fields)
        await self.settle()
        return fact

    async def fact(self, barcode: str, at: str, *, device: str | None = None, **fields: Any) -> str:
        """The same without waiting; a minute has passed since whatever happened before."""
        self.world.clock.set(self.world.clock.now() + timedelta(minutes=1))
        fields.setdefault("sequence", next(_sequences))
        name = device or f"{at.partition('/')[2]}-1"
        return await self.world.fact(item=self.own(barcode), branch=at, device=name, **fields)

    async def settle(self) -> None:
        """Waits until all is quiet and every message that is due has gone out."""
        await self.services.settle()

    async def lend(self, barcode: str, who: str, at: str, **more: Any) -> Any:
        """Desk check-out, as circulation answers it."""
        body = {"item": self.own(barcode), "patron": self.own(who), "branch": at, "channel": "desk", **more}
        answer = await self.world.post("circulation", "/loans", body)
        await self.settle()
        return answer

    async def hold(self, title: str, who: str, pickup: str, **more: Any) -> Any:
        """Places a hold, as holds answers it."""
        body = {"title": self.own(title), "patron": self.own(who), "pickup": pickup, "channel": "web", **more}
        answer = await self.world.post("holds", "/holds", body)
        await self.settle()
        return answer

    async def change_hold(self, hold: str, **change: Any) -> Any:
        """Freezes, cancels or moves one hold; its outcome."""
        async with self.world.ask("holds") as client:
            body = {"patron": None, "changes": [{"hold": hold, **change}]}
            answer = await client.patch("/private/v1/holds", json=body)
        await self.settle()
        return answer.json()["outcomes"][0]

    async def where(self, barcode: str) -> Row:
        """Where circulation knows the item to be."""
        return await self._get("circulation", f"/items/{self.own(barcode)}")

    async def holds_of(self, who: str, **params: Any) -> list[Row]:
        """The patron's holds as shown, items by their short names."""
        rows = (await self._get("holds", f"/patrons/{self.own(who)}/holds", **params))["items"]
        return [{**row, "item": (row["item"] or "").removesuffix(f".{self.tag}") or None} for row in rows]

    async def fees_of(self, who: str) -> list[Row]:
        """The patron's fees as shown."""
        return list((await self._get("billing", f"/patrons/{self.own(who)}/fees"))["items"])

    async def loans_of(self, who: str) -> list[Row]:
        """The patron's open loans as shown."""
        return list((await self._get("circulation", f"/patrons/{self.own(who)}/loans"))["items"])

    async def exceptions_at(self, at: str) -> list[Row]:
        """The exceptions about this town's items that a branch's staff see."""
        rows = (await self._get("circulation", "/exceptions", branch=at))["items"]
        return [row for row in rows if str(row["item"] or "").endswith(self.tag)]

    def mails(self, kind: str) -> list[EmailMessage]:
        """The e-mails of one kind to this town's patrons."""
        return [one for one in self.services.mails(x_samlan_kind=kind) if self.tag in one["To"]]

    def texts(self) -> list[Row]:
        """The SMS messages about this town."""
        return [one for one in self.services.texts() if self.tag in one["text"]]

    def told(self, cls: type[Event]) -> list[Any]:
        """The ids of this town's events of one class."""
        return [e.id for e in self.world.told if e.type == cls.NAME and self.tag in str(e.data)]

    async def assert_clean(self) -> None:
        """No invariant is violated, in this town or any other."""
        await self.settle()
        assert [str(one) for one in await check(self.world.peers("check"))] == []

    async def _get(self, service: str, path: str, **params: Any) -> Any:
        answer = await self.world.get(service, path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _owned(self, row: Row) -> Row:
        named = {k: self.own(v) if k in NAMED and v else v for k, v in row.items() if v is not None}
        if "cards" in row:
            named["cards"] = [f"{card}{self.tag}" for card in row["cards"]]
        if row.get("email"):
            named["email"] = row["email"].replace("@", f".{self.tag}@")
        return named


def lent(barcode: str, who: str, at: str, *, due: str, since: str = "2026-10-01T12:00:00+02:00") -> Row:
    """A row of an open loan."""
    return {"item": barcode, "patron": who, "branch": at, "borrowed_at": since, "due": due, "renewals": 0}


def held(title: str, who: str, pickup: str, *, day: int = 1, **more: Any) -> Row:
    """A row of a hold placed on that day of November."""
    placed = f"2026-11-{day:02}T12:00:00+01:00"
    return {"title": title, "patron": who, "pickup": pickup, "placed_at": placed, **more}
