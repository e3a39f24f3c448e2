"""The events that billing reads, each with its one handler."""

from __future__ import annotations

from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.events.circulation import ItemReturned, LoanClosingMoved, LoanStageReached
from samlan_contracts.events.holds import HoldPlaced
from samlan_plumbing.consuming import EventDoor

from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.handlers.charging import Charging
from samlan_billing.handlers.patrons import BranchCopies, Patrons
from samlan_billing.handlers.requesting import Requesting
from samlan_billing.handlers.staging import Staging


def events(bookkeeper: Bookkeeper) -> EventDoor:
    """Billing's door for events."""
    door = EventDoor()
    staging, patrons, branches = Staging(bookkeeper), Patrons(bookkeeper), BranchCopies(bookkeeper)
    charging = Charging(bookkeeper, staging)
    door.on(ItemReturned)(charging.item_returned)
    door.on(LoanStageReached)(staging.loan_stage_reached)
    door.on(HoldPlaced)(Requesting(bookkeeper).hold_placed)
    door.on(LoanClosingMoved)(charging.loan_closing_moved)
    door.on(PatronDescribed, snapshot=patrons.patrons_described)(patrons.patron_described)
    door.on(BranchDescribed, snapshot=branches.branches_described)(branches.branch_described)
    return door
