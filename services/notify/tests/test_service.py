"""Notify as a whole on the real broker and datastore."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from samlan_contracts.events.notify import NoticeFailed, NoticeSent
from samlan_contracts.policy import PolicyBooks
from samlan_embedded.catchers import Catching, catching
from samlan_notify import consumers
from samlan_notify.handlers.following import Following
from samlan_notify.settings import NotifySettings
from samlan_plumbing.runtime import Service
from samlan_plumbing.snapshots import Row, send_snapshot
from samlan_plumbing.topology import events_queue
from samlan_testkit.world import POLICIES, World

from .cast import (
    ANNA,
    BRANCHES,
    LERUM,
    MIO,
    PEOPLE,
    RODA_RUMMET,
    TITLES,
    fee_charged,
    hold_expired,
    hold_ready,
    item_returned,
)
from .conftest import FakeAccounts, PostOffice, free_port

pytestmark = pytest.mark.usefixtures("impatient")
Start = Callable[..., Awaitable[Service]]


async def introduce(world: World) -> None:
    """The whole cast, told by its owners."""
    for patron in PEOPLE:
        await world.tell(patron, subject=f"patron/{patron.patron}", sequence=1)
    for title in TITLES:
        await world.tell(title, subject=f"title/{title.title}", sequence=1)
    for branch in BRANCHES:
        await world.tell(branch, subject=f"branch/{branch.branch}", sequence=1)


async def until(met: Callable[[], bool]) -> None:
    while not met():
        await asyncio.sleep(0.01)


async def sent(world: World, service: str = "notify", *, seconds: float = 6) -> None:
    """Time passes, and notify does what is due."""
    await world.settle()
    world.clock.set(world.clock.now() + timedelta(seconds=seconds))
    while (await world.post(service, "/clock/run")).json()["done"]:
        pass
    await world.settle()


async def test_events_become_messages_and_messages_are_told(
    world: World, start: Start, post: PostOffice
) -> None:
    await start()
    await introduce(world)
    ready = await world.tell(hold_ready(), subject="queue/t1", sequence=4, times=3)
    fees = [
        await world.tell(fee_charged(fee=name), subject="ledger/anna", sequence=number)
        for number, name in enumerate(("f1", "f2"))
    ]
    expired = await world.tell(hold_expired(hold="h2"), subject="queue/t1", sequence=5)
    receipt = await world.tell(item_returned(), subject="item/35177", sequence=9)
    await sent(world)
    assert post.causes == dict.fromkeys([ready, *fees, expired, receipt], 1)
    told = {one.kind: set(one.causes) for one in world.events(NoticeSent)}
    assert told == {
        "hold_ready": {ready}, "fee_charged": set(fees), "hold_expired": {expired}, "receipt": {receipt},
    }  # fmt: skip
    assert [one.channel for one in world.events(NoticeSent)] == ["email"] * 4


async def test_events_in_any_order_and_before_what_they_speak_of(
    world: World, start: Start, post: PostOffice
) -> None:
    await start()
    cause = await world.tell(hold_ready(), subject="queue/t1", sequence=4)
    await world.settle()
    await introduce(world)
    await world.settle()
    await until(lambda: post.causes == {cause: 1})


async def test_a_failure_is_told_with_its_reason(world: World, start: Start, accounts: FakeAccounts) -> None:
    await start()
    await introduce(world)
    accounts.contacts["anna"] = {"member": "vast"}
    cause = await world.tell(hold_ready(), subject="queue/t1", sequence=4)
    await sent(world)
    (failed,) = world.events(NoticeFailed)
    assert (failed.causes, failed.reason, failed.kind) == ((cause,), "no_channel", "hold_ready")


async def test_a_return_nobody_wants_a_receipt_of_touches_nothing() -> None:
    following = Following(known=None, books=PolicyBooks.load(POLICIES), machine_clock=None)  # type: ignore[arg-type]
    door = consumers.events(None, _Nothing(), following)  # type: ignore[arg-type]
    plain = item_returned(receipt=False)
    assert plain.loan is not None
    early = plain.model_copy(update={"loan": plain.loan.model_copy(update={"due": date(2026, 12, 10)})})
    for event in (early, item_returned().model_copy(update={"loan": None})):
        envelope = {
            "id": "e", "type": event.NAME, "version": 1, "happened_at": "2026-11-23T11:00:00Z",
            "recorded_at": "2026-11-23T11:00:00Z", "cause": "f", "subject": "item/1", "sequence": 1,
            "data": orjson.loads(event.model_dump_json()),
        }  # fmt: skip
        await door.take(orjson.dumps(envelope), event.key())


class _Nothing:
    """Handlers that must not be called."""

    def __getattr__(self, name: str) -> Any:
        return None


async def test_an_unreadable_event_is_set_aside_and_the_next_one_served(
    world: World, start: Start, post: PostOffice
) -> None:
    await start()
    await introduce(world)
    for body in (b"\xff", b"{}", b'{"id": 1}', orjson.dumps([1]), b""):
        await world.publish(
            "events", "holds.hold_ready.v1", body, type="holds.hold_ready.v1", message_id=str(len(body))
        )
    cause = await world.tell(hold_ready(), subject="queue/t1", sequence=4)
    await sent(world)
    assert post.causes == {cause: 1}
    assert len((await world.get("notify", "/dead-letters")).json()["items"]) == 5


async def test_a_snapshot_of_titles_people_and_branches_is_applied_and_tells_nobody(
    world: World, start: Start, post: PostOffice
) -> None:
    service = await start()
    await world.tell(
        RODA_RUMMET.model_copy(update={"name": "Röda rummet, ny"}), subject="title/t1", sequence=3
    )
    await world.settle()
    owner = world.resources("catalog")
    await owner.relay.start()
    for rows in (
        [Row(one, f"title/{one.title}", 1) for one in TITLES],
        [Row(one, f"branch/{one.branch}", 1) for one in BRANCHES],
        [Row(one, f"patron/{one.patron}", 1) for one in PEOPLE],
    ):
        await send_snapshot(owner, rows, readers=["notify"])
    await owner.relay.stop()
    await world.settle()
    assert not post.mails
    titles = service.resources.database["titles"]
    found = {one["_id"]: one["name"] async for one in titles.find({})}
    assert found == {"t1": "Röda rummet, ny", "t2": "Mio min Mio"}
    assert await service.resources.database["patrons"].count_documents({}) == len(PEOPLE)
    await world.tell(hold_ready(), subject="queue/t1", sequence=4)
    await sent(world)
    assert "Röda rummet, ny" in post.mails[0].get_content()


@pytest.mark.clause("K57")
async def test_an_erasure_that_comes_by_event_or_by_snapshot_leaves_a_tombstone(
    world: World, start: Start, post: PostOffice
) -> None:
    service = await start()
    await introduce(world)
    await world.settle()
    gone = ANNA.model_copy(update={"erased": True})
    await world.tell(gone, subject="patron/anna", sequence=2)
    await world.tell(MIO.model_copy(update={"erased": True}), subject="patron/mio", sequence=2)
    await world.settle()
    await world.tell(ANNA, subject="patron/anna", sequence=3)
    await world.tell(hold_ready(), subject="queue/t1", sequence=4)
    await sent(world)
    assert not post.mails
    copies = [one async for one in service.resources.database["patrons"].find({"removed": True})]
    assert {one["_id"] for one in copies} == {"anna", "mio"}
    assert all(set(one) <= {"_id", "removed", "sequence"} for one in copies)


async def test_two_whole_replicas_send_each_message_once(
    world: World, start: Start, post: PostOffice
) -> None:
    await start()
    await start("second")
    await introduce(world)
    causes = []
    for number in range(20):
        causes.append(await world.tell(hold_ready(hold=f"h{number}"), subject="queue/t1", sequence=number))
        causes.append(await world.tell(fee_charged(fee=f"f{number}"), subject="ledger/a", sequence=number))
    await world.settle()
    world.clock.set(world.clock.now() + timedelta(seconds=6))
    await until(lambda: len(post.causes) == len(causes))
    await world.settle()
    assert post.causes == dict.fromkeys(causes, 1)
    assert len(post.mails) == len(post.by_id) == 21


async def test_what_came_while_it_was_stopped_is_sent_when_it_comes_back(
    world: World, start: Start, post: PostOffice
) -> None:
    await start()
    await introduce(world)
    await world.settle()
    await world.crash("notify")
    causes = [
        await world.tell(hold_ready(hold=f"h{number}"), subject="queue/t1", sequence=number)
        for number in range(30)
    ]
    assert await world._ready(events_queue("notify")) == 30
    await start()
    await sent(world)
    assert post.causes == dict.fromkeys(causes, 1)


async def test_its_answers_name_kind_cause_channel_time_and_result_but_no_title(
    world: World, start: Start
) -> None:
    await start()
    await introduce(world)
    cause = await world.tell(hold_ready(), subject="queue/t1", sequence=4)
    for number in range(3):
        await world.tell(fee_charged(fee=f"f{number}"), subject="ledger/anna", sequence=number)
    await world.settle()
    world.clock.set(world.clock.now() + timedelta(seconds=1))
    await world.tell(hold_expired(), subject="queue/t1", sequence=5)
    await sent(world)
    page = (await world.get("notify", "/patrons/anna/notices", limit=1)).json()
    assert page["items"][0]["kind"] == "hold_expired"
    rest = (await world.get("notify", "/patrons/anna/notices", cursor=page["next"])).json()
    assert len(rest["items"]) == 4
    assert rest["next"] is None
    assert await one_by_one(world, "anna") == [one["id"] for one in (*page["items"], *rest["items"])]
    (item,) = (await world.get("notify", "/notices", cause=cause)).json()["items"]
    assert (item["kind"], item["cause"], item["channel"], item["state"]) == (
        "hold_ready", cause, "email", "sent",
    )  # fmt: skip
    causes = [one["cause"] for one in rest["items"]]
    several = (await world.get("notify", "/notices", cause=causes)).json()["items"]
    assert {one["id"] for one in several} == {one["id"] for one in rest["items"]}
    many = [f"e{number}" for number in range(101)]
    statuses = [
        (await world.get("notify", "/notices", cause=some)).status_code for some in (many[:100], many)
    ]
    assert statuses == [200, 422]
    assert (await world.get("notify", "/notices")).status_code == 422
    assert item["at"]
    assert "Röda" not in orjson.dumps([page, rest, item]).decode()
    assert (await world.get("notify", "/patrons/nobody/notices")).json()["items"] == []


async def one_by_one(world: World, patron: str) -> list[str]:
    """The notices of a patron, asked for in pages of one: those due at one instant are told apart."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await world.get("notify", f"/patrons/{patron}/notices", limit=1, **cursor)).json()
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize(
    "path",
    [
        "/patrons/a/notices?limit=0",
        "/patrons/a/notices?cursor=x",
        "/state?limit=99999",
        "/patrons/a/notices?cursor=0001-01-01T00:00:00+23:59",
        "/patrons/a/notices?cursor=9999-12-31T23:59:59-23:59",
    ],
)
async def test_bad_questions_are_named(world: World, start: Start, path: str) -> None:
    await start()
    answer = await world.get("notify", path.partition("?")[0], **dict([path.partition("?")[2].split("=")]))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"]


async def test_nobody_asks_without_a_service_token(world: World, start: Start) -> None:
    await start()
    async with world.ask("notify") as client:
        for path in ("/patrons/anna/notices", "/notices?cause=x", "/state"):
            answer = await client.get(f"/private/v1{path}", headers={"authorization": "Bearer x"})
            assert answer.status_code == 401


async def test_the_state_lists_every_notice_and_every_copy_page_by_page(world: World, start: Start) -> None:
    await start()
    await introduce(world)
    await world.tell(hold_ready(), subject="queue/t1", sequence=4)
    await world.settle()
    rows: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        answer = await world.get("notify", "/state", limit=2, **({"after": after} if after else {}))
        rows += answer.json()["items"]
        after = answer.json()["next"]
    (notice,) = (one for one in rows if one["kind"] == "notice")
    assert (notice["says"], notice["state"]) == ("hold_ready", "waiting")
    copies = {(one["of"], one["key"]): one["sequence"] for one in rows if one["kind"] == "copy"}
    assert copies[("branch", LERUM.branch)] == 1
    assert len(copies) == len(PEOPLE) + len(TITLES) + len(BRANCHES)


async def test_the_catchers_of_one_machine_take_its_mails_and_texts(
    world: World, tmp_path: Path, accounts: FakeAccounts, make_resources: Callable[[], Any]
) -> None:
    from samlan_notify import app

    where = Catching(
        mail=tmp_path / "mail", sms=tmp_path / "sms.jsonl", smtp_port=free_port(), sms_port=free_port()
    )
    async with catching(where):
        resources = make_resources()
        settings = NotifySettings.model_validate(
            resources.settings.model_dump() | {"smtp_port": where.smtp_port, "sms_url": where.sms_url}
        )
        service = app.build(settings, resources=resources)
        world.services["notify"] = service
        await service.start()
        await introduce(world)
        mail = await world.tell(hold_ready(), subject="queue/t1", sequence=4)
        text = await world.tell(hold_ready("bo", hold="h2"), subject="queue/t1", sequence=5)
        await sent(world)
        kept = [one.read_text(encoding="utf-8") for one in where.mail.glob("*.eml")]
        lines = [orjson.loads(one) for one in where.sms.read_bytes().splitlines()]
        await world.stop("notify")
    assert len(kept) == 1
    assert f"X-Samlan-Cause: {mail}" in kept[0]
    assert [one["causes"] for one in lines] == [[text]]
