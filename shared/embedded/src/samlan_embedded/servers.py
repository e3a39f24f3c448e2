"""The broker and the datastore of one data folder together, or those the environment names instead."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from samlan_embedded.addresses import Broker, Datastore, running_broker, running_datastore
from samlan_embedded.datastore import DatastoreServer
from samlan_embedded.passwords import Passwords
from samlan_embedded.processes import DidNotStart
from samlan_embedded.rabbit import RabbitNode

SELECT_LIMIT_MS = 5_000


class Servers:
    """Broker and datastore.

    `node` and `server` are None where `RABBITMQ_URL` and `MONGODB_URL` name servers that already run.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.passwords = Passwords(folder / "keys")
        self._environment = environment
        self._launched = False
        self.node = None if "RABBITMQ_URL" in environment else RabbitNode(folder / "rabbitmq", self.passwords)
        self.server = (
            None if "MONGODB_URL" in environment else DatastoreServer(folder / "datastore", self.passwords)
        )

    @property
    def broker(self) -> Broker:
        """The broker's addresses; known once launched."""
        if self.node:
            return self.node.address
        env = self._environment
        return running_broker(env["RABBITMQ_URL"], env.get("RABBITMQ_MANAGEMENT_URL"), self.passwords)

    @property
    def datastore(self) -> Datastore:
        """The datastore's addresses; known once launched."""
        if self.server:
            return self.server.address
        return running_datastore(self._environment["MONGODB_URL"], self.passwords)

    async def launch(self) -> None:
        """Starts both, unless that was done; nobody is waited for."""
        for part in (self.node, self.server):
            if part and not (self._launched and part.pid):
                await part.launch()
        self._launched = True

    async def datastore_serves(self) -> None:
        """Returns when the datastore serves; the broker boots for some seconds more."""
        if self.server:
            await self.server.wait()
        else:
            await datastore_answers(self.datastore)

    async def wait(self) -> None:
        """Returns when both serve."""
        await self.datastore_serves()
        if self.node:
            await self.node.wait()
        else:
            await broker_answers(self.broker)

    async def stop(self) -> None:
        """Ends what was started here, and nothing else."""
        self._launched = False
        started = [part.stop() for part in (self.node, self.server) if part]
        await asyncio.gather(*started)


@asynccontextmanager
async def embedded(folder: Path, environment: Mapping[str, str] = os.environ) -> AsyncIterator[Servers]:
    """Broker and datastore while the block runs, with their data in `folder`."""
    servers = Servers(folder, environment)
    try:
        await servers.launch()
        await servers.wait()
        yield servers
    finally:
        await servers.stop()


async def broker_answers(broker: Broker) -> None:
    """`DidNotStart` unless the running broker's management takes its administrator."""
    try:
        async with httpx2.AsyncClient(auth=(broker.admin, broker.admin_password)) as client:
            answer = await client.get(f"{broker.management_url}/api/whoami")
            answer.raise_for_status()
    except httpx2.HTTPError as error:
        raise DidNotStart(
            f"the broker's management ({broker.management_url}) does not serve: {error}"
        ) from None


async def datastore_answers(datastore: Datastore) -> None:
    """`DidNotStart` unless the running datastore takes its administrator."""
    try:
        async with AsyncMongoClient[dict[str, Any]](
            datastore.admin_url, serverSelectionTimeoutMS=SELECT_LIMIT_MS
        ) as client:
            await client.admin.command("ping")
    except PyMongoError as error:
        raise DidNotStart(
            f"the datastore ({datastore.location}) does not serve: {type(error).__name__}"
        ) from None
