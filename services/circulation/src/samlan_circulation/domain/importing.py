"""Rows of a library's earlier system: loans and devices, each usable or refused with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from samlan_contracts.forms import whole_ms
from samlan_contracts.policy import Decision, stated

from samlan_circulation.domain.fold import Again, Placed, place
from samlan_circulation.domain.lending import loan_of
from samlan_circulation.domain.messages import MAX_TEXT
from samlan_circulation.domain.model import Borrower, BranchId, Item, Kept, Loan, LoanId, Place

IMPORTED: Final = "import"
KINDS: Final = ("kiosk", "sorter", "drop", "door")
BRANCH: Final = re.compile(r"[^/\s]+/[^/\s]+")
DEVICE: Final = re.compile(r"[\w.-]{1,100}")
STAYS: Final = ("lost", "claimed_returned")
# a device's name is its broker user: one of these would take a running part's rights away
BROKER_USERS: Final = frozenset({
    "accounts", "administrator", "billing", "catalog", "circulation", "gateway", "guest", "holds", "kiosk",
    "notify", "operator",
})  # fmt: skip


class BadRow(ValueError):
    """A row that cannot be used; the text says why, in words for the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRow:
    """A loan that was made before the import."""

    item: str
    patron: str
    branch: str
    borrowed_at: datetime
    due: date
    renewals: int


def read_loan(row: Mapping[str, Any], *, now: datetime) -> LoanRow:
    """One row of loans.jsonl, or `BadRow`."""
    loan = LoanRow(
        item=_text(row, "item"), patron=_text(row, "patron"), branch=_text(row, "branch"),
        borrowed_at=_instant(row, "borrowed_at"), due=_day(row, "due"), renewals=_count(row, "renewals"),
    )  # fmt: skip
    if loan.borrowed_at > now:
        raise BadRow("borrowed_at: lies in the future")
    if loan.due < date.fromordinal(loan.borrowed_at.date().toordinal() - 1):
        raise BadRow("due: lies before borrowed_at")
    return loan


def read_device(row: Mapping[str, Any]) -> dict[str, Any]:
    """One row of devices.jsonl as it is stored; passwords stay with the kiosk edge and are not kept here."""
    device, branch, kind = _text(row, "device"), _text(row, "branch"), _text(row, "kind")
    if not DEVICE.fullmatch(device):
        raise BadRow("device: letters, digits, dots, dashes and underscores only")
    if device.lower() in BROKER_USERS:
        raise BadRow(f"device: {device} is a user of the system itself")
    if not BRANCH.fullmatch(branch):
        raise BadRow("branch: member/branch is needed")
    if kind not in KINDS:
        raise BadRow(f"kind: one of {', '.join(KINDS)} is needed")
    return {"device": device, "branch": branch, "kind": kind}


def imported(item: Item, row: LoanRow, borrower: Borrower, loan: LoanId) -> Item | None:
    """The item with its imported loan; None when it knows the loan already, open or ended. Or `BadRow`."""
    at = Place.of(row.borrowed_at, IMPORTED, 0, loan)
    made = _loan(item, row, borrower, loan)
    opened = Kept(
        place=at, kind="borrowed", branch=made.branch, loan=loan, due=row.due, renewals=row.renewals,
        registered=made.registered,
    )  # fmt: skip
    match place(item, opened):
        case Again():
            return None
        case Placed(open_loan=still_open) as placed if still_open == loan and item.loan is None:
            state = item.state if item.state in STAYS else "on_loan"
            at_branch = made.branch if state == "on_loan" else item.branch
            return replace(item.resting(state, at_branch), kept=placed.kept, loan=made)
        case _ if item.loan is not None:
            raise BadRow("item: it is on loan already")
        case _:
            raise BadRow("borrowed_at: the item was handed in since")


def _loan(item: Item, row: LoanRow, borrower: Borrower, loan: LoanId) -> Loan:
    due = Decision(row.due, [stated("imported", "due_imported", due=row.due)])
    made = loan_of(item, borrower, loan, row.borrowed_at, BranchId(row.branch), due)
    return replace(made, renewals=row.renewals)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        raise BadRow(f"{name}: is missing")
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_TEXT:
        raise BadRow(f"{name}: a short text is needed")
    return value.strip()


def _instant(row: Mapping[str, Any], name: str) -> datetime:
    try:
        instant = datetime.fromisoformat(_text(row, name))
        if instant.tzinfo is None:
            raise ValueError
        return whole_ms(instant.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadRow):
            raise
        raise BadRow(f"{name}: a time such as 2026-05-01T10:00:00+02:00 is needed") from None


def _day(row: Mapping[str, Any], name: str) -> date:
    text = _text(row, name)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRow(f"{name}: a day such as 2026-05-01 is needed") from None


def _count(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000:
        raise BadRow(f"{name}: a count is needed")
    return value
