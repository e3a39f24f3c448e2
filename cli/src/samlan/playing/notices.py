"""How long after a fact the notice that it set off was stored: asked of notify, which wrote down when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from samlan_plumbing.peers import Peers

from samlan.playing.effects import Return

ASKED_AT_ONCE: Final = 8


async def notice_latencies_ms(peers: Peers, returns: Iterable[Return]) -> list[float]:
    """For each notice of these returns, the milliseconds from the fact's publishing to its notice stored.

    A notice falls due the moment it is stored, by the library's clock: only where that is the machine's.
    """
    limit = asyncio.Semaphore(ASKED_AT_ONCE)

    async def stored_at(cause: str) -> list[datetime]:
        async with limit:
            answer = await peers.ask("notify", "GET", "/notices", params={"cause": cause})
        return [datetime.fromisoformat(row["due_at"]) for row in answer.body["items"]]

    owed = list(_owed(returns))
    found = await asyncio.gather(*(stored_at(cause) for _, cause in owed))
    return [
        (at - one.at).total_seconds() * 1000 for (one, _), ats in zip(owed, found, strict=True) for at in ats
    ]


def _owed(returns: Iterable[Return]) -> Iterator[tuple[Return, str]]:
    for one in returns:
        yield from ((one, event) for event in (*one.ready, *(fee.event for fee in one.fees)))
