"""A librarian asks why, and tries a draft out, on what the running services know; and nothing changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from samlan.policy.asking import Services
from samlan.policy.books import as_on, beside, draft, in_force
from samlan.policy.cases import Explained
from samlan.policy.comparing import compare
from samlan.policy.differences import Both, Difference
from samlan.policy.explaining import asked_of
from samlan.policy.recorded import Recorded, recorded
from samlan.policy.simulating import as_json_object
from samlan.policy.wishes import Wish
from samlan_testkit.consortium import patron
from samlan_testkit.world import POLICIES

from .town import Town, held, lent

SINCE = date(2026, 9, 1)


async def explained(town: Town, **wish: Any) -> dict[tuple[str, str], Explained]:
    """What would be decided, by act and decision."""
    for name in ("patron", "item"):
        if name in wish:
            wish[name] = town.own(wish[name])
    answer = await asked_of(Services(town.world.peers("policy")), Wish(**wish))
    return {(one.act, one.decision): one for one in answer.decisions}


async def test_what_is_explained_is_what_is_then_decided(town: Town) -> None:
    await town.load(
        holds=[held("roda", "elin", "kungsbacka/fyren"), held("roda", "dag", "kungsbacka/fyren", day=2)]
    )
    await town.load(loans=[lent("roda-lerum", "bo", "vast/lerum", due="2026-12-01")])
    said = await explained(town, patron="karl", item="roda-orebro", branch="orebro/stadsbiblioteket")
    answer = await town.lend("roda-orebro", "karl", "orebro/stadsbiblioteket")
    assert said["borrow", "allowed"].value["allowed"] is True
    assert said["borrow", "due_date"].value == answer.json()["due"] == "2026-12-07"
    assert said["borrow", "due_date"].because == answer.json()["because"]
    assert said["borrow", "due_date"].because[0]["inputs"]["holds_waiting"] == 2
    await town.assert_clean()


async def test_a_refusal_is_explained_as_the_desk_then_refuses(town: Town) -> None:
    said = await explained(town, patron="barn", item="film-fyren", branch="kungsbacka/fyren")
    answer = await town.lend("film-fyren", "barn", "kungsbacka/fyren")
    assert answer.status_code == 403
    reasons = [one["reason"] for one in answer.json()["reasons"]]
    assert said["borrow", "allowed"].value == {"allowed": False, "reasons": reasons}
    assert said["borrow", "allowed"].because == answer.json()["reasons"][0]["because"]


async def test_a_renewal_that_moves_nothing_is_explained_as_it_is_then_made(town: Town) -> None:
    """The earlier system lent it for longer than the book would: the date stays, and so does its reason."""
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2027-02-01")])
    said = await explained(town, patron="dag", item="roda-fyren", branch="kungsbacka/fyren")
    (loan,) = await town.loans_of("dag")
    body = {"loans": [loan["id"]], "channel": "desk"}
    (outcome,) = (await town.world.post("circulation", "/renewals", body)).json()["outcomes"]
    await town.settle()
    assert said["renew", "due_date"].value == outcome["due"] == "2027-02-01"
    assert said["renew", "due_date"].because == outcome["because"]
    assert "2027-02-01" in said["renew", "due_date"].says["sv"]


async def test_nothing_is_told_of_when_somebody_elses_loan_falls_due(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-12-01")])
    said = await explained(town, patron="elin", item="roda-fyren", branch="kungsbacka/fyren", acts=("renew",))
    assert said["renew", "allowed"].value == {"allowed": False, "reasons": ["not_your_loan"]}
    assert ("renew", "due_date") not in said


async def test_an_account_that_rests_is_explained_as_the_desk_then_refuses(town: Town) -> None:
    await town.load(patrons=[patron("ny", "vast", status="temporary")])
    town.world.clock.set(town.world.clock.now() + timedelta(days=8))
    await town.settle()
    said = await explained(town, patron="ny", item="roda-lerum", branch="vast/lerum")
    answer = await town.lend("roda-lerum", "ny", "vast/lerum")
    reasons = [one["reason"] for one in answer.json()["reasons"]]
    assert said["borrow", "allowed"].value == {"allowed": False, "reasons": reasons}
    assert reasons == ["account_inactive"]


async def test_a_late_loan_is_explained_as_it_is_then_charged(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-11-20")])
    said = await explained(town, patron="dag", item="roda-fyren", branch="kungsbacka/fyren")
    assert said["borrow", "allowed"].value["reasons"] == ["already_on_loan"]
    assert said["renew", "allowed"].value["allowed"] is True
    await town.scan("roda-fyren", "kungsbacka/fyren")
    (fee,) = await town.fees_of("dag")
    told = said["return", "overdue_fee"]
    assert {key: told.value[key] for key in ("amount", "currency")} == fee["amount"]
    assert told.because == fee["because"]


async def test_nobody_learns_the_due_date_of_somebody_elses_loan(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-11-20")])
    said = await explained(town, patron="elin", item="roda-fyren", branch="kungsbacka/fyren")
    assert said["renew", "allowed"].value["reasons"] == ["not_your_loan"]
    assert ("return", "overdue_fee") not in said


@pytest.fixture
def kungsbacka(tmp_path: Path) -> Path:
    """A draft: three weeks, four kronor, two days on the shelf, films from 60, blocks from 5 kronor."""
    text = (POLICIES / "kungsbacka.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("tv_series]\n    period: 4 weeks", "tv_series]\n    period: 3 weeks"),
        ("normal_period: 4 weeks", "normal_period: 3 weeks"),
        ("per_day: 3.00 SEK", "per_day: 4.00 SEK"),
        ("shelf_time: 7 days", "shelf_time: 2 days"),
        ("materials: [feature_film]\n    min_age: 15", "materials: [feature_film]\n    min_age: 60"),
        ('when: "> 100.00 SEK"', 'when: "> 5.00 SEK"'),
    ):
        assert before in text, before
        text = text.replace(before, after)
    path = tmp_path / "kungsbacka.yaml"
    path.write_text(text, encoding="utf-8")
    return path


async def a_busy_day(town: Town) -> Recorded:
    """What is kept of an imported loan, a film lent by the rules, a late return and a hold on the shelf."""
    await town.load(
        loans=[
            lent("roda-fyren", "dag", "kungsbacka/fyren", due="2026-11-20"),
            lent("mio-fyren", "mor", "kungsbacka/fyren", due="2026-11-30", since="2026-11-02T12:00:00+01:00"),
        ],
        holds=[held("roda", "elin", "kungsbacka/fyren")],
    )
    await town.scan("roda-fyren", "kungsbacka/fyren")
    await town.lend("film-fyren", "elin", "kungsbacka/fyren")
    found = await recorded(Services(town.world.peers("policy")))
    return replace(
        found,
        loans=[one for one in found.loans if one.item.endswith(town.tag)],
        returns=[one for one in found.returns if one.item.endswith(town.tag)],
        charges=[one for one in found.charges if one.patron.endswith(town.tag)],
        holds=[one for one in found.holds if one.ready_until],
        people={key: one for key, one in found.people.items() if key.endswith(town.tag)},
        fees_forgotten=0,
        unreadable=0,
    )


def tried(town: Town, found: Recorded, path: Path) -> tuple[Difference, Both, datetime]:
    now, books = town.world.clock.now(), in_force(POLICIES)
    both = Both(books, beside(books, draft(path)), "kungsbacka")
    return compare(found, both, since=SINCE, now=now), both, now


async def test_a_draft_is_tried_out_on_what_is_recorded(town: Town, kungsbacka: Path) -> None:
    found = await a_busy_day(town)
    told_before = len(town.world.told)
    difference, both, now = tried(town, found, kungsbacka)
    rows = {(what, material): row for (what, material, _), row in difference.rows.items()}
    assert rows["due date", "book"].days == [-7]
    assert rows["overdue fee", "book"].before == {"SEK": 900}
    assert rows["overdue fee", "book"].after == {"SEK": 1200}
    assert rows["check-out", "feature_film"].stricter == 1
    assert rows["last day on the shelf", "book"].days == [-5]
    assert (rows["hold", "book"].before, rows["hold", "book"].changed) == ({"refused": 0}, 0)
    assert (rows["block", "-"].before, rows["block", "-"].after) == (
        {"blocked": 0}, {"blocked": 1}
    )  # fmt: skip
    assert difference.assumed == {"loans of which no reason is kept: judged as if nobody waited": 1}
    told = as_json_object(difference, found, both, SINCE, now)
    assert told["compared"]["due date"] == 2
    film = next(one for one in told["examples"] if one["what"] == "check-out")
    assert (film["about"], film["before"], film["after"]) == (town.own("film-fyren"), "allowed", "age_limit")
    assert not any(name in str(told) for name in (town.own("dag"), town.own("elin"), "1980-02-29"))
    assert len(town.world.told) == told_before
    await town.assert_clean()


async def test_the_book_in_force_as_a_draft_changes_nothing(town: Town) -> None:
    found = await a_busy_day(town)
    difference, _, _ = tried(town, found, POLICIES / "kungsbacka.yaml")
    assert sum(row.cases for row in difference.rows.values()) > 4
    assert sum(row.changed for row in difference.rows.values()) == 0
    assert difference.examples == []


async def test_a_coming_rule_is_tried_as_if_it_were_in_force(town: Town, tmp_path: Path) -> None:
    found = await a_busy_day(town)
    text = (POLICIES / "kungsbacka.yaml").read_text(encoding="utf-8")
    one = "    materials: [book, audiobook, music_cd, factual_film, tv_series]\n    period: 4 weeks\n"
    assert one in text
    coming = (
        f"    until: 2027-12-31\n{one}  - id: four_weeks\n    cites: [K13]\n    from: 2028-01-01\n"
        + one.replace("4 weeks", "2 weeks")
    )
    path = tmp_path / "kungsbacka.yaml"
    path.write_text(text.replace(one, coming), encoding="utf-8")
    difference, both, now = tried(town, found, path)
    assert sum(row.changed for row in difference.rows.values()) == 0
    told = as_json_object(difference, found, both, SINCE, now)
    assert told["later_rules"] == [{"rule": "four_weeks", "from": "2028-01-01"}]
    books = in_force(POLICIES)
    ahead = Both(books, beside(books, as_on(draft(path), date(2028, 1, 1))), "kungsbacka")
    difference = compare(found, ahead, since=SINCE, now=now)
    (row,) = [row for (what, _, _), row in difference.rows.items() if what == "due date" and row.changed]
    assert row.days == [-14]


async def test_what_happened_before_the_day_is_left_out(town: Town, kungsbacka: Path) -> None:
    found = await a_busy_day(town)
    books = in_force(POLICIES)
    both = Both(books, beside(books, draft(kungsbacka)), "kungsbacka")
    difference = compare(found, both, since=date(2026, 12, 24), now=town.world.clock.now())
    assert {what for what, _, _ in difference.rows} == {"block"}
