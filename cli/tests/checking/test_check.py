"""Each invariant finds what breaks it, and nothing in a sound consortium."""

from __future__ import annotations

from typing import Any

import pytest
from samlan.checking import Seen, violations
from samlan_plumbing.ids import derive

Row = dict[str, Any]
QUIET = {"outbox": 0, "in_hand": 0, "dead": 0}


def sound() -> Seen:
    """One item on the shelf for one hold, one ledger, and what was said."""
    seen = Seen()
    seen.flows.update({name: dict(QUIET) for name in ("accounts", "circulation", "holds")})
    for service, row in (
        ("circulation", item("i1", state="hold_shelf", hold="h1")),
        ("circulation", item("i2", state="on_loan", loan={"id": "l1", "patron": "p1"})),
        ("circulation", {"kind": "facts", "key": "devices", "taken": 3, "open": 0}),
        ("circulation", {"kind": "copy", "of": "queue", "key": "t1", "sequence": 5, "waiting": 1}),
        ("holds", queue()),
        ("billing", ledger()),
        ("notify", notice("hold_ready", "h1", "1")),
        ("notify", notice("fee_charged", "f1")),
        ("accounts", {"kind": "patron", "key": "p1", "sequence": 2, "status": "full"}),
        ("holds", {"kind": "copy", "of": "patron", "key": "p1", "sequence": 2}),
    ):
        seen.take(service, row)
    return seen


def item(key: str, **fields: Any) -> Row:
    given = {"state": "available", "branch": "vast/lerum", "goes_to": None, "hold": None, "loan": None}
    return {"kind": "item", "key": key, "sequence": 1, **given, **fields}


def queue(**fields: Any) -> Row:
    ready = {
        "hold": "h1", "item": "i1", "state": "ready", "allotment": 1, "place": "002",
        "decision": {"answers": 4, "passed": [{"hold": "h0"}]},
    }  # fmt: skip
    passed = {"hold": "h0", "place": "001", "frozen": False}
    given = {"length": 1, "waiting": [passed], "allotted": [ready]}
    return {"kind": "queue", "key": "t1", "sequence": 5, **given, **fields}


def ledger(**fields: Any) -> Row:
    money = {"member": "vast", "amount": 300, "currency": "SEK"}
    fee = charged("f1")
    given = {"balances": [money], "entries": [money], "blocks": [], "causes": [], "fees": [fee]}
    return {"kind": "ledger", "key": "p1", "sequence": 1, **given, **fields}


def charged(fee: str, **fields: Any) -> Row:
    return {"fee": fee, "kind": "overdue", "loan": "l0", "member": "vast", "invoice": None, **fields}


def notice(kind: str, *key: str, **fields: Any) -> Row:
    given = {"says": kind, "state": "sent", "reason": None, "early": False}
    return {"kind": "notice", "key": derive("notice", kind, *key), **given, **fields}


def reached(stage: str) -> Row:
    return {"id": "l1", "patron": "p1", "due": "2026-12-01", "reached": stage}


def test_a_sound_consortium_is_clean() -> None:
    assert violations(sound()) == []


@pytest.mark.parametrize(
    ("service", "row", "invariant", "says"),
    [
        ("circulation", item("i2", state="available", loan={"id": "l1", "patron": "p1"}), 1, "open loan"),
        ("circulation", item("i2", state="on_loan"), 1, "without a loan"),
        ("circulation", item("i3", state="on_loan", loan={"id": "l1", "patron": "p1"}), 1, "two items"),
        ("circulation", item("i3", state="in_transit"), 1, "going to None"),
        ("circulation", item("i1", state="available"), 2, "does not know of"),
        ("circulation", item("i3", state="hold_shelf", hold="h9"), 2, "holds do not know of"),
        ("circulation", item("i1", state="in_transit", goes_to="x", hold="h1"), 2, "the item is in_transit"),
        ("holds", queue(waiting=[{"hold": "h7", "place": "001", "frozen": False}]), 2, "overtaken"),
        ("holds", queue(length=2), 6, "knows of 1"),
        ("holds", {"kind": "copy", "of": "patron", "key": "p1", "sequence": 1}, 6, "1 of 2"),
        ("holds", {"kind": "copy", "of": "patron", "key": "p2", "sequence": 1}, 6, "copy of nothing"),
        ("circulation", {"kind": "facts", "key": "devices", "taken": 3, "open": 2}, 3, "neither"),
        ("billing", ledger(balances=[]), 4, "not the sum"),
        ("billing", ledger(causes=[{"cause": "debt", "member": "vast", "stops": ["borrow"]}]), 4, "causes"),
        ("billing", ledger(fees=[charged("f2")]), 5, "nobody was told"),
        ("billing", ledger(fees=[charged("f2", kind="reminder")]), 5, "nobody was told"),
        ("billing", ledger(fees=[charged("f1", kind="invoice", invoice="i1")]), 5, "nobody was told"),
        ("billing", ledger(fees=[charged(f, kind="invoice", invoice="i1") for f in "ab"]), 4, "has 2 fees"),
        (
            "billing",
            ledger(
                blocks=[{"cause": "debt", "member": "vast", "stops": ["borrow"]}],
                causes=[{"cause": "invoice", "member": "vast", "stops": ["borrow"]}],
            ),
            4,
            "causes",
        ),
        ("circulation", item("i2", state="on_loan", loan=reached("reminder_1")), 5, "came to reminder_1"),
        ("circulation", item("i2", state="on_loan", loan=reached("due_soon")), 5, "came to due_soon"),
        ("notify", notice("fee_charged", "f1", state="waiting"), 5, "is waiting"),
        ("notify", notice("fee_charged", "f1", state="failed"), 5, "without a reason"),
        ("accounts", {"kind": "patron", "key": "p1", "sequence": 2, "status": "erased"}, 7, "still known"),
    ],
)
def test_what_must_not_be_is_found(service: str, row: Row, invariant: int, says: str) -> None:
    seen = sound()
    seen.take(service, row)
    found = [one for one in violations(seen) if one.invariant == invariant]
    assert any(says in one.says for one in found), violations(seen)


def test_a_stage_and_an_invoice_that_were_told_are_sound() -> None:
    seen = sound()
    seen.take("circulation", item("i2", state="on_loan", loan=reached("reminder_2")))
    seen.take("billing", ledger(fees=[charged("f1", kind="invoice", invoice="i1")]))
    seen.take("notify", notice("overdue_2", "l1", "2026-12-01"))
    seen.take("notify", notice("invoice", "i1", "vast", state="failed", reason="returned"))
    assert violations(seen) == []


def test_a_ready_hold_whom_nobody_told_is_found_and_an_imported_one_is_not() -> None:
    seen = sound()
    seen.rows["notify"]["notice"].clear()
    assert "ready, and nobody was told" in [one.says for one in violations(seen)]
    seen.of("holds", "queue")["t1"]["allotted"][0]["decision"]["answers"] = 0
    assert "ready, and nobody was told" not in [one.says for one in violations(seen)]


def test_a_message_that_others_may_still_join_is_not_late() -> None:
    seen = sound()
    seen.take("notify", notice("fee_charged", "f1", state="waiting", early=True))
    assert violations(seen) == []


def test_what_a_service_has_in_hand_is_named() -> None:
    seen = sound()
    seen.flows["holds"] = {**QUIET, "outbox": 2}
    assert [str(one) for one in violations(seen)] == ["6. holds: 2 outbox"]


@pytest.mark.parametrize(("state", "passing"), [("sending", True), ("riding", True), ("waiting", False)])
def test_a_message_in_somebodys_hands_is_wrong_only_if_it_stays(state: str, passing: bool) -> None:
    seen = sound()
    seen.take("notify", {**notice("receipt", "l1"), "state": state})
    (found,) = violations(seen)
    assert (found.invariant, found.passing) == (5, passing)
