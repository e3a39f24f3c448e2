"""The events notify reads: what owes a notice, and what its copies are made of."""

from __future__ import annotations

from samlan_contracts.event import Envelope
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import FeeCharged, FeeCorrected, FeePaid, InvoiceIssued
from samlan_contracts.events.catalog import BranchDescribed, TitleDescribed
from samlan_contracts.events.circulation import ItemReturned, LoanRenewed, LoanStageReached
from samlan_contracts.events.holds import HoldExpired, HoldReady
from samlan_plumbing.consuming import EventDoor

from samlan_notify.domain import occasions
from samlan_notify.handlers.copying import Copying
from samlan_notify.handlers.following import Following
from samlan_notify.handlers.recording import Recording


def events(recording: Recording, copying: Copying, following: Following) -> EventDoor:
    """The door with every event that notify reads."""
    door = EventDoor()
    _occasions(door, recording)
    _loans(door, recording, following)
    door.on(PatronDescribed, snapshot=copying.patrons)(copying.patron)
    door.on(TitleDescribed, snapshot=copying.titles)(copying.title)
    door.on(BranchDescribed, snapshot=copying.branches)(copying.branch)
    return door


def _occasions(door: EventDoor, recording: Recording) -> None:
    @door.on(HoldReady)
    async def hold_ready(event: HoldReady, envelope: Envelope) -> None:
        await recording.owe(occasions.hold_ready(event), cause=envelope.id)

    @door.on(FeeCharged)
    async def fee_charged(event: FeeCharged, envelope: Envelope) -> None:
        await recording.owe(occasions.fee_charged(event, envelope.sequence), cause=envelope.id)

    @door.on(HoldExpired)
    async def hold_expired(event: HoldExpired, envelope: Envelope) -> None:
        await recording.owe(occasions.hold_expired(event), cause=envelope.id)

    @door.on(InvoiceIssued)
    async def invoice_issued(event: InvoiceIssued, envelope: Envelope) -> None:
        await recording.owe(occasions.invoice(event, envelope.sequence), cause=envelope.id)


def _loans(door: EventDoor, recording: Recording, following: Following) -> None:
    door.on(LoanRenewed)(following.renewed)
    door.on(FeePaid)(following.paid)
    door.on(FeeCorrected)(following.corrected)

    @door.on(LoanStageReached)
    async def stage_reached(event: LoanStageReached, envelope: Envelope) -> None:
        await following.stage_reached(event, envelope)
        if (occasion := occasions.stage(event, envelope.sequence)) is not None:
            await recording.owe(occasion, cause=envelope.id)

    @door.on(ItemReturned)
    async def item_returned(event: ItemReturned, envelope: Envelope) -> None:
        await following.returned(event, envelope)
        occasion = occasions.receipt(event)
        if occasion is not None:  # most returns: nobody asked for a receipt, and nothing is touched
            await recording.owe(occasion, cause=envelope.id)
