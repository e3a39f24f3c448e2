"""What a device did, kept on its own disk until the broker has it.

One SQLite file in WAL mode with `synchronous=FULL`: what `record` returned survives a kill and a power cut.
A body is emptied once it was sent, for it may hold a card; the row stays a while, so that a scan repeated
by a device's program meets the fact it made before.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from samlan_kiosk.domain.facts import Event, Origin, Recorded, Unsent, body_of, fact_id, first_sequence

KEPT_ROWS: Final = 10_000  # sent facts by which a repeated scan is recognised: weeks of a busy device
PRUNE_EVERY: Final = 500
BUSY_SECONDS: Final = 10.0

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    scan TEXT UNIQUE,
    body BLOB,
    sent INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS unsent ON facts (sequence) WHERE sent = 0;
CREATE TABLE IF NOT EXISTS counter (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS origin (one INTEGER PRIMARY KEY CHECK (one = 1), device TEXT NOT NULL) STRICT;
"""


class StoreInUse(RuntimeError):
    """Another process has this store open."""


class ForeignStore(RuntimeError):
    """The store belongs to another device, whose sequences it counts."""


class FactStore:
    """The store of one device, open in one process at a time. Its calls block: run them in a thread."""

    def __init__(self, path: Path, origin: Origin) -> None:
        self._origin = origin
        self._lock = _locked(path)
        self._database = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(SCHEMA)
        self._begin()

    def record(self, event: Event, *, scan: str | None = None) -> Recorded:
        """Stores an event as a fact with its id and sequence, durably; the same `scan` is the same fact."""
        now = datetime.now(UTC)
        with _transaction(self._database):
            if scan is not None and (known := self._by_scan(scan)) is not None:
                return known
            sequence = int(
                self._database.execute("UPDATE counter SET last = last + 1 RETURNING last").fetchone()[0]
            )
            fact = fact_id(now, secrets.token_bytes(10))
            body = orjson.dumps(body_of(event, fact=fact, sequence=sequence, origin=self._origin))
            self._database.execute(
                "INSERT INTO facts (sequence, id, scan, body) VALUES (?, ?, ?, ?)",
                (sequence, fact, scan, body),
            )
            if sequence % PRUNE_EVERY == 0:
                self._prune()
        return Recorded(fact, sequence)

    def unsent(self, limit: int) -> list[Unsent]:
        """The oldest facts that the broker has not confirmed, in order."""
        rows = self._database.execute(
            "SELECT id, sequence, body FROM facts WHERE sent = 0 ORDER BY sequence LIMIT ?", (limit,)
        )
        return [Unsent(*row) for row in rows]

    def mark_sent(self, sequences: Sequence[int]) -> None:
        """The broker has these; their bodies go."""
        with _transaction(self._database):
            self._database.executemany(
                "UPDATE facts SET sent = 1, body = NULL WHERE sequence = ?", [(one,) for one in sequences]
            )

    def waiting(self) -> int:
        """How many facts the broker has not confirmed."""
        return int(self._database.execute("SELECT count(*) FROM facts WHERE sent = 0").fetchone()[0])

    def close(self) -> None:
        """Closes the file and lets another process open it."""
        self._database.close()
        os.close(self._lock)

    def _begin(self) -> None:
        with _transaction(self._database):
            first = first_sequence(datetime.now(UTC))
            self._database.execute("INSERT OR IGNORE INTO counter (one, last) VALUES (1, ?)", (first,))
            self._database.execute(
                "INSERT OR IGNORE INTO origin (one, device) VALUES (1, ?)", (self._origin.device,)
            )
            (device,) = self._database.execute("SELECT device FROM origin").fetchone()
        if device != self._origin.device:
            self.close()
            raise ForeignStore(f"this store belongs to the device {device}, not {self._origin.device}")

    def _by_scan(self, scan: str) -> Recorded | None:
        row = self._database.execute("SELECT id, sequence FROM facts WHERE scan = ?", (scan,)).fetchone()
        return Recorded(*row) if row else None

    def _prune(self) -> None:
        self._database.execute(
            "DELETE FROM facts WHERE sent = 1 AND sequence <= (SELECT last FROM counter) - ?", (KEPT_ROWS,)
        )


class _transaction:  # noqa: N801 (reads as a statement)
    """One atomic, durable change: taken back unless its block ends well."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def _locked(path: Path) -> int:
    """A lock beside the file that ends with the process that holds it, however it ends."""
    handle = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as taken:
        os.close(handle)
        raise StoreInUse(f"{path} is open in another process") from taken
    return handle
