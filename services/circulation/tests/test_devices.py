"""What devices publish: every defect is a named exception of its branch, and the next fact is served."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samlan_circulation.domain.messages import MAX_BODY_BYTES, DeviceFact, Unusable, read_message
from samlan_contracts.events.circulation import ItemBorrowed, ItemReturned

from .conftest import Library, accounts, ago
from .story import NOON

LERUM = "vast/lerum"
KEY = "kiosk.vast.lerum.lerum-1"
GOOD: dict[str, Any] = {
    "id": "0190f3a4", "type": "item_returned", "version": 1, "device": "lerum-1", "branch": LERUM,
    "sequence": 4711, "item": "35177001234567", "happened_at": "2026-11-23T11:59:00+01:00", "mode": "kiosk",
}  # fmt: skip
OFFLINE = {**GOOD, "type": "item_borrowed_offline", "card": "2000", "due": "2026-12-01"}


def read(body: Any, *, key: str = KEY, user: str | None = "lerum-1") -> DeviceFact | Unusable:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_message(raw, routing_key=key, user_id=user, now=NOON)


def reason(body: Any, **more: Any) -> str:
    found = read(body, **more)
    assert isinstance(found, Unusable), found
    return found.reason


def test_a_fact_is_read_in_utc_and_its_card_is_no_part_of_what_stands_for_it() -> None:
    found, other = read(OFFLINE), read({**OFFLINE, "card": "2001"})
    assert isinstance(found, DeviceFact) and isinstance(other, DeviceFact)
    assert found.happened_at.isoformat() == "2026-11-23T10:59:00+00:00"
    assert found.digest == other.digest


def test_unknown_fields_are_ignored_and_the_same_instant_in_another_zone_is_the_same_fact() -> None:
    found = read({**GOOD, "colour": "blue"})
    same = read({**GOOD, "happened_at": "2026-11-23T10:59:00Z"})
    assert isinstance(found, DeviceFact) and isinstance(same, DeviceFact)
    assert found.digest == same.digest


DEFECTS = [
    (b"\xff\xfe", "unreadable"),
    (b"", "unreadable"),
    (b"[1, 2]", "unreadable"),
    (b"[" * 12_000, "unreadable"),
    (b'"' + b"x" * MAX_BODY_BYTES + b'"', "too_large"),
    ({**GOOD, "version": 2}, "unsupported_version"),
    ({**GOOD, "version": True}, "unsupported_version"),
    ({**GOOD, "version": "1"}, "unsupported_version"),
    ({**GOOD, "type": "item_eaten"}, "unknown_type"),
    ({**GOOD, "type": ["item_returned"]}, "unknown_type"),
    ({**GOOD, "device": "lerum-2"}, "forged_device"),
    ({**GOOD, "branch": "vast/partille"}, "wrong_branch"),
    ({**GOOD, "happened_at": "2026-11-23T12:02:01+01:00"}, "in_the_future"),
    ({**GOOD, "happened_at": "2026-11-23T12:00:00"}, "malformed_field"),
    ({**GOOD, "happened_at": "0001-01-01T00:00:00+14:00"}, "malformed_field"),
    ({**GOOD, "happened_at": 1763899200}, "malformed_field"),
    ({**GOOD, "mode": "teleport"}, "malformed_field"),
    ({**GOOD, "sequence": -1}, "malformed_field"),
    ({**GOOD, "sequence": 2**63}, "malformed_field"),
    ({**GOOD, "sequence": True}, "malformed_field"),
    ({**GOOD, "sequence": 1.5}, "malformed_field"),
    ({**GOOD, "item": "x" * 201}, "malformed_field"),
    ({**GOOD, "item": "\x00"}, "malformed_field"),
    ({**GOOD, "item": {"$ne": None}}, "malformed_field"),
    ({**GOOD, "id": "\ud800"}, "malformed_field"),
    ({**OFFLINE, "due": "soon"}, "malformed_field"),
]


@pytest.mark.parametrize(("body", "named"), DEFECTS)
def test_every_defect_has_a_name(body: Any, named: str) -> None:
    assert reason(body) == named


@pytest.mark.parametrize("name", [name for name in GOOD if name not in ("type", "version")])
def test_a_missing_field_is_named(name: str) -> None:
    found = read({k: v for k, v in GOOD.items() if k != name})
    assert isinstance(found, Unusable)
    assert (found.reason, found.detail) == ("missing_field", name)


@pytest.mark.parametrize("name", ["card", "due"])
def test_an_offline_loan_needs_its_card_and_its_printed_date(name: str) -> None:
    assert reason({k: v for k, v in OFFLINE.items() if k != name}) == "missing_field"


@pytest.mark.parametrize("user", [None, "", "lerum-2", "guest"])
def test_a_message_that_the_broker_does_not_vouch_for_is_forged(user: str | None) -> None:
    found = read(GOOD, user=user)
    assert isinstance(found, Unusable)
    assert (found.reason, found.branch, found.device) == ("forged_device", LERUM, None)


@pytest.mark.parametrize("key", ["kiosk", "kiosk.vast", "kiosk.vast.lerum", "", "other.vast.lerum.lerum-1"])
def test_a_routing_key_of_no_device_is_forged(key: str) -> None:
    assert reason(GOOD, key=key) == "forged_device"


def test_of_a_forged_message_is_kept_which_item_it_spoke_of_and_where() -> None:
    found = read({**OFFLINE, "card": "card-2000"}, user="lerum-2")
    assert isinstance(found, Unusable)
    assert (found.fact, found.item, found.branch) == ("0190f3a4", "35177001234567", LERUM)
    assert found.happened_at is not None
    assert "card-2000" not in repr(found)
    claimed = read(OFFLINE, key="kiosk.nowhere", user="lerum-2")
    assert isinstance(claimed, Unusable)
    assert (claimed.reason, claimed.branch) == ("forged_device", LERUM)


@pytest.mark.parametrize("body", [b"{", b"[]", b"x" * (MAX_BODY_BYTES + 1)])
def test_a_forged_message_that_cannot_be_read_is_forged(body: bytes) -> None:
    assert reason(body, user="lerum-2") == "forged_device"


def test_two_minutes_ahead_is_still_now() -> None:
    assert isinstance(read({**GOOD, "happened_at": "2026-11-23T12:02:00+01:00"}), DeviceFact)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner),
    max_leaves=5,
)


@given(st.binary(max_size=300) | st.dictionaries(st.sampled_from([*GOOD, "card", "due"]), JSON))
@settings(max_examples=400, deadline=None)
def test_no_body_whatsoever_is_a_fault_of_ours(body: Any) -> None:
    assert isinstance(read(body), Unusable | DeviceFact)


@given(st.dictionaries(st.sampled_from([*OFFLINE, "colour"]), JSON, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_good_fact_with_some_fields_gone_bad_is_no_fault_of_ours(bad: dict[str, Any]) -> None:
    assert isinstance(read({**OFFLINE, **bad}), Unusable | DeviceFact)


# -- on the real broker and datastore ---------------------------------------------------------------------


async def publish(
    library: Library, body: bytes, *, key: str = KEY, user: str = "lerum-1", **more: Any
) -> None:
    await library.world.publish("kiosk", key, body, user_id=user, message_id=more.pop("id", "m"), **more)


async def test_bad_messages_are_exceptions_of_their_branch_and_the_next_fact_is_served(
    library: Library,
) -> None:
    await library.thing("i1")
    bodies = [b"{", b"[]", b"x" * (MAX_BODY_BYTES + 1), json.dumps({**GOOD, "version": 9}).encode()]
    for number, body in enumerate(bodies):
        await publish(library, body, id=f"m{number}")
    fact = await library.hand_in("i1")
    await library.told(ItemReturned)
    await library.world.settle()
    noted = await library.exceptions(LERUM)
    assert sorted(one["reason"] for one in noted) == [
        "too_large", "unreadable", "unreadable", "unsupported_version",
    ]  # fmt: skip
    assert (await library.fact(fact))["did"] == "returned"
    flow = (await library.world.get("circulation", "/flow")).json()
    assert flow["dead"] == 0, "a device's fact is never dead-lettered for what it contains"


async def test_the_same_bad_message_again_is_the_same_exception(library: Library) -> None:
    for _ in range(3):
        await publish(library, b"{")
    await library.world.settle()
    assert len(await library.exceptions()) == 1


async def test_devices_answer_for_their_own_branch_only(library: Library) -> None:
    await library.thing("i1")
    await library.world.fact(item="i1", device="nobody-1")
    await library.world.fact(item="i1", device="partille-1", branch=LERUM)
    await library.world.fact(item="i1", device="lerum-1", branch="vast/atlantis")
    await library.world.fact(item="i1", device="lerum-1", user_id="lerum-2")
    await library.world.settle()
    assert {one["reason"] for one in await library.exceptions()} == {
        "unknown_device", "wrong_branch", "unknown_branch", "forged_device",
    }  # fmt: skip
    assert library.world.events(ItemReturned) == []


async def test_a_sequence_or_an_id_that_is_used_again_is_a_named_exception(library: Library) -> None:
    await library.thing("i1")
    await library.thing("i2")
    first = await library.hand_in("i1", sequence=1)
    await library.told(ItemReturned)
    await library.hand_in("i2", sequence=1)
    await library.hand_in("i2", id=first, sequence=1)
    await library.hand_in("i2", id=first, sequence=2)
    await library.world.settle()
    noted = await library.exceptions(LERUM)
    assert sorted(one["reason"] for one in noted) == ["id_reused", "id_reused", "sequence_reused"]
    assert (await library.item("i2"))["state"] == "available"


async def test_sequences_may_start_anywhere_and_come_in_any_order(library: Library) -> None:
    for number, sequence in enumerate((900, 3, 2**62, 4)):
        await library.thing(f"i{number}")
        await library.hand_in(f"i{number}", sequence=sequence)
    assert len(await library.told(ItemReturned, 4)) == 4


async def test_answers_go_to_the_devices_own_queue_and_nowhere_else(library: Library) -> None:
    fact = await library.hand_in("nobody-knows", reply_to="replies.lerum-2")
    stolen = await library.hand_in("nobody-knows", reply_to="amq.topic")
    honest = await library.hand_in("nobody-knows", reply_to="replies.lerum-1")
    await library.answer(honest)
    assert {one["id"] for one in library.world.answers} == {honest}
    assert fact != stolen


async def test_a_device_hears_of_its_own_bad_message(library: Library) -> None:
    bad = await library.hand_in("i1", reply_to="replies.lerum-1", mode="teleport")
    assert (await library.answer(bad))["reason"] == "malformed_field"


async def test_staff_resolve_an_exception_once(library: Library) -> None:
    await library.ask_and_wait("nobody-knows")
    [noted] = await library.exceptions(LERUM)
    assert await library.exceptions("vast/partille") == []
    for _ in range(2):
        done = await library.world.post("circulation", f"/exceptions/{noted['id']}/resolve")
        assert done.status_code == 200
    assert await library.exceptions(LERUM) == []
    assert (await library.world.post("circulation", "/exceptions/none/resolve")).status_code == 404


async def test_doors_and_signs_of_life_are_recorded_without_their_card(library: Library) -> None:
    door = await library.world.fact(type="door_entered", card="2000-at-the-door")
    alive = await library.world.fact(type="device_seen", reply_to="replies.lerum-1")
    answer = await library.answer(alive)
    assert (answer["bin"], answer["reason"], answer["slip"]) == (None, None, [])
    await library.world.settle()
    assert (await library.fact(door))["did"] == "recorded"
    rows = [row async for row in library.database()["facts"].find()]
    assert "2000-at-the-door" not in repr(rows)


async def test_an_offline_loan_is_of_the_cards_holder_and_its_printed_date_stands(library: Library) -> None:
    await library.world.start(accounts)
    await library.thing("i1")
    await library.world.fact(
        type="item_borrowed_offline", item="i1", card="2000", due="2027-01-31", mode="offline",
        happened_at=ago(library.world, days=1).isoformat(),
    )  # fmt: skip
    [told] = await library.told(ItemBorrowed)
    assert (told.patron, told.due.isoformat(), told.over) == ("astrid", "2027-01-31", False)
    [loan] = await library.loans("astrid")
    assert (loan["due"], loan["overdue"]) == ("2027-01-31", False)
    (why,) = loan["because"]
    assert (why["rule"], why["inputs"]["due"]) == ("printed", "2027-01-31")
    assert why["says"]["en"] == "Due 2027-01-31, as the machine printed on the receipt when it could not ask."
    assert (await library.item("i1"))["state"] == "on_loan"


async def test_an_offline_loan_waits_while_accounts_is_down(library: Library) -> None:
    await library.thing("i1")
    fact = await library.world.fact(
        type="item_borrowed_offline", item="i1", card="2000", due="2027-01-31", mode="offline"
    )
    while (await library.fact(fact)).get("open") is not True:
        pass
    await library.world.start(accounts)
    [told] = await library.told(ItemBorrowed)
    assert told.patron == "astrid"
    await library.world.settle()
    assert await library.exceptions() == []


async def test_an_unknown_card_is_an_exception_and_lends_nothing(library: Library) -> None:
    await library.world.start(accounts)
    await library.thing("i1")
    await library.world.fact(
        type="item_borrowed_offline", item="i1", card="7777", due="2027-01-31", mode="offline"
    )
    await library.world.settle()
    [noted] = await library.exceptions(LERUM)
    assert noted["reason"] == "unknown_card" and "7777" not in repr(noted)
    assert (await library.item("i1"))["state"] == "available"


async def test_a_loan_on_a_blocked_card_stands_and_staff_are_told(library: Library) -> None:
    await library.world.start(accounts)
    await library.thing("i1")
    await library.world.fact(
        type="item_borrowed_offline", item="i1", card="2999", due="2027-01-31", mode="offline"
    )
    [told] = await library.told(ItemBorrowed)
    await library.world.settle()
    assert (told.patron, [one["reason"] for one in await library.exceptions()]) == (
        "astrid",
        ["blocked_card"],
    )


async def test_a_loan_before_a_missed_return_ends_the_loan_before(library: Library) -> None:
    await library.world.start(accounts)
    await library.thing("i1")
    await library.lend("i1", "karin", happened_at=ago(library.world, days=9))
    await library.world.fact(
        type="item_borrowed_offline", item="i1", card="2000", due="2027-01-31", mode="offline"
    )
    [ended] = await library.told(ItemReturned)
    assert (ended.loan.patron, ended.route, ended.loan.returned_at) == (
        "karin",
        False,
        library.world.clock.now(),
    )
    await library.world.settle()
    assert (await library.loans("karin"), len(await library.loans("astrid"))) == ([], 1)


async def test_a_fact_waits_for_nothing_when_its_patron_is_not_here_yet(library: Library) -> None:
    await library.world.start(accounts)
    await library.thing("i1")
    await library.database()["patrons"].delete_one({"_id": "astrid"})
    await library.world.fact(
        type="item_borrowed_offline", item="i1", card="2000", due="2027-01-31", mode="offline"
    )
    await library.hand_in("i1", device="partille-1", happened_at=ago(library.world, days=3).isoformat())
    await library.told(ItemReturned)
    await library.patron("astrid")
    assert [one.patron for one in await library.told(ItemBorrowed)] == ["astrid"]
