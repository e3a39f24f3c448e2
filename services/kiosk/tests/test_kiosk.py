"""A device on the real broker: nothing lost, nothing said under two ids, whatever is cut or killed."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import pytest_asyncio
from samlan_kiosk import clients
from samlan_kiosk.app import Kiosk
from samlan_plumbing.relay import Relay
from samlan_plumbing.topology import Administration, Device, reply_queue
from samlan_testkit.servers import Servers
from samlan_testkit.world import World

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@dataclass
class Wire:
    """The network between a device and the broker, which a test can cut, freeze and mend."""

    host: str
    port: int
    here: int = 0
    frozen: bool = False
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def mend(self) -> None:
        self.frozen = False
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.here)
        self.here = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for one in self._open:
            one.transport.abort()
        self._open.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self.host, self.port)
        self._open |= {writer, back}
        for source, sink in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pipe(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while (data := await source.read(65536)) and not self.frozen:
                sink.write(data)
                await sink.drain()
        if not self.frozen:
            sink.close()


@dataclass
class Heard:
    """What arrived at the exchange `kiosk` from one device, with its properties."""

    messages: list[Any] = field(default_factory=list)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(one.body) for one in self.messages]

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.bodies]


@dataclass
class Place:
    """A device's place: its name, its wire, and what the broker heard of it."""

    device: str
    url: str
    wire: Wire
    heard: Heard
    store: Path
    world: World
    tap: Any

    def kiosk(self, **more: Any) -> Kiosk:
        return Kiosk(self.store, self.url, "vast", "lerum", self.device, **more)

    async def reply(self, fact: str, body: dict[str, Any]) -> None:
        await self.world.publish(
            "replies", reply_queue(self.device), orjson.dumps(body), correlation_id=fact, headers={}
        )


@pytest_asyncio.fixture
async def place(world: World, servers: Servers, vhost: str, tmp_path: Path) -> AsyncIterator[Place]:
    device, password = f"lerum-{secrets.token_hex(4)}", secrets.token_hex(8)
    admin = Administration(servers.management_url, servers.user, servers.password, vhost)
    await admin.devices([Device(device, "vast/lerum", password)])
    parts = urlsplit(servers.rabbitmq_url)
    wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5672)
    await wire.mend()
    heard = Heard()
    tap = await world._channel.declare_queue(exclusive=True, auto_delete=True)
    await tap.bind("kiosk", f"kiosk.vast.lerum.{device}")

    async def hear(message: Any) -> None:
        heard.messages.append(message)

    await tap.consume(hear, no_ack=True)
    url = f"amqp://{device}:{password}@127.0.0.1:{wire.here}/{vhost}"
    yield Place(device, url, wire, heard, tmp_path / "kiosk.db", world, tap)
    await wire.cut()
    await tap.delete(if_unused=False, if_empty=False)
    await admin._call("DELETE", f"/api/users/{device}", None)
    await admin.close()


async def until(met: Callable[[], bool | Awaitable[bool]]) -> None:
    """Waits for a condition; a test that never meets it is ended from outside."""
    while True:
        result = met()
        if await result if isinstance(result, Awaitable) else result:
            return
        await asyncio.sleep(0.01)


async def nothing_waits(kiosk: Kiosk) -> bool:
    return await kiosk.waiting() == 0


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samlan_kiosk.handlers.PAUSES_SECONDS", (0.02,))


async def test_a_return_is_said_persistently_under_its_id_by_the_device_itself(place: Place) -> None:
    async with place.kiosk() as kiosk:
        await until(lambda: kiosk.connected)
        fact = await kiosk.item_returned("35177001234567")
        await until(lambda: nothing_waits(kiosk))
        await until(lambda: bool(place.heard.messages))
    (message,) = place.heard.messages
    assert (message.message_id, message.correlation_id) == (fact.id, fact.id)
    assert message.user_id == place.device
    assert message.reply_to == reply_queue(place.device)
    assert message.delivery_mode == 2
    (body,) = place.heard.bodies
    assert (body["id"], body["sequence"], body["mode"]) == (fact.id, fact.sequence, "kiosk")
    assert body["branch"] == "vast/lerum"


async def test_answers_find_the_fact_they_answer_whoever_comes_first(place: Place) -> None:
    async with place.kiosk() as kiosk:
        await until(lambda: kiosk.connected)
        first, second = await kiosk.item_returned("1"), await kiosk.item_returned("2")
        shelf = {"id": first.id, "item": "1", "bin": "shelf", "branch": "vast/lerum",
                 "hold": {"borrower_id": "L4711"}, "slip": ["Hylla", "L4711"]}  # fmt: skip
        await place.reply("somebody else's", {"bin": "home"})
        await place.world.publish("replies", reply_queue(place.device), b"\xff not json", headers={})
        await place.reply(second.id, {"bin": "transit", "branch": "vast/partille", "hold": None, "slip": []})
        await place.reply(first.id, shelf)
        answers = [await kiosk.answer(one, limit_seconds=30) for one in (first, second)]
    assert [(one.bin, one.branch, one.borrower_id) for one in answers] == [
        ("shelf", "vast/lerum", "L4711"), ("transit", "vast/partille", None),
    ]  # fmt: skip
    assert answers[0].slip == ("Hylla", "L4711")


async def test_without_an_answer_the_item_goes_to_the_exception_bin(place: Place) -> None:
    async with place.kiosk() as kiosk:
        await until(lambda: kiosk.connected)
        fact = await kiosk.item_returned("1")
        assert (await kiosk.answer(fact, limit_seconds=0)).reason == "routing_pending"
        await place.wire.cut()
        await until(lambda: not kiosk.connected)
        offline = await kiosk.answer(await kiosk.item_returned("2"), limit_seconds=0)
        assert (offline.bin, offline.reason) == ("exception", "offline")


async def test_cut_off_it_goes_on_recording_and_uploads_in_order(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "HICCUP_SECONDS", 0.0)
    await place.wire.cut()
    async with place.kiosk() as kiosk:
        facts = [await kiosk.item_returned(str(number)) for number in range(120)]
        facts.append(await kiosk.item_returned("dropped", mode="drop"))
        assert await kiosk.waiting() == 121
    async with place.kiosk() as kiosk:  # and over a restart
        await place.wire.mend()
        await until(lambda: nothing_waits(kiosk))
        await until(lambda: len(place.heard.messages) >= 121)
    assert place.heard.ids == [one.id for one in facts]
    assert [one["mode"] for one in place.heard.bodies] == ["offline"] * 120 + ["drop"]


async def test_a_hiccup_cuts_nobody_off(place: Place) -> None:
    async with place.kiosk() as kiosk:
        await until(lambda: kiosk.connected)
        await place.wire.cut()
        await kiosk.item_returned("1")
        await place.wire.mend()
        await until(lambda: nothing_waits(kiosk))
        await until(lambda: bool(place.heard.messages))
    assert {one["mode"] for one in place.heard.bodies} == {"kiosk"}


async def test_a_connection_cut_again_and_again_loses_and_renames_nothing(place: Place) -> None:
    async with place.kiosk() as kiosk:
        facts = []
        for number in range(200):
            facts.append(await kiosk.item_returned(str(number)))
            if number % 40 == 20:
                await place.wire.cut()
                await place.wire.mend()
        await until(lambda: nothing_waits(kiosk))
        await until(lambda: len(set(place.heard.ids)) == 200)
    assert set(place.heard.ids) == {one.id for one in facts}
    bodies = {orjson.dumps(one) for one in place.heard.bodies}
    assert len(bodies) == 200  # a repeat is the same body


async def test_a_broker_that_stops_answering_is_left_and_found_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "CONFIRM_SECONDS", 0.2)
    async with place.kiosk() as kiosk:
        await until(lambda: kiosk.connected)
        place.wire.frozen = True
        fact = await kiosk.item_returned("1")
        await until(lambda: not kiosk.connected)
        assert await kiosk.waiting() == 1
        await place.wire.cut()
        await place.wire.mend()
        await until(lambda: nothing_waits(kiosk))
    assert set(place.heard.ids) == {fact.id}


async def test_the_broker_closing_the_connection_is_survived(
    place: Place, servers: Servers, vhost: str
) -> None:
    admin = Administration(servers.management_url, servers.user, servers.password, vhost)
    async with place.kiosk() as kiosk:
        await until(lambda: kiosk.connected)
        await until(lambda: _closed_by_the_broker(admin, place.device))
        fact = await kiosk.item_returned("1")
        await until(lambda: nothing_waits(kiosk))
        await until(lambda: fact.id in place.heard.ids)
        again = await kiosk.item_returned("2")
        await place.reply(again.id, {"bin": "home"})
        assert (await kiosk.answer(again, limit_seconds=60)).bin == "home"
    await admin.close()


async def _closed_by_the_broker(admin: Administration, user: str) -> bool:
    listed = (await admin._call("GET", "/api/connections", None)).json()
    names = [one["name"] for one in listed if one.get("user") == user]
    for name in names:
        from urllib.parse import quote

        await admin._call("DELETE", f"/api/connections/{quote(name, safe='')}", None)
    return bool(names)


async def test_a_device_without_its_reply_queue_still_says_its_facts(place: Place) -> None:
    queue = await place.world._channel.get_queue(reply_queue(place.device))
    await queue.delete(if_unused=False, if_empty=False)
    async with place.kiosk() as kiosk:
        fact = await kiosk.item_returned("1")
        await until(lambda: nothing_waits(kiosk))
    await until(lambda: place.heard.ids == [fact.id])


async def test_a_fact_under_anothers_routing_key_is_refused_and_kept(place: Place) -> None:
    async with Kiosk(place.store, place.url, "vast", "elsewhere", place.device) as kiosk:
        await kiosk.item_returned("1")
        await until(lambda: kiosk.connected)
        await until(lambda: not kiosk.connected)  # the broker closed the channel
        assert await kiosk.waiting() == 1
    assert not place.heard.messages


async def test_a_fact_that_no_queue_takes_is_not_taken_for_said(place: Place) -> None:
    queue = await place.world._channel.get_queue("circulation.facts", ensure=False)
    key = f"kiosk.vast.lerum.{place.device}"
    await queue.unbind("kiosk", "kiosk.#")
    await place.tap.unbind("kiosk", key)
    try:
        async with place.kiosk() as kiosk:
            await until(lambda: kiosk.connected)
            fact = await kiosk.item_returned("1")
            await until(lambda: not kiosk.connected)  # returned: it hung up to try again
            assert await kiosk.waiting() == 1
            await place.tap.bind("kiosk", key)
            await until(lambda: nothing_waits(kiosk))
    finally:
        await queue.bind("kiosk", "kiosk.#")
    await until(lambda: place.heard.ids == [fact.id])


async def test_a_kill_between_any_two_steps_loses_nothing_and_renames_nothing(place: Place) -> None:
    events, kills, at = 2, 0, 0
    killed = True
    while killed:
        at += 1
        place.heard.messages.clear()
        store = place.store.with_name(f"{at}.db")
        killed = await _run_device(place, store, events, kill_at=at) != 0
        kills += killed
        assert await _run_device(place, store, events, kill_at=0) == 0
        await until(lambda: len({one["item"] for one in place.heard.bodies}) == events)
        bodies = {orjson.dumps(one) for one in place.heard.bodies}
        assert len(bodies) == events, at  # one id, one sequence per physical event
        assert len({one["sequence"] for one in place.heard.bodies}) == events
    assert kills >= 2 * events + 4


async def _run_device(place: Place, store: Path, events: int, *, kill_at: int) -> int:
    program = str(Path(__file__).with_name("device.py"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, program, str(store), place.url, place.device, str(events), str(kill_at)
    )
    return await process.wait()


async def test_what_circulation_answers_through_the_plumbing_is_what_the_kiosk_reads(
    place: Place, world: World
) -> None:
    relay: Relay = world.resources("circulation").relay
    await relay.start()
    try:
        async with place.kiosk() as kiosk:
            await until(lambda: kiosk.connected)
            fact = await kiosk.item_returned("1")
            body = {"id": fact.id, "item": "1", "bin": "home", "branch": "vast/partille", "hold": None,
                    "reason": None, "slip": ["Partille"]}  # fmt: skip
            assert await relay.reply(reply_queue(place.device), fact.id, body)
            answer = await kiosk.answer(fact, limit_seconds=60)
    finally:
        await relay.stop()
    assert (answer.bin, answer.branch, answer.slip) == ("home", "vast/partille", ("Partille",))
