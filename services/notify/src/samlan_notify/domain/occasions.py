"""Which events owe a patron a notice, under which natural key, and what its text will need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from samlan_contracts.events.billing import FeeCharged, InvoiceIssued
from samlan_contracts.events.circulation import ItemReturned, LoanStageReached
from samlan_contracts.events.holds import HoldExpired, HoldReady
from samlan_contracts.forms import member_of
from samlan_contracts.shapes import LoanStage

from samlan_notify.domain.notice import Kind, Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """An event that owes a notice: its natural key, the patron, the member whose book applies, the facts."""

    kind: Kind
    key: tuple[str, ...]
    patron: str
    member: str | None
    about: dict[str, Any]


def hold_ready(event: HoldReady) -> Occasion:
    """Each item given to a hold is told once, with borrower id, branch and last day (G05, V14, D18, K39)."""
    return Occasion(
        kind="hold_ready",
        key=(event.hold, str(event.allotment)),
        patron=event.patron,
        member=member_of(event.pickup),
        about={
            "title": event.title,
            "branch": event.pickup,
            "borrower_id": event.borrower_id,
            "last_day": event.ready_until.isoformat(),
        },
    )


def fee_charged(event: FeeCharged, sequence: int) -> Occasion:
    """Each fee is told once, without asking, with amount and reason; what is added to one, by itself.

    `sequence` orders it among the news of the patron's fees, of which a later one may settle it."""
    return Occasion(
        kind="fee_charged",
        key=(event.fee,) if event.entry is None else (event.fee, event.entry),
        patron=event.patron,
        member=event.member,
        about={
            "title": event.title,
            "amount_minor": event.amount_minor,
            "currency": event.currency,
            "fees": [event.fee],
            "charged": sequence,
            "says": [one["says"] for one in event.because if one.get("says")],
        },
    )


STAGES: Final[dict[LoanStage, Kind]] = {
    "due_soon": "due_soon",
    "reminder_1": "overdue_1",
    "reminder_2": "overdue_2",
}


def stage(event: LoanStageReached, sequence: int) -> Occasion | None:
    """A warning and each reminder is told once for a due date, by the patron's member (G04, D15, K24, K45).

    Of an invoice billing tells, who knows its amount. `sequence` orders it among the news of the loan."""
    if (kind := STAGES.get(event.stage)) is None:
        return None
    says = [one["says"] for one in event.because if one.get("says")] if kind != "due_soon" else []
    return Occasion(
        kind=kind,
        key=(event.loan, event.due.isoformat()),
        patron=event.patron,
        member=event.patron_member or None,
        about={
            "title": event.thing.title,
            "loan": event.loan,
            "due": event.due.isoformat(),
            "sequence": sequence,
            "says": says,
        },
    )


def invoice(event: InvoiceIssued, sequence: int) -> Occasion:
    """Each invoice is told once, with its amount and the day it is to be paid (K23, K24).

    `sequence` is as for a single fee."""
    return Occasion(
        kind="invoice",
        key=(event.invoice, event.member),
        patron=event.patron,
        member=event.member,
        about={
            "title": event.title,
            "loan": event.loan,
            "due": event.loan_due.isoformat(),
            "pay_by": event.due.isoformat(),
            "amount_minor": event.amount_minor,
            "currency": event.currency,
            "fees": [one.fee for one in event.fees],
            "charged": sequence,
            "says": _once([one["says"] for one in event.because if one.get("says")]),
        },
    )


def _once(says: list[Any]) -> list[Any]:
    """Each sentence once, where several fees stand on one rule."""
    return [one for place, one in enumerate(says) if one not in says[:place]]


def hold_expired(event: HoldExpired) -> Occasion:
    """The end of a hold that its patron did not ask for is told once."""
    return Occasion(
        kind="hold_expired",
        key=(event.hold,),
        patron=event.patron,
        member=None,
        about={"title": event.title, "why": event.why},
    )


def receipt(event: ItemReturned) -> Occasion | None:
    """A closed loan is confirmed to a patron who asked for receipts (D13), and to nobody else."""
    if event.loan is None or not event.loan.receipt:
        return None
    return Occasion(
        kind="receipt",
        key=(event.loan.loan,),
        patron=event.loan.patron,
        member=event.loan.patron_member,
        about={
            "title": event.thing.title,
            "branch": event.branch,
            "returned_at": event.loan.returned_at.isoformat(),
        },
    )


def owed(
    occasion: Occasion,
    *,
    cause: str,
    now: datetime,
    machine_now: datetime,
    bundle_seconds: Callable[[str, Kind], int],
) -> Notice:
    """The notice an occasion owes: it falls due now, and is looked at when others had time to join it.

    Where the member is not known yet the patron's will be, at the time of sending."""
    wait = bundle_seconds(occasion.member, occasion.kind) if occasion.member else 0
    closes_at = now + timedelta(seconds=wait)
    return Notice(
        kind=occasion.kind, cause=cause, patron=occasion.patron, member=occasion.member,
        due_at=now, closes_at=closes_at, when=closes_at, about=occasion.about,
        waited_by=machine_now + timedelta(seconds=wait) if wait else None,
    )  # fmt: skip
