"""The pytest plugin: real servers once per session, a world per test."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from samlan_plumbing.topology import Administration, Rights

from samlan_testkit.servers import SHARED, Servers, servers_in, stop_servers
from samlan_testkit.world import World, make_keys

HURRY = 20  # retry delays are this much shorter, so that a test of the ladder does not wait a minute


def pytest_configure(config: pytest.Config) -> None:
    """The process that begins the session names the folder all its workers share."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="samlan-test-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that began the session ends its servers."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.pop(SHARED))
        stop_servers(folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Servers:
    """The broker and the datastore of this session."""
    return servers_in(Path(os.environ[SHARED]))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of keys for this worker's services."""
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest_asyncio.fixture(scope="session")
async def vhost(servers: Servers) -> AsyncIterator[str]:
    """A virtual host of this worker's own with the whole topology."""
    async with declared(servers) as name:
        yield name


@asynccontextmanager
async def declared(servers: Servers) -> AsyncIterator[str]:
    """A virtual host with the whole topology while the block runs."""
    name = f"test-{secrets.token_hex(4)}"
    admin = Administration(servers.management_url, servers.user, servers.password, name)
    await admin.declare(hurry=HURRY)
    everything = Rights(".*", ".*", ".*")  # and may publish in any device's name, as the operator may
    await admin.user(servers.user, servers.password, everything, tags="administrator,impersonator")
    yield name
    await admin.remove()
    await admin.close()


@pytest_asyncio.fixture
async def world(servers: Servers, vhost: str, keys: Path) -> AsyncIterator[World]:
    """A world of this test's own."""
    async with opened(servers, vhost, keys) as made:
        yield made


@asynccontextmanager
async def opened(servers: Servers, vhost: str, keys: Path) -> AsyncIterator[World]:
    """A world with databases of its own; two of them at once need two virtual hosts."""
    made = World(servers=servers, vhost=vhost, prefix=f"t{secrets.token_hex(4)}", keys=keys)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
