"""One consortium of real processes for all that is done to it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from .seeds import REPLICAS
from .town import Town, town

logging.getLogger("aio_pika").setLevel(logging.CRITICAL)  # it says at length that a killed broker is down


@pytest_asyncio.fixture(scope="session")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A running consortium; each test brings casts of its own."""
    async with town(tmp_path_factory.mktemp("town"), REPLICAS) as made:
        yield made
