"""Billing's clock: settled fees leave their ledgers, particulars go in time, birthdays change standing,
unpaid invoices go to collection."""

from __future__ import annotations

from samlan_plumbing.jobs import Job

from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.handlers.settling import Settling


def jobs(bookkeeper: Bookkeeper) -> tuple[Job, ...]:
    """What falls due by itself."""
    settling = Settling(bookkeeper)
    return (
        Job(name="move_settled", next_due=settling.next_move, run=settling.move),
        Job(name="strip_particulars", next_due=settling.next_strip, run=settling.strip),
        Job(
            name="collection",
            next_due=settling.next_collection,
            run=settling.collect,
            is_due=settling.collection_due,
        ),
        Job(name="review_standing", next_due=settling.next_review, run=settling.review),
    )
