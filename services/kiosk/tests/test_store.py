"""The device's own disk: durable, in order, once per physical event."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from samlan_kiosk import store as kiosk_store
from samlan_kiosk.domain.facts import Origin, door_entered, item_returned
from samlan_kiosk.store import FactStore, ForeignStore, StoreInUse

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
LERUM = Origin("vast", "lerum", "lerum-1")
RETURN = item_returned("35177", happened_at=NOW, mode="kiosk")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lerum-1.db"


def test_what_is_recorded_is_there_after_a_restart_with_the_same_body(path: Path) -> None:
    first = FactStore(path, LERUM)
    recorded = [first.record(RETURN) for _ in range(3)]
    before = first.unsent(10)
    first.close()
    second = FactStore(path, LERUM)
    assert second.unsent(10) == before
    assert [one.id for one in before] == [one.id for one in recorded]
    assert [orjson.loads(one.body)["sequence"] for one in before] == [one.sequence for one in recorded]
    assert second.record(RETURN).sequence == recorded[-1].sequence + 1
    second.close()


def test_the_same_scan_is_the_same_fact_also_after_it_was_sent_and_after_a_restart(path: Path) -> None:
    store = FactStore(path, LERUM)
    recorded = store.record(RETURN, scan="7/1")
    store.mark_sent([recorded.sequence])
    store.close()
    store = FactStore(path, LERUM)
    assert store.record(RETURN, scan="7/1") == recorded
    assert store.waiting() == 0
    assert store.record(RETURN, scan="7/2") != recorded
    store.close()


def test_a_sent_fact_leaves_its_card_behind(path: Path) -> None:
    store = FactStore(path, LERUM)
    recorded = store.record(door_entered("29990001", happened_at=NOW, mode="kiosk"))
    store.mark_sent([recorded.sequence])
    store.close()
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT body FROM facts").fetchall() == [(None,)]


def test_two_processes_never_share_a_store(path: Path) -> None:
    store = FactStore(path, LERUM)
    with pytest.raises(StoreInUse):
        FactStore(path, LERUM)
    store.close()
    FactStore(path, LERUM).close()


def test_another_devices_store_is_refused(path: Path) -> None:
    FactStore(path, LERUM).close()
    with pytest.raises(ForeignStore, match="lerum-1"):
        FactStore(path, Origin("vast", "lerum", "lerum-2"))
    FactStore(path, LERUM).close()


def test_threads_get_sequences_without_gaps_or_repeats(path: Path) -> None:
    store = FactStore(path, LERUM)
    with ThreadPoolExecutor(1) as one_thread:
        recorded = list(one_thread.map(lambda n: store.record(RETURN, scan=str(n % 50)), range(100)))
    assert len({one.id for one in recorded}) == 50
    sequences = sorted({one.sequence for one in recorded})
    assert sequences == list(range(sequences[0], sequences[0] + 50))
    store.close()


def test_a_write_that_fails_leaves_nothing_half_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FactStore(path, LERUM)
    first = store.record(RETURN)
    monkeypatch.setattr(kiosk_store, "body_of", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.record(RETURN)
    monkeypatch.undo()
    assert store.record(RETURN).sequence == first.sequence + 1
    store.close()


def test_old_sent_rows_go_and_unsent_ones_never(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk_store, "KEPT_ROWS", 5)
    monkeypatch.setattr(kiosk_store, "PRUNE_EVERY", 1)
    store = FactStore(path, LERUM)
    kept = store.record(RETURN)
    for _ in range(20):
        store.mark_sent([store.record(RETURN).sequence])
    assert [one.id for one in store.unsent(100)] == [kept.id]
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM facts").fetchone()[0] <= 7
    store.close()


def test_the_store_waits_for_the_disk(path: Path) -> None:
    store = FactStore(path, LERUM)
    assert store._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
