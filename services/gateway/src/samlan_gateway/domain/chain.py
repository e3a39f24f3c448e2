"""The chain that a return set off, computed from its fact: every id follows from what caused it.

::

    fact ─▶ item_returned ─┬─▶ item routed, answered (before its routing, where that took too long)
                           ├─▶ decision of holds (item, sequence) ─▶ hold ready ─▶ notice
                           ├─▶ fee (loan)                                       ─▶ notice
                           └─▶ receipt (loan)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from samlan_contracts.events.circulation import ItemReturned
from samlan_plumbing.ids import derive

Row = dict[str, Any]
Rows = Iterable[Mapping[str, Any]]
BINS: Final = ("shelf", "transit", "home")  # where a routing sends an item; the fourth is the exceptions'


def item_returned_id(fact: str, item: str) -> str:
    """The id of the event that circulation told because of a fact."""
    return derive(ItemReturned.key(), fact, f"item/{item}", "0")


def notice_ids(loan: str | None, decisions: Rows, fees: Rows) -> list[str]:
    """The ids of the notices that a return may owe: the receipt, the fee, and the hold's that it served."""
    receipt = [derive("notice", "receipt", loan)] if loan else []
    ready = [derive("notice", "hold_ready", one["hold"], str(one["allotment"])) for one in decisions]
    charged = [derive("notice", "fee_charged", *names) for one in fees for names in _told_of(one)]
    return [*receipt, *charged, *ready]


def _told_of(fee: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What the notices of a fee are named by: the fee, and what a return added to one of an invoice."""
    added = [entry["id"] for entry in fee["entries"] if entry["kind"] == "charge"][1:]
    return [(fee["id"],), *((fee["id"], entry) for entry in added)]


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
    return [*steps, *_routed_and_answered(fact)]


def _routed_and_answered(fact: Row) -> list[Row]:
    """Where the item went, and what the asker was told: as a rule the same, or else that it is pending."""
    answer = fact.get("answer")
    if answer is None:
        return []
    answered = {"service": "circulation", "step": "answered", "at": fact.get("answered_at"), **answer}
    if later := fact.get("routed"):
        return [answered, _routed(later, fact.get("routed_at"))]
    if answer.get("bin") in BINS:
        return [_routed(answer, fact.get("answered_at")), answered]
    return [answered]


def _routed(going: Mapping[str, Any], at: Any) -> Row:
    where = {name: going.get(name) for name in ("bin", "branch", "hold")}
    return {"service": "circulation", "step": "item_routed", "at": at, **where}


def _allotted(decision: Mapping[str, Any]) -> Row:
    return {
        "service": "holds", "step": "item_allotted", "at": decision.get("at"), "hold": decision["hold"],
        "allotment": decision["allotment"], "passed": decision.get("passed", []),
        "because": decision.get("because", []),
    }  # fmt: skip


def _charged(fee: Mapping[str, Any]) -> Row:
    charged = [entry["at"] for entry in fee["entries"] if entry["kind"] == "charge"]
    return {
        "service": "billing", "step": "fee_charged", "at": charged[-1], "fee": fee["id"],
        "kind": fee["kind"], "amount": fee["amount"], "because": fee.get("because", []),
    }  # fmt: skip


def _said(notice: Mapping[str, Any]) -> Row:
    return {
        "service": "notify", "step": f"notice_{notice['state']}",
        "at": notice.get("at") or notice.get("due_at"),
        "notice": notice["id"], "kind": notice["kind"], "channel": notice.get("channel"),
        "reason": notice.get("reason"),
    }  # fmt: skip
