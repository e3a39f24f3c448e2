"""Accounts as a running service, on the real broker and datastore."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from samlan_accounts import app
from samlan_accounts.domain.handles import Handle
from samlan_accounts.store.vault import KeyUnusable, Unsealable, Vault
from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached, MoneyBlock
from samlan_plumbing import topology
from samlan_testkit.world import World

from .conftest import ASTRID, EMIL, JSON, PERSONAL, bring, log_in, patch, patrons_of, raw, reasons

# -- import -------------------------------------------------------------------------------------------------


async def test_rows_are_stored_once_and_the_same_rows_again_change_nothing(accounts: World) -> None:
    assert await bring(accounts, ASTRID, EMIL) == {"stored": 2, "same": 0, "refused": []}
    before = await raw(accounts)
    assert await bring(accounts, ASTRID, EMIL) == {"stored": 0, "same": 2, "refused": []}
    assert await raw(accounts) == before


async def test_an_import_sends_snapshots_to_every_reader_and_tells_no_event(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    await accounts.settle()
    assert accounts.told == []
    for reader in PatronDescribed.READERS:
        queue = await accounts._channel.declare_queue(topology.events_queue(reader), passive=True)
        message = await queue.get()
        assert message.type == "snapshot"
        assert b'"borrower_id":"L4711"' in message.body
        assert all(secret.encode() not in message.body for secret in PERSONAL)
        await message.ack()


async def test_a_changed_row_updates_and_is_told(accounts: World) -> None:
    await bring(accounts, ASTRID)
    assert await bring(accounts, {**ASTRID, "language": "da"}) == {"stored": 1, "same": 0, "refused": []}
    await accounts.settle()
    (told,) = accounts.events(PatronDescribed)
    assert told.language == "da"


async def test_a_row_that_goes_back_and_forth_is_told_each_time(accounts: World) -> None:
    await bring(accounts, ASTRID)
    danish = {**ASTRID, "language": "da"}
    assert (await bring(accounts, danish, ASTRID, danish))["stored"] == 3
    await accounts.settle()
    assert [one.language for one in accounts.events(PatronDescribed)] == ["da", "sv", "da"]


async def test_a_changed_name_is_nobodys_business(accounts: World) -> None:
    await bring(accounts, ASTRID)
    await bring(accounts, {**ASTRID, "name": "Astrid Ek"})
    await accounts.settle()
    assert accounts.told == []
    assert (await accounts.get("accounts", "/patrons/astrid")).json()["name"] == "Astrid Ek"


async def test_one_request_may_hold_the_same_patron_twice(accounts: World) -> None:
    report = await bring(accounts, ASTRID, EMIL, {**ASTRID, "language": "en"}, {**ASTRID, "language": "en"})
    assert report == {"stored": 3, "same": 1, "refused": []}
    assert (await accounts.get("accounts", "/patrons/astrid")).json()["language"] == "en"


async def test_what_cannot_be_used_is_reported_with_line_and_reason_and_the_rest_goes_on(
    accounts: World,
) -> None:
    await bring(accounts, ASTRID)
    twin = {**ASTRID, "patron": "britta"}
    report = await bring(
        accounts, twin, {**EMIL, "born": "?"}, {**EMIL, "guardian": "nobody"}, "rubbish", EMIL
    )
    assert report["stored"] == 1
    found = {one["line"]: one["reason"].split(":")[0] for one in report["refused"]}
    assert found == {1: "duplicate_card", 2: "bad_date", 3: "unknown_guardian", 4: "bad_value"}
    assert "duplicate_identity" in report["refused"][0]["reason"]
    assert all(secret not in str(report) for secret in PERSONAL)


async def test_two_imports_at_once_give_a_card_to_one(accounts: World) -> None:
    await accounts.start(app.build, name="replica")
    rows = [[{**ASTRID, "patron": f"p{i}", "identity": None, "borrower_id": f"B{i}"}] for i in range(6)]
    reports = await asyncio.gather(*(bring(accounts, *one) for one in rows))
    assert sum(one["stored"] for one in reports) == 1
    assert len(await raw(accounts)) == 1


async def test_two_imports_of_the_same_row_at_once_store_it_once(accounts: World) -> None:
    reports = await asyncio.gather(*(bring(accounts, ASTRID, EMIL) for _ in range(5)))
    assert all((one["stored"] + one["same"], one["refused"]) == (2, []) for one in reports)
    assert [one["sequence"] for one in await raw(accounts)] == [1, 1]


async def test_a_card_may_move_from_one_row_to_the_next(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    report = await bring(accounts, {**ASTRID, "cards": []}, {**EMIL, "cards": ["2000000001"]})
    assert report == {"stored": 2, "same": 0, "refused": []}
    found = await accounts.post("accounts", "/cards/resolve", {"card": "2000000001"})
    assert found.json()["patron"] == "emil"


async def test_hostile_text_in_any_field_is_stored_as_text_or_refused(accounts: World) -> None:
    texts = ("\ud800", "\x00", "x" * 20_000, "\u202e", "{{7*7}}", "$where")
    forms = [form for text in texts for form in (text, [text], {text: text})]
    rows = [
        {**ASTRID, "patron": f"p{n}-{m}", field: form}
        for n, field in enumerate(ASTRID)
        for m, form in enumerate(forms)
    ]
    body = json.dumps({"rows": [{"line": n, "row": row} for n, row in enumerate(rows)]})
    async with accounts.ask("accounts") as client:
        answer = await client.post("/private/v1/import/patrons", content=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert answer.json()["stored"] + len(answer.json()["refused"]) == len(rows)


async def test_a_file_of_another_name_is_not_taken(accounts: World) -> None:
    assert (await accounts.post("accounts", "/import/loans", {"rows": []})).status_code == 404


async def test_a_request_that_is_too_long_is_refused(accounts: World) -> None:
    body = {"rows": [{"line": 1, "row": None}] * 1001}
    assert (await accounts.post("accounts", "/import/patrons", body)).status_code == 422


# -- at rest ------------------------------------------------------------------------------------------------


async def test_nothing_personal_is_readable_in_the_datastore(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    await patch(accounts, "/patrons/astrid", {"name": "Astrid Ericsson-Ek", "pin": "8765"})
    kept = str(await raw(accounts))
    for secret in (*PERSONAL, "Svensson", "1234", "4321", "8765"):
        assert not said(secret, kept.replace("$v=19$m=19456,t=2,p=1$", ""))


def said(secret: str, text: str) -> bool:
    """Whether a text says a secret; four digits inside a longer run of letters and digits are chance."""
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", text) is not None


async def test_nothing_personal_is_logged_whatever_goes_wrong(
    accounts: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx2").setLevel(logging.ERROR)  # this test's own client
    await bring(accounts, ASTRID, {**ASTRID, "patron": "twin"}, {**ASTRID, "email": "x@example.org\n"})
    await log_in(accounts, pin="0000")
    await patch(accounts, "/patrons/astrid", {"email": "nothing@@example.org"})
    await accounts.post("accounts", "/patrons/astrid/cards/2000000001/block", {"by": "2000000001"})
    await accounts.post("accounts", "/sessions", {"member": "vast", "card": ["2000000001"], "pin": "1234"})
    monkeypatch.setattr(Vault, "handle", _failing)
    assert (await log_in(accounts)).status_code == 500
    logged = (accounts.keys / f"accounts-{accounts.prefix}.log").read_text() + caplog.text
    assert [secret for secret in PERSONAL if said(secret, logged)] == []


def _failing(_: Vault, handle: Handle) -> str:
    raise RuntimeError(f"no hash of {handle.number}")


async def test_refused_input_is_not_repeated_in_the_answer(accounts: World) -> None:
    await bring(accounts, ASTRID)
    for answer in (
        await patch(accounts, "/patrons/astrid", {"email": "secret-thing"}),
        await accounts.post("accounts", "/sessions", {"member": "vast", "card": ["secret-thing"], "pin": 7}),
        await accounts.post("accounts", "/patrons", {"member": "vast", "name": "secret-thing\n"}),
    ):
        assert answer.status_code == 422
        assert "secret-thing" not in answer.text


async def test_a_seal_opens_for_its_own_patron_and_its_own_key_only(accounts: World) -> None:
    vault = Vault.open(accounts.keys)
    sealed = vault.seal("astrid", {"name": "Astrid"})
    assert vault.unseal("astrid", sealed) == {"name": "Astrid"}
    other = Vault(fields=b"x" * 32, pins=b"y" * 32)
    for wrong, patron, data in (
        (vault, "emil", sealed),
        (other, "astrid", sealed),
        (vault, "astrid", sealed[:-1]),
        (vault, "astrid", b"\x02" + sealed[1:]),
    ):
        with pytest.raises(Unsealable) as told:
            wrong.unseal(patron, data)
        assert "Astrid" not in str(told.value)


async def test_a_service_without_its_keys_does_not_start(accounts: World, tmp_path: Any) -> None:
    with pytest.raises(KeyUnusable):
        Vault.open(tmp_path)
    (tmp_path / "fields.key").write_text("short")
    with pytest.raises(KeyUnusable):
        Vault.open(tmp_path)


async def test_a_card_or_identity_number_is_resolved(accounts: World) -> None:
    await bring(accounts, ASTRID, {**ASTRID, "patron": "astrid-2", "member": "orebro", "cards": []})
    ask = accounts.post
    assert (await ask("accounts", "/cards/resolve", {"card": "2000000001"})).json()["patron"] == "astrid"
    number = {"identity": "800229-2384"}
    assert reasons(await ask("accounts", "/cards/resolve", number)) == ["ambiguous_identity"]
    found = await ask("accounts", "/cards/resolve", {**number, "member": "orebro"})
    assert found.json()["patron"] == "astrid-2"
    lost = await ask("accounts", "/cards/resolve", {"card": "2999999999"})
    assert (lost.status_code, reasons(lost)) == (404, ["unknown_patron"])


async def test_private_http_needs_a_token(accounts: World) -> None:
    async with accounts.ask("accounts") as client:
        answer = await client.get("/private/v1/patrons/astrid", headers={"authorization": "Bearer forged"})
    assert answer.status_code == 401


# -- one patron ---------------------------------------------------------------------------------------------


@pytest.mark.clause("K05")
async def test_the_patron_sees_what_the_library_holds(accounts: World) -> None:
    await bring(accounts, ASTRID)
    held = (await accounts.get("accounts", "/patrons/astrid")).json()
    assert (held["name"], held["identity"], held["born"]) == ("Astrid Ericsson", "198002292384", "1980-02-29")
    assert held["address"] == {"street": "Lillgatan 3", "city": "Vimmerby"}
    assert "pin" not in str(held)
    assert (await accounts.get("accounts", "/patrons/nobody")).status_code == 404


async def test_a_registration_stores_tells_and_repeats_its_answer(accounts: World) -> None:
    body = {key: value for key, value in ASTRID.items() if key not in ("patron", "borrower_id")}
    first = await accounts.post("accounts", "/patrons", {**body, "command": "c1"})
    again = await accounts.post("accounts", "/patrons", {**body, "command": "c1"})
    assert (first.status_code, first.json()) == (201, again.json())
    await accounts.settle()
    (told,) = accounts.events(PatronDescribed)
    assert told.patron == first.json()["patron"]
    assert (await log_in(accounts)).status_code == 200


async def test_a_registration_with_anothers_numbers_is_refused_with_all_of_them(accounts: World) -> None:
    await bring(accounts, ASTRID)
    body = {key: value for key, value in ASTRID.items() if key not in ("patron", "borrower_id")}
    answer = await accounts.post("accounts", "/patrons", {**body, "command": "c1"})
    assert (answer.status_code, reasons(answer)) == (409, ["duplicate_card", "duplicate_identity"])
    assert len(await raw(accounts)) == 1


async def test_the_desk_blocks_and_lifts_and_others_are_told_each_time(accounts: World) -> None:
    await bring(accounts, ASTRID)
    await patch(accounts, "/patrons/astrid", {"blocks": [{"cause": "staff"}]})
    await patch(accounts, "/patrons/astrid", {"blocks": [{"cause": "staff"}]})
    answer = await patch(accounts, "/patrons/astrid", {"blocks": []})
    assert answer.json()["blocks"] == []
    await accounts.settle()
    told = [(e.sequence, len(e.data["blocks"])) for e in accounts.told]
    assert told == [(2, 1), (3, 0)]


async def test_the_desk_gives_no_card_of_another(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    answer = await patch(accounts, "/patrons/emil", {"cards": ["2000000001"]})
    assert (answer.status_code, reasons(answer)) == (409, ["duplicate_card"])
    assert (await log_in(accounts)).status_code == 200


async def test_the_desk_sets_guardian_shield_and_status(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    children = await accounts.get("accounts", "/patrons/astrid/children")
    assert [one["patron"] for one in children.json()["items"]] == ["emil"]
    await patch(accounts, "/patrons/emil", {"shielded": True})
    assert (await accounts.get("accounts", "/patrons/astrid/children")).json()["items"] == []
    assert reasons(await patch(accounts, "/patrons/emil", {"guardian": "nobody"})) == ["unknown_guardian"]
    await patch(accounts, "/patrons/astrid", {"status": "inactive"})
    assert reasons(rests := await log_in(accounts)) == ["account_inactive"]
    assert "Kontot vilar" in rests.json()["reasons"][0]["because"][0]["says"]["sv"]


async def test_an_unknown_patron_is_not_there_to_be_changed(accounts: World) -> None:
    for answer in (
        await patch(accounts, "/patrons/nobody", {"shielded": True}),
        await patch(accounts, "/patrons/nobody/contact", {"language": "da"}),
        await accounts.post("accounts", "/patrons/nobody/cards/2000000001/block"),
    ):
        assert (answer.status_code, reasons(answer)) == (404, ["unknown_patron"])


async def test_changes_at_once_all_take_effect(accounts: World) -> None:
    await bring(accounts, ASTRID)
    await accounts.start(app.build, name="replica")
    changes = [{"language": "da"}, {"receipts": True}, {"pickup": "vast/partille"}, {"channels": ["sms"]}]
    await asyncio.gather(*(patch(accounts, "/patrons/astrid/contact", one) for one in changes))
    held = (await accounts.get("accounts", "/patrons/astrid")).json()
    assert (held["language"], held["receipts"], held["pickup"], held["channels"]) == (
        "da", True, "vast/partille", ["sms"],
    )  # fmt: skip
    await accounts.settle()
    assert sorted(e.sequence for e in accounts.told) == [2, 3, 4, 5]


# -- messages -----------------------------------------------------------------------------------------------


@pytest.mark.clause("K24", "K49")
async def test_a_childs_contact_comes_with_the_guardians(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    answer = await accounts.post("accounts", "/contacts", {"patrons": ["emil", "astrid", "nobody", "emil"]})
    found = answer.json()["contacts"]
    assert found["nobody"] is None
    assert found["emil"]["guardian"] == "astrid"
    assert found["emil"]["guardian_contact"]["email"] == "astrid@example.org"
    assert found["astrid"]["guardian_contact"] is None
    assert (found["astrid"]["mobile"], found["astrid"]["language"]) == ("+46701740605", "sv")


@pytest.mark.clause("K24")
async def test_from_eighteen_the_guardian_is_out_of_it(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    for day, guarded in (
        (datetime(2033, 5, 22, 11, tzinfo=UTC), True),
        (datetime(2033, 5, 23, 11, tzinfo=UTC), False),
    ):
        accounts.clock.set(day)
        answer = await accounts.post("accounts", "/contacts", {"patrons": ["emil"]})
        assert (answer.json()["contacts"]["emil"]["guardian_contact"] is not None) is guarded


# -- time and money -----------------------------------------------------------------------------------------


@pytest.mark.clause("V04")
async def test_a_temporary_account_rests_when_its_days_are_over(accounts: World) -> None:
    await bring(accounts, {**ASTRID, "status": "temporary", "registered_at": "2026-11-23T09:00:00Z"}, EMIL)
    jobs = accounts.services["accounts"].jobs
    assert await jobs.next_due() == datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    assert await jobs.run_due() == 0
    accounts.clock.set(datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    await jobs.run_due()
    assert await jobs.next_due() is None
    await accounts.settle()
    (told,) = accounts.events(PatronDescribed)
    assert (told.patron, told.status, told.valid_until) == ("astrid", "inactive", None)


async def test_standing_shows_every_cause_whatever_order_billing_is_heard_in(accounts: World) -> None:
    await bring(accounts, {**ASTRID, "blocks": [{"cause": "staff"}]})
    debt = MoneyBlock(member="vast", outstanding_minor=15000, currency="SEK", stops=("borrow",))
    reached = DebtLimitReached(patron="astrid", blocks=(debt,))
    await accounts.tell(reached, subject="ledger/astrid", sequence=4, times=2)
    await accounts.settle()
    held = (await accounts.get("accounts", "/patrons/astrid")).json()
    assert [one["cause"] for one in held["blocks"]] == ["staff", "debt"]
    assert held["blocks"][1]["outstanding"] == {"amount": 15000, "currency": "SEK"}
    await accounts.tell(DebtLimitCleared(patron="astrid"), subject="ledger/astrid", sequence=6)
    await accounts.tell(reached, subject="ledger/astrid", sequence=5)
    await accounts.settle()
    held = (await accounts.get("accounts", "/patrons/astrid")).json()
    assert [one["cause"] for one in held["blocks"]] == ["staff"]


async def test_an_unreadable_message_is_put_aside_and_the_next_is_taken(accounts: World) -> None:
    await accounts.publish("events", "billing.debt_limit_reached.v1", b"\xff\x00", type="x", headers={})
    debt = MoneyBlock(member="vast", outstanding_minor=15000, currency="SEK", stops=("borrow",))
    await accounts.tell(DebtLimitReached(patron="early", blocks=(debt,)), subject="ledger/early", sequence=1)
    await accounts.settle()
    assert await accounts.services["accounts"].resources.dead_letters.count() == 1
    assert len(await raw(accounts, "money")) == 1


async def test_the_state_lists_every_patron_and_every_copy_page_by_page(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL, {**EMIL, "patron": "ida", "borrower_id": "L3", "cards": []})
    await accounts.tell(DebtLimitCleared(patron="astrid"), subject="ledger/astrid", sequence=6)
    await accounts.settle()
    rows, after = [], ""
    while after is not None:
        page = (await accounts.get("accounts", "/state", after=after, limit=2)).json()
        rows += page["items"]
        after = page["next"]
    assert [(one["kind"], one["key"], one["sequence"]) for one in rows] == [
        ("patron", "astrid", 1), ("patron", "emil", 1), ("patron", "ida", 1), ("copy", "astrid", 6),
    ]  # fmt: skip


async def test_a_crash_between_write_and_telling_loses_nothing(accounts: World) -> None:
    await bring(accounts, ASTRID)
    resources = accounts.services["accounts"].resources
    await resources.relay.stop()
    assert (await patch(accounts, "/patrons/astrid", {"shielded": True})).status_code == 200
    await accounts.crash("accounts")
    await accounts.start(app.build)
    while not accounts.told:
        await accounts.services["accounts"].resources.outboxes.sweep()
        await asyncio.sleep(0.05)
    (told,) = accounts.events(PatronDescribed)
    assert told.shielded


async def test_the_unique_index_finds_a_number_without_reading_all(accounts: World) -> None:
    await bring(accounts, ASTRID)
    patrons, _ = patrons_of(accounts)
    owners = await patrons.owners([Handle("card", "2000000001"), Handle("card", "2000000009")])
    assert owners == {Handle("card", "2000000001"): "astrid"}
