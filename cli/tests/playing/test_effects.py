"""What a return set off is told from the events, in whatever order they come."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from samlan.playing import Effects, Return
from samlan.sample.workload import PlannedReturn

AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
PLANNED = PlannedReturn("i1", "lerum-1", "vast/lerum", "hold_here", late=True)
Envelope = dict[str, Any]


def event(kind: str, cause: str, event_id: str, /, **data: Any) -> Envelope:
    return {"id": event_id, "type": kind, "cause": cause, "data": data}


def returned(*, receipt: bool = False) -> Envelope:
    loan = {"due": "2026-11-11", "receipt": receipt}
    thing = {"material": "book"}
    return event(
        "circulation.item_returned", "f1", "e-returned", fact="f1", thing=thing, was="on_loan", loan=loan
    )


def routed(to: str, branch: str, *, hold: bool = False) -> Envelope:
    found = {"borrower_id": "L1", "pickup": branch} if hold else None
    return event("holds.item_routed", "e-returned", "e-routed", fact="f1", to=to, branch=branch, hold=found)


SHELVED = event("circulation.item_shelved", "e-routed", "e-shelved", item="i1")
READY = event("holds.hold_ready", "e-shelved", "e-ready", borrower_id="L1")
CHARGED = event(
    "billing.fee_charged", "e-returned", "e-fee", amount_minor=2400, currency="SEK", member="orebro"
)


def sent(kind: str, *causes: str) -> Envelope:
    return event(
        "notify.notice_sent", "any", f"e-sent-{kind}", notice=f"n-{kind}", kind=kind, channel="email",
        causes=list(causes),
    )  # fmt: skip


LATE_WITH_A_HOLD = (
    returned(),
    routed("shelf", "vast/lerum", hold=True),
    SHELVED,
    READY,
    CHARGED,
    sent("hold_ready", "e-ready"),
    sent("fee_charged", "e-fee"),
)


def played(*events: Envelope) -> Return:
    effects = Effects()
    one = effects.begin(PLANNED, "f1", AT)
    for envelope in events:
        effects.hear(envelope)
    return one


@pytest.mark.parametrize("order", list(itertools.permutations(LATE_WITH_A_HOLD))[::173])
def test_every_order_of_the_events_tells_the_same_return(order: tuple[Envelope, ...]) -> None:
    one = played(*order)
    assert (one.bin, one.borrower_id, one.hold_ready, one.settled) == ("shelf", "L1", True, True)
    assert [fee.amount_minor for fee in one.fees] == [2400]
    assert sorted(notice.kind for notice in one.notices) == ["fee_charged", "hold_ready"]


def test_events_that_come_before_the_fact_is_known_are_kept_for_it() -> None:
    effects = Effects()
    for envelope in LATE_WITH_A_HOLD:
        assert effects.hear(envelope) == []
    assert effects.begin(PLANNED, "f1", AT).settled


@pytest.mark.parametrize(
    ("to", "branch", "hold", "bin_"),
    [
        ("stays", "vast/lerum", False, "home"),
        ("home", "vast/lerum", False, "home"),
        ("home", "vast/ale", False, "transit"),
        ("transit", "vast/ale", True, "transit"),
        ("shelf", "vast/lerum", True, "shelf"),
    ],
)
def test_the_bin_follows_from_the_routing(to: str, branch: str, hold: bool, bin_: str) -> None:
    assert played(returned(), routed(to, branch, hold=hold)).bin == bin_


def test_a_return_waits_for_the_receipt_that_was_asked_for() -> None:
    one = played(returned(receipt=True), routed("stays", "vast/lerum"))
    assert not one.settled
    assert played(
        returned(receipt=True), routed("stays", "vast/lerum"), sent("receipt", "e-returned")
    ).settled


def test_a_message_that_could_not_be_sent_is_no_longer_waited_for() -> None:
    failed = event(
        "notify.notice_failed",
        "x",
        "e-f",
        notice="n",
        kind="fee_charged",
        causes=["e-fee"],
        reason="no_channel",
    )
    one = played(returned(), routed("stays", "vast/lerum"), CHARGED, failed)
    assert one.settled
    assert (one.notices[0].channel, one.notices[0].reason) == (None, "no_channel")


def test_what_no_return_of_ours_set_off_changes_nothing() -> None:
    effects = Effects()
    one = effects.begin(PLANNED, "f1", AT)
    assert effects.hear(event("billing.fee_charged", "another", "e", amount_minor=1, currency="SEK")) == []
    assert effects.hear(event("catalog.title_described", "f1", "e")) == []
    assert (one.fees, one.bin) == ([], None)


def test_a_refused_fact_is_an_exception_wherever_its_item_went() -> None:
    one = played(returned(), routed("stays", "vast/lerum"))
    one.refused = "not_accepted_here"
    assert one.bin == "exception"
