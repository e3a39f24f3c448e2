"""A sixth member is one file: an item of its own kind is lent, comes back late, and is charged in kroner."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio
from samlan.checking import check
from samlan_testkit.consortium import Consortium, branch, consortium, item, patron
from samlan_testkit.plugin import declared, opened
from samlan_testkit.servers import Servers
from samlan_testkit.world import POLICIES

TROMSO = Path(__file__).with_name("tromso.yaml")
HERE, THERE = "tromso/hovedbiblioteket", "tromso/kroken"


@pytest_asyncio.fixture
async def six(
    servers: Servers, keys: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Consortium]:
    """All services with six books, one library in Tromsø, and three patrons who ski."""
    for path in [*POLICIES.glob("*.yaml"), TROMSO]:
        shutil.copy(path, tmp_path)
    async with declared(servers) as vhost, opened(servers, vhost, keys) as world:
        world.policies = tmp_path
        async with consortium(world, tmp_path_factory.mktemp("six")) as made:
            await made.load(
                branches=[
                    *(branch(one, timezone="Europe/Oslo") for one in (HERE, THERE)),
                    branch("vast/lerum"),
                ],
                devices=[{"device": "tromso-1", "branch": HERE, "kind": "kiosk"}],
                titles=[{"title": "ski", "name": "Ski, 180 cm", "language": "nb"}],
                items=[
                    item("ski-1", "ski", HERE, material="ski_set"),
                    item("ski-2", "ski", HERE, material="ski_set"),
                    item("bok-1", "ski", "vast/lerum"),
                ],
                patrons=[
                    patron("ola", "tromso"),
                    patron("nils", "tromso"),
                    patron("kari", "tromso", born="2016-01-01"),
                ],
            )
            yield made


async def test_it_lends_takes_back_late_and_charges_in_its_own_kroner(six: Consortium) -> None:
    world = six.world
    lend = {"item": "ski-1", "patron": "ola", "branch": HERE, "channel": "desk"}
    young = await world.post("circulation", "/loans", {**lend, "patron": "kari"})
    assert [one["reason"] for one in young.json()["reasons"]] == ["age_limit"]

    loan = (await world.post("circulation", "/loans", lend)).json()
    assert loan["due"] == "2026-11-26"
    assert loan["because"][0]["rule"] == "tromso/skis"
    second = await world.post("circulation", "/loans", {**lend, "item": "ski-2"})
    assert [one["reason"] for one in second.json()["reasons"]] == ["too_many_loans"]

    world.clock.set(world.clock.now().replace(day=28))
    await world.fact(item="ski-1", branch=HERE, device="tromso-1", sequence=1)
    await six.settle()
    told = (await world.get("billing", "/patrons/ola/fees")).json()
    (fee,) = told["items"]
    assert (fee["member"], fee["amount"]) == ("tromso", {"amount": 5000, "currency": "NOK"})
    assert told["balances"] == [{"member": "tromso", "amount": 5000, "currency": "NOK"}]
    (why,) = fee["because"]
    assert (why["rule"], why["cites"], why["inputs"]["days_late"]) == ("tromso/skis_late", ["T04"], 2)
    (mail,) = six.mails(x_samlan_kind="fee_charged")
    assert mail["Content-Language"] == "en"  # nothing is written in Norwegian
    assert "50.00 NOK" in mail.get_content()

    refused = await world.post("circulation", "/loans", lend)
    assert [one["reason"] for one in refused.json()["reasons"]] == ["blocked"]
    body = {"patron": "ola", "fees": [fee["id"]], "command": "pay-1"}
    paid = await world.post("billing", "/payments", body)
    assert paid.json()["amount"] == {"amount": 5000, "currency": "NOK"}
    await six.settle()
    assert (await world.post("circulation", "/loans", lend)).status_code == 201
    await six.settle()
    assert [str(one) for one in await check(world.peers("check"))] == []


@pytest.mark.clause("O23")
async def test_a_hold_costs_what_its_patrons_book_says_and_once(six: Consortium) -> None:
    hold = {"title": "ski", "patron": "ola", "pickup": HERE, "channel": "web", "command": "hold-1"}
    for _ in range(2):
        assert (await six.world.post("holds", "/holds", hold)).status_code == 201
        await six.settle()
    (fee,) = (await six.world.get("billing", "/patrons/ola/fees")).json()["items"]
    assert (fee["kind"], fee["amount"]) == ("hold", {"amount": 1000, "currency": "NOK"})
    assert fee["because"][0]["rule"] == "tromso/holds_cost"


async def test_its_queue_is_served_where_the_item_is_first_and_says_so(six: Consortium) -> None:
    for who, pickup in (("nils", THERE), ("ola", HERE)):
        hold = {"title": "ski", "patron": who, "pickup": pickup, "channel": "desk"}
        assert (await six.world.post("holds", "/holds", hold)).status_code == 201
    await six.settle()
    await six.world.fact(item="ski-1", branch=HERE, device="tromso-1", sequence=1)
    await six.settle()
    (olas,) = (await six.world.get("holds", "/patrons/ola/holds")).json()["items"]
    assert (olas["state"], olas["item"]) == ("ready", "ski-1")
    (decision,) = (await six.world.get("holds", "/decisions", item="ski-1")).json()["items"]
    (first,) = [why for why in decision["because"] if "local_first_places" in why["inputs"]]
    assert (first["rule"], first["inputs"]) == ("tromso/holds", {"local_first_places": 2})
    assert [one["reasons"] for one in decision["passed"]] == [["local_first"]]


async def test_its_own_rules_bind_beside_the_others(six: Consortium) -> None:
    """A book from Lerum, lent in Tromsø, keeps Väst's period and falls due on a day Tromsø opens."""
    body = {"item": "bok-1", "patron": "ola", "branch": HERE, "channel": "desk"}
    loan = (await six.world.post("circulation", "/loans", body)).json()
    assert loan["because"][0]["rule"].startswith("vast/")
    assert date.fromisoformat(loan["due"]).weekday() < 5
    await six.settle()
