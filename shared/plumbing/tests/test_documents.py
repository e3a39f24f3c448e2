"""The contract of documents, outbox, relay and sweeper, on the real broker and datastore."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from samlan_contracts.events.catalog import TitleDescribed
from samlan_plumbing.documents import Change, Documents, Stored
from samlan_plumbing.outbox import SWEEP_AGE, Tell
from samlan_plumbing.runtime import Service
from samlan_testkit.world import World


@dataclass(frozen=True)
class Counter:
    count: int
    words: tuple[str, ...] = ()


def load(fields: dict[str, Any]) -> Counter:
    return Counter(fields["count"], tuple(fields.get("words", ())))


def dump(counter: Counter) -> dict[str, Any]:
    return {"count": counter.count, "words": list(counter.words)}


def count_one(world: World, cause: str) -> Any:
    def decide(stored: Stored[Counter] | None) -> Change[Counter, int]:
        count = (stored.state.count if stored else 0) + 1
        tell = Tell(
            event=TitleDescribed(title="t1", name=str(count)), subject="title/t1", cause=cause,
            happened_at=world.clock.now(),
        )  # fmt: skip
        return Change(count, state=Counter(count), tell=(tell,))

    return decide


async def counting(world: World) -> tuple[Documents[Counter], Service]:
    resources = world.resources("catalog")
    documents = Documents(resources, "counters", load=load, dump=dump)
    service = Service(resources, routers=())
    world.services["catalog"] = service
    await service.start()
    return documents, service


async def test_a_change_is_stored_and_told_with_the_next_sequence(world: World) -> None:
    documents, _ = await counting(world)
    assert await documents.change("c", count_one(world, "a")) == 1
    assert await documents.change("c", count_one(world, "b")) == 2
    await world.settle()
    assert [(e.sequence, e.data["name"]) for e in world.told] == [(1, "1"), (2, "2")]
    stored = await documents.read("c")
    assert stored is not None
    assert (stored.state, stored.revision, stored.sequence) == (Counter(2), 2, 2)


async def test_racing_changes_all_happen_once(world: World) -> None:
    documents, _ = await counting(world)
    await asyncio.gather(*(documents.change("c", count_one(world, f"cause-{n}")) for n in range(12)))
    await world.settle()
    assert sorted(e.sequence for e in world.told) == list(range(1, 13))
    stored = await documents.read("c")
    assert stored is not None
    assert stored.state.count == 12


async def test_a_confirmed_outbox_is_cleared_and_leaves_the_revision_alone(world: World) -> None:
    documents, service = await counting(world)
    await documents.change("c", count_one(world, "a"))
    assert await service.resources.outboxes.left() == 0
    stored = await documents.read("c")
    assert stored is not None
    assert stored.revision == 1


async def test_what_the_broker_did_not_confirm_is_swept_under_the_same_id(world: World) -> None:
    documents, service = await counting(world)
    relay = service.resources.relay
    await relay.stop()
    await documents.change("c", count_one(world, "a"))
    assert world.told == []
    await relay.start()
    await documents.collection.update_one(
        {"_id": "c"}, {"$set": {"outbox.0.at": service.resources.machine_clock.now() - 2 * SWEEP_AGE}}
    )
    assert await service.resources.outboxes.sweep() == 1
    await world.settle()
    assert len(world.told) == 1
    assert await service.resources.outboxes.left() == 0


async def test_a_sweeper_leaves_fresh_entries_to_whoever_told_them(world: World) -> None:
    documents, service = await counting(world)
    await service.resources.relay.stop()
    await documents.change("c", count_one(world, "a"))
    await service.resources.relay.start()
    assert await service.resources.outboxes.sweep() == 0


async def test_a_decision_that_changes_nothing_writes_nothing(world: World) -> None:
    documents, _ = await counting(world)
    await documents.change("c", count_one(world, "a"))
    assert await documents.change("c", lambda stored: Change("seen")) == "seen"
    stored = await documents.read("c")
    assert stored is not None
    assert stored.revision == 1


async def test_only_fields_that_differ_are_written_and_gone_fields_go(world: World) -> None:
    documents, _ = await counting(world)
    await documents.change("c", lambda _: Change(None, state=Counter(1, ("a", "b"))))
    await documents.collection.update_one({"_id": "c"}, {"$set": {"stray": 1}})
    await documents.change("c", lambda s: Change(None, state=replace(s.state, words=("a",)) if s else None))
    document = await documents.collection.find_one({"_id": "c"})
    assert document is not None
    assert document["words"] == ["a"]
    assert "stray" not in document


async def test_a_bulk_insert_leaves_known_keys_alone(world: World) -> None:
    documents, _ = await counting(world)
    await documents.change("c1", count_one(world, "a"))
    assert await documents.insert_many([(f"c{n}", Counter(9)) for n in range(3)]) == 2
    stored = await documents.read("c1")
    assert stored is not None
    assert stored.state.count == 1
