"""What circulation and catalog tell of items, and what follows for the holds on their titles."""

from __future__ import annotations

from typing import Final

from samlan_contracts.event import Envelope
from samlan_contracts.events.catalog import ItemDescribed
from samlan_contracts.events.circulation import (
    ItemBorrowed,
    ItemReturned,
    ItemShelved,
    ItemWhereaboutsChanged,
    RoutingRefused,
)
from samlan_plumbing.outbox import Cause, Tell
from samlan_plumbing.resources import Resources

from samlan_holds.domain.collecting import Lending, hand_in, lend
from samlan_holds.domain.model import BranchId, HoldId, ItemBarcode, PatronId
from samlan_holds.domain.routing import Overtaken, Routed, Scan, Unheld, item_gone, routing_refused
from samlan_holds.domain.shelving import shelve
from samlan_holds.store.copies import Copies, Row, item_fields, whereabouts_fields
from samlan_holds.store.holds import Holds
from samlan_holds.store.queues import NOBODY, Asks, Queues

OUT_OF_REACH: Final = frozenset(
    {"on_loan", "lost", "claimed_returned", "missing", "withdrawn", "in_repair"}
)  # states in which an item serves no hold
UNHELD: Final = 9  # beyond what a queue tells of a scan: a repeat may meet a hold, and that is another event
EVER_AFTER: Final = 2**62  # a withdrawn item is gone whatever was scanned before


class Items:
    """Handles everything told of items."""

    def __init__(self, resources: Resources, queues: Queues, holds: Holds, copies: Copies) -> None:
        self._resources = resources
        self._queues = queues
        self._holds = holds
        self._copies = copies

    async def returned(self, event: ItemReturned, envelope: Envelope) -> None:
        """Routes a scanned item. Where nobody waits no queue is written; a late fact routes nothing."""
        if not event.route:
            return
        scan = Scan.of(event, envelope.sequence)
        outcome = await self._queues.decide(
            scan.thing.title, Cause.of(envelope),
            lambda queue, facts: hand_in(queue, scan, event.loan, facts),
            asks=Asks(patrons=(PatronId(event.loan.patron),)) if event.loan else NOBODY,
        )  # fmt: skip
        if isinstance(outcome, Overtaken):
            return
        if isinstance(outcome, Unheld):
            told = Tell(
                event=outcome.routed, subject=f"item/{scan.item}", cause=envelope.id,
                happened_at=envelope.happened_at, position=UNHELD,
            )  # fmt: skip
            await self._resources.tell_without_document(told, envelope.sequence)
        await self._copies.whereabouts.apply(scan.item, envelope.sequence, _after_routing(scan, outcome))

    async def borrowed(self, event: ItemBorrowed, envelope: Envelope) -> None:
        """Collects the borrower's hold on the title and takes the item from anybody else."""
        known = await self._copies.whereabouts.read(event.item)
        past = event.over or (known is not None and known["sequence"] > envelope.sequence)
        if not past:
            fields = whereabouts_fields(
                title=event.title, state="on_loan", branch=event.branch, patron=event.patron
            )
            await self._copies.whereabouts.apply(event.item, envelope.sequence, fields)
        lending = Lending.of(event, envelope.sequence, past=past)
        collected = await self._queues.decide(
            event.title, Cause.of(envelope), lambda queue, facts: lend(queue, lending, facts),
            asks=Asks(patrons=(PatronId(event.patron),)),
        )  # fmt: skip
        if collected is None and event.hold is not None:
            await self._collected_after_all(event.hold, event)

    async def shelved(self, event: ItemShelved, envelope: Envelope) -> None:
        """Makes the hold ready whose item stands on its pickup shelf."""
        fields = whereabouts_fields(title=event.title, state="hold_shelf", branch=event.branch, on_shelf=True)
        await self._copies.whereabouts.apply(event.item, envelope.sequence, fields)
        await self._queues.decide(
            event.title, Cause.of(envelope),
            lambda queue, facts: shelve(
                queue, ItemBarcode(event.item), HoldId(event.hold), BranchId(event.branch), event.shelved_at,
                envelope.sequence, facts,
            ),
        )  # fmt: skip

    async def refused(self, event: RoutingRefused, envelope: Envelope) -> None:
        """Puts the hold back in its old place whose routing came too late."""
        if event.hold is None:
            return
        hold = HoldId(event.hold)
        await self._queues.decide(
            event.title, Cause.of(envelope),
            lambda queue, _: routing_refused(queue, ItemBarcode(event.item), hold, event.answers),
        )  # fmt: skip

    async def whereabouts(self, event: ItemWhereaboutsChanged, envelope: Envelope) -> None:
        """Follows an item, and puts the hold back in its place whose item is out of reach."""
        await self._copies.whereabouts.apply(event.item, envelope.sequence, _fields(event))
        if event.state in OUT_OF_REACH:
            await self._gone(event.title, event.item, envelope, envelope.sequence)

    async def whereabouts_of_many(self, rows: list[tuple[ItemWhereaboutsChanged, Envelope]]) -> None:
        """Stores where many items are, from a snapshot, which sets nothing off."""
        await self._copies.whereabouts.apply_many(
            [(event.item, envelope.sequence, _fields(event)) for event, envelope in rows]
        )

    async def described(self, event: ItemDescribed, envelope: Envelope) -> None:
        """Keeps what an item is; one that was withdrawn gives its hold back its place."""
        await self._copies.items.apply(event.thing.item, envelope.sequence, item_fields(event))
        if event.removed:
            await self._gone(event.thing.title, event.thing.item, envelope, EVER_AFTER)

    async def described_many(self, rows: list[tuple[ItemDescribed, Envelope]]) -> None:
        """Keeps what many items are, from a snapshot."""
        await self._copies.items.apply_many(
            [(event.thing.item, envelope.sequence, item_fields(event)) for event, envelope in rows]
        )

    async def _gone(self, title: str, item: str, envelope: Envelope, sequence: int) -> None:
        await self._queues.decide(
            title, Cause.of(envelope), lambda queue, _: item_gone(queue, ItemBarcode(item), sequence)
        )

    async def _collected_after_all(self, hold: str, event: ItemBorrowed) -> None:
        """Circulation has the last word: a hold that expired while its item was lent was collected."""
        row = await self._holds.read(hold)
        if row is not None and row["state"] == "expired" and row["patron"] == event.patron:
            await self._holds.correct(HoldId(hold), {"state": "collected", "ended_at": event.borrowed_at})


def _after_routing(scan: Scan, outcome: Routed | Unheld) -> Row:
    to = outcome.entry.pickup if isinstance(outcome, Routed) else outcome.routed.branch
    here = to == scan.branch
    if isinstance(outcome, Routed):
        shelved = outcome.entry.state == "ready"
        state = "hold_shelf" if shelved else "returned" if here else "in_transit"
        return whereabouts_fields(
            title=scan.thing.title, state=state, branch=scan.branch, on_shelf=shelved and here
        )
    return whereabouts_fields(
        title=scan.thing.title, state="available" if here else "in_transit", branch=scan.branch
    )


def _fields(event: ItemWhereaboutsChanged) -> Row:
    return whereabouts_fields(
        title=event.title, state=event.state, branch=event.branch, patron=event.patron,
        on_shelf=event.state == "hold_shelf",
    )  # fmt: skip
