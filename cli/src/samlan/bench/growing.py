"""What grows with one queue and with one patron: a long and a short of each, in the same round."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any, Final

import httpx2
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.ids import fresh
from samlan_plumbing.tokens import Signer

from samlan.bench.stage import Stage
from samlan.trouble import Trouble

MEMBER: Final = "gothenburg"
BRANCH: Final = "gothenburg/linnestaden"
SHORT_QUEUE, LONG_QUEUE = 10, 1_000
FEW_LOANS, MANY_LOANS = 4, 400
TIMES: Final = 8
ITEMS_EACH: Final = 60
BATCH: Final = 500
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Milliseconds of the short and of the long one, medians of several."""

    short: float
    long: float

    @property
    def ratio(self) -> float:
        """How many times longer the long one takes."""
        return self.long / self.short


class Growing:
    """Two titles with queues and two patrons with loans, beside whatever the stage has."""

    def __init__(self, stage: Stage, titles: tuple[str, str, str]) -> None:
        self._stage = stage
        self._short, self._long, self._lent = titles
        self._unused: dict[str, Iterator[str]] = {}
        self._next_patron = LONG_QUEUE

    async def prepare(self) -> None:
        """Imports the patrons, items, loans and holds."""
        patrons = LONG_QUEUE + 20 * TIMES
        await self._import("accounts", "patrons", [_patron(n) for n in range(patrons)])
        await self._stage.settle()
        items = [
            _item(f"{title}-{n}", title) for title in (self._short, self._long) for n in range(ITEMS_EACH)
        ]
        items += [_item(f"lent-{n}", self._lent) for n in range(MANY_LOANS + FEW_LOANS)]
        await self._import("catalog", "items", items)
        await self._stage.settle()
        whose = [0] * MANY_LOANS + [1] * FEW_LOANS
        await self._import("circulation", "loans", [self._loan(n, of) for n, of in enumerate(whose)])
        holds = [self._hold(self._short, n) for n in range(SHORT_QUEUE)]
        holds += [self._hold(self._long, n) for n in range(LONG_QUEUE)]
        await self._import("holds", "holds", holds)
        await self._stage.settle()
        for title in (self._short, self._long):
            self._unused[title] = iter([f"{title}-{n}" for n in range(ITEMS_EACH)])

    async def queues(self) -> Pair:
        """Placing and cancelling a hold, and allotting an item, on either queue."""
        short, long = await self._alternating(
            lambda: self._through_a_queue(self._short), lambda: self._through_a_queue(self._long)
        )
        return Pair(short, long)

    async def pages(self) -> Pair:
        """The page of loans, through the gateway, of either patron."""
        token = Signer(self._stage.supervisor.data / "keys", MachineClock()).for_desk(BRANCH)
        headers = {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=self._stage.urls["gateway"], trust_env=False) as http:

            async def page(patron: int, loans: int) -> None:
                answer = await http.get(f"/v1/desk/patrons/bench-{patron}/loans", headers=headers, timeout=30)
                if not answer.is_success or len(answer.json()["items"]) != loans:
                    raise Trouble(f"the page of {loans} loans is not there: {answer.status_code}")

            short, long = await self._alternating(lambda: page(1, FEW_LOANS), lambda: page(0, MANY_LOANS))
        return Pair(short, long)

    async def _alternating(
        self, short: Callable[[], Awaitable[None]], long: Callable[[], Awaitable[None]]
    ) -> tuple[float, float]:
        """The medians of both, taken in turn, so that a busy moment of the machine meets both."""
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(TIMES):
            for one, times in zip((short, long), taken, strict=True):
                started = time.perf_counter()
                await one()
                times.append((time.perf_counter() - started) * 1000)
        return median(taken[0]), median(taken[1])

    async def _through_a_queue(self, title: str) -> None:
        self._next_patron += 1
        patron = f"bench-{self._next_patron}"
        body = {"patron": patron, "title": title, "channel": "desk", "pickup": BRANCH, "command": fresh()}
        placed = await self._ask("holds", "POST", "/holds", body)
        scanned = {"item": next(self._unused[title]), "branch": BRANCH, "command": fresh()}
        await self._ask("circulation", "POST", "/returns", scanned)
        changes = [{"hold": placed["hold"] if "hold" in placed else placed["id"], "cancel": True}]
        await self._ask(
            "holds", "PATCH", "/holds", {"patron": patron, "changes": changes, "command": fresh()}
        )

    async def _import(self, owner: str, kind: str, rows: list[Row]) -> None:
        for start in range(0, len(rows), BATCH):
            part = [
                {"line": start + n, "row": row} for n, row in enumerate(rows[start : start + BATCH], start=1)
            ]
            answer = await self._ask(owner, "POST", f"/import/{kind}", {"rows": part})
            if answer["refused"]:
                raise Trouble(f"{owner} refused rows of the benchmark: {answer['refused'][:3]}")

    async def _ask(self, service: str, method: str, path: str, body: Row) -> Row:
        answer = await self._stage.peers.ask(service, method, path, json=body, limit_seconds=120.0)
        if not answer.ok:
            raise Trouble(f"{service} {method} {path}: {answer.status} {answer.body}")
        return dict(answer.body)

    def _loan(self, number: int, patron: int) -> Row:
        today = self._stage.today
        return {
            "item": f"lent-{number}", "patron": f"bench-{patron}", "branch": BRANCH, "renewals": 0,
            "borrowed_at": f"{today - timedelta(days=3)}T12:00:00+01:00",
            "due": str(today + timedelta(days=25)),
        }  # fmt: skip

    def _hold(self, title: str, number: int) -> Row:
        placed = f"{self._stage.today - timedelta(days=2)}T10:{number // 60 % 60:02}:{number % 60:02}+01:00"
        return {"title": title, "patron": f"bench-{number}", "pickup": BRANCH, "placed_at": placed}


def _patron(number: int) -> Row:
    return {
        "patron": f"bench-{number}", "member": MEMBER, "name": f"Bench {number}", "born": "1980-05-05",
        "borrower_id": f"B{number}", "cards": [f"9917{number:010}"], "pin": f"{number % 10000:04}",
        "status": "full",
    }  # fmt: skip


def _item(barcode: str, title: str) -> Row:
    return {"item": barcode, "title": title, "branch": BRANCH, "material": "book", "audience": "adult"}
