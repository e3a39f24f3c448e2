"""What every service says of itself, gathered page by page.

A row names its `kind`: an aggregate (`item`, `queue`, `ledger`, `notice`, `patron`, `title`, `branch`) with
its `key`, or a `copy` of another service's subject, with what it is a copy `of`; `facts` are counts.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from samlan_plumbing.peers import PeerDown, Peers

Row = dict[str, Any]
SERVICES: Final = ("accounts", "catalog", "circulation", "holds", "billing", "notify")
PAGE: Final = 1_000  # what every service gives at once
ANSWER_LIMIT_SECONDS: Final = 120.0


@dataclass(slots=True)
class Seen:
    """The state of all services: `rows[service][kind][key]`, copies under `copies[service][of][key]`."""

    rows: dict[str, dict[str, dict[str, Row]]] = field(default_factory=lambda: defaultdict(dict))
    copies: dict[str, dict[str, dict[str, Row]]] = field(default_factory=lambda: defaultdict(dict))
    flows: dict[str, Row] = field(default_factory=dict)

    def of(self, service: str, kind: str) -> dict[str, Row]:
        """A service's aggregates of one kind, by key."""
        return self.rows[service].get(kind, {})

    def take(self, service: str, row: Row) -> None:
        """Files one row."""
        if row["kind"] == "copy":
            self.copies[service].setdefault(row["of"], {})[row["key"]] = row
        else:
            self.rows[service].setdefault(row["kind"], {})[row["key"]] = row


async def gather(peers: Peers) -> Seen:
    """Asks every service; `PeerDown` names the one that does not answer."""
    seen = Seen()
    await asyncio.gather(*(_gather_from(service, peers, seen) for service in SERVICES))
    return seen


async def _gather_from(service: str, peers: Peers, seen: Seen) -> None:
    async for row in _rows(peers, service):
        seen.take(service, row)
    answer = await peers.ask(service, "GET", "/flow", limit_seconds=ANSWER_LIMIT_SECONDS)
    seen.flows[service] = dict(answer.body)


async def _rows(peers: Peers, service: str) -> AsyncIterator[Row]:
    after: str | None = None
    while True:
        answer = await peers.ask(
            service, "GET", "/state", params={"after": after, "limit": PAGE},
            limit_seconds=ANSWER_LIMIT_SECONDS,
        )  # fmt: skip
        if not answer.ok:
            raise PeerDown(service)
        for row in answer.body["items"]:
            yield row
        after = answer.body["next"]
        if after is None:
            return
