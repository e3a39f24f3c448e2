"""Lending: due dates, renewals, ages and limits at the edges of their figures."""

from __future__ import annotations

from datetime import date

import pytest
from samlan_contracts.policy import (
    PatronFacts,
    loan_period,
    may_borrow_more,
    old_enough,
    renewable_with_queue,
    renewals_left,
)
from samlan_contracts.policy.figures import STANDARD_MATERIALS
from samlan_contracts.policy.texts import WORDS


@pytest.fixture
def due(books, branch, at, adult):
    """The due date of a loan made on 1 November 2026."""

    def find(item, *, holds: int = 0, where=None, made: str = "2026-11-01 12:00", service="branch"):
        return loan_period(
            books,
            item=item,
            patron=adult,
            branch=where or branch(),
            queue_length=holds,
            at=at(made),
            service=service,
        )

    return find


@pytest.mark.parametrize(
    ("material", "expected"),
    [
        pytest.param("book", date(2026, 11, 29), marks=pytest.mark.clause("K13")),
        pytest.param("audiobook", date(2026, 11, 29), marks=pytest.mark.clause("K13")),
        pytest.param("music_cd", date(2026, 11, 29), marks=pytest.mark.clause("K13")),
        pytest.param("factual_film", date(2026, 11, 29), marks=pytest.mark.clause("K13")),
        pytest.param("tv_series", date(2026, 11, 29), marks=pytest.mark.clause("K13")),
        pytest.param("periodical", date(2026, 11, 15), marks=pytest.mark.clause("K14")),
        pytest.param("video_game", date(2026, 11, 15), marks=pytest.mark.clause("K14")),
        pytest.param("feature_film", date(2026, 11, 8), marks=pytest.mark.clause("K15")),
    ],
)
def test_kungsbacka_lends_by_material(due, item, material: str, expected: date) -> None:
    assert due(item(f"kungsbacka/{material}")).value == expected


@pytest.mark.clause("K18")
@pytest.mark.parametrize(("holds", "expected"), [(0, 29), (1, 29), (2, 15), (3, 15)])
def test_two_holds_shorten_a_four_week_loan_to_two(due, item, holds: int, expected: int) -> None:
    assert due(item("kungsbacka/book"), holds=holds).value == date(2026, 11, expected)


@pytest.mark.clause("K18")
def test_a_queue_shortens_no_loan_whose_normal_period_is_another(due, item) -> None:
    assert due(item("kungsbacka/feature_film"), holds=9).value == date(2026, 11, 8)
    assert due(item("kungsbacka/periodical"), holds=9).value == date(2026, 11, 15)
    assert due(item("kungsbacka/book"), holds=9, service="home_delivery").value == date(2026, 12, 13)


@pytest.mark.clause("K17")
def test_on_the_mobile_library_a_loan_falls_due_when_it_visits(due, item, branch) -> None:
    bus = branch(
        "kungsbacka/bussen", kind="mobile", stops=["2026-11-01T12:00", "2026-11-22T12:00", "2026-12-13T12:00"]
    )
    decision = due(item("kungsbacka/book"), where=bus)
    assert decision.value == date(2026, 12, 13)
    assert [why["rule"] for why in decision.because] == [
        "kungsbacka/four_weeks",
        "kungsbacka/mobile_library_visit",
    ]


@pytest.mark.clause("K17")
def test_home_delivery_has_its_own_period(due, item) -> None:
    assert (
        due(item("kungsbacka/book"), service="home_delivery").because[0]["rule"] == "kungsbacka/home_delivery"
    )


@pytest.mark.parametrize(
    ("material", "days"),
    [
        pytest.param("quick_loan", 10, marks=pytest.mark.clause("O14")),
        pytest.param("video_game", 14, marks=pytest.mark.clause("O15")),
        pytest.param("childrens_film", 5, marks=pytest.mark.clause("O16")),
        pytest.param("documentary_film", 14, marks=pytest.mark.clause("O17")),
        pytest.param("board_game", 5, marks=pytest.mark.clause("O18")),
        pytest.param("book_club_bag", 60, marks=pytest.mark.clause("O19")),
        pytest.param("theme_bag", 60, marks=pytest.mark.clause("O20")),
        pytest.param("daisy", 28, marks=pytest.mark.clause("O21")),
    ],
)
def test_orebro_lends_by_material_whatever_the_queue(due, item, material: str, days: int) -> None:
    for holds in (0, 5):
        assert (due(item(f"orebro/{material}"), holds=holds).value - date(2026, 11, 1)).days == days


@pytest.mark.parametrize(
    ("material", "audience", "holds", "days"),
    [
        pytest.param("book", "adult", 0, 28, marks=pytest.mark.clause("O10")),
        pytest.param("book", "adult", 1, 14, marks=pytest.mark.clause("O10")),
        pytest.param("audiobook", "adult", 0, 28, marks=pytest.mark.clause("O11")),
        pytest.param("audiobook", "child", 1, 14, marks=pytest.mark.clause("O11")),
        pytest.param("book", "child", 1, 28, marks=pytest.mark.clause("O13")),
        pytest.param("book", "child", 20, 28, marks=pytest.mark.clause("O13")),
    ],
)
def test_one_hold_shortens_adult_books_and_audiobooks_never_childrens(
    due, item, material: str, audience: str, holds: int, days: int
) -> None:
    found = due(item(f"orebro/{material}", audience=audience), holds=holds).value
    assert (found - date(2026, 11, 1)).days == days


@pytest.mark.clause("O12")
@pytest.mark.parametrize(
    ("issued", "days"),
    [(date(2025, 12, 31), 28), (date(2026, 1, 1), 14), (date(2026, 10, 1), 14), (None, 14)],
)
def test_a_periodical_of_an_earlier_year_is_lent_longer(due, item, issued: date | None, days: int) -> None:
    assert (due(item("orebro/periodical", issued=issued)).value - date(2026, 11, 1)).days == days


@pytest.mark.clause("D10")
@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("2026-01-31 12:00", date(2026, 2, 28)),
        ("2028-01-31 12:00", date(2028, 2, 29)),
        ("2026-02-28 12:00", date(2026, 3, 28)),
        ("2026-12-15 12:00", date(2027, 1, 15)),
    ],
)
def test_gladsaxe_lends_for_a_calendar_month(due, item, made: str, expected: date) -> None:
    assert due(item("gladsaxe/book"), made=made).value == expected


def test_the_period_starts_on_the_branch_s_day(due, item) -> None:
    assert due(item("kungsbacka/feature_film"), made="2026-11-01 23:59").value == date(2026, 11, 8)
    assert due(item("kungsbacka/feature_film"), made="2026-11-02 00:00").value == date(2026, 11, 9)


@pytest.mark.clause("K35")
@pytest.mark.parametrize(
    ("day", "renewals", "left"),
    [
        ("2020-09-30 23:59", 1, True),
        ("2020-09-30 23:59", 2, False),
        ("2020-10-01 00:00", 2, True),
        ("2020-10-01 00:00", 4, True),
        ("2020-10-01 00:00", 5, False),
    ],
)
def test_two_renewals_until_september_2020_and_five_from_october(
    books, branch, item, adult, at, day: str, renewals: int, left: bool
) -> None:
    decision = renewals_left(
        books, item=item("kungsbacka/book"), patron=adult, branch=branch(), renewals=renewals, at=at(day)
    )
    assert decision.value is left
    assert decision.because[0]["in_force"] == (
        [None, "2020-09-30"] if day.startswith("2020-09") else ["2020-10-01", None]
    )


@pytest.mark.parametrize(
    ("material", "renewals", "left"),
    [
        pytest.param("book", 4, True, marks=pytest.mark.clause("O22")),
        pytest.param("book", 5, False, marks=pytest.mark.clause("O22")),
        pytest.param("quick_loan", 0, False, marks=pytest.mark.clause("O14")),
    ],
)
def test_orebro_renews_five_times_and_quick_loans_never(
    books, branch, item, adult, at, material: str, renewals: int, left: bool
) -> None:
    made = {"patron": adult, "branch": branch("orebro/stadsbiblioteket"), "at": at("2026-11-01 12:00")}
    decision = renewals_left(books, item=item(f"orebro/{material}"), renewals=renewals, **made)
    assert decision.value is left


@pytest.mark.clause("D20", "K35", "O22")
@pytest.mark.parametrize("member", ["gladsaxe", "kungsbacka", "orebro", "vast", "gothenburg"])
def test_nothing_that_others_wait_for_is_renewed(books, branch, item, adult, at, member: str) -> None:
    made = {"patron": adult, "branch": branch(), "at": at("2026-11-01 12:00")}
    assert renewable_with_queue(books, item=item(f"{member}/book"), queue_length=0, **made).value
    assert not renewable_with_queue(books, item=item(f"{member}/book"), queue_length=1, **made).value


@pytest.mark.parametrize(
    ("name", "marked", "born", "enough"),
    [
        pytest.param(
            "kungsbacka/video_game", None, date(2011, 11, 2), False, marks=pytest.mark.clause("K14")
        ),
        pytest.param("kungsbacka/video_game", None, date(2011, 11, 1), True, marks=pytest.mark.clause("K14")),
        pytest.param(
            "kungsbacka/feature_film", None, date(2011, 11, 2), False, marks=pytest.mark.clause("K15")
        ),
        pytest.param(
            "kungsbacka/feature_film", None, date(2011, 11, 1), True, marks=pytest.mark.clause("K15")
        ),
        pytest.param("kungsbacka/video_game", 18, date(2008, 11, 2), False, marks=pytest.mark.clause("K16")),
        pytest.param("kungsbacka/video_game", 18, date(2008, 11, 1), True, marks=pytest.mark.clause("K16")),
        pytest.param("orebro/board_game", None, date(2011, 11, 2), False, marks=pytest.mark.clause("O18")),
        pytest.param("orebro/board_game", None, date(2011, 11, 1), True, marks=pytest.mark.clause("O18")),
        ("gothenburg/dvd", 11, date(2015, 11, 2), False),
        ("gothenburg/dvd", 11, date(2015, 11, 1), True),
        ("gothenburg/book", None, date(2026, 1, 1), True),
        ("orebro/board_game", None, None, True),
    ],
)
def test_ages_are_reached_on_the_birthday(books, branch, item, at, name, marked, born, enough) -> None:
    asked = item(name, min_age=marked)
    patron = PatronFacts(member="kungsbacka", born=born)
    decision = old_enough(books, item=asked, patron=patron, branch=branch(), at=at("2026-11-01 12:00"))
    assert decision.value is enough


def test_born_on_leap_day_one_comes_of_age_on_the_last_of_february(books, branch, item, at) -> None:
    """The Swedish act 1930:173, section 1."""
    asked = {"item": item("kungsbacka/video_game", min_age=18), "branch": branch()}
    patron = PatronFacts(member="kungsbacka", born=date(2008, 2, 29))
    assert not old_enough(books, patron=patron, at=at("2026-02-27 12:00"), **asked).value
    assert old_enough(books, patron=patron, at=at("2026-02-28 12:00"), **asked).value


@pytest.mark.clause("K14", "K16")
def test_every_age_that_is_not_reached_is_told(books, branch, item, at, child) -> None:
    asked = item("kungsbacka/video_game", min_age=18)
    decision = old_enough(books, item=asked, patron=child, branch=branch(), at=at("2026-11-01 12:00"))
    told = {why["rule"].partition("/")[2] for why in decision.because}
    assert told == {"video_games_from_15", "some_video_games_from_18", "age_marked_on_the_item"}


@pytest.mark.parametrize(
    ("material", "at_most"),
    [
        pytest.param("video_game", 1, marks=pytest.mark.clause("O15")),
        pytest.param("childrens_film", 2, marks=pytest.mark.clause("O16")),
        pytest.param("documentary_film", 2, marks=pytest.mark.clause("O17")),
        pytest.param("board_game", 2, marks=pytest.mark.clause("O18")),
    ],
)
def test_orebro_lends_only_so_many_at_a_time(books, branch, item, at, material: str, at_most: int) -> None:
    patron = PatronFacts(member="orebro", born=date(1980, 1, 1))
    asked = {
        "item": item(f"orebro/{material}"),
        "patron": patron,
        "branch": branch(),
        "at": at("2026-11-01 12:00"),
    }
    assert may_borrow_more(books, on_loan={material: at_most - 1, "book": 9}, **asked).value
    refusal = may_borrow_more(books, on_loan={material: at_most}, **asked)
    assert not refusal.value
    assert refusal.because[0]["inputs"]["max_loans"] == at_most
    assert material not in refusal.because[0]["says"]["sv"], "a librarian's word, not a program's"


def test_a_limit_on_some_materials_says_which(books, branch, item, at) -> None:
    refusal = may_borrow_more(
        books, item=item("orebro/video_game"), patron=PatronFacts(member="orebro"), branch=branch(),
        on_loan={"video_game": 1, "book": 9}, at=at("2026-11-01 12:00"),
    )  # fmt: skip
    assert refusal.because[0]["says"] == {
        "sv": "Har redan 1 lån av tv-spel; högst 1 åt gången.",
        "da": "Har allerede 1 lån af videospil; højst 1 ad gangen.",
        "en": "Already has 1 loan of video games; at most 1 at a time.",
    }


def test_every_standard_material_has_a_name_in_every_language() -> None:
    assert set(WORDS) >= STANDARD_MATERIALS


@pytest.mark.clause("D12")
def test_gladsaxe_limits_all_loans_together_for_its_own_patrons(books, branch, item, at, adult) -> None:
    asked = {"item": item("orebro/book"), "branch": branch(), "at": at("2026-11-01 12:00")}
    (limit,) = books.book("gladsaxe").loan_limits
    full = {"book": limit.max_loans - 1, "dvd": 1}
    assert not may_borrow_more(books, patron=PatronFacts(member="gladsaxe"), on_loan=full, **asked).value
    assert may_borrow_more(books, patron=adult, on_loan=full, **asked).value
