"""How long after a fact the notice that it set off was stored: asked of notify, which wrote down when."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from samlan_plumbing.peers import Peers

from samlan.playing.effects import Return

CAUSES_AT_ONCE: Final = 100  # in one request


async def notice_latencies_ms(peers: Peers, returns: Iterable[Return]) -> list[float]:
    """For each notice of these returns, the milliseconds from the fact's publishing to its notice stored.

    A notice falls due the moment it is stored, by the library's clock: only where that is the machine's.
    """
    owed = list(_owed(returns))
    causes = list(dict.fromkeys(cause for _, cause in owed))
    parts = [causes[at : at + CAUSES_AT_ONCE] for at in range(0, len(causes), CAUSES_AT_ONCE)]
    answers = await asyncio.gather(
        *(peers.ask("notify", "GET", "/notices", params={"cause": part}) for part in parts)
    )
    stored: dict[str, list[datetime]] = defaultdict(list)
    for row in (row for answer in answers for row in answer.body["items"]):
        stored[row["cause"]].append(datetime.fromisoformat(row["due_at"]))
    return [(at - one.at).total_seconds() * 1000 for one, cause in owed for at in stored[cause]]


def _owed(returns: Iterable[Return]) -> Iterator[tuple[Return, str]]:
    for one in returns:
        yield from ((one, event) for event in (*one.ready, *(fee.event for fee in one.fees)))
