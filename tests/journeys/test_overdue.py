"""What a loan that nobody returns comes to, through circulation, billing and notify, day by day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from samlan_testkit.consortium import Consortium
from samlan_testkit.servers import Servers

from .conftest import a_consortium
from .town import Row, Town, lent

DUE = "2026-11-30"


@pytest_asyncio.fixture
async def services(servers: Servers, keys: Path, tmp_path: Path) -> AsyncIterator[Consortium]:
    """A consortium of the test's own: in half a year all that other towns have lent would fall due too."""
    async with a_consortium(servers, keys, tmp_path) as made:
        yield made


async def comes(town: Town, day: str) -> None:
    """The morning of a day, and all that falls due on the way there."""
    target = datetime.fromisoformat(f"{day}T09:00:00+01:00")
    while True:
        dues = [await one.jobs.next_due() for one in town.world.services.values()]
        step = min([target, *(due for due in dues if due is not None)])
        town.world.clock.set(max(step, town.world.clock.now()))
        for one in town.world.services.values():
            await one.jobs.run_due()
        await town.settle()
        if step >= target:
            return


async def costs(town: Town, who: str) -> list[tuple[str, int]]:
    return sorted((one["kind"], one["outstanding"]["amount"]) for one in await town.fees_of(who))


def said(town: Town) -> list[tuple[str, str]]:
    """Every mail about this town: its kind and whom it went to."""
    mails: list[Row] = [one for one in town.services.mails() if town.tag in one["To"]]  # type: ignore[assignment]
    return sorted((str(one["X-Samlan-Kind"]), str(one["To"]).split(".")[0]) for one in mails)


@pytest.mark.clause("K45", "K22", "K23", "K32", "K33", "K34")
async def test_an_adult_is_warned_reminded_invoiced_and_returns_after_all(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due=DUE)])
    await comes(town, "2026-11-27")
    assert said(town) == [("due_soon", "dag")]
    await comes(town, "2026-12-21")
    assert await costs(town, "dag") == [("reminder", 2000), ("reminder", 2000)]
    told = [("due_soon", "dag"), *[("fee_charged", "dag")] * 2, ("overdue_1", "dag"), ("overdue_2", "dag")]
    assert said(town) == told
    await comes(town, "2027-01-11")
    assert await costs(town, "dag") == [
        ("invoice", 4000), ("overdue", 12600), ("reminder", 2000), ("reminder", 2000),
        ("replacement", 25000),
    ]  # fmt: skip
    assert said(town) == sorted([*told, ("invoice", "dag")])
    refused = await town.lend("film-fyren", "dag", "kungsbacka/fyren")
    assert [one["because"][0]["cites"] for one in refused.json()["reasons"]] == [["K28", "K29"], ["K34"]]
    await town.assert_clean()
    await town.scan("roda-fyren", "kungsbacka/fyren")
    assert [one for one in await costs(town, "dag") if one[1]] == [
        ("invoice", 4000), ("overdue", 12600), ("reminder", 2000), ("reminder", 2000),
    ]  # fmt: skip
    await town.assert_clean()
    await comes(town, "2027-04-01")
    await town.assert_clean()


@pytest.mark.clause("K20", "K32")
async def test_late_days_after_an_invoice_are_told_though_those_on_it_were_paid(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due=DUE)])
    await comes(town, "2027-01-11")
    fees = {one["kind"]: one["id"] for one in await town.fees_of("dag")}
    body = {"patron": town.own("dag"), "fees": [fees["overdue"]], "command": town.own("pay")}
    assert (await town.world.post("billing", "/payments", body)).status_code == 201
    await comes(town, "2027-01-19")
    await town.scan("roda-fyren", "kungsbacka/fyren")
    assert ("overdue", 2400) in await costs(town, "dag")
    told = [one for one in town.mails("fee_charged") if "24,00 kr" in one.get_content()]
    assert [str(one["Subject"]) for one in told] == ["Ny avgift: 24,00 kr"]
    await town.assert_clean()


@pytest.mark.clause("K24", "K25")
async def test_a_child_pays_for_the_book_only_and_its_guardian_hears_of_it(town: Town) -> None:
    await town.load(loans=[lent("mio-fyren", "barn", "kungsbacka/fyren", due=DUE)])
    await comes(town, "2027-01-11")
    assert await costs(town, "barn") == [("replacement", 12000)]
    assert said(town) == [(kind, "mor") for kind in ("due_soon", "invoice", "overdue_1", "overdue_2")]
    await town.assert_clean()


async def test_who_renews_after_the_warning_is_warned_of_the_new_date(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due=DUE)])
    await comes(town, "2026-11-27")
    [loan] = await town.loans_of("dag")
    body = {"loans": [loan["id"]], "patron": town.own("dag")}
    answer = await town.world.post("circulation", "/renewals", body)
    assert answer.json()["outcomes"][0]["due"] == "2026-12-25"
    await comes(town, "2026-12-26")
    assert said(town) == [("due_soon", "dag"), ("due_soon", "dag")]
    assert await costs(town, "dag") == []
    await town.assert_clean()
