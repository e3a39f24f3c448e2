"""What an operator sees: health, the story of a return, the flow, dead letters, policy books."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from samlan_circulation.handlers import answers
from samlan_contracts.events.circulation import ItemReturned
from samlan_gateway.api.__main__ import rendered
from samlan_gateway.app import build
from samlan_gateway.clients.broker import WATCHERS, Queues, TooManyWatchers, Watch
from samlan_gateway.domain.watching import JOURNEY, seen
from samlan_plumbing import topology
from samlan_plumbing.logs import open_log
from samlan_plumbing.topology import Administration
from samlan_testkit.servers import Servers

from .conftest import LERUM, OREBRO, PARTILLE, Town, only, reasons


async def test_health_names_each_service_and_who_is_down(town: Town) -> None:
    async with town.operator() as operator:
        well = only(await operator.get("/v1/ops/health"))
        assert well["ready"] is True
        assert set(well["services"]) == set(topology.SERVICES) - {"gateway"}
        assert {"told", "consumed", "in_hand", "outbox", "dead"} <= set(well["services"]["holds"])
        billing = town.world.services.pop("billing")
        try:
            ill = only(await operator.get("/v1/ops/health"))
        finally:
            town.world.services["billing"] = billing
    assert (ill["ready"], ill["services"]["billing"]["ready"]) == (False, False)


async def test_the_story_of_a_return_is_computed_from_its_fact(town: Town) -> None:
    late, waits = await town.patron("orebro"), await town.patron(pickup=PARTILLE)
    item = await town.item("t2", at=OREBRO)
    loan = {
        "item": item, "patron": late, "branch": OREBRO, "due": "2026-11-02",
        "borrowed_at": "2026-10-12T10:00:00+02:00", "renewals": 0,
    }  # fmt: skip
    await town.consortium.load(loans=[loan])
    async with await town.log_in(waits) as mine:
        hold = only(await mine.post("/v1/me/holds", json={"title": "t2"}), 201)
    await town.consortium.settle()
    fact = await town.world.fact(item=item, branch=PARTILLE, device="partille-1")
    await town.consortium.settle()
    async with town.operator() as operator:
        story = only(await operator.get(f"/v1/ops/returns/{fact}"))
        nothing = await operator.get("/v1/ops/returns/no-such-fact")
    steps = {one["step"]: one for one in story["steps"]}
    assert (story["fact"], story["item"], story["branch"]) == (fact, item, PARTILLE)
    assert story["incomplete"] == []
    assert list(steps)[:4] == ["fact_taken", "item_returned", "item_routed", "answered"]
    assert (steps["item_routed"]["bin"], steps["item_routed"]["hold"]) == ("shelf", hold["id"])
    assert steps["item_returned"]["loan"]
    assert steps["item_allotted"]["hold"] == hold["id"]
    assert steps["fee_charged"]["amount"]["amount"] > 0
    told = {one["kind"] for one in story["steps"] if one["step"] == "notice_sent"}
    assert told == {"hold_ready", "fee_charged"}
    assert all(one["at"] for one in story["steps"])
    assert late not in json.dumps(story)
    assert waits not in json.dumps(story)
    assert (nothing.status_code, reasons(nothing)) == (404, ["unknown_fact"])
    (event,) = [e for e in town.world.told if e.cause == fact and e.type == ItemReturned.NAME]
    assert steps["item_returned"]["event"] == event.id


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"user_id": "partille-1"}, "forged_device"),
        ({"type": "item_eaten"}, "unknown_type"),
        ({"happened_at": "soon"}, "malformed_field"),
        ({"device": "nobody-1"}, "unknown_device"),
    ],
)
async def test_a_fact_that_could_not_be_taken_says_which_exception_it_became(
    town: Town, bad: dict[str, str], reason: str
) -> None:
    fact = await town.world.fact(**{"item": "3500000001", "branch": LERUM, **bad})
    await town.consortium.settle()
    async with town.operator() as operator:
        story = only(await operator.get(f"/v1/ops/returns/{fact}"))
    assert (story["fact"], story["item"], story["branch"]) == (fact, "3500000001", LERUM)
    (taken,) = story["steps"]
    assert (taken["step"], taken["did"], taken["reason"]) == ("fact_taken", "nothing", reason)
    assert (bool(taken["at"]), story["incomplete"]) == (True, [])


async def test_a_body_that_cannot_be_read_has_a_story_by_the_id_of_its_message(town: Town) -> None:
    await town.world.publish(
        "kiosk", "kiosk.vast.lerum.lerum-1", b"{", user_id="lerum-1", message_id="no-json-1"
    )
    await town.consortium.settle()
    async with town.operator() as operator:
        story = only(await operator.get("/v1/ops/returns/no-json-1"))
    assert (story["branch"], story["happened_at"], story["steps"][0]["reason"]) == (LERUM, None, "unreadable")


async def test_a_story_shows_where_an_item_went_whose_kiosk_was_told_to_wait(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "DEADLINE", timedelta(0))
    item = await town.item(at=LERUM)
    await town.world.replies("lerum-1")
    fact = await town.world.fact(item=item, branch=LERUM, device="lerum-1", reply_to="replies.lerum-1")
    await town.consortium.settle()
    async with town.operator() as operator:
        story = only(await operator.get(f"/v1/ops/returns/{fact}"))
    assert [one["step"] for one in story["steps"]] == [
        "fact_taken", "item_returned", "answered", "item_routed",
    ]  # fmt: skip
    [*_, answered, routed] = story["steps"]
    assert (answered["bin"], answered["reason"]) == ("exception", "routing_pending")
    assert (routed["bin"], routed["branch"], routed["hold"]) == ("home", LERUM, None)
    assert routed["at"]


async def test_a_story_says_who_did_not_answer(town: Town) -> None:
    item = await town.item()
    fact = await town.world.fact(item=item, branch=LERUM)
    await town.consortium.settle()
    holds = town.world.services.pop("holds")
    try:
        async with town.operator() as operator:
            story = only(await operator.get(f"/v1/ops/returns/{fact}"))
    finally:
        town.world.services["holds"] = holds
    assert story["incomplete"] == ["holds"]
    assert story["steps"][0]["step"] == "fact_taken"


async def test_the_flow_passes_events_on_without_their_patrons(town: Town) -> None:
    who, item = await town.patron(), await town.item()
    gateway = town.world.services["gateway"].resources
    watch = Watch(gateway.settings.rabbitmq_url, JOURNEY, gateway.log)
    async with watch.join() as events:
        await watch.listening()
        async with town.desk() as desk:
            only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{who}"}), 201)
        envelope = await events.get()
        shown = seen(envelope)
    assert (shown["type"], shown["data"]["item"]) == ("circulation.item_borrowed", item)
    assert who in json.dumps(envelope)
    assert who not in json.dumps(shown)


async def test_the_gateways_own_rights_suffice_to_watch_and_to_count(servers: Servers, vhost: str) -> None:
    admin = Administration(servers.management_url, servers.user, servers.password, vhost)
    await admin.user("gateway-rights", "secret", topology.service_rights("gateway"))
    await admin.close()
    parts = urlsplit(servers.amqp_url(vhost))
    url = parts._replace(netloc=f"gateway-rights:secret@{parts.hostname}:{parts.port}").geturl()
    watch = Watch(url, JOURNEY, open_log("gateway", None))
    async with watch.join():
        await watch.listening()
    async with Queues(url).open() as counter:
        counts = await counter.counts()
    assert {"holds.events", "circulation.facts", "notify.dead", "billing.events.retry.500"} <= set(counts)


async def test_what_is_seen_of_any_event_names_nobody() -> None:
    for cls in JOURNEY:
        assert not {"patron", "born", "borrower_id", "patrons"} & set(seen(_full(cls))["data"])
        assert "secret" not in json.dumps(seen(_full(cls)))


def _full(cls: Any) -> dict[str, Any]:
    person = dict.fromkeys(("patron", "patron_member", "born", "borrower_id", "patrons"), "secret")
    parts = {"loan": {**person, "loan": "l1"}, "hold": {**person, "hold": "h1"}, "queue": person}
    return {
        "id": "e", "type": cls.NAME, "version": 1, "subject": "ledger/secret", "trace": "secret",
        "data": {**person, **parts, "thing": {"item": "i"}},
    }  # fmt: skip


async def test_a_watcher_who_is_slow_loses_the_oldest_and_nobody_else_waits(town: Town) -> None:
    watch = Watch("amqp://127.0.0.1:9", JOURNEY, open_log("gateway", town.world.keys / "watch.log"))
    async with watch.join() as events:
        for number in range(events.maxsize + 10):
            watch.pass_on({"id": number})
        assert events.full()
        assert (await events.get())["id"] == 10


async def test_only_so_many_watch(town: Town) -> None:
    watch = Watch("amqp://127.0.0.1:9", JOURNEY, open_log("gateway", town.world.keys / "watch.log"))
    joined = [watch.join() for _ in range(WATCHERS)]
    for one in joined:
        await one.__aenter__()
    try:
        await watch.join().__aenter__()
    except TooManyWatchers:
        refused = True
    else:
        refused = False
    finally:
        for one in joined:
            await one.__aexit__(None, None, None)
    assert refused


async def test_the_flow_is_a_stream_of_server_sent_events(town: Town) -> None:
    """Read as an ASGI server would, since the test client waits for the end of an answer that has none."""
    item = await town.item()
    app, sent = town.world.services["gateway"].app, asyncio.Queue[dict[str, Any]]()
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    serving = asyncio.create_task(app(_flow_scope(town), receive, sent.put))
    start = await sent.get()
    assert start["status"] == 200
    assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]
    assert (await sent.get())["body"] == b": watching\n\n"
    async with town.desk() as desk:
        only(await desk.post("/v1/desk/returns", json={"item": item}))
    lines = (await sent.get())["body"].decode().splitlines()
    assert lines[0] == "event: circulation.item_returned.v1"
    assert lines[1].startswith("id: ")
    assert json.loads(lines[2].removeprefix("data: "))["data"]["item"] == item
    gone.set()
    await serving


async def test_the_flow_ends_when_the_gateway_stops(town: Town) -> None:
    await town.world.start(build, name="another door")
    app, sent = town.world.services["another door"].app, asyncio.Queue[dict[str, Any]]()
    serving = asyncio.create_task(app(_flow_scope(town), asyncio.Event().wait, sent.put))
    assert (await sent.get())["status"] == 200
    assert (await sent.get())["body"] == b": watching\n\n"
    await town.world.stop("another door")
    assert await sent.get() == {"type": "http.response.body", "body": b"", "more_body": False}
    await serving


async def test_who_comes_while_the_gateway_stops_hears_the_end(town: Town) -> None:
    watch = Watch("amqp://127.0.0.1:9", JOURNEY, open_log("gateway", town.world.keys / "watch.log"))
    async with watch.join() as before:
        watch.pass_on({"id": "e1"})
        watch.end()
        watch.pass_on({"id": "e2"})
        await watch.listening()
        assert [await before.get(), await before.get(), before.empty()] == [{"id": "e1"}, None, True]
        async with watch.join() as late:
            assert await late.get() is None


def _flow_scope(town: Town) -> dict[str, Any]:
    return {
        "type": "http", "method": "GET", "path": "/v1/ops/flow", "raw_path": b"/v1/ops/flow",
        "query_string": b"", "http_version": "1.1", "scheme": "http", "root_path": "",
        "server": ("gateway", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"authorization", f"Bearer {town.signer.for_operator()}".encode())],
    }  # fmt: skip


async def test_dead_letters_are_listed_read_replayed_and_discarded(town: Town) -> None:
    now = town.world.clock.now().isoformat()
    for name in ("first", "second"):
        envelope = {
            "id": name, "type": "billing.fee_charged", "version": 1, "happened_at": now, "recorded_at": now,
            "cause": "c", "subject": "ledger/p", "sequence": 1, "data": {"fee": "secret"},
        }  # fmt: skip
        key, body = "billing.fee_charged.v1", json.dumps(envelope).encode()
        await town.world.publish("events", key, body, message_id=name, type=key)
    await town.consortium.settle()
    async with town.operator() as operator:
        listed = only(await operator.get("/v1/ops/dead-letters"))
        assert listed["incomplete"] == []
        first, second = listed["items"]
        assert (first["service"], first["state"]) == ("notify", "dead")
        assert "secret" not in json.dumps(listed)
        shown = only(await operator.get(f"/v1/ops/dead-letters/{first['id']}"))
        assert shown["envelope"]["fields"] == ["fee"]
        assert "secret" not in json.dumps(shown)
        without = await operator.post(f"/v1/ops/dead-letters/{first['id']}/discard", json={})
        assert without.status_code == 422
        only(await operator.post(f"/v1/ops/dead-letters/{first['id']}/discard", json={"why": "rubbish"}))
        only(await operator.post(f"/v1/ops/dead-letters/{second['id']}/replay"))
        await town.consortium.settle()
        left = only(await operator.get("/v1/ops/dead-letters"))["items"]
        assert [one["id"] for one in left] == [second["id"]]  # it failed again
        only(await operator.post(f"/v1/ops/dead-letters/{second['id']}/discard", json={"why": "rubbish"}))
        unknown = await operator.get("/v1/ops/dead-letters/none")
        assert (unknown.status_code, reasons(unknown)) == (404, ["unknown_dead_letter"])
        holds = town.world.services.pop("holds")
        try:
            assert (await operator.get("/v1/ops/dead-letters/none")).status_code == 503
        finally:
            town.world.services["holds"] = holds


async def test_policy_books_are_shown_with_their_versions(town: Town) -> None:
    async with town.operator() as operator:
        books = only(await operator.get("/v1/ops/policies"))["items"]
        assert {"gothenburg", "vast", "gladsaxe", "kungsbacka", "orebro"} <= {one["member"] for one in books}
        book = only(await operator.get("/v1/ops/policies/orebro"))
        assert book["version"]
        assert book["book"]["loan_periods"]
        assert (await operator.get("/v1/ops/policies/none")).status_code == 404


async def test_an_operator_reads_any_branchs_lists(town: Town) -> None:
    async with town.operator() as operator:
        assert (await operator.get("/v1/desk/pull-list")).status_code == 422
        only(await operator.get("/v1/desk/pull-list", params={"branch": LERUM}))
        only(await operator.get("/v1/desk/exceptions"))


async def test_the_gateway_serves_the_document_programs_are_written_against(town: Town) -> None:
    async with town.door() as door:
        assert only(await door.get("/openapi.json")) == yaml.safe_load(rendered())
