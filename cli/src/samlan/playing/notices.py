"""How long after a fact the notice that it set off was stored: asked of notify, which wrote down when."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from samlan_plumbing.peers import Peers

from samlan.playing.effects import Return
from samlan.trouble import Trouble

CAUSES_AT_ONCE: Final = 100  # in one request: as many as notify takes
ASKED_AT_ONCE: Final = 4
LIMIT_SECONDS: Final = 60.0
Row = dict[str, Any]


async def notice_latencies_ms(peers: Peers, returns: Iterable[Return]) -> list[float]:
    """For each notice of these returns, the milliseconds from the fact's publishing to its notice stored.

    A notice falls due the moment it is stored, by the library's clock: only where that is the machine's.
    """
    owed = list(_owed(returns))
    causes = list(dict.fromkeys(cause for _, cause in owed))
    parts = [causes[at : at + CAUSES_AT_ONCE] for at in range(0, len(causes), CAUSES_AT_ONCE)]
    limit = asyncio.Semaphore(ASKED_AT_ONCE)

    async def stored_for(part: list[str]) -> list[Row]:
        async with limit:
            answer = await peers.ask(
                "notify", "GET", "/notices", params={"cause": part}, limit_seconds=LIMIT_SECONDS
            )
        if not answer.ok:
            raise Trouble(f"notify does not take /notices: {answer.status}")
        return list(answer.body["items"])

    answers = await asyncio.gather(*map(stored_for, parts))
    stored: dict[str, list[datetime]] = defaultdict(list)
    for row in (row for answer in answers for row in answer):
        stored[row["cause"]].append(datetime.fromisoformat(row["due_at"]))
    return [(at - one.at).total_seconds() * 1000 for one, cause in owed for at in stored[cause]]


def _owed(returns: Iterable[Return]) -> Iterator[tuple[Return, str]]:
    for one in returns:
        yield from ((one, event) for event in (*one.ready, *(fee.event for fee in one.fees)))
