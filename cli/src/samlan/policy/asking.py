"""What the running services know of a case: asked of their owners over private HTTP, names left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from samlan_contracts.policy import BranchCalendar, ItemFacts, Money, PatronFacts, Stop
from samlan_plumbing.peers import PeerDown, Peers

from samlan import addresses
from samlan.consortium import operator_peers
from samlan.policy.cases import Debt, Loan
from samlan.trouble import Trouble

Row = dict[str, Any]
AT_ONCE: Final = 8  # questions on their way together: the services have patrons to serve meanwhile
LIMIT_SECONDS: Final = 60.0
OF_BILLING: Final = ("debt", "invoice")  # accounts has them from billing, which is asked itself


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """An item as catalog, circulation and holds know it."""

    facts: ItemFacts
    title: str
    loanable: bool
    state: str | None
    hold: str | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPatron:
    """A patron as rules see one; nothing here tells who it is."""

    facts: PatronFacts
    status: str = "full"
    valid_until: datetime | None = None
    registered: bool = True
    stops: tuple[Stop, ...] = ()
    debts: tuple[Debt, ...] = ()
    on_loan: Mapping[str, int]
    loans: Mapping[str, Row]
    holds: tuple[Row, ...] = ()
    channels: tuple[str, ...] = ()
    receipts: bool = False

    def loan_of(self, item: str) -> Loan | None:
        """The patron's own open loan of an item."""
        row = self.loans.get(item)
        if row is None:
            return None
        due = date.fromisoformat(row["due"])
        return Loan(due=due, renewals=row["renewals"], because=row["because"] or [])


@asynccontextmanager
async def services(data: Path) -> AsyncIterator[Services]:
    """The services of the consortium that runs on a data folder."""
    peers = operator_peers(data, addresses.read(data))
    try:
        yield Services(peers)
    except PeerDown as down:
        raise Trouble(f"{down}; is `samlan up --data {data}` ready?") from None
    finally:
        await peers.close()


class Services:
    """Asks, and changes nothing; what was asked once is remembered."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._known: dict[tuple[str, str], asyncio.Task[Row | None]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def thing(self, barcode: str) -> Row | None:
        """An item as a thing; None when the catalogue does not know it."""
        return await self._once("catalog", f"/items/{barcode}")

    async def calendar(self, branch: str) -> BranchCalendar | None:
        """A branch's calendar; None when the catalogue does not know it."""
        row = await self._once("catalog", f"/branches/{branch}")
        return calendar_of(row) if row else None

    async def item(self, barcode: str) -> KnownItem:
        """All that is known of an item; `Trouble` when nobody knows it."""
        thing = await self.thing(barcode)
        if thing is None:
            raise Trouble(f"there is no item {barcode}")
        here, title = await asyncio.gather(
            self._once("circulation", f"/items/{barcode}"),
            self._once("circulation", f"/titles/{thing['title']}/availability"),
        )
        hold = ((here or {}).get("hold") or {}).get("hold")
        return KnownItem(
            facts=item_facts(thing), title=thing["title"], loanable=thing["loanable"],
            state=(here or {}).get("state"), hold=hold, waiting=(title or {}).get("waiting", 0),
        )  # fmt: skip

    async def patron(self, patron: str) -> KnownPatron:
        """All that rules ask of a patron; `Trouble` when nobody knows the patron."""
        account, loans, fees, holds = await asyncio.gather(
            self.account(patron),
            self._once("circulation", f"/patrons/{patron}/loans"),
            self._once("billing", f"/patrons/{patron}/fees"),
            self._once("holds", f"/patrons/{patron}/holds"),
        )
        if account is None:
            raise Trouble(f"there is no patron {patron}")
        listed = {row["item"]: row for row in (loans or {}).get("items", ())}
        things = await asyncio.gather(*(self.thing(item) for item in listed))
        return KnownPatron(
            facts=patron_facts(account), status=account["status"], valid_until=_instant(account),
            registered=bool(account["staffless"]),
            stops=stops_of(account, fees or {}), debts=debts_of(fees or {}),
            on_loan=Counter(thing["material"] for thing in things if thing), loans=listed,
            holds=tuple((holds or {}).get("items", ())), channels=tuple(account["channels"]),
            receipts=bool(account["receipts"]),
        )  # fmt: skip

    async def account(self, patron: str) -> Row | None:
        """What accounts holds of a patron."""
        return await self._once("accounts", f"/patrons/{patron}")

    async def loans_of(self, patron: str) -> list[Row]:
        """A patron's open loans."""
        return list((await self._once("circulation", f"/patrons/{patron}/loans") or {}).get("items", ()))

    async def fees_of(self, patron: str) -> Row:
        """A patron's fees, and what is owed to whom."""
        return await self._once("billing", f"/patrons/{patron}/fees") or {}

    async def hold(self, hold: str) -> Row | None:
        """One hold."""
        return await self._once("holds", f"/holds/{hold}")

    async def items_of(self, title: str) -> list[Row]:
        """The items of a title, as things."""
        return list((await self._once("catalog", f"/titles/{title}/items") or {}).get("items", ()))

    async def now(self) -> datetime:
        """The library's time, which may stand still or be moved."""
        told = await self._ask("circulation", "/clock/next") or {}
        return datetime.fromisoformat(told["now"]) if "now" in told else datetime.now(UTC)

    async def rows(self, service: str, *kinds: str) -> list[Row]:
        """The rows of some kinds of a service's own state."""
        found: list[Row] = []
        after: str | None = None
        while True:
            page = await self._ask(service, "/state", after=after, limit=500)
            if page is None:
                raise PeerDown(service)
            found += [row for row in page["items"] if row["kind"] in kinds]
            after = page["next"]
            if after is None:
                return found

    async def _once(self, service: str, path: str) -> Row | None:
        task = self._known.get((service, path))
        if task is None:
            task = self._known[service, path] = asyncio.create_task(self._ask(service, path))
        return await task

    async def _ask(self, service: str, path: str, **params: Any) -> Row | None:
        async with self._turns:
            answer = await self._peers.ask(service, "GET", path, params=params, limit_seconds=LIMIT_SECONDS)
        if answer.status == 404:
            return None
        if not answer.ok:
            raise Trouble(f"{service} does not answer {path.split('/')[1]}: {answer.status}")
        return dict(answer.body)


def item_facts(thing: Row) -> ItemFacts:
    """A thing of the catalogue as rules see it."""
    issued = thing.get("issued")
    return ItemFacts(
        member=thing["member"], material=thing["material"], audience=thing["audience"],
        issued=date.fromisoformat(issued) if issued else None, min_age=thing.get("min_age"),
        home=thing["home"], price_minor=thing.get("price_minor"),
    )  # fmt: skip


def patron_facts(account: Row) -> PatronFacts:
    """An account as rules see it."""
    born = account.get("born")
    return PatronFacts(
        member=account["member"], born=date.fromisoformat(born) if born else None,
        temporary=account["status"] == "temporary",
    )  # fmt: skip


def _instant(account: Row) -> datetime | None:
    """When a temporary account's days are over."""
    written = account.get("valid_until")
    return datetime.fromisoformat(written) if written else None


def stops_of(account: Row, fees: Row) -> tuple[Stop, ...]:
    """What stops a patron beside debts, which the books judge anew: accounts' causes, and billing's own."""
    own = [one for one in account["blocks"] if one["cause"] not in OF_BILLING]
    money = [one for one in fees.get("blocks", ()) if one.get("cause", "debt") != "debt"]
    return tuple(
        Stop(cause=one["cause"], acts=frozenset(one["stops"]), because=one.get("because") or [])
        for one in (*own, *money)
    )


def debts_of(fees: Row) -> tuple[Debt, ...]:
    """What is owed to whom."""
    return tuple(
        Debt(member=one["member"], balance=Money(one["amount"], one["currency"]))
        for one in fees.get("balances", ())
        if one["amount"] > 0
    )


def calendar_of(row: Row) -> BranchCalendar:
    """A branch's calendar from its row of the catalogue."""
    return BranchCalendar.of(row["branch"], row)
