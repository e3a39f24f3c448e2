"""Fees as patrons, staff and other services see them."""

from __future__ import annotations

from typing import Any

from samlan_billing.domain.ledger import Fee, Ledger
from samlan_billing.domain.paying import Paid, Waived
from samlan_billing.store import Store

Shape = dict[str, Any]


def fee_shape(fee: Fee) -> Shape:
    """A fee in the surface's shape, with the entries that make it."""
    return {
        "id": fee.id,
        "member": fee.member,
        "kind": fee.kind,
        "amount": _money(fee.charged, fee.currency),
        "outstanding": _money(fee.outstanding, fee.currency),
        "item": fee.item,
        "charged_at": fee.charged_at,
        "because": fee.because,
        "loan": fee.loan,
        "invoice": fee.invoice,
        "invoice_due": fee.invoice_due,
        "collected_at": fee.collected_at,
        "entries": [
            {"id": one.id, "kind": one.kind, "amount": _money(one.amount_minor, fee.currency),
             "at": one.at, "corrects": one.corrects, "why": one.why}
            for one in fee.entries
        ],
    }  # fmt: skip


def paid_shape(paid: Paid) -> Shape:
    """What a payment did."""
    return {
        "payment": paid.payment,
        "amount": paid.taken.as_json(),
        "credit": _money(paid.credit_minor, paid.taken.currency),
        "fees": [fee_shape(fee) for fee in paid.fees],
    }


def waived_shape(waived: Waived) -> Shape:
    """What a waiver did."""
    return {**fee_shape(waived.fee), "waived": _money(waived.amount_minor, waived.fee.currency)}


class FeeViews:
    """Reads fees."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_patron(self, patron: str) -> Shape:
        """All fees of a patron whose particulars are kept, the open ones first, and what is owed to whom."""
        stored = await self._store.ledgers.read(patron)
        ledger = stored.state if stored else Ledger(patron=patron)
        settled = {fee.id: fee for fee in await self._store.settled.of_patron(patron)}
        listed = {
            **{key: fee for key, fee in ledger.fees.items() if fee.entries[0].amount_minor},
        }
        later = [fee for key, fee in settled.items() if key not in listed]
        return {
            "items": [fee_shape(fee) for fee in (*listed.values(), *later)],
            "next": None,
            "balances": balances(ledger),
            "blocks": [block.model_dump(mode="json") for block in ledger.blocks],
        }

    async def of_ids(self, fees: list[str]) -> Shape:
        """Those of these fees whose particulars are kept, each with its patron, for services only."""
        found = await self._store.open_fees(fees)
        for fee in fees:
            if fee not in found and (settled := await self._store.settled.read(fee)) is not None:
                found[fee] = settled
        items = [{**fee_shape(fee), "patron": patron} for patron, fee in found.values()]
        return {"items": items, "next": None}


def balances(ledger: Ledger) -> list[Shape]:
    """What is owed to whom, member and currency apart."""
    return [
        {"member": account.member, **_money(owed, account.currency)}
        for account, owed in sorted(ledger.balances.items())
    ]


def _money(amount_minor: int, currency: str) -> Shape:
    return {"amount": amount_minor, "currency": currency}
