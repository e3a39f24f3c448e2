"""The door: tokens, bodies, keys; what comes in forged, huge, odd or twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.tokens import Signer, desk_claims, operator_claims, patron_claims
from samlan_testkit.world import make_keys

from .conftest import LERUM, PARTILLE, Town, only, reasons

ME = "/v1/me"


# -- tokens -------------------------------------------------------------------------------------------------


async def test_no_token_and_no_bearer_are_401_before_the_body_is_read(town: Town) -> None:
    async with town.door() as door:
        for headers in (
            {},
            {"authorization": "Basic YTpi"},
            {"authorization": "Bearer"},
            {"authorization": "x"},
        ):
            answer = await door.post("/v1/me/holds", content=b"{not json", headers=headers)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


async def test_a_forged_token_opens_nothing(town: Town, tmp_path: Any) -> None:
    forger = Signer(make_keys(tmp_path), MachineClock())
    genuine = town.signer.for_operator()
    head, body, _ = genuine.split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    for token in (
        forger.for_operator(), f"{none}.{body}.", f"{head}.{body}.AAAA", f"{head}.{body}", "a.b.c", "\u00e5",
    ):  # fmt: skip
        async with town.door() as door:
            headers = [(b"authorization", f"Bearer {token}".encode())]
            assert (await door.get("/v1/ops/health", headers=headers)).status_code == 401


async def test_a_token_ends(town: Town) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=2)
    token = town.signer.sign(operator_claims(), timedelta(hours=1), issued_at=long_ago)
    async with town.door(token) as door:
        assert (await door.get("/v1/ops/health")).status_code == 401


async def test_each_role_has_its_own_door(town: Town) -> None:
    tokens = {
        "patron": town.signer.sign(patron_claims("p", member="vast", session="s"), timedelta(hours=1)),
        "desk": town.signer.for_desk(LERUM),
        "operator": town.signer.for_operator(),
    }
    doors = {"patron": ME, "desk": "/v1/desk/patrons/nobody", "operator": "/v1/ops/policies"}
    for role, token in tokens.items():
        for owner, path in doors.items():
            async with town.door(token) as door:
                answer = await door.get(path)
            if role == owner:
                assert answer.status_code in (200, 404)
            else:
                assert (answer.status_code, reasons(answer)) == (403, ["other_role"])


async def test_a_services_token_and_a_half_token_are_no_session(town: Town) -> None:
    halves: list[dict[str, Any]] = [
        {"use": "service", "aud": "gateway", "sub": "holds"},
        {"use": "session", "role": "admin", "sub": "x"},
        {"use": "session", "role": "patron", "sub": "patron/p1", "member": "vast"},
        {"use": "session", "role": "desk", "sub": "desk/x"},
        {"use": "session", "role": "operator", "sub": 7},
        {**desk_claims(LERUM), "role": ["operator"]},
    ]
    for claims in halves:
        async with town.door(town.signer.sign(claims, timedelta(hours=1))) as door:
            assert (await door.get("/v1/ops/health")).status_code == 401


async def test_a_session_token_does_not_open_private_doors(town: Town) -> None:
    async with town.door(town.signer.for_operator()) as door:
        assert (await door.get("/private/v1/flow")).status_code == 403


# -- bodies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe{}", b'{"item": NaN}', b'{"item": "\\ud800"}',
        b'{"item": 5}', b'{"item": ""}', b'{"item": "a\\u0000b"}', b'{"item": {"$gt": ""}}',
        b'{"item": "' + b"x" * 201 + b'"}', b"[" * 2000 + b"]" * 2000,
        b'{"item": "1", "happened_at": "2026-11-22T10:00:00"}', b'{"item": "1", "happened_at": 5}',
        b'{"item": "1", "happened_at": "0001-01-01T00:00:00+23:00"}', b'{"item": "1", "happened_at": "noon"}',
    ],
)  # fmt: skip
async def test_a_bad_body_is_422_and_names_the_place(town: Town, body: bytes) -> None:
    async with town.desk() as desk:
        answer = await desk.post(
            "/v1/desk/returns", content=body, headers={"content-type": "application/json"}
        )
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(one["place"].startswith("body") for one in answer.json()["errors"])


async def test_a_pin_is_never_repeated(town: Town) -> None:
    async with town.door() as door:
        answer = await door.post("/v1/sessions", json={"member": "vast", "card": "1", "pin": ["secret-pin"]})
    assert answer.status_code == 422
    assert "secret-pin" not in answer.text


async def test_huge_bodies_are_refused_whole_and_in_pieces(town: Town) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    async with town.desk() as desk:
        whole = await desk.post("/v1/desk/returns", content=b" " * 66_000)
        assert whole.status_code == 413
        piecewise = await desk.post("/v1/desk/returns", content=pieces())
        assert piecewise.status_code == 413
        assert (await desk.get("/v1/desk/exceptions")).status_code == 200


async def test_unknown_routes_and_methods(town: Town) -> None:
    async with town.desk() as desk:
        for path in ("/", "/v1", "/v1/nothing", "/v1/desk/items", "/v2/me"):
            answer = await desk.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        wrong = await desk.delete("/v1/desk/items/1")
        assert (wrong.status_code, wrong.headers["content-type"]) == (405, "application/problem+json")


@pytest.mark.parametrize(
    "odd",
    [
        "%2e%2e", "..%2f..%2fstate", "%2e", "a%00b", "%0a", "$where", "{$gt:1}", "'; drop", "%25%2e", "a?b=c",
        "å" * 150, "x" * 300, "%ff", "a;b", "state%3fafter=", "%23", "null",
    ],
)  # fmt: skip
async def test_odd_ids_find_nothing_and_reach_nothing_else(town: Town, odd: str) -> None:
    async with town.desk() as desk:
        for path in (f"/v1/desk/items/{odd}", f"/v1/desk/patrons/{odd}", f"/v1/titles/{odd}"):
            answer = await desk.get(path)
            assert answer.status_code in (404, 422), (path, answer.text)
            assert "items" not in answer.json()


@pytest.mark.parametrize(
    "headers",
    [
        {b"traceparent": b"\xe5\xe4\xf6"}, {b"traceparent": b"00-x"}, {b"traceparent": b"a" * 5000},
        {b"accept": b"\xff"}, {b"cookie": b"\xe5=\xe5"}, {b"x-forwarded-for": b"'; drop"},
        {b"idempotency-key": b"\xe5\xe4\xf6"},
    ],
)  # fmt: skip
async def test_odd_headers_do_no_harm(town: Town, headers: dict[bytes, bytes]) -> None:
    item = await town.item()
    async with town.desk() as desk:
        only(await desk.post("/v1/desk/returns", json={"item": item}, headers=list(headers.items())))


# -- keys ---------------------------------------------------------------------------------------------------


async def test_a_repeat_with_the_same_key_is_answered_as_the_first_time(town: Town) -> None:
    who, item = await town.patron(), await town.item()
    body = {"item": item, "card": f"2{who}"}
    async with town.desk() as desk:
        keyed = {"idempotency-key": f"loan-{item}"}
        first = await desk.post("/v1/desk/loans", json=body, headers=keyed)
        second = await desk.post("/v1/desk/loans", json=body, headers=keyed)
        without = await desk.post("/v1/desk/loans", json=body)
    assert only(first, 201) == only(second, 201)
    assert first.headers["content-type"] == second.headers["content-type"]
    assert (without.status_code, reasons(without)) == (409, ["already_on_loan"])


async def test_a_refusal_is_repeated_as_well(town: Town) -> None:
    first_one, second_one, item = await town.patron(), await town.patron(), await town.item()
    async with town.desk() as desk:
        only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{first_one}"}), 201)
        keyed = {"idempotency-key": f"refused-{item}"}
        body = {"item": item, "card": f"2{second_one}"}
        first = await desk.post("/v1/desk/loans", json=body, headers=keyed)
        only(await desk.post("/v1/desk/returns", json={"item": item}))
        again = await desk.post("/v1/desk/loans", json=body, headers=keyed)
    assert first.status_code == again.status_code == 409
    assert first.content == again.content
    assert again.headers["content-type"] == "application/problem+json"


async def test_the_same_key_with_another_body_is_refused(town: Town) -> None:
    one, two = await town.item(), await town.item()
    async with town.desk() as desk:
        keyed = {"idempotency-key": f"reused-{one}"}
        only(await desk.post("/v1/desk/returns", json={"item": one}, headers=keyed))
        reused = await desk.post("/v1/desk/returns", json={"item": two}, headers=keyed)
        assert (reused.status_code, reasons(reused)) == (422, ["idempotency_key_reused"])


async def test_a_key_belongs_to_its_actor_and_route(town: Town) -> None:
    item = await town.item()
    keyed = {"idempotency-key": f"mine-{item}"}
    async with town.desk(LERUM) as here, town.desk(PARTILLE) as there:
        first = only(await here.post("/v1/desk/returns", json={"item": item}, headers=keyed))
        second = only(await there.post("/v1/desk/returns", json={"item": item}, headers=keyed))
    assert first["id"] != second["id"]


async def test_concurrent_repeats_act_once(town: Town) -> None:
    who = await town.patron()
    async with await town.log_in(who) as mine:
        asked = [
            mine.post("/v1/me/holds", json={"title": "t1"}, headers={"idempotency-key": "all-at-once"})
            for _ in range(6)
        ]
        answers = await asyncio.gather(*asked)
        assert {one.status_code for one in answers} == {201}
        assert len({one.content for one in answers}) == 1
        assert len(only(await mine.get("/v1/me/holds"))["items"]) == 1


async def test_a_key_that_nobody_can_print_is_refused(town: Town) -> None:
    async with town.desk() as desk:
        for key in ("", "x" * 201, "a\tb"):
            answer = await desk.post("/v1/desk/returns", json={"item": "1"}, headers={"idempotency-key": key})
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["place"] == "header.Idempotency-Key"


async def test_bad_input_does_not_use_up_a_key(town: Town) -> None:
    item = await town.item()
    keyed = {"idempotency-key": f"fixed-{item}"}
    async with town.desk() as desk:
        assert (await desk.post("/v1/desk/returns", json={"itm": item}, headers=keyed)).status_code == 422
        only(await desk.post("/v1/desk/returns", json={"item": item}, headers=keyed))


async def test_a_log_in_with_a_key_is_the_same_session_and_still_asks_for_the_pin(town: Town) -> None:
    who = await town.patron()
    body = {"member": "vast", "card": f"2{who}", "pin": "1234"}
    keyed = {"idempotency-key": f"session-{who}"}
    async with town.door() as door:
        first = only(await door.post("/v1/sessions", json=body, headers=keyed), 201)
        second = only(await door.post("/v1/sessions", json=body, headers=keyed), 201)
        fresh = only(await door.post("/v1/sessions", json=body), 201)
        guess = await door.post("/v1/sessions", json={**body, "pin": "0000"}, headers=keyed)
    assert first == second
    assert fresh["token"] != first["token"]
    assert guess.status_code == 403


async def test_answers_are_sealed_where_they_are_kept(town: Town) -> None:
    who = await town.patron()
    async with await town.log_in(who) as mine:
        change = {"email": "hemlig@example.org"}
        only(await mine.patch("/v1/me/contact", json=change, headers={"idempotency-key": "sealed"}))
    gateway = town.world.services["gateway"].resources.database
    rows = [str(row) async for row in gateway["answers"].find({})]
    assert rows
    assert not any("hemlig" in row for row in rows)


# -- peers that are down ------------------------------------------------------------------------------------


async def test_a_service_that_is_down_is_503_and_a_key_is_free_again(town: Town) -> None:
    item = await town.item()
    keyed = {"idempotency-key": f"down-{item}"}
    async with town.desk() as desk:
        circulation = town.world.services.pop("circulation")
        try:
            down = await desk.post("/v1/desk/returns", json={"item": item}, headers=keyed)
        finally:
            town.world.services["circulation"] = circulation
        assert (down.status_code, down.headers["retry-after"]) == (503, "2")
        only(await desk.post("/v1/desk/returns", json={"item": item}, headers=keyed))


async def test_lists_stand_without_the_catalogue(town: Town) -> None:
    who, item = await town.patron(), await town.item()
    async with town.desk() as desk:
        only(await desk.post("/v1/desk/loans", json={"item": item, "card": f"2{who}"}), 201)
    await town.consortium.settle()
    async with await town.log_in(who) as mine:
        catalog = town.world.services.pop("catalog")
        try:
            (loan,) = only(await mine.get("/v1/me/loans"))["items"]
        finally:
            town.world.services["catalog"] = catalog
    assert (loan["item"], loan["name"]) == (item, None)


async def test_guessing_is_slowed_down_and_says_for_how_long(town: Town) -> None:
    who = await town.patron()
    body = {"member": "vast", "card": f"2{who}", "pin": "0000"}
    async with town.door() as door:
        answers: list[httpx2.Response] = []
        while not answers or answers[-1].status_code == 403:
            answers.append(await door.post("/v1/sessions", json=body))
            assert len(answers) < 50
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert json.loads(answers[-1].content)["reasons"][0]["reason"] == "too_many_attempts"
    for answer, (swedish, danish) in (
        (answers[0], ("hör inte ihop", "hører ikke sammen")),
        (answers[-1], ("försök igen om", "prøv igen om")),
    ):
        ((why,),) = (one["because"] for one in answer.json()["reasons"])
        assert set(why["says"]) == {"sv", "da", "en"}
        assert swedish in why["says"]["sv"]
        assert danish in why["says"]["da"]
