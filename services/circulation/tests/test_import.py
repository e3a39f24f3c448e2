"""Import of loans and devices, snapshots of copies, and the state that is checked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from samlan_circulation.handlers import imports
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.catalog import ItemDescribed
from samlan_contracts.events.circulation import ItemBorrowed, ItemReturned, ItemWhereaboutsChanged
from samlan_contracts.events.holds import QueueChanged
from samlan_contracts.shapes import Queue, Thing
from samlan_plumbing import topology
from samlan_plumbing.snapshots import Row, send_snapshot

from .conftest import Library

LERUM = "vast/lerum"
LOAN = {
    "item": "i1", "patron": "astrid", "branch": LERUM, "borrowed_at": "2026-11-01T10:00:00+01:00",
    "due": "2026-11-20", "renewals": 1,
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "ARRIVING_SECONDS", 0.0)


async def load(library: Library, file: str, *rows: dict[str, Any]) -> dict[str, Any]:
    lines = [{"line": line, "row": row} for line, row in enumerate(rows, start=1)]
    answer = await library.world.post("circulation", f"/import/{file}", {"rows": lines})
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_an_imported_loan_is_open_told_to_nobody_and_known_to_holds(library: Library) -> None:
    await library.thing("i1")
    assert await load(library, "loans", LOAN) == {"stored": 1, "same": 0, "refused": []}
    [loan] = await library.loans("astrid")
    assert (loan["due"], loan["renewals"], loan["overdue"]) == ("2026-11-20", 1, True)
    says = {
        "sv": "Åter senast 2026-11-20, som bibliotekets tidigare system bestämde.",
        "da": "Skal afleveres senest 2026-11-20, som bibliotekets tidligere system bestemte.",
        "en": "Due 2026-11-20, as the library's earlier system decided.",
    }
    assert loan["because"] == [
        {
            "rule": "imported", "cites": [], "version": "", "in_force": [None, None],
            "inputs": {"due": "2026-11-20"}, "says": says,
        }
    ]  # fmt: skip
    await library.world.settle()
    assert library.world.events(ItemBorrowed) == []
    await library.hand_in("i1")
    [told] = await library.told(ItemReturned)
    assert (told.loan.loan, told.loan.due.isoformat(), told.loan.renewals) == (loan["id"], "2026-11-20", 1)


async def test_the_same_rows_again_change_nothing_not_even_after_the_return(library: Library) -> None:
    await library.thing("i1")
    await load(library, "loans", LOAN)
    assert await load(library, "loans", LOAN) == {"stored": 0, "same": 1, "refused": []}
    await library.hand_in("i1")
    await library.told(ItemReturned)
    assert await load(library, "loans", LOAN) == {"stored": 0, "same": 1, "refused": []}
    assert await library.loans("astrid") == []


BAD_LOANS = [
    ({"item": "nobody-knows"}, "item: nobody-knows is not known"),
    ({"patron": "nobody"}, "patron: is not known"),
    ({"branch": "vast/atlantis"}, "branch: vast/atlantis is not known"),
    ({"due": "soon"}, "due: a day such as 2026-05-01 is needed"),
    ({"due": "2026-09-01"}, "due: lies before borrowed_at"),
    (
        {"borrowed_at": "2026-11-01T10:00:00"},
        "borrowed_at: a time such as 2026-05-01T10:00:00+02:00 is needed",
    ),
    ({"borrowed_at": "2027-11-01T10:00:00Z", "due": "2027-12-01"}, "borrowed_at: lies in the future"),
    ({"renewals": -1}, "renewals: a count is needed"),
    ({"item": None}, "item: is missing"),
    ({"item": ["i1"]}, "item: a short text is needed"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_LOANS)
async def test_a_bad_row_is_refused_with_its_reason_and_the_rest_goes_on(
    library: Library, bad: dict[str, Any], reason: str
) -> None:
    await library.thing("i1")
    report = await load(library, "loans", {**LOAN, **bad}, LOAN)
    assert report == {"stored": 1, "same": 0, "refused": [{"line": 1, "reason": reason}]}


async def test_an_item_is_lent_once(library: Library) -> None:
    await library.thing("i1")
    report = await load(library, "loans", LOAN, {**LOAN, "patron": "karin"})
    assert (report["stored"], report["refused"]) == (
        1,
        [{"line": 2, "reason": "item: it is on loan already"}],
    )
    await library.hand_in("i1")
    await library.told(ItemReturned)
    report = await load(library, "loans", {**LOAN, "patron": "karin"})
    assert report["refused"] == [{"line": 1, "reason": "borrowed_at: the item was handed in since"}]


async def test_rows_wait_for_copies_that_are_still_on_their_way(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "ARRIVING_SECONDS", 60.0)
    thing = Thing(item="i1", title="t", member="vast", home=LERUM, material="book")
    await library.world.tell(ItemDescribed(thing=thing), subject="item/i1", sequence=1)
    assert (await load(library, "loans", LOAN))["stored"] == 1


async def test_rows_that_name_what_nobody_knows_wait_no_longer_than_news_still_come(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "ARRIVING_SECONDS", 3_600.0)
    monkeypatch.setattr(imports, "STILL_SECONDS", 0.1)
    await library.thing("i1")
    async with asyncio.timeout(60):
        report = await load(library, "loans", LOAN, {**LOAN, "item": "x1"}, {**LOAN, "item": "x2"})
    assert report["stored"] == 1
    assert [one["line"] for one in report["refused"]] == [2, 3]


async def test_devices_are_registered_once_and_may_move(library: Library) -> None:
    row = {"device": "new-1", "branch": LERUM, "kind": "sorter", "sip2_user": "u", "sip2_password": "secret"}
    assert (await load(library, "devices", row))["stored"] == 1
    assert await load(library, "devices", row) == {"stored": 0, "same": 1, "refused": []}
    assert (await load(library, "devices", {**row, "branch": "vast/partille"}))["stored"] == 1
    kept = [doc async for doc in library.database()["devices"].find()]
    assert "secret" not in repr(kept)
    await library.world.fact(device="new-1", branch="vast/partille", type="device_seen")
    await library.world.settle()
    assert await library.exceptions() == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"branch": "vast/atlantis"}, "branch: vast/atlantis is not known"),
        ({"branch": "lerum"}, "branch: member/branch is needed"),
        ({"kind": "toaster"}, "kind: one of kiosk, sorter, drop, door is needed"),
        ({"device": "a/b"}, "device: letters, digits, dots, dashes and underscores only"),
        *(
            ({"device": user}, f"device: {user} is a user of the system itself")
            for user in (*topology.SERVICES, "operator", "administrator", "guest")
        ),
    ],
)
async def test_a_bad_device_is_refused(library: Library, bad: dict[str, Any], reason: str) -> None:
    report = await load(library, "devices", {"device": "new-1", "branch": LERUM, "kind": "kiosk", **bad})
    assert report["refused"] == [{"line": 1, "reason": reason}]


# -- snapshots ------------------------------------------------------------------------------------------


async def snapshot(library: Library, *rows: Row) -> None:
    resources = library.world.services["circulation"].resources
    await send_snapshot(resources, rows, readers=("circulation",))
    await library.world.settle()


def described(item: str, material: str, sequence: int, *, state: str = "available") -> Row:
    thing = Thing(item=item, title="t", member="vast", home=LERUM, material=material)
    return Row(ItemDescribed(thing=thing, first_state=state), f"item/{item}", sequence)  # type: ignore[arg-type]


async def test_a_snapshot_brings_new_things_and_loses_to_newer_ones(library: Library) -> None:
    await library.thing("i1", material="book")
    await library.hand_in("i1")
    await library.told(ItemReturned)
    await snapshot(library, described("i1", "music_cd", 1), described("i2", "book", 1, state="lost"))
    shown = {key: (await library.item(key))["state"] for key in ("i1", "i2")}
    assert shown == {"i1": "returned", "i2": "lost"}
    await snapshot(library, described("i1", "music_cd", 9), described("i2", "book", 1))
    doc = await library.database()["items"].find_one({"_id": "i1"})
    assert (doc["thing"]["material"], doc["state"]) == ("music_cd", "returned")


async def test_snapshots_of_patrons_and_queues_are_copies_like_any_other(library: Library) -> None:
    await snapshot(
        library,
        Row(PatronDescribed(patron="nils", member="vast"), "patron/nils", 4),
        Row(PatronDescribed(patron="astrid", member="vast", history=True), "patron/astrid", 7),
    )
    queue = Queue(title="t", sequence=3, waiting=2, patrons=("a", "b"))
    await snapshot(library, Row(QueueChanged(queue=queue), "queue/t", 3))
    await library.thing("i1", title="t")
    await library.lend("i1", "nils")
    shown = (await library.world.get("circulation", "/titles/t/availability")).json()
    assert shown["waiting"] == 2


async def test_where_imported_loans_are_is_a_snapshot_for_holds(library: Library) -> None:
    await library.thing("i1")
    await load(library, "loans", LOAN)
    # holds has no consumer here, so what was sent to it lies in its queue
    queue = await library.world._channel.declare_queue("holds.events", passive=True)
    seen: list[str] = []
    while (message := await queue.get(fail=False)) is not None:
        await message.ack()
        seen.append(message.body.decode())
    [batch] = [body for body in seen if '"snapshot":"circulation.item_whereabouts_changed.v1"' in body]
    assert '"state":"on_loan"' in batch


# -- things that change -----------------------------------------------------------------------------------


async def test_a_thing_removed_while_on_loan_is_withdrawn_when_it_comes_back(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    thing = Thing(item="i1", title="roda-rummet", member="vast", home=LERUM, material="book")
    await library.tell(ItemDescribed(thing=thing, removed=True), "item/i1")
    await library.world.settle()
    assert (await library.item("i1"))["state"] == "on_loan"
    answer = await library.ask_and_wait("i1")
    assert answer["reason"] == "withdrawn"
    [told] = await library.told(ItemReturned)
    assert (told.loan.patron, told.route) == ("astrid", False)
    assert (await library.item("i1"))["state"] == "withdrawn"


async def test_a_thing_removed_from_the_shelf_is_withdrawn_and_holds_is_told(library: Library) -> None:
    await library.thing("i1")
    thing = Thing(item="i1", title="roda-rummet", member="vast", home=LERUM, material="book")
    await library.tell(ItemDescribed(thing=thing, removed=True), "item/i1")
    [told] = await library.told(ItemWhereaboutsChanged)
    assert told.state == "withdrawn"
    await library.tell(ItemDescribed(thing=thing), "item/i1")
    assert [one.state for one in await library.told(ItemWhereaboutsChanged, 2)] == ["withdrawn", "missing"]


# -- the state to check -----------------------------------------------------------------------------------


async def everything(library: Library, *, limit: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        params: dict[str, Any] = {"limit": limit, **({"after": after} if after else {})}
        page = (await library.world.get("circulation", "/state", **params)).json()
        rows += page["items"]
        if (after := page["next"]) is None:
            return rows


async def test_the_state_is_read_in_pages_of_any_size_and_is_the_same(library: Library) -> None:
    for number in range(5):
        await library.thing(f"i{number}")
    await library.lend("i1", "astrid")
    await library.queue("karin")
    await library.patron("emil", erased=True, status="erased")
    await library.ask_and_wait("nobody-knows")
    whole = await everything(library, limit=2_000)
    assert await everything(library, limit=2) == whole
    items = {row["key"]: row for row in whole if row["kind"] == "item"}
    assert items["i1"]["loan"]["patron"] == "astrid" and items["i1"]["state"] == "on_loan"
    assert (items["i0"]["sequence"], items["i1"]["sequence"]) == (0, 1), "what was told of each"
    copies = {(row["of"], row["key"]): row for row in whole if row["kind"] == "copy"}
    assert copies["item", "i0"]["sequence"] == 1
    assert copies["queue", "roda-rummet"]["waiting"] == 1
    assert copies["patron", "emil"]["removed"]
    assert ("branch", LERUM) in copies
    [facts] = [row for row in whole if row["kind"] == "facts"]
    assert (facts["taken"], facts["open"], facts["exceptions"]) == (1, 0, 1)
    bad = await library.world.get("circulation", "/state", after="nonsense:1")
    assert bad.status_code == 422


async def test_what_a_crash_left_open_at_a_desk_is_finished(library: Library) -> None:
    await library.thing("i1")
    await library.lend("i1", "astrid")
    service = library.world.services["circulation"]
    long_ago = service.resources.machine_clock.now() - timedelta(minutes=5)
    row = {
        "_id": "desk/vast/lerum/77", "id": "left-open", "item": "i1", "branch": LERUM,
        "kind": "item_returned", "happened_at": library.world.clock.now(), "digest": "",
        "taken_at": long_ago, "open": True,
    }  # fmt: skip
    await library.database()["facts"].insert_one(row)
    for loop in service._background:
        if loop.__qualname__ == "Returns.finish_for_ever":
            await loop.__self__.finish_left_open()  # type: ignore[attr-defined]
    [told] = await library.told(ItemReturned)
    assert (told.fact, told.mode, told.loan.patron) == ("left-open", "desk", "astrid")
    assert not (await library.fact("left-open"))["open"]
