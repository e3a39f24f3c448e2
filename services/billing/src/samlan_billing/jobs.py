"""Billing's clock: settled fees leave their ledgers, particulars go in time, birthdays, new rules and edited
books change standing."""

from __future__ import annotations

from samlan_plumbing.jobs import SELDOM_SECONDS, Job

from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.handlers.settling import Settling


def jobs(bookkeeper: Bookkeeper) -> tuple[Job, ...]:
    """What falls due by itself."""
    settling = Settling(bookkeeper)
    return (
        Job(name="new_books", next_due=settling.next_edition, run=settling.judge_by_new_books),
        Job(name="move_settled", next_due=settling.next_move, run=settling.move, every=SELDOM_SECONDS),
        Job(
            name="strip_particulars", next_due=settling.next_strip, run=settling.strip,
            due=settling.strips, every=SELDOM_SECONDS,
        ),
        Job(
            name="collection", next_due=settling.next_collection, run=settling.collect,
            due=settling.collection_due, every=SELDOM_SECONDS,
        ),
        Job(
            name="review_standing", next_due=settling.next_review, run=settling.review,
            due=settling.reviews, every=SELDOM_SECONDS,
        ),
    )  # fmt: skip
