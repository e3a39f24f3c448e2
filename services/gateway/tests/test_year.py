"""A year of a small consortium in one request: every stage on its day, nothing twice, and all of it true."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from samlan.checking import check
from samlan_testkit.servers import Servers

from .conftest import GLADSAXE, KUNGSBACKA, LERUM, OREBRO, Town, only
from .conftest import town as the_town

YEAR = timedelta(days=365)
BORROWERS = {  # a member, its desk, and an item that never comes back
    "kungsbacka": KUNGSBACKA, "orebro": OREBRO, "vast": LERUM, "gladsaxe": GLADSAXE,
}  # fmt: skip


@pytest_asyncio.fixture(scope="module")
async def town(
    servers: Servers, vhost: str, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """A town of this module's own, whose clock it may move by a year."""
    async for one in the_town.__wrapped__(servers, vhost, keys, tmp_path_factory):  # type: ignore[attr-defined]
        yield one


async def lent(town: Town) -> dict[str, str]:
    """One item lent at each member, to a grown-up with an e-mail address; the patrons by member."""
    patrons = {}
    for member, at in BORROWERS.items():
        patrons[member] = await town.patron(member, email=f"year-{member}@example.org")
        item = await town.item(at=at, price=50000)
        async with town.desk(at) as desk:
            only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{patrons[member]}"}), 201)
    await town.consortium.settle()
    return patrons


def told(town: Town, member: str) -> Counter[str]:
    """What this borrower was told, by kind."""
    mails = town.consortium.mails(to=f"year-{member}@example.org")
    return Counter(str(one["X-Samlan-Kind"]) for one in mails)


@pytest.mark.clause("G04", "K22", "K23", "K33", "K45")
async def test_a_year_passes_with_every_stage_told_once(town: Town) -> None:
    patrons = await lent(town)
    target = town.world.clock.now() + YEAR
    async with town.operator() as operator:
        moved = only(await operator.post("/v1/ops/clock", json={"now": target.isoformat()}, timeout=600))
    assert moved["now"].startswith(target.date().isoformat())
    said = told(town, "kungsbacka")
    assert [said[kind] for kind in ("due_soon", "overdue_1", "overdue_2", "invoice")] == [1, 1, 1, 1]
    fees = await fees_of(town, patrons["kungsbacka"], "kungsbacka")
    assert Counter(kind for kind, _ in fees) == {"reminder": 2, "invoice": 1, "overdue": 1, "replacement": 1}
    assert sum(amount for _, amount in fees) == 2000 + 2000 + 4000 + 42 * 300 + 50000
    assert [str(one) for one in await check(town.world.peers("check"))] == []


async def fees_of(town: Town, patron: str, member: str) -> list[tuple[str, int]]:
    """Kind and amount of a patron's fees."""
    async with await town.log_in(patron, member) as mine:
        shown: list[dict[str, Any]] = only(await mine.get("/v1/me/fees"))["items"]
    return [(one["kind"], one["amount"]["amount"]) for one in shown]
