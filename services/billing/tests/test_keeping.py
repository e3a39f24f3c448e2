"""What billing keeps and for how long: copies, tombstones, settled fees, imports, state."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from samlan_billing.app import build
from samlan_contracts.events.billing import DebtLimitReached, FeeCharged, FeeCorrected, FeePaid
from samlan_plumbing.ids import derive
from samlan_testkit.crashes import Act, CrashPoint, cut_off

KUNGSBACKA = ("kungsbacka", "SEK")
FEE = derive("fee", "loan-1", "overdue")
REMAINS = {"_id", "sequence", "member", "amount_minor", "currency", "kind", "date"}


# -- retention -----------------------------------------------------------------------------------------------


@pytest.mark.clause("K51")
async def test_of_a_settled_fee_only_amount_kind_and_date_are_kept_after_the_days_for_disputes(
    billing: Any,
) -> None:
    await billing.returned(days_late=2)
    await billing.world.settle()
    await billing.pay(FEE)
    (kept,) = await billing.documents("settled")
    assert (kept["patron"], kept["loan"], kept["item"]) == ("karin", "loan-1", "item-of-loan-1")
    start = billing.world.clock.now()
    billing.world.clock.set(start + timedelta(days=89))
    await billing.world.post("billing", "/clock/run")
    assert len(await billing.fees()) == 1
    billing.world.clock.set(start + timedelta(days=90))
    await billing.world.post("billing", "/clock/run")
    (left,) = await billing.documents("settled")
    assert set(left) == REMAINS
    assert (left["amount_minor"], left["kind"]) == (600, "overdue")
    assert await billing.fees() == []
    assert (await billing.world.get("billing", "/clock/next")).json()["due"] is None


async def test_what_was_stripped_is_not_charged_again_nor_changed(billing: Any) -> None:
    await billing.returned(days_late=2)
    await billing.world.settle()
    await billing.pay(FEE)
    billing.world.clock.set(billing.world.clock.now() + timedelta(days=91))
    await billing.world.post("billing", "/clock/run")
    await billing.returned(days_late=2)
    await billing.closing_moved(days_late=1)
    await billing.world.settle()
    assert await billing.fees() == []
    assert (await billing.pay(FEE)).status_code == 404


async def test_an_open_fee_is_kept_however_old(billing: Any) -> None:
    await billing.returned(days_late=2)
    await billing.world.settle()
    billing.world.clock.set(billing.world.clock.now() + timedelta(days=4000))
    await billing.world.post("billing", "/clock/run")
    assert await billing.owed() == {KUNGSBACKA: 600}


# -- patrons -------------------------------------------------------------------------------------------------


async def test_an_erased_patron_leaves_a_tombstone_and_later_events_are_dropped(billing: Any) -> None:
    await billing.returned(days_late=2)
    await billing.world.settle()
    await billing.pay(FEE)
    await billing.patron("karin", erased=True)
    await billing.world.settle()
    await billing.returned(loan="loan-2", days_late=9)
    await billing.closing_moved(loan="loan-3", days_late=1)
    await billing.patron("karin")
    await billing.world.settle()
    assert await billing.fees() == []
    assert [set(one) for one in await billing.documents("settled")] == [REMAINS]
    (ledger,) = await billing.documents("ledgers")
    assert ledger["erased"]
    assert ledger.get("open", []) == []
    assert "born" not in ledger
    copy = next(one for one in await billing.documents("patrons") if one["_id"] == "karin")
    assert set(copy) == {"_id", "removed", "sequence"}
    assert (
        await billing.world.post("billing", "/fees", {"patron": "karin", "kind": "card"})
    ).status_code == 404


async def test_an_old_copy_never_replaces_a_newer_one(billing: Any) -> None:
    billing.sequences["karin"] = 10
    await billing.patron("karin", guardian="g2")
    await billing.world.settle()
    billing.sequences["karin"] = 5
    await billing.patron("karin", guardian="g1")
    await billing.world.settle()
    (row,) = [one for one in await billing.state("patron") if one["key"] == "karin"]
    assert row["sequence"] == 11
    copy = next(one for one in await billing.documents("patrons") if one["_id"] == "karin")
    assert copy["guardian"] == "g2"


# -- import --------------------------------------------------------------------------------------------------


async def test_an_import_books_what_is_owed_and_tells_nobody(billing: Any) -> None:
    rows = [
        {"fee": "f1", "amount": 1500, "item": "i1", "invoice": "n1", "invoice_due": "2026-10-01"},
        {"fee": "f2", "amount": 500},
    ]
    assert await billing.imported(*rows) == {"stored": 2, "same": 0, "refused": []}
    assert await billing.imported(*rows) == {"stored": 0, "same": 2, "refused": []}
    await billing.world.settle()
    assert await billing.owed() == {KUNGSBACKA: 2000}
    assert billing.world.events(FeeCharged) == []


async def test_rows_that_cannot_be_used_are_named_and_the_rest_is_stored(billing: Any) -> None:
    report = await billing.imported(
        {"fee": "f1", "amount": 100},
        {"fee": "f2", "amount": -1},
        {"fee": "f3", "amount": 100, "currency": "DKK"},
        {"fee": "f4", "amount": 100, "member": "atlantis"},
        {"fee": "f5", "amount": 100, "patron": "nobody"},
        {"fee": "f1", "amount": 100},
        {"fee": "f1", "amount": 200},
        {"amount": 100},
        {"fee": "f6", "amount": 100},
    )
    assert (report["stored"], report["same"]) == (2, 1)
    assert {one["line"]: one["reason"].partition(":")[0] for one in report["refused"]} == {
        2: "amount", 3: "currency", 4: "member", 5: "patron", 7: "fee", 8: "fee",
    }  # fmt: skip
    other = await billing.imported(
        {"fee": "f1", "amount": 300}, {"fee": "f6", "amount": 100, "patron": "lasse"}
    )
    assert [one["line"] for one in other["refused"]] == [1, 2]


async def test_an_import_joins_a_ledger_that_is_there_and_a_paid_fee_is_not_imported_again(
    billing: Any,
) -> None:
    await billing.returned(days_late=1)
    await billing.world.settle()
    await billing.imported({"fee": "f1", "amount": 100})
    await billing.pay("f1")
    assert await billing.imported({"fee": "f1", "amount": 100}, {"fee": "f2", "amount": 50}) == {
        "stored": 1, "same": 1, "refused": [],
    }  # fmt: skip
    assert await billing.owed() == {KUNGSBACKA: 350}


async def test_imported_debts_stop_their_patrons_and_the_others_hear_it_as_a_snapshot(billing: Any) -> None:
    rows = [{"fee": "f1", "amount": 10001}, {"fee": "f2", "amount": 10000, "patron": "lasse"}]
    await billing.imported(*rows)
    await billing.imported(*rows)
    assert billing.world.events(DebtLimitReached) == []
    for reader in ("accounts", "circulation", "holds"):
        queue = await billing.world._channel.get_queue(f"{reader}.events", ensure=False)
        heard: list[Any] = []
        while (message := await queue.get(no_ack=True, fail=False)) is not None:
            if message.type == "snapshot":
                heard.append(json.loads(message.body))
        assert [one["snapshot"] for one in heard] == ["billing.debt_limit_reached.v1"] * 2
        assert {row["subject"]: row["sequence"] for one in heard for row in one["events"]} == {
            "ledger/karin": 1
        }


async def test_a_live_change_after_an_import_has_a_higher_sequence(billing: Any) -> None:
    await billing.imported({"fee": "f1", "amount": 10001})
    await billing.pay("f1")
    await billing.world.settle()
    told = [one for one in billing.world.told if one.type == "billing.debt_limit_cleared"]
    assert [one.sequence > 1 for one in told] == [True]


async def test_a_batch_that_cannot_be_read_is_a_clear_error(billing: Any) -> None:
    for body in ({}, [], {"rows": 1}, {"rows": [{"row": {}}]}, {"rows": [1]}):
        assert (await billing.world.post("billing", "/import/fees", body)).status_code == 422, body


async def test_other_files_are_not_billings(billing: Any) -> None:
    assert (await billing.world.post("billing", "/import/loans", {"rows": []})).status_code == 404


# -- state ---------------------------------------------------------------------------------------------------


async def test_the_state_shows_balances_entries_blocks_causes_and_copies(billing: Any) -> None:
    await billing.returned(days_late=40)
    await billing.returned("lasse", days_late=40, born=None, loan="loan-2")
    await billing.world.settle()
    await billing.imported({"fee": "f1", "amount": 100})
    await billing.pay("f1")
    (ledger,) = await billing.state("ledger")
    assert (
        ledger["balances"]
        == ledger["entries"]
        == [{"member": "kungsbacka", "amount": 12000, "currency": "SEK"}]
    )
    assert [one["stops"] for one in ledger["blocks"]] == [one["stops"] for one in ledger["causes"]] != []
    assert [(one["fee"], one["loan"]) for one in ledger["fees"]] == [(FEE, "loan-1")]
    (settled,) = await billing.state("settled")
    assert (settled["fee"], settled["outstanding_minor"]) == ("f1", 0)
    assert len(await billing.state("patron")) == 3
    assert len(await billing.state("branch")) == 5


async def test_a_cursor_nobody_gave_ends_the_reading(billing: Any) -> None:
    assert (await billing.world.get("billing", "/state", after="nonsense:1")).json() == {
        "items": [],
        "next": None,
    }


# -- crashes -------------------------------------------------------------------------------------------------


async def late_and_then_earlier(billing: Any) -> None:
    await billing.returned(days_late=34)
    await billing.world.settle()
    await billing.closing_moved(days_late=1)
    await billing.world.settle()


RETURN_POINTS = 16  # of two events: the write, two publishes, the acknowledgement and the clearing of each
PAYMENT_POINTS = (
    11  # the payment, its two publishes, the settled fee's own document, its leaving, the clearing
)


@pytest.mark.usefixtures("sweeping_at_once")
@pytest.mark.parametrize("point", range(1, RETURN_POINTS + 1))
async def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(billing: Any, point: int) -> None:
    await cut_off(billing.world, build, CrashPoint("billing", point), partial(late_and_then_earlier, billing))
    await late_and_then_earlier(billing)
    assert await billing.owed() == {KUNGSBACKA: 300}
    assert [one.fee for one in billing.world.events(FeeCharged)] == [FEE]
    assert len(billing.world.events(FeeCorrected)) == 1
    assert (await billing.account())["blocks"] == []


@pytest.mark.usefixtures("sweeping_at_once")
@pytest.mark.parametrize("point", range(1, PAYMENT_POINTS + 1))
async def test_a_payment_cut_off_anywhere_is_taken_once_when_it_is_repeated(billing: Any, point: int) -> None:
    await billing.imported({"fee": "f1", "amount": 10001})
    pay = partial(billing.pay, "f1", command="c1")
    await cut_off(billing.world, build, CrashPoint("billing", point), pay)
    answer = await pay()
    assert (answer.status_code, answer.json()["amount"]["amount"]) == (201, 10001)
    await billing.world.post("billing", "/clock/run")
    await billing.world.settle()
    assert await billing.owed() == {}
    assert [one.get("to_move") for one in await billing.documents("ledgers")] == [None]
    assert len([one for one in await billing.fees() if one["id"] == "f1"]) == 1
    assert len(billing.world.events(FeePaid)) == 1
    assert (await billing.account())["blocks"] == []


async def points_of(billing: Any, act: Act) -> list[str]:
    """The points that billing reaches when nothing crashes."""
    counting = CrashPoint("billing", 0)
    await cut_off(billing.world, build, counting, act)
    return counting.reached


async def test_every_point_of_a_return_and_of_a_payment_was_tried(billing: Any) -> None:
    reached = await points_of(billing, partial(late_and_then_earlier, billing))
    assert {"before-write", "after-write", "before-publish", "after-publish", "before-acknowledge"} < set(
        reached
    )
    await billing.imported({"fee": "f1", "amount": 10001})
    assert len(reached) <= RETURN_POINTS
    assert len(await points_of(billing, partial(billing.pay, "f1"))) <= PAYMENT_POINTS
