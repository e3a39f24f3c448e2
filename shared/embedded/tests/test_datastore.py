"""The datastore on the real server: users are enforced, and a kill loses nothing acknowledged."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure
from samlan_embedded import DatastoreServer, Passwords, grant


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DatastoreServer]:
    folder = tmp_path_factory.mktemp("datastore")
    server = DatastoreServer(folder / "datastore", Passwords(folder / "keys"))
    await server.start()
    await grant(server.address, {"billing": ["samlan_billing"], "holds": ["samlan_holds"]})
    yield server
    await server.stop()


def client(url: str) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(url, serverSelectionTimeoutMS=20_000)


async def test_a_service_reads_and_writes_its_own_database_only(server: DatastoreServer) -> None:
    async with client(server.address.url("billing")) as billing:
        await billing.samlan_billing.ledgers.insert_one({"_id": "p1"})
        for forbidden in (
            billing.samlan_holds.queues.find_one({}),
            billing.samlan_holds.queues.insert_one({}),
            billing.admin.command("createUser", "intruder", pwd="x", roles=["root"]),
        ):
            with pytest.raises(OperationFailure, match="not authorized"):
                await forbidden


async def test_nobody_enters_without_a_password(server: DatastoreServer) -> None:
    address = server.address
    for url in (f"mongodb://{address.location}/?{address.options}", address.url("nobody")):
        async with client(url) as stranger:
            with pytest.raises(OperationFailure):
                await stranger.samlan_billing.ledgers.find_one({})


async def test_rights_can_be_given_again_and_widened(server: DatastoreServer) -> None:
    await grant(server.address, {"holds": ["samlan_holds", "w1_samlan_holds"]})
    async with client(server.address.url("holds")) as holds:
        await holds.w1_samlan_holds.queues.insert_one({"_id": "t1"})
        await holds.samlan_holds.queues.insert_one({"_id": "t1"})


async def test_a_killed_server_comes_back_at_its_address_with_what_it_acknowledged(
    server: DatastoreServer,
) -> None:
    before = server.address
    async with client(before.url("billing")) as billing:
        rows = billing.samlan_billing.rows
        for number in range(50):
            await rows.insert_one({"_id": number})
        await server.kill()
        assert server.pid is None
        await server.start()
        assert server.address == before
        assert await rows.count_documents({}) == 50


async def test_a_server_whose_starter_died_is_ended_by_the_next_start(server: DatastoreServer) -> None:
    orphan = server.pid
    heir = DatastoreServer(server._folder, server._passwords)
    await heir.start()
    assert heir.pid not in (None, orphan)
    assert heir.address == server.address
