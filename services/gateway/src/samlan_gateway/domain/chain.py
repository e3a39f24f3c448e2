"""The chain that a return set off, computed from its fact: every id follows from what caused it.

::

    fact ─▶ item_returned ─┬─▶ decision of holds (item, sequence) ─▶ hold ready ─▶ notice
                           ├─▶ fee (loan)                                       ─▶ notice
                           └─▶ receipt (loan)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from samlan_contracts.events.circulation import ItemReturned
from samlan_plumbing.ids import derive

Row = dict[str, Any]
Rows = Iterable[Mapping[str, Any]]


def item_returned_id(fact: str, item: str) -> str:
    """The id of the event that circulation told because of a fact."""
    return derive(ItemReturned.key(), fact, f"item/{item}", "0")


def notice_ids(loan: str | None, decisions: Rows, fees: Rows) -> list[str]:
    """The ids of the notices that a return may owe: the receipt, the fee, and the hold's that it served."""
    receipt = [derive("notice", "receipt", loan)] if loan else []
    ready = [derive("notice", "hold_ready", one["hold"], str(one["allotment"])) for one in decisions]
    return [*receipt, *(derive("notice", "fee_charged", one["id"]) for one in fees), *ready]


def chain(fact: Row, decisions: Rows, fees: Rows, notices: Rows, incomplete: Iterable[str]) -> Row:
    """The steps in the order of cause and effect, each with its service and its time."""
    steps = [*_handed_in(fact), *map(_allotted, decisions), *map(_charged, fees), *map(_said, notices)]
    return {
        "fact": fact["id"], "item": fact["item"], "branch": fact["branch"], "device": fact.get("device"),
        "happened_at": fact["happened_at"], "steps": steps, "incomplete": sorted(set(incomplete)),
    }  # fmt: skip


def _handed_in(fact: Row) -> list[Row]:
    taken = {
        "service": "circulation", "step": "fact_taken", "at": fact.get("taken_at"), "did": fact.get("did"),
        "reason": fact.get("reason"),
    }  # fmt: skip
    steps = [taken]
    if fact.get("did") == "returned" and fact["item"]:
        event = item_returned_id(fact["id"], fact["item"])
        steps.append(
            {
                "service": "circulation", "step": "item_returned", "at": fact.get("taken_at"), "event": event,
                "sequence": fact.get("item_sequence"), "loan": fact.get("loan"),
            }
        )  # fmt: skip
    if answer := fact.get("answer"):
        steps.append({"service": "circulation", "step": "answered", "at": fact.get("answered_at"), **answer})
    return steps


def _allotted(decision: Mapping[str, Any]) -> Row:
    return {
        "service": "holds", "step": "item_allotted", "at": decision.get("at"), "hold": decision["hold"],
        "allotment": decision["allotment"], "passed": decision.get("passed", []),
        "because": decision.get("because", []),
    }  # fmt: skip


def _charged(fee: Mapping[str, Any]) -> Row:
    return {
        "service": "billing", "step": "fee_charged", "at": fee["charged_at"], "fee": fee["id"],
        "kind": fee["kind"], "amount": fee["amount"], "because": fee.get("because", []),
    }  # fmt: skip


def _said(notice: Mapping[str, Any]) -> Row:
    return {
        "service": "notify", "step": f"notice_{notice['state']}",
        "at": notice.get("at") or notice.get("due_at"),
        "notice": notice["id"], "kind": notice["kind"], "channel": notice.get("channel"),
        "reason": notice.get("reason"),
    }  # fmt: skip
