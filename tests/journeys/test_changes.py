"""What happens to an item and its hold when somebody changes their mind, or the world does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from samlan_contracts.events.holds import HoldExpired

from .town import Town, held, lent

IN_TIME = "2026-12-01"


async def on_its_way(town: Town, *holds: dict[str, object]) -> None:
    """The item of Lerum came back at Lerum and travels to Ale for Cilla, the first in the queue."""
    loans = [lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)]
    await town.load(loans=loans, holds=[held("roda", "cilla", "vast/ale"), *holds])
    await town.scan("roda-lerum", "vast/lerum")
    assert (await town.where("roda-lerum"))["goes_to"] == "vast/ale"


async def test_a_hold_cancelled_in_transit_frees_the_item_for_the_next(town: Town) -> None:
    await on_its_way(town, held("roda", "bo", "vast/partille", day=2))
    (hold,) = await town.holds_of("cilla")
    assert (await town.change_hold(hold["id"], cancel=True))["reasons"] == []
    assert await town.holds_of("cilla") == []
    await town.scan("roda-lerum", "vast/ale")
    assert (await town.where("roda-lerum"))["goes_to"] == "vast/partille"
    assert town.mails("hold_ready") == []
    await town.scan("roda-lerum", "vast/partille")
    assert (await town.holds_of("bo"))[0]["state"] == "ready"
    assert len(town.texts()) == 1
    await town.assert_clean()


async def test_a_hold_cancelled_on_the_shelf_goes_to_the_next_at_the_next_scan(town: Town) -> None:
    await on_its_way(town, held("roda", "bo", "vast/ale", day=2))
    await town.scan("roda-lerum", "vast/ale")
    (hold,) = await town.holds_of("cilla")
    assert hold["state"] == "ready"
    await town.change_hold(hold["id"], cancel=True)
    assert town.texts() == []
    await town.scan("roda-lerum", "vast/ale")
    assert (await town.holds_of("bo"))[0]["state"] == "ready"
    assert len(town.texts()) == 1
    await town.assert_clean()


async def test_an_allotted_hold_is_not_frozen_any_more(town: Town) -> None:
    await on_its_way(town)
    (hold,) = await town.holds_of("cilla")
    refused = await town.change_hold(hold["id"], frozen=True)
    assert [one["reason"] for one in refused["reasons"]] == ["already_allotted"]
    assert (await town.holds_of("cilla"))[0]["state"] == "in_transit"


async def test_a_pickup_branch_moved_on_the_way_sends_the_item_on(town: Town) -> None:
    await on_its_way(town)
    (hold,) = await town.holds_of("cilla")
    assert (await town.change_hold(hold["id"], pickup="vast/partille"))["reasons"] == []
    await town.scan("roda-lerum", "vast/ale")
    assert (await town.where("roda-lerum"))["goes_to"] == "vast/partille"
    assert town.mails("hold_ready") == []
    await town.scan("roda-lerum", "vast/partille")
    assert len(town.mails("hold_ready")) == 1
    await town.assert_clean()


async def test_an_item_on_its_way_scanned_elsewhere_stays_with_its_hold(town: Town) -> None:
    await on_its_way(town, held("roda", "bo", "vast/partille", day=2))
    await town.scan("roda-lerum", "vast/partille")
    assert (await town.where("roda-lerum"))["goes_to"] == "vast/ale"
    assert (await town.holds_of("bo"))[0]["item"] is None
    await town.assert_clean()


async def test_whoever_has_the_ready_hold_collects_it_and_nobody_else_may(town: Town) -> None:
    await on_its_way(town)
    await town.scan("roda-lerum", "vast/ale")
    refused = await town.lend("roda-lerum", "bo", "vast/ale")
    assert refused.status_code == 409
    assert "reserved" in [one["reason"] for one in refused.json()["reasons"]]
    collected = await town.lend("roda-lerum", "cilla", "vast/ale")
    assert collected.status_code == 201
    assert await town.holds_of("cilla") == []
    assert (await town.holds_of("cilla", finished=True))[0]["state"] == "collected"
    assert len(await town.loans_of("cilla")) == 1
    await town.assert_clean()


async def test_a_shelf_deadline_that_passes_gives_the_item_to_the_next(town: Town) -> None:
    await on_its_way(town, held("roda", "bo", "vast/ale", day=2))
    await town.scan("roda-lerum", "vast/ale")
    (hold,) = await town.holds_of("cilla")
    last = town.world.clock.now().fromisoformat(f"{hold['ready_until']}T11:00:00+00:00")
    town.world.clock.set(last)
    await town.settle()
    assert (await town.holds_of("cilla"))[0]["state"] == "ready"
    town.world.clock.set(last + timedelta(hours=8))
    await town.settle()
    assert await town.holds_of("cilla") == []
    assert len(set(town.told(HoldExpired))) == 1
    assert town.texts() == []
    await town.scan("roda-lerum", "vast/ale")
    assert (await town.holds_of("bo"))[0]["state"] == "ready"
    await town.assert_clean()


async def test_a_lost_item_that_turns_up_serves_the_first_in_the_queue(town: Town) -> None:
    await town.load(
        loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)],
        holds=[held("roda", "cilla", "vast/lerum")],
    )
    async with town.world.ask("circulation") as client:
        body = {"state": "lost", "branch": "vast/lerum"}
        marked = await client.patch(f"/private/v1/items/{town.own('roda-lerum')}", json=body)
    assert marked.status_code == 200, marked.text
    await town.settle()
    await town.scan("roda-lerum", "vast/lerum")
    assert (await town.holds_of("cilla"))[0]["state"] == "ready"
    assert await town.loans_of("anna") == []
    await town.assert_clean()


async def test_an_older_offline_loan_that_comes_after_its_return_opens_nothing(town: Town) -> None:
    borrowed = town.world.clock.now() - timedelta(hours=3)
    await town.scan("roda-lerum", "vast/lerum")
    await town.scan(
        "roda-lerum", "vast/lerum", type="item_borrowed_offline", mode="offline", card=f"2anna{town.tag}",
        due="2026-12-21", happened_at=borrowed.isoformat(),
    )  # fmt: skip
    assert await town.loans_of("anna") == []
    assert (await town.where("roda-lerum"))["state"] == "available"
    await town.assert_clean()


async def test_a_late_upload_closes_the_loan_as_of_when_it_happened(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-11-20")])
    yesterday = town.world.clock.now() - timedelta(days=1)
    await town.scan("roda-fyren", "kungsbacka/fyren", mode="offline", happened_at=yesterday.isoformat())
    (fee,) = await town.fees_of("dag")
    assert fee["amount"]["amount"] == 2 * 300
    await town.assert_clean()


async def test_an_earlier_return_that_comes_later_lowers_the_fee(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-11-20")])
    now = town.world.clock.now()
    await town.scan("roda-fyren", "kungsbacka/fyren")
    earlier = (now - timedelta(days=2)).isoformat()
    await town.scan("roda-fyren", "kungsbacka/asa", mode="offline", happened_at=earlier)
    (fee,) = await town.fees_of("dag")
    assert fee["outstanding"]["amount"] == 300
    assert (await town.where("roda-fyren"))["branch"] == "kungsbacka/fyren"
    await town.assert_clean()


@pytest.mark.clause("K28", "K29")
async def test_a_debt_over_the_limit_blocks_until_it_is_paid(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-10-20")])
    await town.scan("roda-fyren", "kungsbacka/fyren")
    refused = await town.lend("mio-fyren", "dag", "kungsbacka/fyren")
    assert refused.status_code == 403
    assert "blocked" in [one["reason"] for one in refused.json()["reasons"]]
    fees = [one["id"] for one in await town.fees_of("dag")]
    paid = await town.world.post("billing", "/payments", {"patron": town.own("dag"), "fees": fees})
    assert paid.status_code < 300, paid.text
    await town.settle()
    assert (await town.lend("mio-fyren", "dag", "kungsbacka/fyren")).status_code == 201
    await town.assert_clean()


async def test_while_routing_is_unknown_an_item_others_wait_for_is_not_lent(town: Town) -> None:
    await town.load(
        loans=[lent("roda-lerum", "anna", "vast/lerum", due=IN_TIME)],
        holds=[held("roda", "cilla", "vast/lerum")],
    )
    await town.services.world.stop("holds")
    await town.fact("roda-lerum", "vast/lerum")
    await town.settle()
    assert (await town.where("roda-lerum"))["state"] == "returned"
    assert (await town.lend("roda-lerum", "bo", "vast/lerum")).status_code == 409
    await town.services.start_one("holds")
    await town.settle()
    assert (await town.holds_of("cilla"))[0]["state"] == "ready"
    await town.assert_clean()
