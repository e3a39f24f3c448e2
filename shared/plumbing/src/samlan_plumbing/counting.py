"""What a service asks of its datastore, counted for the benchmark: off in every other run, since it costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import bson
from prometheus_client import CollectorRegistry, Counter
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

KINDS: Final = ("read", "insert", "update", "clear", "look")


class Commands(CommandListener):
    """Counts commands, and the reads and writes in them with their bytes.

    A `read` is of documents by key, as a handler asked for them, an `update` of one; a `clear` takes what
    was told out of an outbox, and a `look` searches, as loops do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._commands = Counter("samlan_datastore_commands", "Commands sent", ["command"], registry=registry)
        self._done = Counter("samlan_datastore_done", "Reads and writes", ["kind"], registry=registry)
        self._bytes = Counter("samlan_datastore_bytes", "Their bytes", ["kind"], registry=registry)
        self._asked: dict[int, str] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Notes what was asked; a write's bytes are those of its statement."""
        name, command = event.command_name, event.command
        self._commands.labels(name).inc()
        if name == "find":
            kind = "read" if "_id" in command.get("filter", {}) else "look"
            self._done.labels(kind).inc()
            self._asked[event.request_id] = kind
        for kind, statement in _writes(name, command):
            self._done.labels(kind).inc()
            if kind != "clear":  # one statement clears many documents
                self._bytes.labels(kind).inc(len(bson.encode(statement)))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Notes a read's bytes: those of the documents that came."""
        if kind := self._asked.pop(event.request_id, None):
            found = event.reply.get("cursor", {}).get("firstBatch", ())
            self._bytes.labels(kind).inc(sum(len(bson.encode(one)) for one in found))

    def failed(self, event: CommandFailedEvent) -> None:
        """A read that failed read nothing."""
        self._asked.pop(event.request_id, None)


def _writes(name: str, command: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    if name == "insert":
        yield from (("insert", one) for one in command["documents"])
    elif name == "update":
        for one in command["updates"]:
            yield from [(_kind(one["u"]), one)] * _documents_of(one["q"])
    elif name == "bulkWrite":
        for one in command["ops"]:
            yield ("insert", one["document"]) if "insert" in one else (_kind(one["updateMods"]), one)


def _documents_of(query: Mapping[str, Any]) -> int:
    """How many documents an update is of: those it names by key, else one."""
    key = query.get("_id")
    return len(key["$in"]) if isinstance(key, Mapping) and "$in" in key else 1


def _kind(update: Any) -> str:
    return "clear" if isinstance(update, Mapping) and "outbox" in update.get("$pull", {}) else "update"
