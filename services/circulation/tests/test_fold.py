"""The fold: loans follow from facts, in whatever order the facts become known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samlan_circulation.domain.fold import Placed, TooOld, after_all, place
from samlan_circulation.domain.model import KEPT_FACTS, BranchId, Kept, LoanId, Place
from samlan_contracts.events.circulation import ItemBorrowed, ItemReturned, LoanClosingMoved

from .story import ASTRID, EMIL, KUNGSBACKA, LERUM, NOON, PARTILLE, Story, at, item


def fact(
    minutes: int, kind: str, *, late_by: int = 0, device: str = "k", registered: bool = True,
    only: str | None = None,
) -> Kept:  # fmt: skip
    when = NOON + timedelta(minutes=minutes)
    name = f"{kind}-{minutes}-{device}"
    borrowed = kind == "borrowed"
    return Kept(
        place=Place.of(when, device, 1, name), kind=kind, branch=BranchId("vast/lerum"),  # type: ignore[arg-type]
        counts_at=when + timedelta(minutes=late_by) if kind == "returned" else None,
        loan=LoanId(name) if borrowed else None, due=when.date() if borrowed else None,
        registered=registered and borrowed, only=only if kind == "returned" else None,  # type: ignore[arg-type]
    )  # fmt: skip


def dates_after(facts: list[Kept]) -> dict[str, tuple[datetime, datetime | None]]:
    copy = item()
    for one in facts:
        placed = place(copy, one)
        copy = replace(copy, kept=placed.kept)  # type: ignore[union-attr]
    return {one.loan: (one.place.at, one.closed_at) for one in copy.kept if one.loan}


FACTS = st.lists(
    st.builds(
        fact,
        st.integers(0, 60),
        st.sampled_from(["borrowed", "returned", "seen", "marked"]),
        late_by=st.sampled_from([0, 0, 0, 15]),
        device=st.sampled_from(["k", "l", "m"]),
        registered=st.booleans(),
        only=st.sampled_from([None, None, "counts", "seen"]),
    ),
    max_size=12,
    unique_by=lambda one: one.place,
)


@given(FACTS, st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None)
def test_no_order_of_arrival_of_the_same_facts_changes_a_loans_dates(
    facts: list[Kept], chance: object
) -> None:
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert dates_after(shuffled) == dates_after(sorted(facts, key=lambda one: one.place))


@given(FACTS)
@settings(max_examples=300, deadline=None)
def test_a_closing_is_only_ever_moved_back(facts: list[Kept]) -> None:
    copy = item()
    for one in facts:
        before = {kept.loan: kept.closed_at for kept in copy.kept if kept.closed_at}
        placed = place(copy, one)
        copy = replace(copy, kept=placed.kept)  # type: ignore[union-attr]
        after = {kept.loan: kept.closed_at for kept in copy.kept}
        assert all(after[loan] is not None and after[loan] <= closed for loan, closed in before.items())


@given(FACTS)
@settings(max_examples=200, deadline=None)
def test_at_most_one_loan_is_open_and_it_is_the_last_that_began(facts: list[Kept]) -> None:
    dates = dates_after(facts)
    still_open = [loan for loan, (_, end) in dates.items() if end is None]
    assert len(still_open) <= 1
    if still_open:
        assert dates[still_open[0]][0] == max(begin for begin, _ in dates.values())


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_older_offline_loan_after_the_return_that_closed_it_ends_the_same_in_every_order(
    order: tuple[int, ...],
) -> None:
    story = Story(item())
    steps = (
        lambda: story.borrowed(ASTRID, at(-20), fact="b1"),
        lambda: story.returned(LERUM, at(-10), fact="r1"),
        lambda: story.borrowed(EMIL, at(-5), fact="b2"),
    )
    for step in order:
        steps[step]()
    assert story.dates() == {"loan-b1": (at(-20), at(-10)), "loan-b2": (at(-5), None)}
    assert story.item.loan is not None and story.item.loan.patron == "emil"
    assert story.item.state == "on_loan"


def test_a_loan_known_after_its_return_is_told_as_a_loan_that_is_over() -> None:
    story = Story(item()).returned(LERUM, at()).borrowed(ASTRID, at(-9), due=at(-2).date(), fact="late")
    [borrowed] = story.told_of(ItemBorrowed)
    assert borrowed.over and borrowed.patron == "astrid"
    ended = story.told_of(ItemReturned)[-1]
    assert ended.loan is not None and (ended.loan.patron, ended.loan.returned_at) == ("astrid", at())
    assert not ended.route
    assert story.item.loan is None and story.item.state == "returned"


def test_an_earlier_return_moves_the_closing_back_and_names_no_patron() -> None:
    story = Story(item()).borrowed(ASTRID, at(-30), fact="b").returned(LERUM, at()).returned(PARTILLE, at(-3))
    [moved] = story.told_of(LoanClosingMoved)
    assert (moved.loan.loan, moved.loan.returned_at, moved.loan.patron) == ("loan-b", at(-3), "")
    assert story.outcome.answer is not None and story.outcome.answer.reason == "superseded"
    assert story.item.branch == "vast/lerum"


@pytest.mark.clause("K41")
@pytest.mark.parametrize(
    ("registered", "only", "closed"),
    [(True, "counts", 5), (True, "seen", 5), (False, "counts", 5), (False, "seen", 9)],
)
def test_a_return_without_staff_closes_loans_of_those_registered_and_others_once_staff_saw_it(
    registered: bool, only: str, closed: int
) -> None:
    """For who is not registered the staff's scan closes the loan: as of the sight where the book says so."""
    facts = [fact(0, "borrowed", registered=registered), fact(5, "returned", only=only)]
    (open_until_then,) = dates_after(facts).values()
    assert (open_until_then[1] is None) is not registered
    for order in permutations([*facts, fact(9, "returned", device="desk")]):
        assert dates_after(list(order)) == {
            "borrowed-0-k": (NOON, NOON + timedelta(minutes=closed))
        }  # fmt: skip


def test_a_later_scan_never_moves_a_closing_forward() -> None:
    story = Story(item()).borrowed(ASTRID, at(-30)).returned(LERUM, at(-3)).returned(PARTILLE, at())
    assert story.told_of(LoanClosingMoved) == []
    assert [end for _, end in story.dates().values()] == [at(-3)]


def test_a_new_loan_shows_that_a_return_was_missed() -> None:
    story = Story(item()).borrowed(ASTRID, at(-30), fact="b1").borrowed(EMIL, at(-1), fact="b2")
    inferred, borrowed = story.told[1:]
    assert isinstance(inferred, ItemReturned) and inferred.loan is not None
    assert (inferred.loan.patron, inferred.loan.returned_at, inferred.route) == ("astrid", at(-1), False)
    assert isinstance(borrowed, ItemBorrowed) and not borrowed.over


def test_the_item_keeps_its_last_facts_and_never_forgets_what_opened_the_open_loan() -> None:
    story = Story(item("vast/lerum")).borrowed(ASTRID, at(-100), fact="b")
    for day in range(40):
        story.returned(KUNGSBACKA, at(-90 + day))
    assert len(story.item.kept) == KEPT_FACTS
    assert story.item.kept[0].loan == "loan-b"
    story.returned(LERUM, at(-95), fact="forgotten")
    assert story.item.loan is None, "older than what is kept, but it closes the open loan"
    ended = story.told_of(ItemReturned)[-1].loan
    assert ended is not None and (ended.loan, ended.returned_at) == ("loan-b", at(-95))


def test_a_fact_older_than_all_that_is_kept_is_an_exception() -> None:
    story = Story(item())
    for day in range(KEPT_FACTS):
        story.returned(LERUM, at(-50 + day))
    kept, told = story.item.kept, len(story.told)
    story.returned(LERUM, at(-60))
    assert story.outcome.exception == "too_old_to_place"
    assert (story.item.kept, len(story.told)) == (kept, told)
    story.borrowed(ASTRID, at(-60))
    assert story.outcome.exception == "too_old_to_place"
    assert isinstance(place(story.item, fact(-100_000, "returned")), TooOld)


@pytest.mark.parametrize("device", ["a-kiosk", "desk/a", "z-kiosk"])
def test_within_one_instant_a_desk_follows_what_it_knew_and_a_device_follows_the_desk(device: str) -> None:
    copy = item()
    for name, kind, desk in (("r1", "returned", False), ("b1", "borrowed", True), ("r2", "returned", False)):
        at_place = Place.of(NOON, "desk/m" if desk else device, 1, name)
        at_place = after_all(copy, at_place) if desk else at_place
        one = replace(fact(0, kind), place=at_place)
        placed = place(copy, one)
        assert isinstance(placed, Placed) and placed.is_newest
        copy = replace(copy, kept=placed.kept)
    assert [one.place.fact for one in copy.kept] == ["r1", "b1", "r2"]
    assert copy.kept[1].closed_at == NOON
    first = place(
        item(), replace(fact(0, "borrowed"), place=after_all(item(), Place.of(NOON, "desk/m", 1, "b")))
    )
    assert isinstance(first, Placed)
    last = place(replace(item(), kept=first.kept), replace(fact(0, "returned", device=device)))
    assert isinstance(last, Placed) and last.is_newest and last.open_loan is None
