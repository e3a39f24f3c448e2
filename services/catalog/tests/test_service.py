"""Catalog as a running service, on the real broker and datastore."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pymarc
import pytest
import pytest_asyncio
from pymarc import Field, Indicators, Subfield
from samlan_catalog import app
from samlan_contracts.events.catalog import BranchDescribed, ItemDescribed, TitleDescribed
from samlan_plumbing import topology
from samlan_testkit.world import World

LERUM = {
    "member": "vast", "branch": "lerum", "name": "Lerums bibliotek", "timezone": "Europe/Stockholm",
    "opening": {"mon": ["10:00", "19:00"]},
}  # fmt: skip
RODA_RUMMET = {
    "title": "t1", "name": "Röda rummet", "author": "Strindberg, August", "year": 1879, "language": "sv",
}  # fmt: skip
FADREN = {"title": "t2", "name": "Fadren", "author": "Strindberg, August", "year": 1887, "language": "sv"}
COPY = {"item": "i1", "title": "t1", "branch": "vast/lerum", "material": "book", "audience": "adult"}


JSON = {"content-type": "application/json"}


@pytest_asyncio.fixture
async def catalog(world: World) -> AsyncIterator[World]:
    await world.start(app.build)
    yield world


async def bring(world: World, file: str, *rows: Any) -> Any:
    body = {"rows": [{"line": line, "row": row} for line, row in enumerate(rows, start=1)]}
    answer = await world.post("catalog", f"/import/{file}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def shelved(world: World) -> None:
    await bring(world, "branches", LERUM)
    await bring(world, "titles", RODA_RUMMET, FADREN)
    await bring(world, "items", COPY)


async def snapshots(world: World, reader: str) -> list[dict[str, Any]]:
    queue = await world._channel.declare_queue(topology.events_queue(reader), passive=True)
    found: list[dict[str, Any]] = []
    while message := await queue.get(fail=False):
        found += json.loads(message.body)["events"]
        await message.ack()
    return found


async def titles(world: World, question: str, **more: Any) -> list[str]:
    answer = (await world.get("catalog", "/titles", q=question, **more)).json()
    return [one["title"] for one in answer["items"]]


async def test_rows_are_stored_once_and_the_same_rows_again_change_nothing(catalog: World) -> None:
    for file, row in (("branches", LERUM), ("titles", RODA_RUMMET), ("items", COPY)):
        assert await bring(catalog, file, row) == {"stored": 1, "same": 0, "refused": []}
        assert await bring(catalog, file, row, row) == {"stored": 0, "same": 2, "refused": []}
    await catalog.settle()
    assert catalog.told == []


async def test_an_import_sends_snapshots_to_every_reader(catalog: World) -> None:
    await shelved(catalog)
    kinds = {cls.NAME: cls.READERS for cls in (BranchDescribed, TitleDescribed, ItemDescribed)}
    for reader in {one for readers in kinds.values() for one in readers}:
        heard = await snapshots(catalog, reader)
        assert {one["type"] for one in heard} == {name for name, to in kinds.items() if reader in to}
        assert {one["sequence"] for one in heard} == {1}


async def test_the_same_rows_again_repair_a_snapshot_that_a_crash_left_unsent(catalog: World) -> None:
    await shelved(catalog)
    await snapshots(catalog, "circulation")
    await bring(catalog, "items", COPY)
    (again,) = await snapshots(catalog, "circulation")
    assert again["subject"] == "item/i1"


async def test_a_changed_row_updates_and_is_told(catalog: World) -> None:
    await shelved(catalog)
    assert (await bring(catalog, "items", {**COPY, "min_age": 15}))["stored"] == 1
    assert (await bring(catalog, "titles", {**RODA_RUMMET, "year": 1880}))["stored"] == 1
    assert (await bring(catalog, "branches", {**LERUM, "drop": "immediate"}))["stored"] == 1
    await catalog.settle()
    assert [one.thing.min_age for one in catalog.events(ItemDescribed)] == [15]
    assert [one.year for one in catalog.events(TitleDescribed)] == [1880]
    assert [one.drop for one in catalog.events(BranchDescribed)] == ["immediate"]
    assert {one.sequence for one in catalog.told} == {2}


async def test_a_row_that_goes_back_and_forth_is_told_each_time(catalog: World) -> None:
    await shelved(catalog)
    await bring(catalog, "items", {**COPY, "min_age": 15}, COPY, {**COPY, "min_age": 15})
    await catalog.settle()
    assert [one.thing.min_age for one in catalog.events(ItemDescribed)] == [15, None, 15]


async def test_one_request_may_hold_the_same_item_twice_and_the_last_row_stands(catalog: World) -> None:
    await shelved(catalog)
    two = ({**COPY, "item": "i2"}, {**COPY, "item": "i2", "material": "dvd"})
    assert await bring(catalog, "items", *two) == {"stored": 2, "same": 0, "refused": []}
    assert (await catalog.get("catalog", "/items/i2")).json()["material"] == "dvd"


async def test_what_cannot_be_used_is_reported_with_line_and_reason_and_the_rest_goes_on(
    catalog: World,
) -> None:
    await shelved(catalog)
    report = await bring(
        catalog, "items",
        {**COPY, "item": "a", "title": "t9"}, {**COPY, "item": "b", "branch": "vast/x"}, None,
        {**COPY, "item": "c", "material": "papyrus"}, {**COPY, "item": "d", "issued": "?"},
        {**COPY, "item": "e"},
    )  # fmt: skip
    assert report["stored"] == 1
    assert [(one["line"], one["reason"].split(":")[0]) for one in report["refused"]] == [
        (1, "unknown_title"), (2, "unknown_branch"), (3, "bad_value"), (4, "unknown_material"),
        (5, "bad_date"),
    ]  # fmt: skip


async def test_imports_at_once_store_every_row_once(catalog: World) -> None:
    await shelved(catalog)
    await catalog.start(app.build, name="replica")
    rows = [{**COPY, "item": f"m{n}"} for n in range(50)]
    reports = await asyncio.gather(*(bring(catalog, "items", *rows) for _ in range(4)))
    assert all(one["refused"] == [] and one["stored"] + one["same"] == 50 for one in reports)
    state = (await catalog.get("catalog", "/state")).json()
    assert {one["sequence"] for one in state["items"]} == {1}


async def test_a_record_is_a_title(catalog: World) -> None:
    made = pymarc.Record(leader="00000nam a2200000 i 4500", force_utf8=True)
    made.add_field(
        Field(tag="001", data="libris-1"),
        Field(tag="245", indicators=Indicators("1", "0"), subfields=[Subfield("a", "Hemsöborna /")]),
    )
    marc = base64.b64encode(made.as_marc()).decode()
    report = await bring(catalog, "titles", {"marc": marc}, {"marc": "!"})
    assert report["stored"] == 1
    assert [one["line"] for one in report["refused"]] == [2]
    assert (await catalog.get("catalog", "/titles/libris-1")).json()["name"] == "Hemsöborna"


async def test_a_removed_title_is_found_no_more_and_gets_no_items(catalog: World) -> None:
    await shelved(catalog)
    await bring(catalog, "titles", {**RODA_RUMMET, "removed": True})
    await catalog.settle()
    assert [one.removed for one in catalog.events(TitleDescribed)] == [True]
    assert await titles(catalog, "röda rummet") == []
    assert (await catalog.get("catalog", "/titles/t1")).status_code == 404
    report = await bring(catalog, "items", {**COPY, "item": "i9"})
    assert report["refused"][0]["reason"].startswith("unknown_title")


@pytest.mark.clause("G08")
async def test_a_title_is_found_by_words_of_name_and_author(catalog: World) -> None:
    await shelved(catalog)
    assert await titles(catalog, "röda rummet") == ["t1"]
    assert await titles(catalog, "RODA strindberg") == ["t1"]
    assert await titles(catalog, "Strindberg") == ["t1", "t2"]
    assert await titles(catalog, "strindberg hemsöborna") == []
    assert await titles(catalog, "") == []
    assert await titles(catalog, "?!.*$") == []


async def test_a_search_goes_on_where_it_stopped(catalog: World) -> None:
    rows = [{"title": f"t{n:03}", "name": f"Berättelse nummer {n}"} for n in range(120)]
    await bring(catalog, "titles", *rows)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await catalog.get("catalog", "/titles", q="berättelse", cursor=cursor, limit=50)).json()
        found += [one["title"] for one in page["items"]]
        cursor = page["next"]
    assert found == [one["title"] for one in rows]


async def test_a_rare_word_is_found_among_many_with_a_common_one(catalog: World) -> None:
    rows = [
        {"title": f"t{n:04}", "name": f"Berättelsesamling {'x' if n != 777 else 'solros'}"}
        for n in range(900)
    ]
    await bring(catalog, "titles", *rows)
    assert await titles(catalog, "berättelsesamling solros") == ["t0777"]


async def test_names_come_in_batches(catalog: World) -> None:
    await shelved(catalog)
    answer = await catalog.post("catalog", "/titles/names", {"titles": ["t1", "t2", "t9", "t1"]})
    assert answer.json()["names"] == {
        "t1": {"name": "Röda rummet", "author": "Strindberg, August"},
        "t2": {"name": "Fadren", "author": "Strindberg, August"},
    }
    too_many = await catalog.post("catalog", "/titles/names", {"titles": ["t"] * 1001})
    assert too_many.status_code == 422


async def test_items_branches_and_members_are_listed(catalog: World) -> None:
    await shelved(catalog)
    (copy,) = (await catalog.get("catalog", "/titles/t1/items")).json()["items"]
    assert (copy["item"], copy["home"], copy["member"]) == ("i1", "vast/lerum", "vast")
    (branch,) = (await catalog.get("catalog", "/branches")).json()["items"]
    assert branch == (await catalog.get("catalog", "/branches/vast/lerum")).json()
    assert branch["opening"] == {"mon": ["10:00", "19:00"]}
    members = (await catalog.get("catalog", "/members")).json()["items"]
    assert {one["member"]: one["currency"] for one in members}["gladsaxe"] == "DKK"


async def test_what_is_not_there_is_a_problem(catalog: World) -> None:
    for path in ("/titles/x", "/items/x", "/branches/vast/x"):
        answer = await catalog.get("catalog", path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_request_that_is_no_batch_of_rows_is_refused(catalog: World) -> None:
    for body in (None, [], {"rows": None}, {"rows": [{"row": {}}]}, {"rows": [{"line": "x", "row": 1}]}):
        assert (await catalog.post("catalog", "/import/items", body)).status_code == 422, body


async def test_a_file_of_another_name_is_not_taken(catalog: World) -> None:
    assert (await catalog.post("catalog", "/import/patrons", {"rows": []})).status_code == 404


@pytest.mark.parametrize(("file", "row"), [("branches", LERUM), ("titles", RODA_RUMMET), ("items", COPY)])
async def test_hostile_text_in_any_field_is_stored_as_text_or_refused(
    catalog: World, file: str, row: dict[str, Any]
) -> None:
    texts = ("\ud800", "\x00", "x" * 20_000, "\u202e", "$where")
    rows = [{**row, field: bad} for text in texts for field in row for bad in (text, [text], {text: text})]
    body = json.dumps({"rows": [{"line": n, "row": one} for n, one in enumerate(rows)]})
    async with catalog.ask("catalog") as client:
        answer = await client.post(f"/private/v1/import/{file}", content=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["stored"] + report["same"] + len(report["refused"]) == len(rows)


async def test_private_http_needs_a_token(catalog: World) -> None:
    async with catalog.ask("catalog") as client:
        answer = await client.get("/private/v1/branches", headers={"authorization": ""})
    assert answer.status_code == 401


async def test_the_state_lists_everything_page_by_page(catalog: World) -> None:
    await shelved(catalog)
    await bring(catalog, "items", {**COPY, "item": "i2"}, {**COPY, "item": "i3"})
    rows: list[Any] = []
    after: str | None = ""
    while after is not None:
        page = (await catalog.get("catalog", "/state", after=after, limit=2)).json()
        rows += page["items"]
        after = page["next"]
    assert [(one["kind"], one["key"]) for one in rows] == [
        ("item", "i1"), ("item", "i2"), ("item", "i3"), ("title", "t1"), ("title", "t2"),
        ("branch", "vast/lerum"),
    ]  # fmt: skip
