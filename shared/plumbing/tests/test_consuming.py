"""The contract of the doors: three ends of a message, lanes, snapshots, dead letters, facts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pymongo.errors import AutoReconnect
from samlan_contracts.event import Envelope
from samlan_contracts.events.catalog import TitleDescribed
from samlan_contracts.events.holds import ItemRouted
from samlan_plumbing.consuming import SNAPSHOT_TYPE, DeviceMessage, EventDoor, FactDoor, NotReady
from samlan_plumbing.copies import TOMBSTONE, Copies, Once
from samlan_plumbing.facts import Fact, FactLog, Standing
from samlan_plumbing.runtime import Service
from samlan_plumbing.snapshots import Row, send_snapshot
from samlan_testkit.world import World

ROUTED = ItemRouted(item="i1", title="t1", answers=3, fact="f1", to="stays", branch="vast/lerum")


class Reader:
    """A service that reads one class and does what the test says."""

    def __init__(self, world: World, name: str = "circulation") -> None:
        self.world = world
        self.name = name
        self.seen: list[Envelope] = []
        self.facts: list[DeviceMessage] = []
        self.failures: list[Exception] = []
        self.resources = world.resources(name)

    async def start(self) -> Service:
        door = EventDoor()
        door.on(ItemRouted)(self.take)
        service = Service(self.resources, routers=(), events=door, facts=FactDoor(self.take_fact))
        self.world.services[self.name] = service
        await service.start()
        return service

    async def take(self, event: ItemRouted, envelope: Envelope) -> None:
        self.seen.append(envelope)
        if self.failures:
            raise self.failures.pop(0)

    async def take_fact(self, message: DeviceMessage) -> None:
        self.facts.append(message)
        if self.failures:
            raise self.failures.pop(0)


async def tell(world: World) -> str:
    return await world.tell(ROUTED, subject="queue/t1", sequence=1)


async def test_a_message_whose_handler_failed_comes_again_until_it_is_done(world: World) -> None:
    reader = Reader(world)
    reader.failures = [RuntimeError("first")]
    await reader.start()
    await tell(world)
    await world.settle()
    assert len(reader.seen) == 2
    assert reader.seen[0].id == reader.seen[1].id


async def test_our_own_outage_never_runs_out_of_rungs(world: World) -> None:
    reader = Reader(world)
    reader.failures = [NotReady("patron")] * 2
    service = await reader.start()
    await tell(world)
    await world.settle()
    assert len(reader.seen) == 3
    assert await service.resources.dead_letters.count() == 0


@pytest.mark.parametrize("kind", [ROUTED.key(), SNAPSHOT_TYPE])
@pytest.mark.parametrize(
    "body",
    [
        b"not json", b"{}", b"[1]", b'{"events": 3}', b'{"events": [{}]}',
        orjson.dumps({"id": "x", "type": "holds.item_routed", "version": 99}),
    ],
)  # fmt: skip
async def test_an_unreadable_message_dies_at_once_and_the_next_is_served(
    world: World, body: bytes, kind: str
) -> None:
    reader = Reader(world)
    service = await reader.start()
    await world.publish("events", ROUTED.key(), body, message_id="bad", type=kind)
    await tell(world)
    await world.settle()
    (letter,) = await service.resources.dead_letters.listing()
    assert letter["attempts"] == 1
    assert len(reader.seen) == 1


async def test_a_letter_is_kept_though_the_datastore_is_away_when_it_dies(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samlan_plumbing.consuming.PUT_BACK_PAUSE_SECONDS", 0.01)
    service = await Reader(world).start()
    keep, outages = service.resources.dead_letters.keep, [AutoReconnect("gone")] * 3

    async def away(*args: Any) -> None:
        if outages:
            raise outages.pop()
        await keep(*args)

    monkeypatch.setattr(service.resources.dead_letters, "keep", away)
    await world.publish("events", ROUTED.key(), b"not json", message_id="bad", type=ROUTED.key())
    await world.settle()
    assert (len(await service.resources.dead_letters.listing()), outages) == (1, [])


async def test_a_dead_letter_shows_no_content_and_can_be_replayed_or_discarded(world: World) -> None:
    reader = Reader(world)
    service = await reader.start()
    secret = orjson.dumps({"id": "x", "type": "holds.item_routed", "version": 1, "data": {"name": "Mio"}})
    await world.publish("events", ROUTED.key(), secret, message_id="bad", type=ROUTED.key())
    await world.settle()
    (letter,) = await service.resources.dead_letters.listing()
    shown = await service.resources.dead_letters.show(letter["id"])
    assert "Mio" not in f"{letter} {shown}"
    assert await service.resources.dead_letters.replay(letter["id"])
    await world.settle()
    (again,) = await service.resources.dead_letters.listing()
    assert again["id"] == letter["id"]
    assert await service.resources.dead_letters.discard(letter["id"], "a test")
    assert await service.resources.dead_letters.listing() == []


async def test_a_device_cannot_pretend_to_come_back_from_the_ladder(world: World) -> None:
    reader = Reader(world)
    await reader.start()
    forged = {"x-routing-key": "kiosk.vast.ale.ale-1", "x-user-id": "ale-1", "x-attempt": 99}
    await world.publish("kiosk", "kiosk.vast.lerum.lerum-1", b"{}", headers=forged, message_id="f")
    await world.settle()
    (fact,) = reader.facts
    assert (fact.routing_key, fact.user_id) == ("kiosk.vast.lerum.lerum-1", None)


async def test_a_fact_that_waited_on_the_ladder_keeps_its_key_and_its_way_back(world: World) -> None:
    reader = Reader(world)
    reader.failures = [RuntimeError("first")]
    await reader.start()
    await world.publish(
        "kiosk", "kiosk.vast.lerum.lerum-1", b"{}", message_id="f", reply_to="replies.lerum-1",
        correlation_id="c", user_id=world.servers.user,
    )  # fmt: skip
    await world.settle()
    first, again = reader.facts
    assert again == DeviceMessage(
        body=first.body, routing_key=first.routing_key, user_id=world.servers.user, message_id="f",
        reply_to="replies.lerum-1", correlation_id="c", redelivered=True,
    )  # fmt: skip


async def test_a_copy_takes_what_is_newer_in_any_order(world: World) -> None:
    copies = Copies(world.resources("holds"), "titles")
    assert await copies.apply("t1", 5, {"name": "five"})
    assert not await copies.apply("t1", 4, {"name": "four"})
    assert not await copies.apply("t1", 5, {"name": "again"})
    assert await copies.apply("t1", 7, {"name": "seven"})
    assert await copies.read("t1") == {"_id": "t1", "name": "seven", "sequence": 7}


async def test_a_snapshot_loses_to_what_is_newer(world: World) -> None:
    copies = Copies(world.resources("holds"), "titles")
    await copies.apply("t1", 5, {"name": "live"})
    await copies.apply_many(
        [("t1", 4, {"name": "old"}), ("t2", 1, {"name": "new"}), ("t2", 3, {"name": "x"})]
    )
    found = await copies.read_many(["t1", "t2", "t3"])
    assert {key: row["name"] for key, row in found.items()} == {"t1": "live", "t2": "x"}


async def test_nothing_is_applied_after_a_tombstone(world: World) -> None:
    copies = Copies(world.resources("holds"), "patrons")
    await copies.apply("p1", 5, {"born": "1980-01-01"})
    await copies.entomb("p1")
    assert not await copies.apply("p1", 1_000_006, {"born": "1980-01-01"})
    assert await copies.read("p1") == {"_id": "p1", "removed": True, "sequence": TOMBSTONE}


async def test_an_occurrence_is_stored_once(world: World) -> None:
    once = Once(world.resources("notify"), "notices")
    assert await once.store("n1", {"kind": "hold_ready"})
    assert not await once.store("n1", {"kind": "other"})


async def test_racing_copies_end_with_the_newest(world: World) -> None:
    copies = Copies(world.resources("holds"), "titles")
    await asyncio.gather(*(copies.apply("t1", n, {"name": str(n)}) for n in range(1, 16)))
    stored = await copies.read("t1")
    assert stored is not None
    assert stored["name"] == "15"


async def test_a_snapshot_reaches_the_asking_services_only(world: World) -> None:
    got: list[Any] = []
    door = EventDoor()

    async def batch(rows: list[tuple[TitleDescribed, Envelope]]) -> None:
        got.append([(event.name, envelope.sequence) for event, envelope in rows])

    @door.on(TitleDescribed, snapshot=batch)
    async def one(event: TitleDescribed, envelope: Envelope) -> None:
        raise AssertionError("a snapshot is a batch")

    service = Service(world.resources("holds"), routers=(), events=door)
    world.services["holds"] = service
    await service.start()
    rows = [Row(TitleDescribed(title=f"t{n}", name=str(n)), f"title/t{n}", 1) for n in range(501)]
    await send_snapshot(service.resources, rows, readers=("holds",))
    await world.settle()
    assert sorted(len(batch) for batch in got) == [1, 500]
    assert world.told == []


async def test_a_snapshot_that_nobody_here_reads_is_a_dead_letter_at_once(world: World) -> None:
    service = Service(world.resources("holds"), routers=(), events=EventDoor())
    world.services["holds"] = service
    await service.start()
    rows = [Row(TitleDescribed(title="t1", name="1"), "title/t1", 1)]
    await send_snapshot(service.resources, rows, readers=("holds",))
    await world.settle()
    (letter,) = await service.resources.dead_letters.listing()
    assert letter["attempts"] == 1
    assert "UnknownEvent" in letter["reason"]


def fact(world: World, **fields: Any) -> Fact:
    given = {
        "id": "f1", "device": "lerum-1", "sequence": 1, "item": "i1", "branch": "vast/lerum",
        "kind": "item_returned", "happened_at": world.clock.now(), "digest": "d1",
    }  # fmt: skip
    return Fact(**{**given, **fields})


async def test_a_fact_is_new_once_then_open_then_done(world: World) -> None:
    log = FactLog(world.resources("circulation"))
    await log.prepare()
    assert (await log.take(fact(world))).standing is Standing.NEW
    assert (await log.take(fact(world))).standing is Standing.OPEN
    await log.finish("lerum-1/1", {"closed": "loan-1"})
    again = await log.take(fact(world))
    assert again.standing is Standing.DONE
    assert again.row["outcome"] == {"closed": "loan-1"}


async def test_a_reused_sequence_or_id_shows(world: World) -> None:
    log = FactLog(world.resources("circulation"))
    await log.prepare()
    await log.take(fact(world))
    assert (await log.take(fact(world, id="f2"))).standing is Standing.SEQUENCE_REUSED
    assert (await log.take(fact(world, digest="d2"))).standing is Standing.ID_REUSED
    assert (await log.take(fact(world, sequence=2))).standing is Standing.ID_REUSED


async def test_the_first_answer_stands(world: World) -> None:
    log = FactLog(world.resources("circulation"))
    await log.prepare()
    await log.take(fact(world))
    assert await log.answer("lerum-1/1", {"bin": "shelf", "slip": ["$a"]}) == {"bin": "shelf", "slip": ["$a"]}
    assert await log.answer("lerum-1/1", {"bin": "home"}) == {"bin": "shelf", "slip": ["$a"]}


async def test_readiness_follows_the_broker_and_the_consumers(world: World) -> None:
    reader = Reader(world)
    service = await reader.start()
    assert await service.ready()
    await service.resources.relay.stop()
    assert not await service.ready()
    await service.resources.relay.start()
    assert await service.ready()
    world.clock.set(world.clock.now() + timedelta(days=365))
    assert await service.ready()
