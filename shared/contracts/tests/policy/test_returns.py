"""Returns: who takes what back, and when a book drop's contents count as returned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from samlan_contracts.policy import accepts_return, book_drop

FRIDAY_EVENING = "2026-11-20 20:00"


@pytest.mark.parametrize(
    ("where", "kind", "owner", "accepted"),
    [
        pytest.param("kungsbacka/fyren", "library", "kungsbacka", True, marks=pytest.mark.clause("K40")),
        pytest.param("kungsbacka/bussen", "mobile", "kungsbacka", True, marks=pytest.mark.clause("K40")),
        pytest.param("kungsbacka/fyren", "library", "vast", False, marks=pytest.mark.clause("K40")),
        pytest.param("kungsbacka/bussen", "mobile", "gothenburg", False, marks=pytest.mark.clause("K40")),
        pytest.param("orebro/stadsbiblioteket", "library", "orebro", True, marks=pytest.mark.clause("O25")),
        pytest.param("orebro/tegelbruket", "partner", "orebro", True, marks=pytest.mark.clause("O25")),
        pytest.param(
            "orebro/patientbiblioteket", "partner", "orebro", False, marks=pytest.mark.clause("O25")
        ),
        ("orebro/stadsbiblioteket", "library", "gladsaxe", True),
        ("orebro/tegelbruket", "partner", "gladsaxe", False),
        ("vast/lerum", "library", "kungsbacka", True),
        pytest.param("vast/partille", "library", "vast", True, marks=pytest.mark.clause("V01")),
        ("gothenburg/hisingen", "library", "gladsaxe", True),
        ("gladsaxe/hoved", "library", "orebro", True),
    ],
)
def test_the_branch_s_member_says_what_is_handed_back_there(
    books, branch, at, where: str, kind: str, owner: str, accepted: bool
) -> None:
    decision = accepts_return(
        books, branch=branch(where, kind=kind), item_member=owner, at=at(FRIDAY_EVENING)
    )
    assert decision.value.accepted is accepted
    assert (decision.value.closes is None) is accepted
    assert decision.because[0]["rule"].startswith(where.partition("/")[0])


@pytest.mark.clause("K41")
@pytest.mark.parametrize(
    ("when", "registered", "unregistered"),
    [
        ("2026-11-20 06:59", True, True),  # nobody is let in: whoever scans then is staff
        ("2026-11-20 07:00", True, False),
        ("2026-11-20 09:59", True, False),
        ("2026-11-20 10:00", True, True),
        ("2026-11-20 18:59", True, True),
        ("2026-11-20 19:00", True, False),
        ("2026-11-21 12:00", True, False),
        ("2026-11-21 21:59", True, False),
        ("2026-11-21 22:00", True, True),
    ],
)
def test_without_staff_kungsbacka_takes_back_from_those_registered_only(
    books, branch, at, when: str, registered: bool, unregistered: bool
) -> None:
    onsala = branch("kungsbacka/onsala", staffless=["06:00", "23:00"])  # the book's hours are narrower
    asked = {"branch": onsala, "item_member": "kungsbacka", "at": at(when)}
    assert accepts_return(books, registered=True, **asked).value.accepted is registered
    refused = accepts_return(books, registered=False, **asked)
    assert refused.value.accepted is unregistered
    assert accepts_return(books, registered=False, by_staff=True, **asked).value.accepted
    if not unregistered:
        (why,) = refused.because
        assert (why["cites"], refused.value.closes) == (["K41"], "as_of_seen")
        assert (why["inputs"]["attended"], why["inputs"]["registered"]) == ("staffless", False)
        assert "registrerad för meröppet" in why["says"]["sv"]


@pytest.mark.clause("K41")
def test_a_branch_that_is_never_without_staff_and_one_of_another_member_take_from_everybody(
    books, branch, at
) -> None:
    for where in (branch("kungsbacka/fyren"), branch("vast/lerum", staffless=["07:00", "22:00"])):
        own = where.branch.partition("/")[0]
        asked = {"branch": where, "item_member": own, "at": at(FRIDAY_EVENING)}
        assert accepts_return(books, registered=False, **asked).value.accepted


def test_a_branch_is_told_by_its_name_and_kept_by_its_id(books, branch, at) -> None:
    fyren = replace(branch("kungsbacka/fyren"), name="Fyrens bibliotek")
    (why,) = accepts_return(books, branch=fyren, item_member="vast", at=at(FRIDAY_EVENING)).because
    assert why["inputs"]["branch"] == "kungsbacka/fyren"
    assert why["says"]["sv"].startswith("Fyrens bibliotek tar inte emot material från Bibliotek i Väst;")


@pytest.mark.clause("O27")
@pytest.mark.parametrize(
    ("left", "counts"),
    [
        ("2026-11-20 18:59", "2026-11-20 18:59"),
        ("2026-11-20 19:00", "2026-11-23 10:00"),
        ("2026-11-21 12:00", "2026-11-23 10:00"),
        ("2026-11-23 09:59", "2026-11-23 10:00"),
    ],
)
def test_a_drop_after_closing_counts_from_the_next_opening(books, branch, at, left: str, counts: str) -> None:
    decision = book_drop(books, branch=branch("orebro/vivalla"), item_member="orebro", at=at(left))
    assert decision.value == at(counts)
    assert decision.value.tzinfo is UTC


@pytest.mark.clause("O28")
def test_the_drop_of_the_main_library_counts_at_once(books, branch, at) -> None:
    main = branch("orebro/stadsbiblioteket")
    assert book_drop(books, branch=main, item_member="orebro", at=at(FRIDAY_EVENING)).value == at(
        FRIDAY_EVENING
    )


def test_a_branch_s_own_drop_goes_before_the_book(books, branch, at) -> None:
    at_once = branch("orebro/vivalla", drop="immediate")
    later = branch("gothenburg/hisingen", drop="next_opening_day")
    assert book_drop(books, branch=at_once, item_member="orebro", at=at(FRIDAY_EVENING)).value == at(
        FRIDAY_EVENING
    )
    assert book_drop(books, branch=later, item_member="orebro", at=at(FRIDAY_EVENING)).value == at(
        "2026-11-23 10:00"
    )


@pytest.mark.clause("K41")
def test_kungsbacka_has_no_drops_and_what_a_device_reports_counts_when_it_happened(books, branch, at) -> None:
    decision = book_drop(books, branch=branch(), item_member="kungsbacka", at=at(FRIDAY_EVENING))
    assert decision.value == at(FRIDAY_EVENING)
    assert decision.because[0]["inputs"]["drop"] == "none"


def test_where_no_opening_is_known_a_drop_counts_at_once(books, branch, at) -> None:
    closed = branch("orebro/vivalla", opening={})
    assert book_drop(books, branch=closed, item_member="orebro", at=at(FRIDAY_EVENING)).value == at(
        FRIDAY_EVENING
    )
