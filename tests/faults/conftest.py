"""A consortium to be crashed: services that are built again, a sweeper that takes what is young, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from samlan_plumbing import outbox
from samlan_testkit.consortium import Consortium, branch, consortium
from samlan_testkit.plugin import declared, opened
from samlan_testkit.servers import Servers

BRANCHES = [branch("kungsbacka/fyren"), branch("kungsbacka/asa")]
DEVICES = [
    {"device": f"{name}-1", "branch": f"kungsbacka/{name}", "kind": "kiosk"} for name in ("fyren", "asa")
]


@pytest_asyncio.fixture(scope="session")
async def services(
    servers: Servers, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Consortium]:
    """All services, with sweeper and senders in a hurry: what a crash left is done after a moment."""
    hurry = pytest.MonkeyPatch()
    hurry.setattr(outbox, "SWEEP_AGE", timedelta(0))
    hurry.setattr("samlan_notify.domain.notice.LEASE", timedelta(seconds=1))
    async with (
        declared(servers) as vhost,
        opened(servers, vhost, keys) as world,
        consortium(world, tmp_path_factory.mktemp("crashes")) as made,
    ):
        await made.load(branches=BRANCHES, devices=DEVICES)
        yield made
    hurry.undo()
