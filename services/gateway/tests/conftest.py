"""A small town behind the gateway: every real service in one process, and people with tokens."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from samlan_gateway.app import build
from samlan_plumbing.clocks import FileLibraryClock, MachineClock, write_clock
from samlan_plumbing.tokens import Signer
from samlan_testkit.consortium import Consortium, branch, consortium, item, patron
from samlan_testkit.servers import Servers
from samlan_testkit.world import NOON, World

LERUM, PARTILLE, KUNGSBACKA = "vast/lerum", "vast/partille", "kungsbacka/kungsbacka"
OREBRO = "orebro/stadsbiblioteket"
GLADSAXE = "gladsaxe/hovedbibliotek"
BRANCHES = (LERUM, PARTILLE, KUNGSBACKA, OREBRO, GLADSAXE)
KIOSKS = ("lerum", "partille")
POOL = 20  # patrons and items for the tests of one module
TITLES = {"t1": "Röda rummet", "t2": "Pippi Långstrump", "t3": "Doktor Glas", "t4": "Gösta Berlings saga"}


class TownClock(FileLibraryClock):
    """The town's time stands in a file, which the door moves; a test may as well."""

    def set(self, now: datetime) -> None:
        """Moves library time."""
        write_clock(self._path, now)


@dataclass
class Town:
    """The gateway with real services behind it."""

    world: World
    consortium: Consortium
    signer: Signer
    patrons: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def door(self, token: str | None = None, **headers: str) -> httpx2.AsyncClient:
        """A client of the public door."""
        return door(self.world, token, **headers)

    async def log_in(self, who: str, member: str = "vast", pin: str = "1234") -> httpx2.AsyncClient:
        """A patron's client."""
        async with self.door() as client:
            answer = await client.post("/v1/sessions", json={"member": member, "card": f"2{who}", "pin": pin})
        assert answer.status_code == 201, answer.text
        return self.door(answer.json()["token"])

    def desk(self, at: str = LERUM) -> httpx2.AsyncClient:
        """A desk's client."""
        return self.door(self.signer.for_desk(at))

    def operator(self) -> httpx2.AsyncClient:
        """An operator's client."""
        return self.door(self.signer.for_operator())

    async def item(self, title: str = "t1", at: str = LERUM, **more: Any) -> str:
        """An item of this test's own; a plain one waits on the shelf already."""
        if (title, at, more) == ("t1", LERUM, {}) and self.items:
            return self.items.pop()
        barcode = f"35{next(self.numbers):08d}"
        await self.consortium.load(items=[item(barcode, title, at, **more)])
        return barcode

    async def patron(self, member: str = "vast", **more: Any) -> str:
        """A patron of this test's own with the card `2<id>`; a plain one is registered already."""
        if (member, more) == ("vast", {}) and self.patrons:
            return self.patrons.pop()
        key = f"p{next(self.numbers)}"
        await self.consortium.load(patrons=[patron(key, member, **more)])
        return key


def door(world: World, token: str | None = None, **headers: str) -> httpx2.AsyncClient:
    """A client of the gateway of a world, with or without a token."""
    bearer = {"authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=world.services["gateway"].app, raise_app_exceptions=False),
        base_url="http://gateway",
        headers={**bearer, **headers},
        timeout=30,
    )


@pytest_asyncio.fixture(scope="module")
async def town(
    servers: Servers, vhost: str, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """One town for a module: each test brings its own patrons and items."""
    folder = tmp_path_factory.mktemp("town")
    world = World(servers=servers, vhost=vhost, prefix=f"g{secrets.token_hex(4)}", keys=keys)
    write_clock(folder / "clock", NOON)
    world.clock = TownClock(folder / "clock")
    world.environment["SAMLAN_CLOCK"] = str(folder / "clock")
    await world.open()
    async with consortium(world, folder) as made:
        await world.start(build)
        await made.load(
            branches=[branch(one) for one in BRANCHES],
            titles=[{"title": key, "name": name, "author": "En, Författare"} for key, name in TITLES.items()],
            devices=[{"device": f"{name}-1", "branch": f"vast/{name}", "kind": "kiosk"} for name in KIOSKS],
        )
        patrons, items = ([f"{kind}{n}" for n in range(POOL)] for kind in ("plain", "36"))
        await made.load(
            patrons=[patron(key, "vast", pickup=LERUM) for key in patrons],
            items=[item(barcode, "t1", LERUM) for barcode in items],
        )
        yield Town(world, made, Signer(keys, MachineClock()), patrons, items)
    await world.close()


def only(answer: httpx2.Response, status: int = 200) -> Any:
    """The body of an answer with this status."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def reasons(answer: httpx2.Response) -> list[str]:
    """The words of a refusal."""
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return [one["reason"] for one in answer.json()["reasons"]]


def shapes(rows: list[Mapping[str, Any]], *names: str) -> None:
    """Holds rows to the fields of surface.md."""
    assert rows
    for row in rows:
        assert set(names) <= set(row), set(names) - set(row)
