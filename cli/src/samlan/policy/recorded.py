"""What the services still keep of past decisions, read from their own answers, names left behind.

An open loan keeps its reasons, a fee keeps them while it is remembered, a hold while it lives. A loan that
ended without a fee is erased with its end, and nobody reads a patron's history: those cases are gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeVar

from samlan_contracts.policy import BranchCalendar, ItemFacts, PatronFacts, Stop
from samlan_contracts.policy.facts import Service
from samlan_contracts.shapes import Because

from samlan.policy.asking import Row, Services, debts_of, item_facts, patron_facts, stops_of
from samlan.policy.cases import Debt

T = TypeVar("T")
K = TypeVar("K")
Tell = Callable[[str, int, int], None]
OVERDUE: Final = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A patron as rules see one, with what is owed and what else stops something."""

    facts: PatronFacts
    debts: tuple[Debt, ...] = ()
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoan:
    """A loan that stands: where and when it was made, how it was decided, how many wait now."""

    item: str
    thing: ItemFacts
    who: Person
    branch: BranchCalendar
    borrowed_at: datetime
    due: date
    renewals: int
    because: Because
    waiting_now: int = 0
    on_loan: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedFee:
    """A fee that is remembered, with its reasons: for late days in `returns`, any other in `charges`."""

    fee: str
    kind: str
    item: str
    thing: ItemFacts | None
    who: Person
    patron: str
    branch: BranchCalendar | None
    charged_at: datetime
    amount_minor: int
    outstanding_minor: int
    currency: str
    member: str
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingHold:
    """A hold that waits or stands on a shelf."""

    hold: str
    thing: ItemFacts | None
    who: Person
    pickup: BranchCalendar
    placed_at: datetime
    channel: str
    state: str
    ready_until: date | None
    because: Because


@dataclass(slots=True, kw_only=True)
class Recorded:
    """All that can be judged again, and what is known to be missing."""

    loans: list[OpenLoan] = field(default_factory=list)
    returns: list[ChargedFee] = field(default_factory=list)
    charges: list[ChargedFee] = field(default_factory=list)
    holds: list[LivingHold] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    facts_taken: int = 0
    fees_forgotten: int = 0
    unreadable: int = 0


async def recorded(services: Services, tell: Tell = lambda what, done, of: None) -> Recorded:
    """Everything the services keep; `tell` hears how far each part is."""
    circulating, queues, ledgers = await asyncio.gather(
        services.rows("circulation", "item", "facts", "copy"),
        services.rows("holds", "queue"),
        services.rows("billing", "ledger", "settled"),
    )
    found = Recorded()
    found.facts_taken = sum(row.get("taken", 0) for row in circulating if row["kind"] == "facts")
    found.fees_forgotten = sum(row["kind"] == "settled" and not row["patron"] for row in ledgers)
    waiting = {
        row["key"]: row.get("waiting", 0)
        for row in circulating
        if row["kind"] == "copy" and row["of"] == "queue"
    }
    lent = [row for row in circulating if row["kind"] == "item" and row["loan"]]
    charged = _charged(ledgers)
    wanted = {row["loan"]["patron"] for row in lent} | charged | _in_queues(queues)
    found.people = await _people(services, wanted, tell)
    await _loans(services, found, {row["loan"]["patron"] for row in lent}, waiting, tell)
    await _fees(services, found, charged, tell)
    await _holds(services, found, queues, tell)
    return found


def _charged(ledgers: Iterable[Row]) -> set[str]:
    """The patrons of whom a fee is remembered."""
    owing = {row["key"] for row in ledgers if row["kind"] == "ledger" and row["fees"]}
    return owing | {row["patron"] for row in ledgers if row["kind"] == "settled" and row["patron"]}


def _in_queues(queues: Iterable[Row]) -> set[str]:
    return {one["patron"] for row in queues for one in (*row["waiting"], *row["allotted"])}


async def _people(services: Services, wanted: set[str], tell: Tell) -> dict[str, Person]:
    async def one(patron: str) -> tuple[str, Person] | None:
        account, fees = await asyncio.gather(services.account(patron), services.fees_of(patron))
        if account is None:
            return None
        facts = patron_facts(account)
        return patron, Person(facts=facts, debts=debts_of(fees), stops=stops_of(account, fees))

    return dict(one for one in await _each(sorted(wanted), one, "patrons", tell) if one is not None)


async def _loans(
    services: Services, found: Recorded, patrons: set[str], waiting: Mapping[str, int], tell: Tell
) -> None:
    async def of(patron: str) -> list[OpenLoan | None]:
        rows = sorted(await services.loans_of(patron), key=lambda row: str(row["borrowed_at"]))
        things = await asyncio.gather(*(services.thing(row["item"]) for row in rows))
        before: dict[str, int] = {}
        made: list[OpenLoan | None] = []
        for row, thing in zip(rows, things, strict=True):
            branch = await services.calendar(row["branch"])
            who = found.people.get(patron)
            if thing is None or branch is None or who is None:
                made.append(None)
                continue
            made.append(_loan(row, thing, who, branch, dict(before), waiting.get(thing["title"], 0)))
            before[thing["material"]] = before.get(thing["material"], 0) + 1
        return made

    for listed in await _each(sorted(patrons), of, "loans", tell):
        found.loans += [one for one in listed if one is not None]
        found.unreadable += sum(one is None for one in listed)


def _loan(
    row: Row, thing: Row, who: Person, branch: BranchCalendar, on_loan: Mapping[str, int], waiting: int
) -> OpenLoan:
    return OpenLoan(
        item=row["item"], thing=item_facts(thing), who=who, branch=branch,
        borrowed_at=datetime.fromisoformat(row["borrowed_at"]), due=date.fromisoformat(row["due"]),
        renewals=row["renewals"], because=row["because"] or [], waiting_now=waiting, on_loan=on_loan,
    )  # fmt: skip


async def _fees(services: Services, found: Recorded, patrons: set[str], tell: Tell) -> None:
    async def of(patron: str) -> list[ChargedFee | None]:
        fees = await services.fees_of(patron)
        return [await fee(patron, row) for row in fees.get("items", ())]

    async def fee(patron: str, row: Row) -> ChargedFee | None:
        who = found.people.get(patron)
        if who is None:
            return None
        thing = await services.thing(row["item"]) if row["item"] else None
        return ChargedFee(
            fee=row["id"], kind=row["kind"], item=row["item"] or "", who=who, patron=patron,
            thing=item_facts(thing) if thing else None,
            branch=await services.calendar(thing["home"]) if thing else None,
            charged_at=datetime.fromisoformat(row["charged_at"]), amount_minor=row["amount"]["amount"],
            outstanding_minor=row["outstanding"]["amount"], currency=row["amount"]["currency"],
            member=row["member"], because=row["because"] or [],
        )  # fmt: skip

    for listed in await _each(sorted(patrons), of, "fees", tell):
        known = [one for one in listed if one is not None]
        found.returns += [one for one in known if one.kind == OVERDUE]
        found.charges += [one for one in known if one.kind != OVERDUE]
        found.unreadable += sum(one is None for one in listed)


async def _holds(services: Services, found: Recorded, queues: Sequence[Row], tell: Tell) -> None:
    entries = [(row["key"], one) for row in queues for one in (*row["waiting"], *row["allotted"])]

    async def of(entry: tuple[str, Row]) -> LivingHold | None:
        title, place = entry
        row, pickup = await asyncio.gather(services.hold(place["hold"]), services.calendar(place["pickup"]))
        who = found.people.get(place["patron"])
        if row is None or pickup is None or who is None:
            return None
        thing = await services.thing(place["item"]) if place.get("item") else None
        thing = thing or next(iter(await services.items_of(title)), None)
        until = row.get("ready_until")
        return LivingHold(
            hold=row["id"], thing=item_facts(thing) if thing else None, who=who, pickup=pickup,
            placed_at=datetime.fromisoformat(row["placed_at"]), channel=row["channel"], state=row["state"],
            ready_until=date.fromisoformat(until) if until else None, because=row["because"] or [],
        )  # fmt: skip

    for one in await _each(entries, of, "holds", tell):
        if one is not None:
            found.holds.append(one)
        else:
            found.unreadable += 1


async def _each(wanted: Sequence[K], ask: Callable[[K], Awaitable[T]], what: str, tell: Tell) -> list[T]:
    """Asks for each of these, many at once, and tells how far it is; the order is kept."""
    done = 0
    tell(what, 0, len(wanted))

    async def counted(one: K) -> T:
        nonlocal done
        answer = await ask(one)
        done += 1
        tell(what, done, len(wanted))
        return answer

    return list(await asyncio.gather(*(counted(one) for one in wanted)))


def inputs(because: Because) -> list[dict[str, Any]]:
    """The inputs of the rules behind a decision; what a rule did not say is left out."""
    return [dict(why["inputs"]) for why in because if "inputs" in why]


def service_of(because: Because) -> Service:
    """How the item of a loan was handed over, as its reasons tell."""
    return "home_delivery" if any(known.get("service") for known in inputs(because)) else "branch"
