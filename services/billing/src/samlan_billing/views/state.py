"""Billing's state as `samlan check` reads it, page by page.

A row names its `kind`: a `ledger`, a `settled` fee, or a `copy` with what it is a copy `of`; and its `key`.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from samlan_contracts.policy import PolicyBooks
from samlan_plumbing.pages import copied, page_of

from samlan_billing.domain.ledger import Account, Fee, Ledger
from samlan_billing.domain.standing import due_blocks
from samlan_billing.store import Store
from samlan_billing.store.coding import Fields, load_ledger
from samlan_billing.views.fees import balances

PAGE_LIMIT: Final = 1000


class StateViews:
    """Pages through every collection in turn; the cursor is `<collection>:<last key>`."""

    def __init__(self, store: Store, books: PolicyBooks) -> None:
        self._books = books
        self._parts = {
            "ledger": store.ledgers.collection,
            "fee": store.settled.collection,
            "patron": store.patrons.collection,
            "branch": store.branches.copies.collection,
        }

    async def page(self, after: str | None, limit: int, now: datetime) -> Fields:
        """The rows after a cursor, and the next cursor, or None at the end."""
        page = await page_of(self._parts, after, min(limit, PAGE_LIMIT))
        return {"items": [self._row(page.part, one, now) for one in page.found], "next": page.following}

    def _row(self, part: str, found: Fields, now: datetime) -> Fields:
        match part:
            case "ledger":
                return self._ledger(found, now)
            case "fee":
                return _settled(found)
            case _:
                return copied(part, found)

    def _ledger(self, found: Fields, now: datetime) -> Fields:
        ledger = load_ledger(found)
        return {
            "kind": "ledger",
            "key": ledger.patron,
            "sequence": found["sequence"],
            "erased": ledger.erased,
            "balances": balances(ledger),
            "entries": _sums(ledger),
            "blocks": [_standing(one) for one in ledger.blocks],
            "causes": [_standing(one) for one in due_blocks(ledger, self._books, now)],
            "fees": [_fee(fee) for fee in ledger.fees.values()],
        }


def _sums(ledger: Ledger) -> list[Fields]:
    """What the entries add up to, which the balances must equal."""
    sums: dict[Account, int] = defaultdict(int)
    for fee in ledger.fees.values():
        sums[fee.account] += fee.outstanding
    return [
        {"member": account.member, "amount": owed, "currency": account.currency}
        for account, owed in sorted(sums.items())
        if owed
    ]


def _standing(block: Any) -> Fields:
    return {
        "cause": block.cause, "member": block.member, "currency": block.currency, "stops": list(block.stops),
    }  # fmt: skip


def _fee(fee: Fee) -> Fields:
    return {
        "fee": fee.id, "kind": fee.kind, "loan": fee.loan, "member": fee.member, "currency": fee.currency,
        "amount_minor": fee.charged, "outstanding_minor": fee.outstanding, "invoice": fee.invoice,
    }  # fmt: skip


def _settled(found: Fields) -> Fields:
    return {
        "kind": "settled", "key": found["_id"], "fee": found["_id"], "says": found["kind"],
        "loan": found.get("loan"), "patron": found.get("patron"), "member": found["member"],
        "currency": found["currency"], "amount_minor": found["amount_minor"],
        "outstanding_minor": sum(one["minor"] for one in found.get("entries", ())),
    }  # fmt: skip
