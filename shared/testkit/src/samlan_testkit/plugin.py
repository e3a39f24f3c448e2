"""The pytest plugin: real servers once per session, a world per test."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from samlan_plumbing import outbox
from samlan_plumbing.topology import Administration, Rights
from xdist.scheduler import LoadScopeScheduling

from samlan_testkit.servers import SHARED, Servers, servers_in, stop_servers
from samlan_testkit.world import World, make_keys

ONE_WORKER = "one_worker"
HURRY = 20  # retry delays are this much shorter, so that a test of the ladder does not wait a minute


class OneWorker(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Each test goes to the next free worker, but what stands in one of these places goes to one.

    Its tests share a start of processes, which would else be paid for by every worker. (The library's own
    groups change a name of the test that this pytest no longer reads.)"""

    def _split_scope(self, nodeid: str) -> str:
        places: list[str] = self.config.getini(ONE_WORKER)
        return next((one for one in places if nodeid.startswith(one)), nodeid)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The places whose tests share a start of processes."""
    parser.addini(ONE_WORKER, "files and folders whose tests run in one worker", type="linelist", default=[])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneWorker:
    """How tests go to workers."""
    return OneWorker(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """The process that begins the session names the folder all its workers share."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="samlan-test-")


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


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


@pytest.fixture
def sweeping_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a crash left is told again however young it is: repeats are harmless, and a test need not wait."""
    monkeypatch.setattr(outbox, "SWEEP_AGE", timedelta(0))
