"""Rows of `fees.jsonl`: checked one by one, and booked as they stand, telling no one.

What is imported happened before: no notice, no `fee_charged`; only the blocks that the debts cause now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from samlan_contracts.forms import Minor, Name, first_fault
from samlan_contracts.policy import PolicyBooks

from samlan_billing.domain.invoicing import collection_at
from samlan_billing.domain.ledger import Entry, Fee, Ledger
from samlan_billing.domain.standing import local_day

ImportedKind = Literal[
    "overdue", "reminder", "invoice", "replacement", "card", "print", "interlibrary", "other"
]


class FeeRow(BaseModel):
    """One row of `fees.jsonl`, as surface.md has it; fields it does not know are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    fee: Name
    patron: Name
    member: Name
    kind: ImportedKind
    amount: Minor
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    charged_at: AwareDatetime
    item: Name | None = None
    invoice: Name | None = None
    invoice_due: date | None = None


def read_row(row: Any, books: PolicyBooks) -> FeeRow | str:
    """The row, or the one sentence why it cannot be used."""
    try:
        read = FeeRow.model_validate(row)
    except ValidationError as error:
        return first_fault(error)
    if read.member not in books.members:
        return f"member: no policy book for {read.member!r}"
    currency = books.book(read.member).currency
    if read.currency != currency:
        return f"currency: {read.member} charges in {currency}, not in {read.currency}"
    return read


def fee_of(row: FeeRow, books: PolicyBooks, now: datetime) -> Fee:
    """The fee that a row describes, with its one entry; an invoice goes to collection only in the future."""
    entry = Entry(
        id=row.fee, kind="charge", amount_minor=row.amount, at=row.charged_at, cause=f"import/{row.fee}"
    )
    return Fee(
        id=row.fee, member=row.member, currency=row.currency, kind=row.kind, charged_at=row.charged_at,
        entries=(entry,), item=row.item, invoice=row.invoice, invoice_due=row.invoice_due,
        collect_at=_collect_at(row, books, now),
    )  # fmt: skip


def _collect_at(row: FeeRow, books: PolicyBooks, now: datetime) -> datetime | None:
    if row.invoice is None or row.invoice_due is None:
        return None
    charged_on = local_day(books, row.member, row.charged_at)
    at = collection_at(books, row.member, row.invoice_due, on=charged_on)
    return at if at > now else None


def with_imported(ledger: Ledger, fees: Iterable[Fee], patron: Mapping[str, Any]) -> Ledger:
    """The ledger with the fees it does not hold yet, and with what accounts told of its patron."""
    new = [fee for fee in fees if fee.id not in ledger.fees]
    known = replace(ledger, member=patron.get("member") or ledger.member, born=born_of(patron) or ledger.born)
    return known.booked(*new)


def born_of(patron: Mapping[str, Any]) -> date | None:
    """The birth date in a copy of a patron."""
    written = patron.get("born")
    return date.fromisoformat(written) if written else None
