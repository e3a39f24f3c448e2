"""The events circulation reads, and the facts of devices: each goes to its one handler."""

from __future__ import annotations

from samlan_contracts.event import Envelope
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached
from samlan_contracts.events.catalog import BranchDescribed, ItemDescribed
from samlan_contracts.events.circulation import LoanClosingMoved, LoanRemembered
from samlan_contracts.events.holds import ItemRouted, QueueChanged
from samlan_plumbing.consuming import EventDoor, FactDoor

from samlan_circulation.handlers.facts import Facts
from samlan_circulation.handlers.news import News
from samlan_circulation.handlers.routings import Routings
from samlan_circulation.store import Store

Debt = DebtLimitReached | DebtLimitCleared


def event_door(store: Store, news: News, routings: Routings) -> EventDoor:
    """The door for events."""
    door = EventDoor()
    _routings(door, store, routings)
    _things(door, store, news)
    _people(door, store, news)
    return door


def fact_door(facts: Facts) -> FactDoor:
    """The door for what devices publish."""
    return FactDoor(facts.take)


def _routings(door: EventDoor, store: Store, routings: Routings) -> None:
    door.on(ItemRouted)(routings.apply)

    async def queues(rows: list[tuple[QueueChanged, Envelope]]) -> None:
        await store.queues.apply([event.queue for event, _ in rows])

    @door.on(QueueChanged, snapshot=queues)
    async def queue(event: QueueChanged, _: Envelope) -> None:
        await store.queues.apply([event.queue])


def _things(door: EventDoor, store: Store, news: News) -> None:
    door.on(ItemDescribed, snapshot=news.items)(news.item)

    async def branches(rows: list[tuple[BranchDescribed, Envelope]]) -> None:
        await store.places.describe([(event, envelope.sequence) for event, envelope in rows])

    @door.on(BranchDescribed, snapshot=branches)
    async def branch(event: BranchDescribed, envelope: Envelope) -> None:
        await store.places.describe([(event, envelope.sequence)])


def _people(door: EventDoor, store: Store, news: News) -> None:
    async def patrons(rows: list[tuple[PatronDescribed, Envelope]]) -> None:
        await news.patrons([(event, envelope.sequence) for event, envelope in rows])

    @door.on(PatronDescribed, snapshot=patrons)
    async def patron(event: PatronDescribed, envelope: Envelope) -> None:
        await news.patrons([(event, envelope.sequence)])

    async def debts(rows: list[tuple[DebtLimitReached, Envelope]]) -> None:
        await store.people.owe_many([(e.patron, envelope.sequence, e.blocks) for e, envelope in rows])

    async def debt(event: Debt, envelope: Envelope) -> None:
        await store.people.owe(event.patron, envelope.sequence, event.blocks)

    door.on(DebtLimitReached, snapshot=debts)(debt)
    door.on(DebtLimitCleared)(debt)

    @door.on(LoanRemembered)
    async def remembered(event: LoanRemembered, _: Envelope) -> None:
        await news.remember(event)

    @door.on(LoanClosingMoved)
    async def moved(event: LoanClosingMoved, _: Envelope) -> None:
        await store.history.ended_by(event.loan.loan, event.loan.returned_at)
