"""Logging in: by card or identity number and PIN, throttled, with PINs hashed sooner or later."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta

import pytest
from samlan_accounts import app
from samlan_accounts.domain.patron import HashedPin, SealedPin
from samlan_accounts.domain.throttling import ACCOUNT, SOURCE
from samlan_accounts.handlers.sessions import HashPins
from samlan_accounts.jobs import RESTS_WHILE_BUSY, PinHashing
from samlan_accounts.store.attempts import LogInAttempts
from samlan_accounts.store.vault import Vault
from samlan_contracts.events.accounts import PatronDescribed
from samlan_plumbing.flow import Flow
from samlan_testkit.world import World

from .conftest import ASTRID, EMIL, bring, log_in, patch, patrons_of, raw, reasons

# -- who somebody is ----------------------------------------------------------------------------------------


@pytest.mark.clause("G02", "V17", "V06")
async def test_card_or_identity_number_and_pin_log_in(accounts: World) -> None:
    await bring(accounts, ASTRID)
    for shown in (
        {"card": "2000000001"},
        {"card": "2000 000 001"},
        {"card": None, "identity": "19800229-2384"},
        {"card": None, "identity": "8002292384"},
    ):
        answer = await log_in(accounts, **shown)
        assert answer.status_code == 200, shown
        assert answer.json() == {"patron": "astrid", "member": "vast", "status": "full"}


async def test_a_patron_of_two_members_logs_in_at_the_one_that_is_named(accounts: World) -> None:
    twice = {**ASTRID, "patron": "astrid-2", "member": "orebro", "cards": [], "pin": "5678"}
    assert (await bring(accounts, ASTRID, twice))["stored"] == 2
    for patron, shown in (("astrid", {"pin": "1234"}), ("astrid-2", {"member": "orebro", "pin": "5678"})):
        opened = await log_in(accounts, card=None, identity="19800229-2384", **shown)
        assert opened.json()["patron"] == patron


async def test_what_does_not_belong_together_does_not_log_in(accounts: World) -> None:
    await bring(accounts, ASTRID)
    for shown in (
        {"pin": "4321"}, {"pin": ""}, {"pin": "1234 "}, {"card": "2999999999"}, {"card": "%"}, {"card": ""},
        {"member": "orebro"}, {"member": "atlantis"}, {"card": None, "identity": "19700101-0000"},
        {"card": None, "identity": "2000000001"},
    ):  # fmt: skip
        answer = await log_in(accounts, **shown)
        assert (answer.status_code, reasons(answer)) == (403, ["wrong_credentials"]), shown


async def test_credentials_are_one_number_and_a_pin(accounts: World) -> None:
    for shown in ({"card": None}, {"identity": "19800229-2384"}, {"pin": None}, {"pin": 1234}):
        assert (await log_in(accounts, **shown)).status_code == 422, shown


async def test_a_log_in_upgrades_an_imported_pin(accounts: World) -> None:
    await bring(accounts, ASTRID)
    patrons, _ = patrons_of(accounts)
    before = await patrons.read("astrid")
    assert before is not None
    assert isinstance(before.pin, SealedPin)
    assert (await log_in(accounts)).status_code == 200
    after = await patrons.read("astrid")
    assert after is not None
    assert isinstance(after.pin, HashedPin)
    assert after.pin.hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await log_in(accounts)).status_code == 200
    assert (await log_in(accounts, pin="4321")).status_code == 403


async def test_the_background_hashes_every_imported_pin(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    patrons, hasher = patrons_of(accounts)
    loop = PinHashing(patrons, HashPins(patrons, hasher), Flow(), share=1.0)
    await loop.round()
    assert all(set(one["pin"]) == {"hashed"} and "pin_waits" not in one for one in await raw(accounts))
    assert await loop.round() == 0
    assert (await log_in(accounts, card="2000000003", pin="4321")).status_code == 200


async def test_hashing_lets_other_work_go_first_and_yet_goes_on(accounts: World) -> None:
    await bring(accounts, ASTRID, EMIL)
    patrons, hasher = patrons_of(accounts)
    looks = itertools.count()

    class NeverIdle(Flow):
        @property  # type: ignore[override]
        def consumed(self) -> int:
            return next(looks)

        @consumed.setter
        def consumed(self, count: int) -> None: ...

    await PinHashing(patrons, HashPins(patrons, hasher), NeverIdle(), share=1.0).round()
    assert all(set(one["pin"]) == {"hashed"} for one in await raw(accounts))
    assert next(looks) == 2 * RESTS_WHILE_BUSY * 2  # two looks for each rest, for each of two PINs


async def test_a_pin_changed_meanwhile_is_not_overwritten_by_the_background(accounts: World) -> None:
    await bring(accounts, ASTRID)
    patrons, hasher = patrons_of(accounts)
    stale = await patrons.read("astrid")
    assert stale is not None
    await patch(accounts, "/patrons/astrid", {"pin": "8765"})
    await HashPins(patrons, hasher).of(stale)
    assert (await log_in(accounts, pin="1234")).status_code == 403
    assert (await log_in(accounts, pin="8765")).status_code == 200


async def test_guessing_is_throttled_per_account_across_replicas_and_restarts(
    accounts: World, machine: list[datetime]
) -> None:
    await bring(accounts, ASTRID)
    await accounts.start(app.build, name="replica")
    answers = [await log_in(accounts, pin="0000", source=f"10.0.0.{n}") for n in range(ACCOUNT.free + 1)]
    assert [one.status_code for one in answers] == [403] * ACCOUNT.free + [429]
    assert (reasons(answers[-1]), answers[-1].headers["retry-after"]) == (["too_many_attempts"], "1")
    await accounts.stop("accounts")
    await accounts.start(app.build)
    assert (await log_in(accounts)).status_code == 429
    machine[0] += timedelta(seconds=1)
    assert (await log_in(accounts, pin="0000")).status_code == 403
    assert (await log_in(accounts)).headers["retry-after"] == "2"
    machine[0] += timedelta(seconds=2)
    assert (await log_in(accounts)).status_code == 200


async def test_many_guesses_at_once_are_heard_no_oftener_than_one_after_another(
    accounts: World, machine: list[datetime]
) -> None:
    await bring(accounts, ASTRID)
    answers = await asyncio.gather(*(log_in(accounts, pin=f"{n:04}") for n in range(20)))
    heard = sorted(one.status_code for one in answers)
    assert heard == [403] * ACCOUNT.free + [429] * (20 - ACCOUNT.free)


async def test_card_and_identity_number_of_one_patron_share_their_attempts(
    accounts: World, machine: list[datetime]
) -> None:
    await bring(accounts, ASTRID)
    for _ in range(ACCOUNT.free):
        await log_in(accounts, pin="0000")
    assert (await log_in(accounts, card=None, identity="19800229-2384")).status_code == 429


async def test_a_source_that_tries_many_accounts_is_throttled(
    accounts: World, machine: list[datetime]
) -> None:
    await bring(accounts, ASTRID)
    attempts = LogInAttempts(accounts.services["accounts"].resources)
    key = f"source/{Vault.open(accounts.keys).source('10.9.9.9')}"
    for _ in range(SOURCE.free):
        await attempts.pay(key, SOURCE)
    assert (await log_in(accounts, source="10.9.9.9")).status_code == 429
    assert (await log_in(accounts, source="10.0.0.1")).status_code == 200


async def test_an_account_nobody_has_is_throttled_like_one_that_somebody_has(
    accounts: World, machine: list[datetime]
) -> None:
    answers = [await log_in(accounts, card="2999999999") for _ in range(ACCOUNT.free + 1)]
    assert [one.status_code for one in answers] == [403] * ACCOUNT.free + [429]


async def test_the_right_pin_clears_the_misses(accounts: World) -> None:
    await bring(accounts, ASTRID)
    for _ in range(3):
        for _ in range(ACCOUNT.free - 1):
            assert (await log_in(accounts, pin="0000")).status_code == 403
        assert (await log_in(accounts)).status_code == 200


@pytest.mark.clause("V15", "K09")
async def test_a_blocked_card_opens_nothing_and_the_identity_number_still_does(accounts: World) -> None:
    await bring(accounts, ASTRID)
    answer = await accounts.post("accounts", "/patrons/astrid/cards/2000000001/block")
    assert answer.json()["cards"] == [{"card": "2000000001", "blocked": True}]
    assert (await log_in(accounts)).status_code == 403
    assert (await log_in(accounts, card=None, identity="19800229-2384")).status_code == 200
    found = await accounts.post("accounts", "/cards/resolve", {"card": "2000000001"})
    assert found.json() == {"patron": "astrid", "member": "vast", "blocked": True}
    await accounts.settle()
    (told,) = accounts.events(PatronDescribed)
    assert [one.cause for one in told.blocks] == ["lost_card"]
    await accounts.post("accounts", "/patrons/astrid/cards/2000000001/block")
    await accounts.settle()
    assert len(accounts.told) == 1
