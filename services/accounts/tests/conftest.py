"""Accounts running alone on the real broker and datastore, and people to bring."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient
from samlan_accounts import app
from samlan_accounts.store.patrons import Patrons
from samlan_accounts.store.vault import PinHasher, Vault
from samlan_plumbing.clocks import MachineClock
from samlan_testkit.world import World

ASTRID: dict[str, Any] = {
    "patron": "astrid", "member": "vast", "name": "Astrid Ericsson", "born": "1980-02-29",
    "identity": "19800229-2384", "borrower_id": "L4711", "cards": ["2000000001"], "pin": "1234",
    "email": "astrid@example.org", "mobile": "+46701740605", "channels": ["email"], "language": "sv",
    "address": {"street": "Lillgatan 3", "city": "Vimmerby"},
}  # fmt: skip
EMIL: dict[str, Any] = {
    "patron": "emil", "member": "vast", "name": "Emil Svensson", "born": "2015-05-23", "borrower_id": "L4712",
    "cards": ["2000000003"], "pin": "4321", "guardian": "astrid",
}  # fmt: skip
PERSONAL = (
    "Ericsson", "19800229", "8002292384", "2384", "2000000001", "example.org", "701740605", "Lillgatan",
)  # fmt: skip


JSON = {"content-type": "application/json"}


@pytest_asyncio.fixture
async def accounts(world: World) -> AsyncIterator[World]:
    world.environment["SAMLAN_LOG"] = str(world.keys / f"accounts-{world.prefix}.log")
    await world.start(app.build)
    yield world


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Machine time that stands still until its one entry is replaced."""
    standing = [datetime.now(UTC)]
    monkeypatch.setattr(MachineClock, "now", lambda _: standing[0])
    return standing


async def bring(world: World, *rows: Any) -> Any:
    body = {"rows": [{"line": line, "row": row} for line, row in enumerate(rows, start=1)]}
    answer = await world.post("accounts", "/import/patrons", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def patch(world: World, path: str, body: Any) -> Any:
    async with world.ask("accounts") as client:
        return await client.patch(f"/private/v1{path}", json=body)


async def log_in(world: World, **shown: Any) -> Any:
    body = {"member": "vast", "card": "2000000001", "pin": "1234", "source": "10.0.0.7", **shown}
    return await world.post("accounts", "/sessions", {k: v for k, v in body.items() if v is not None})


def reasons(answer: Any) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return [one["reason"] for one in answer.json()["reasons"]]


async def raw(world: World, name: str = "patrons") -> list[dict[str, Any]]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(world.servers.mongodb_url, tz_aware=True)
    found = await client[f"{world.prefix}_accounts"][name].find({}).to_list()
    await client.close()
    return found


def patrons_of(world: World, name: str = "accounts") -> tuple[Patrons, PinHasher]:
    resources = world.services[name].resources
    vault = Vault.open(world.keys)
    return Patrons(resources, vault), PinHasher(vault)
