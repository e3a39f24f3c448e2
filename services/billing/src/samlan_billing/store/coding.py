"""How ledgers and fees stand in documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from samlan_contracts.events.billing import MoneyBlock
from samlan_plumbing.documents import Operators, difference
from samlan_plumbing.dues import SLOT as WAITING

from samlan_billing.domain.ledger import Account, Entry, EntryKind, Fee, Invoiced, Ledger

Fields = dict[str, Any]


def load_ledger(found: Mapping[str, Any]) -> Ledger:
    """A ledger as it was stored."""
    return Ledger(
        patron=found["_id"],
        member=found.get("member"),
        born=_day(found.get("born")),
        fees={one["id"]: load_fee(one) for one in found.get("open", ())},
        balances={Account(one["member"], one["currency"]): one["minor"] for one in found.get("balances", ())},
        out={
            one["loan"]: Invoiced(one["fee"], Account(one["member"], one["currency"]))
            for one in found.get("out", ())
        },
        blocks=tuple(MoneyBlock.model_validate(one) for one in found.get("blocks", ())),
        moved=found.get("moved", 0),
        review_at=found.get("review_at"),
        erased=found.get("erased", False),
    )


def dump_ledger(ledger: Ledger) -> Fields:
    """A ledger's fields; what is empty is left out, so that what nobody waits for is in no index."""
    return {**_frame(ledger), "open": [dump_fee(fee) for fee in ledger.fees.values()]}


def _frame(ledger: Ledger) -> Fields:
    """All of a ledger but its fees."""
    fields = {
        "member": ledger.member,
        "born": _text(ledger.born),
        "balances": [
            {"member": account.member, "currency": account.currency, "minor": owed}
            for account, owed in sorted(ledger.balances.items())
        ],
        "out": [
            {"loan": loan, "fee": item.fee, "member": item.account.member, "currency": item.account.currency}
            for loan, item in ledger.out.items()
        ],
        "blocks": [block.model_dump(mode="json") for block in ledger.blocks],
        "moved": ledger.moved,
        "review_at": ledger.review_at,
        "reviewing": WAITING if ledger.review_at else None,
        "collect_at": ledger.collect_at,
        "collecting": WAITING if ledger.collect_at else None,
        "to_move": WAITING if ledger.to_move else None,
        "erased": ledger.erased,
    }
    return {name: value for name, value in fields.items() if value}


def changes(before: Ledger, after: Ledger) -> Operators:
    """The operators that turn a stored ledger into another, writing of its fees only what changed."""
    frame, fees = difference(_frame(before), _frame(after)), _fee_changes(before, after)
    operators = {**frame, **fees, "$set": {**frame.get("$set", {}), **fees.get("$set", {})}}
    return {operator: fields for operator, fields in operators.items() if fields}


def _fee_changes(before: Ledger, after: Ledger) -> dict[str, Fields]:
    """Places in the array are those read, which the guarded write keeps true."""
    stayed = list(after.fees)[: len(before.fees)] == list(before.fees)
    changed = {
        f"open.{place}": dump_fee(after.fees[key])
        for place, (key, fee) in enumerate(before.fees.items())
        if stayed and after.fees[key] is not fee
    }
    added = [dump_fee(fee) for key, fee in after.fees.items() if key not in before.fees]
    if not stayed or (changed and added):
        return {"$set": {"open": [dump_fee(fee) for fee in after.fees.values()]}}
    return {"$set": changed, **({"$push": {"open": {"$each": added}}} if added else {})}


def load_fee(found: Mapping[str, Any]) -> Fee:
    """A fee as it was stored, in a ledger or by itself."""
    return Fee(
        id=found.get("id") or found["_id"],
        member=found["member"],
        currency=found["currency"],
        kind=found["kind"],
        charged_at=found["charged_at"],
        entries=tuple(_load_entry(one) for one in found["entries"]),
        item=found.get("item"),
        loan=found.get("loan"),
        invoice=found.get("invoice"),
        invoice_due=_day(found.get("invoice_due")),
        collect_at=found.get("collect_at"),
        collected_at=found.get("collected_at"),
        ended_at=found.get("ended_at"),
        because=found.get("because", []),
    )


def dump_fee(fee: Fee) -> Fields:
    """A fee's fields; what is empty is left out."""
    fields = {
        "id": fee.id,
        "member": fee.member,
        "currency": fee.currency,
        "kind": fee.kind,
        "charged_at": fee.charged_at,
        "entries": [_dump_entry(entry) for entry in fee.entries],
        "item": fee.item,
        "loan": fee.loan,
        "invoice": fee.invoice,
        "invoice_due": _text(fee.invoice_due),
        "collect_at": fee.collect_at,
        "collected_at": fee.collected_at,
        "ended_at": fee.ended_at,
        "because": fee.because,
    }
    return {name: value for name, value in fields.items() if value}


def remains(fee: Fee) -> Fields:
    """What is kept of a fee for ever."""
    return {
        "member": fee.member, "amount_minor": fee.charged, "currency": fee.currency,
        "kind": fee.kind, "date": fee.charged_at.date().isoformat(),
    }  # fmt: skip


def _dump_entry(entry: Entry) -> Fields:
    fields = {
        "id": entry.id, "kind": entry.kind, "minor": entry.amount_minor, "at": entry.at,
        "cause": entry.cause, "corrects": entry.corrects, "why": entry.why,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}


def _load_entry(found: Mapping[str, Any]) -> Entry:
    return Entry(
        id=found["id"], kind=cast("EntryKind", found["kind"]), amount_minor=found["minor"], at=found["at"],
        cause=found["cause"], corrects=found.get("corrects"), why=found.get("why"),
    )  # fmt: skip


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
