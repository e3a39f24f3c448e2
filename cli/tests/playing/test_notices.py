"""How long a notice took: a few requests for many returns; what notify stored counts for its own return."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import orjson
import pytest
from samlan.keys import make_keys
from samlan.playing import Fee, Return, notice_latencies_ms
from samlan.playing.notices import CAUSES_AT_ONCE
from samlan.sample.workload import PlannedReturn
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.peers import Peers
from samlan_plumbing.tokens import Signer

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Notify:
    """Answers with one notice for each cause that it knows, stored so many milliseconds after `AT`."""

    def __init__(self) -> None:
        self.stored: dict[str, int] = {}
        self.asked: list[list[str]] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        causes = request.url.params.get_list("cause")
        self.asked.append(causes)
        rows = [
            {"cause": cause, "due_at": (AT + timedelta(milliseconds=self.stored[cause])).isoformat()}
            for cause in causes
            if cause in self.stored
        ]
        return httpx2.Response(200, content=orjson.dumps({"items": rows, "next": None}))


@pytest.fixture
def notify() -> Notify:
    return Notify()


@pytest.fixture
async def peers(notify: Notify, tmp_path: Path) -> AsyncIterator[Peers]:
    make_keys(tmp_path)
    own = Peers(
        caller="operator", urls={"notify": "http://notify"}, signer=Signer(tmp_path, MachineClock()),
        transports={"notify": httpx2.MockTransport(notify.answer)},
    )  # fmt: skip
    yield own
    await own.close()


def one(number: int, *, ready: tuple[str, ...] = (), fees: tuple[str, ...] = ()) -> Return:
    made = Return(
        PlannedReturn(f"item-{number}", "lerum-1", "vast/lerum", "home_here", late=False),
        f"fact-{number}",
        AT,
    )
    made.ready = list(ready)
    made.fees = [Fee(fee, 200, "SEK", "vast") for fee in fees]
    return made


async def test_each_notice_counts_from_its_own_return(peers: Peers, notify: Notify) -> None:
    notify.stored = {"ready": 40, "fee": 90, "another's": 5}
    late = one(2, fees=("fee", "not yet told"))
    late.at = AT - timedelta(milliseconds=10)
    assert sorted(await notice_latencies_ms(peers, [one(1, ready=("ready",)), late])) == [40, 100]
    assert notify.asked == [["ready", "fee", "not yet told"]]


async def test_many_are_asked_for_in_a_few_requests(peers: Peers, notify: Notify) -> None:
    notify.stored = {f"e{number}": number for number in range(CAUSES_AT_ONCE + 1)}
    returns = [one(number, ready=(f"e{number}",)) for number in range(CAUSES_AT_ONCE + 1)]
    assert sorted(await notice_latencies_ms(peers, returns)) == [*range(CAUSES_AT_ONCE + 1)]
    assert sorted(map(len, notify.asked)) == [1, CAUSES_AT_ONCE]


async def test_nothing_owed_asks_nothing(peers: Peers, notify: Notify) -> None:
    assert await notice_latencies_ms(peers, [one(1)]) == []
    assert notify.asked == []
