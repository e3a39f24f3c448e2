"""What the sources say about lending, asked of the running services at the edges of each figure."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from samlan_testkit.consortium import Consortium, Row, branch, item, patron

from .town import Town, held, lent

TODAY = date(2026, 11, 23)
FYREN, OREBRO, GLADSAXE = "kungsbacka/fyren", "orebro/stadsbiblioteket", "gladsaxe/hovedbiblioteket"
WAITING = ("w1", "w2", "w3")
OF = {FYREN: "dag", OREBRO: "karl", GLADSAXE: "mette"}


class Lent(NamedTuple):
    """A loan made today: what, where, how many wait, and for how many days it goes."""

    clause: str
    branch: str
    material: str
    days: int
    waiting: int = 0
    more: tuple[tuple[str, Any], ...] = ()

    @property
    def title(self) -> str:
        said = "-".join(str(value) for _, value in self.more)
        return f"{self.clause}-{self.branch.partition('/')[0]}-{self.material}-{self.waiting}-{said}"

    @property
    def row(self) -> Row:
        return item(self.title, self.title, self.branch, material=self.material, **dict(self.more))


CHILD, EARLIER, THIS = (("audience", "child"),), (("issued", "2025-12-31"),), (("issued", "2026-01-01"),)
PERIODS = [
    *(Lent("K13", FYREN, one, 28) for one in ("book", "audiobook", "music_cd", "factual_film", "tv_series")),
    Lent("K14", FYREN, "periodical", 14),
    Lent("K14", FYREN, "video_game", 14),
    Lent("K15", FYREN, "feature_film", 7),
    Lent("K18", FYREN, "book", 28, waiting=1),
    Lent("K18", FYREN, "book", 14, waiting=2),
    Lent("K18", FYREN, "audiobook", 14, waiting=3),
    Lent("K18", FYREN, "feature_film", 7, waiting=2),
    Lent("K18", FYREN, "periodical", 14, waiting=2),
    Lent("O10", OREBRO, "book", 28),
    Lent("O10", OREBRO, "book", 14, waiting=1),
    Lent("O11", OREBRO, "audiobook", 28),
    Lent("O11", OREBRO, "audiobook", 14, waiting=1),
    Lent("O12", OREBRO, "periodical", 14, more=THIS),
    Lent("O12", OREBRO, "periodical", 28, more=EARLIER),
    Lent("O13", OREBRO, "book", 28, more=CHILD),
    Lent("O13", OREBRO, "book", 28, waiting=3, more=CHILD),
    Lent("O14", OREBRO, "quick_loan", 10),
    Lent("O15", OREBRO, "video_game", 14),
    Lent("O16", OREBRO, "childrens_film", 5),
    Lent("O17", OREBRO, "documentary_film", 14),
    Lent("O18", OREBRO, "board_game", 5),
    Lent("O19", OREBRO, "book_club_bag", 60),
    Lent("O20", OREBRO, "theme_bag", 60),
    Lent("O21", OREBRO, "daisy", 28),
    Lent("D10", GLADSAXE, "book", 30),
]
LIMITS = [("O15", "video_game", 1), ("O16", "childrens_film", 2), ("O17", "documentary_film", 2),
          ("O18", "board_game", 2)]  # fmt: skip
# A birthday is today (old enough) or tomorrow (a day too young).
AGES = [("K14", FYREN, "video_game", 15, None), ("K15", FYREN, "feature_film", 15, None),
        ("K16", FYREN, "video_game", 18, 18), ("O18", OREBRO, "board_game", 15, None)]  # fmt: skip
BUS = "kungsbacka/bussen"


def born(age: int, *, days_short: int) -> str:
    return (TODAY.replace(year=TODAY.year - age) + timedelta(days=days_short)).isoformat()


def young(clause: str, days_short: int) -> str:
    return f"{clause}-{days_short}-days-short"


def stock() -> dict[str, list[Row]]:
    """All that these tests lend, and who borrows it."""
    items = [case.row for case in PERIODS]
    items += [
        item(f"{clause}-{n}", clause, OREBRO, material=material, audience="child")
        for clause, material, most in LIMITS
        for n in range(most + 1)
    ]
    items += [
        item(f"age-{clause}-{n}", f"age-{clause}", at, material=material, min_age=marked)
        for clause, at, material, _, marked in AGES
        for n in (0, 1)
    ]
    items += [item("bus-book", "bus", FYREN), item("quick", "quick", OREBRO, material="quick_loan")]
    items += [item("k35", "k35", FYREN), item("d20", "d20", GLADSAXE), item("v07", "v07", "vast/lerum")]
    items += [item("jan", "jan", GLADSAXE), item("o23", "o23", "orebro/patientbiblioteket")]
    items += [item(f"d12-{n}", "d12", GLADSAXE) for n in range(101)]
    patrons = [patron(name, at.partition("/")[0]) for at, name in OF.items()]
    patrons += [patron(one, "vast") for one in WAITING] + [patron("new", "vast", status="temporary")]
    patrons += [patron("many", "gladsaxe"), patron("january", "gladsaxe"), patron("kim", "kungsbacka")]
    patrons += [patron(f"p-{clause}", "orebro", born="1990-01-01") for clause, _, _ in LIMITS]
    patrons += [
        patron(young(clause, short), at.partition("/")[0], born=born(age, days_short=short))
        for clause, at, _, age, _ in AGES
        for short in (0, 1)
    ]
    return {
        "titles": [{"title": key, "name": key} for key in sorted({row["title"] for row in items})],
        "items": items,
        "patrons": patrons,
        "holds": [
            held(case.title, who, case.branch, day=day)
            for case in PERIODS
            for day, who in enumerate(WAITING[: case.waiting], start=1)
        ],
    }


@pytest_asyncio.fixture(scope="module")
async def shelves(services: Consortium) -> AsyncIterator[Town]:
    """A town with everything that is lent here."""
    noon = services.world.clock.now()
    town = Town(services, secrets.token_hex(3))
    stops = ["2026-12-14T14:00", "2026-12-22T14:00", "2026-12-29T14:00"]
    await services.load(branches=[branch(BUS, kind="mobile", stops=stops)])
    await town.load(**stock())
    yield town
    services.world.clock.set(noon)
    await town.assert_clean()


def cases() -> list[Any]:
    return [pytest.param(one, marks=pytest.mark.clause(one.clause), id=one.title) for one in PERIODS]


@pytest.mark.parametrize("case", cases())
async def test_a_loan_goes_for_as_long_as_its_clause_says(shelves: Town, case: Lent) -> None:
    answer = await shelves.lend(case.title, OF[case.branch], case.branch)
    assert answer.status_code == 201, answer.text
    loan = answer.json()
    assert date.fromisoformat(loan["due"]) - TODAY == timedelta(days=case.days)
    assert case.clause in loan["because"][0]["cites"] or case.waiting
    shown = {row["item"]: row["due"] for row in await shelves.loans_of(OF[case.branch])}
    assert shown[shelves.own(case.title)] == loan["due"]


@pytest.mark.parametrize(
    ("clause", "most"), [pytest.param(c, most, marks=pytest.mark.clause(c)) for c, _, most in LIMITS]
)
async def test_no_more_are_lent_at_a_time(shelves: Town, clause: str, most: int) -> None:
    for n in range(most):
        assert (await shelves.lend(f"{clause}-{n}", f"p-{clause}", OREBRO)).status_code == 201
    refused = await shelves.lend(f"{clause}-{most}", f"p-{clause}", OREBRO)
    assert refused.status_code == 409
    (reason,) = refused.json()["reasons"]
    assert (reason["reason"], reason["because"][0]["cites"]) == ("too_many_loans", [clause])


@pytest.mark.parametrize("clause", [pytest.param(one[0], marks=pytest.mark.clause(one[0])) for one in AGES])
async def test_an_age_limit_falls_on_the_birthday(shelves: Town, clause: str) -> None:
    (at,) = [one[1] for one in AGES if one[0] == clause]
    refused = await shelves.lend(f"age-{clause}-0", young(clause, 1), at)
    assert refused.status_code == 403
    reasons = refused.json()["reasons"]
    assert [one["reason"] for one in reasons] == ["age_limit"]
    assert clause in [cited for why in reasons[0]["because"] for cited in why["cites"]]
    assert (await shelves.lend(f"age-{clause}-0", young(clause, 0), at)).status_code == 201


async def renew(town: Town, who: str, barcode: str, channel: str) -> Row:
    """The outcome of one renewal."""
    (loan,) = [row for row in await town.loans_of(who) if row["item"] == town.own(barcode)]
    body = {"loans": [loan["id"]], "channel": channel}
    answer = await town.world.post("circulation", "/renewals", body)
    assert answer.status_code == 200, answer.text
    await town.settle()
    (outcome,) = answer.json()["outcomes"]
    return dict(outcome)


@pytest.mark.clause("O14")
async def test_a_quick_loan_is_not_renewed(shelves: Town) -> None:
    assert (await shelves.lend("quick", "karl", OREBRO)).status_code == 201
    outcome = await renew(shelves, "karl", "quick", "desk")
    assert [one["reason"] for one in outcome["reasons"]] == ["no_renewals_left"]
    assert outcome["reasons"][0]["because"][0]["cites"] == ["O14"]


@pytest.mark.clause("D20")
async def test_a_renewal_is_refused_as_soon_as_one_waits(shelves: Town) -> None:
    assert (await shelves.lend("d20", "mette", GLADSAXE)).status_code == 201
    for channel in ("web", "desk"):
        assert (await renew(shelves, "mette", "d20", channel))["renewed"]
    assert (await shelves.hold("d20", "w1", "vast/lerum")).status_code == 201
    outcome = await renew(shelves, "mette", "d20", "web")
    assert not outcome["renewed"]
    assert [one["reason"] for one in outcome["reasons"]] == ["others_are_waiting"]
    assert "D20" in outcome["reasons"][0]["because"][0]["cites"]


@pytest.mark.clause("V07")
async def test_a_temporary_account_does_not_borrow(shelves: Town) -> None:
    refused = await shelves.lend("v07", "new", "vast/lerum")
    assert refused.status_code == 403
    assert [one["reason"] for one in refused.json()["reasons"]] == ["temporary_account"]


@pytest.mark.clause("V07")
async def test_an_account_that_was_temporary_does_not_borrow_when_its_days_are_over(
    shelves: Town, clock: Any
) -> None:
    """It rests then (V04): what was refused within the seven days is refused after them."""
    clock.set(clock.now() + timedelta(days=8))
    await shelves.settle()
    refused = await shelves.lend("v07", "new", "vast/lerum")
    assert refused.status_code == 403
    assert [one["reason"] for one in refused.json()["reasons"]] == ["account_inactive"]


@pytest.mark.clause("D12")
async def test_a_library_limits_how_much_one_borrower_has(shelves: Town) -> None:
    loans = [lent(f"d12-{n}", "many", GLADSAXE, due="2026-12-10") for n in range(99)]
    await shelves.load(loans=loans)
    assert (await shelves.lend("d12-99", "many", GLADSAXE)).status_code == 201
    refused = await shelves.lend("d12-100", "many", GLADSAXE)
    (reason,) = refused.json()["reasons"]
    assert (reason["reason"], reason["because"][0]["cites"]) == ("too_many_loans", ["D12"])


@pytest.mark.clause("K17")
async def test_on_the_mobile_library_a_loan_falls_due_at_a_visit(shelves: Town) -> None:
    """Four weeks end on Monday 21 December; the bus comes the day after."""
    loan = (await shelves.lend("bus-book", "dag", BUS)).json()
    assert loan["due"] == "2026-12-22"
    (visit,) = [why for why in loan["because"] if why["cites"] == ["K17"]]
    assert visit["inputs"]["branch"] == BUS
    assert visit["says"]["sv"] == (
        "Återlämningsdagen 2026-12-21 flyttas till 2026-12-22, nästa besök av bussen bibliotek."
    )


@pytest.mark.clause("O23")
async def test_what_stands_at_a_partner_is_held_free_of_charge(shelves: Town) -> None:
    assert (await shelves.hold("o23", "karl", OREBRO)).status_code == 201
    await shelves.scan("o23", "orebro/patientbiblioteket")
    assert (await shelves.where("o23"))["goes_to"] == OREBRO
    await shelves.scan("o23", OREBRO)
    states = {row["title"]: row["state"] for row in await shelves.holds_of("karl")}
    assert states[shelves.own("o23")] == "ready"
    assert await shelves.fees_of("karl") == []


@pytest.mark.clause("K41")
async def test_what_is_left_in_a_drop_that_kungsbacka_does_not_have_counts_at_once(town: Town) -> None:
    await town.load(loans=[lent("roda-fyren", "dag", FYREN, due="2026-11-23")])
    town.world.clock.set(town.world.clock.now().replace(hour=21))
    await town.scan("roda-fyren", FYREN, mode="drop")
    assert await town.fees_of("dag") == []
    assert await town.loans_of("dag") == []


@pytest.fixture
def clock(shelves: Town) -> Any:
    """Moves library time for one test."""
    before = shelves.world.clock.now()
    yield shelves.world.clock
    shelves.world.clock.set(before)


@pytest.mark.clause("D10")
async def test_a_month_from_the_last_of_january_ends_with_february(shelves: Town) -> None:
    then = "2026-01-31T12:00:00+01:00"
    loan = await shelves.lend("jan", "january", GLADSAXE, happened_at=then)
    assert loan.json()["due"] == "2026-02-28"


@pytest.mark.clause("K35")
async def test_two_renewals_until_the_last_of_september_2020_and_five_from_the_next_day(
    shelves: Town, clock: Any
) -> None:
    clock.set(datetime.fromisoformat("2020-09-30T22:00:00+02:00"))
    row = lent("k35", "kim", FYREN, due="2020-10-05", since="2020-09-01T12:00:00+02:00")
    await shelves.load(loans=[{**row, "renewals": 2}])
    outcome = await renew(shelves, "kim", "k35", "web")
    assert [one["reason"] for one in outcome["reasons"]] == ["no_renewals_left"]
    clock.set(datetime.fromisoformat("2020-10-01T00:00:00+02:00"))
    for left in (2, 1, 0):
        outcome = await renew(shelves, "kim", "k35", "web")
        assert outcome["renewed"], left
    outcome = await renew(shelves, "kim", "k35", "web")
    assert outcome["reasons"][0]["because"][0]["inputs"]["max_renewals"] == 5
