"""The cast of billing's component tests, and the running service they speak to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio
from samlan_billing import app
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.events.circulation import ItemReturned, LoanClosingMoved, LoanStageReached
from samlan_contracts.shapes import ClosedLoan, LoanStage, Thing
from samlan_plumbing.ids import derive
from samlan_plumbing.topology import RETRY_DELAYS_MS, retry_queue
from samlan_testkit.world import World

DUE = date(2026, 11, 10)
OPENING = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat"), ("08:00", "20:00"))
ZONES = {"gladsaxe": "Europe/Copenhagen"}
BRANCHES = (
    "kungsbacka/stadsbiblioteket", "orebro/stadsbiblioteket", "gladsaxe/hovedbiblioteket",
    "vast/lerum", "gothenburg/stadsbiblioteket",
)  # fmt: skip
HOME = {name.partition("/")[0]: name for name in BRANCHES}
BORN = {"karin": date(1980, 2, 29), "lasse": date(2014, 6, 1), "emil": date(2008, 11, 25)}


@dataclass
class Billing:
    """A running billing service, and short words for what happens to it."""

    world: World
    sequences: dict[str, int] = field(default_factory=dict)

    async def start(self, name: str | None = None) -> None:
        """Starts the service, or a replica of it under another name."""
        await self.world.start(app.build, name=name)

    def _next(self, subject: str) -> int:
        self.sequences[subject] = self.sequences.get(subject, 0) + 1
        return self.sequences[subject]

    async def branch(self, name: str, *, timezone: str | None = None) -> None:
        """Catalog tells of a branch."""
        member = name.partition("/")[0]
        event = BranchDescribed(
            branch=name, member=member, name=name, opening=OPENING,
            timezone=timezone or ZONES.get(member, "Europe/Stockholm"),
        )  # fmt: skip
        await self.world.tell(event, subject=f"branch/{name}", sequence=self._next(name))

    async def patron(self, patron: str, *, member: str = "kungsbacka", **more: Any) -> None:
        """Accounts tells of a patron."""
        fields = {"born": BORN.get(patron), **more}
        event = PatronDescribed(patron=patron, member=member, **fields)
        await self.world.tell(event, subject=f"patron/{patron}", sequence=self._next(patron))

    def closed(
        self,
        patron: str = "karin",
        *,
        days_late: int = 0,
        at: datetime | None = None,
        due: date = DUE,
        loan: str = "loan-1",
        member: str = "kungsbacka",
        of: str | None = None,
        born: date | None = None,
    ) -> ClosedLoan:
        """A loan that ended so many days late, at noon unless `at` says when."""
        zone = ZoneInfo(ZONES.get(member, "Europe/Stockholm"))
        noon = datetime.combine(due + timedelta(days=days_late), time(12), zone).astimezone(UTC)
        return ClosedLoan(
            loan=loan, patron=patron, patron_member=of or member, born=born or BORN.get(patron),
            branch=HOME[member], borrowed_at=noon - timedelta(days=40), due=due, returned_at=at or noon,
        )  # fmt: skip

    async def returned(
        self,
        patron: str = "karin",
        *,
        member: str = "kungsbacka",
        material: str = "book",
        audience: str = "adult",
        times: int = 1,
        **loan: Any,
    ) -> ClosedLoan:
        """Circulation tells that an item came back."""
        closed = self.closed(patron, member=member, **loan)
        item = f"item-of-{closed.loan}"
        event = ItemReturned.model_validate(
            {
                "fact": f"fact-{closed.loan}", "thing": _thing(item, member, material, audience),
                "branch": closed.branch, "mode": "kiosk", "returned_at": closed.returned_at,
                "was": "on_loan", "loan": closed,
            }
        )  # fmt: skip
        await self.world.tell(event, subject=f"item/{item}", sequence=self._next(item), times=times)
        return closed

    async def closing_moved(
        self,
        patron: str = "karin",
        *,
        member: str = "kungsbacka",
        fact: str = "earlier",
        times: int = 1,
        **loan: Any,
    ) -> None:
        """Circulation tells that a loan had ended earlier; of an ended loan it knows no patron."""
        nobody = {"patron": "", "patron_member": "", "born": None}
        closed = self.closed(patron, member=member, **loan).model_copy(update=nobody)
        item = f"item-of-{closed.loan}"
        event = LoanClosingMoved(fact=fact, thing=_thing(item, member, "book", "adult"), loan=closed)
        await self.world.tell(event, subject=f"item/{item}", sequence=self._next(item), times=times)

    async def stage(
        self,
        stage: LoanStage = "reminder_1",
        patron: str = "karin",
        *,
        member: str = "kungsbacka",
        material: str = "book",
        audience: str = "adult",
        price: int | None = None,
        due: date = DUE,
        loan: str = "loan-1",
        of: str | None = None,
        born: date | None = None,
        times: int = 1,
    ) -> date:
        """Circulation tells that a loan came to a stage, on its day at eight; library time is no earlier."""
        on = due + timedelta(days={"due_soon": -3, "reminder_1": 7, "reminder_2": 21, "invoiced": 42}[stage])
        at = morning(on, member)
        self.world.clock.set(max(at, self.world.clock.now()))
        item = f"item-of-{loan}"
        thing = _thing(item, member, material, audience).model_copy(update={"price_minor": price})
        event = LoanStageReached(
            stage=stage, thing=thing, loan=loan, patron=patron, patron_member=of or member,
            born=born or BORN.get(patron), branch=HOME[member], due=due, reached_on=on,
        )  # fmt: skip
        more = {"cause": derive("stage", loan, stage, due.isoformat()), "happened_at": at, "times": times}
        await self.world.tell(event, subject=f"item/{item}", sequence=self._next(item), **more)
        return on

    async def imported(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """The operator imports rows; what is not given is ordinary."""
        usual = {
            "patron": "karin", "member": "kungsbacka", "kind": "other", "currency": "SEK",
            "charged_at": "2026-10-01T12:00:00+02:00",
        }  # fmt: skip
        lines = [{"line": line, "row": {**usual, **row}} for line, row in enumerate(rows, start=1)]
        answer = await self.world.post("billing", "/import/fees", {"rows": lines})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def fees(self, patron: str = "karin") -> list[dict[str, Any]]:
        """The patron's fees."""
        return list((await self.account(patron))["items"])

    async def account(self, patron: str = "karin") -> dict[str, Any]:
        """The patron's fees, balances and blocks."""
        answer = await self.world.get("billing", f"/patrons/{patron}/fees")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def owed(self, patron: str = "karin") -> dict[tuple[str, str], int]:
        """What the patron owes, by member and currency; the balance and the entries agree."""
        account = await self.account(patron)
        sums: dict[tuple[str, str], int] = {}
        for fee in account["items"]:
            key = fee["member"], fee["outstanding"]["currency"]
            booked = sum(one["amount"]["amount"] for one in fee["entries"])
            assert fee["outstanding"]["amount"] == booked
            sums[key] = sums.get(key, 0) + booked
        balances = {(one["member"], one["currency"]): one["amount"] for one in account["balances"]}
        assert {key: owed for key, owed in sums.items() if owed} == balances
        return balances

    async def pay(self, *fees: str, patron: str = "karin", **more: Any) -> Any:
        """The patron pays."""
        return await self.world.post("billing", "/payments", {"patron": patron, "fees": list(fees), **more})

    async def waive(self, fee: str, *, role: str = "desk", **more: Any) -> Any:
        """The staff forgive."""
        body = {"role": role, "why": "kindness", **more}
        return await self.world.post("billing", f"/fees/{fee}/waive", body)

    async def state(self, of: str) -> list[dict[str, Any]]:
        """The rows of `samlan check`, page by page."""
        rows: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = (await self.world.get("billing", "/state", after=after, limit=2)).json()
            rows, after = rows + page["items"], page["next"]
        return [row for row in rows if of in (row["kind"], row.get("of"))]

    async def waiting(self) -> int:
        """How many messages wait on the first rung of the retry ladder."""
        return await self.world._ready(retry_queue("billing.events", RETRY_DELAYS_MS[0]))

    async def documents(self, collection: str) -> list[dict[str, Any]]:
        """What the datastore holds."""
        service = next(one for one in self.world.services.values() if one.name == "billing")
        return await service.resources.database[collection].find({}).to_list()


def morning(day: date, member: str = "kungsbacka", *, seconds: int = 0) -> datetime:
    """Eight in the morning of a member's day, as the books say."""
    zone = ZoneInfo(ZONES.get(member, "Europe/Stockholm"))
    return datetime.combine(day, time(8), zone).astimezone(UTC) + timedelta(seconds=seconds)


def _thing(item: str, member: str, material: str, audience: str) -> Thing:
    return Thing.model_validate(
        {
            "item": item, "title": f"title-of-{item}", "member": member, "home": HOME[member],
            "material": material, "audience": audience,
        }
    )  # fmt: skip


@pytest_asyncio.fixture
async def billing(world: World) -> AsyncIterator[Billing]:
    """Billing runs and knows the branches and the cast."""
    made = Billing(world)
    await made.start()
    for branch in BRANCHES:
        await made.branch(branch)
    for patron in BORN:
        await made.patron(patron)
    await world.settle()
    yield made


@pytest_asyncio.fixture
async def bare(world: World) -> Billing:
    """Billing, not started and knowing nothing."""
    return Billing(world)
