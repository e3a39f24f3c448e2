"""One consortium for all journeys of a worker; each test plays in a town with a cast of its own."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from samlan_testkit.consortium import Consortium, consortium
from samlan_testkit.plugin import declared, opened
from samlan_testkit.servers import Servers

from .town import BRANCHES, DEVICES, Town


@asynccontextmanager
async def a_consortium(servers: Servers, keys: Path, folder: Path) -> AsyncIterator[Consortium]:
    """All services in this process, with the branches and devices that every town has."""
    async with (
        declared(servers) as vhost,
        opened(servers, vhost, keys) as world,
        consortium(world, folder) as made,
    ):
        await made.load(branches=BRANCHES, devices=DEVICES)
        yield made


@pytest_asyncio.fixture(scope="session")
async def services(
    servers: Servers, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Consortium]:
    """The consortium of a worker's journeys."""
    async with a_consortium(servers, keys, tmp_path_factory.mktemp("consortium")) as made:
        yield made


@pytest_asyncio.fixture
async def town(services: Consortium) -> AsyncIterator[Town]:
    """A town with titles, items and patrons of its own, and nothing on loan; its clock shows noon again."""
    noon = services.world.clock.now()
    made = Town(services, secrets.token_hex(3))
    await made.settle_in()
    yield made
    services.world.clock.set(noon)
