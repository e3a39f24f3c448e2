"""The contract of documents, outbox, relay and sweeper, on the real broker and datastore."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from bson.codec_options import CodecOptions
from prometheus_client import CollectorRegistry
from pymongo.errors import AutoReconnect
from samlan_contracts.events.catalog import TitleDescribed
from samlan_plumbing import recent
from samlan_plumbing.counting import KINDS, Commands
from samlan_plumbing.documents import Change, Documents, Stored
from samlan_plumbing.outbox import SWEEP_AGE, Tell
from samlan_plumbing.resources import Resources
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


class Watched(Documents[Counter]):
    """Counters of which each change soon follows another, and how often they were read."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources, "counters", load=load, dump=dump, soon_again=True)
        self.reads = 0
        read = self._batches.read

        async def counted(*args: Any) -> Any:
            self.reads += 1
            return await read(*args)

        self._batches = SimpleNamespace(  # type: ignore[assignment]  # the two calls that a change makes
            read=counted, update=self._batches.update, insert=self._batches.insert
        )


def only_look(stored: Stored[Counter] | None) -> Change[Counter, int]:
    return Change(stored.state.count if stored else 0)


async def test_a_change_soon_after_another_reads_nothing(world: World) -> None:
    _, service = await counting(world)
    documents = Watched(service.resources)
    for cause in "abc":
        await documents.change("c", count_one(world, cause))
    assert documents.reads == 1
    stored = await documents.read("c")
    assert stored is not None
    assert (stored.state, stored.revision, stored.sequence) == (Counter(3), 3, 3)
    await world.settle()
    assert [(e.sequence, e.data["name"]) for e in world.told] == [(1, "1"), (2, "2"), (3, "3")]


async def test_a_change_on_what_another_replica_overtook_is_decided_anew(world: World) -> None:
    _, service = await counting(world)
    one, other = Watched(service.resources), Watched(service.resources)
    for cause in "abcdef":
        await one.change("c", count_one(world, f"one-{cause}"))
        await other.change("c", count_one(world, f"other-{cause}"))
    await asyncio.gather(*(each.change("c", count_one(world, f"{n}")) for n, each in enumerate([one, other])))
    assert await one.change("c", only_look) == 14
    await world.settle()
    assert sorted(e.sequence for e in world.told) == list(range(1, 15))


async def test_a_decision_that_writes_nothing_rests_on_what_stands(world: World) -> None:
    _, service = await counting(world)
    one, other = Watched(service.resources), Watched(service.resources)
    await one.change("c", count_one(world, "a"))
    await other.change("c", count_one(world, "b"))
    assert await one.change("c", only_look) == 2


async def test_what_was_written_long_ago_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, service = await counting(world)
    documents = Watched(service.resources)
    await documents.change("c", count_one(world, "a"))
    monkeypatch.setattr(recent, "KEPT_SECONDS", 0.0)
    await documents.change("c", count_one(world, "b"))
    assert documents.reads == 2


async def test_only_the_last_written_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "KEPT_MOST", 2)
    _, service = await counting(world)
    documents = Watched(service.resources)
    for key in "abc":
        await documents.change(key, count_one(world, key))
    documents.reads = 0
    for key in "cba":
        await documents.change(key, count_one(world, f"again-{key}"))
    assert documents.reads == 1


def test_what_is_too_old_to_rest_on_is_not_kept() -> None:
    now = [100.0]
    kept = recent.Recent(lambda: now[0], CodecOptions())
    kept.keep("old", {"_id": "old"})
    now[0] += recent.KEPT_SECONDS
    kept.keep("new", {"_id": "new"})
    now[0] = 100.0
    assert (kept.take("old"), kept.take("new")) == (None, {"_id": "new"})


async def test_a_clear_that_failed_is_made_up_for_and_nothing_is_told_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, service = await counting(world)
    outboxes = service.resources.outboxes
    await documents.change("c", count_one(world, "a"))
    broken = SimpleNamespace(name="counters", update_many=Mock(side_effect=AutoReconnect("away")))
    with monkeypatch.context() as patched:
        patched.setitem(outboxes._collections, "counters", broken)
        with pytest.raises(AutoReconnect):
            await outboxes.clear()
    await outboxes.clear()
    found = await documents.collection.find_one({"_id": "c"})
    assert found is not None
    assert found["outbox"] == []
    await world.settle()
    assert len(world.told) == 1


def test_a_clear_of_many_documents_counts_as_many() -> None:
    registry = CollectorRegistry()
    commands = Commands(registry)
    clear = {"q": {"_id": {"$in": ["a", "b", "c"]}}, "u": {"$pull": {"outbox": {"id": {"$in": ["x"]}}}}}
    change = {"q": {"_id": "a", "revision": 1}, "u": {"$set": {"n": 1}}}
    for updates in ([clear], [change]):
        command = SimpleNamespace(command_name="update", command={"updates": updates}, request_id=1)
        commands.started(command)  # type: ignore[arg-type]  # what is read of an event
    done = {kind: registry.get_sample_value("samlan_datastore_done_total", {"kind": kind}) for kind in KINDS}
    assert (done["clear"], done["update"]) == (3.0, 1.0)


async def test_what_is_remembered_is_what_the_datastore_gives_back(world: World) -> None:
    resources = world.resources("catalog")
    seen: list[dict[str, Any]] = []
    documents: Documents[dict[str, Any]] = Documents(
        resources, "moments", load=lambda doc: dict(doc), dump=lambda state: state, soon_again=True
    )

    def decide(stored: Stored[dict[str, Any]] | None) -> Change[dict[str, Any], None]:
        if stored is not None:
            seen.append(stored.state)
        at = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
        return Change(None, state={"at": at, "parts": ({"n": 1}, {"n": 2}), "none": None})

    await documents.change("m", decide)
    await documents.change("m", decide)
    found = await documents.collection.find_one({"_id": "m"})
    assert found is not None
    assert seen == [{**found, "revision": 1}]
