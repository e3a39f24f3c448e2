"""The events that billing reads, each with its one handler."""

from __future__ import annotations

from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.events.circulation import ItemReturned, LoanClosingMoved
from samlan_plumbing.consuming import EventDoor

from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.handlers.charging import Charging
from samlan_billing.handlers.patrons import BranchCopies, Patrons


def events(bookkeeper: Bookkeeper) -> EventDoor:
    """Billing's door for events."""
    door = EventDoor()
    charging, patrons, branches = Charging(bookkeeper), Patrons(bookkeeper), BranchCopies(bookkeeper)
    door.on(ItemReturned)(charging.item_returned)
    door.on(LoanClosingMoved)(charging.loan_closing_moved)
    door.on(PatronDescribed, snapshot=patrons.patrons_described)(patrons.patron_described)
    door.on(BranchDescribed, snapshot=branches.branches_described)(branches.branch_described)
    return door
