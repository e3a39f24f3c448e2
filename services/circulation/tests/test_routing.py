"""Where an item goes once holds has answered."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from samlan_circulation.domain.model import BranchId
from samlan_circulation.domain.routing import Routed, RoutedBefore, Stale, route
from samlan_contracts.events.circulation import ItemShelved
from samlan_contracts.events.holds import ItemRouted

from .story import ASTRIDS_HOLD, KARINS_HOLD, NOON, asked, item


def routing(to: str, branch: str = "vast/lerum", **more: Any) -> ItemRouted:
    fields = {"item": "3517", "title": "roda-rummet", "answers": 2, "fact": "fact-1"}
    return ItemRouted(**{**fields, "to": to, "branch": branch, **more})


def waiting(**more: Any) -> Any:
    return item(state="returned", asked=asked(2), **more)


def whereabouts(result: Any) -> tuple[Any, ...]:
    return result.item.state, result.item.goes_to, result.item.hold


def apply(copy: Any, one: ItemRouted, *, event: str = "e1", sequence: int = 11) -> Any:
    return route(copy, one, routing=event, sequence=sequence, now=NOON)


def test_with_a_hold_for_this_branch_the_item_stands_on_the_pickup_shelf() -> None:
    result = apply(waiting(), routing("shelf", hold=ASTRIDS_HOLD))
    assert (result.item.state, result.item.hold) == ("hold_shelf", ASTRIDS_HOLD)
    assert (result.answer.bin, result.answer.branch, result.answer.hold) == (
        "shelf",
        "vast/lerum",
        "hold-astrid",
    )
    [shelved] = result.events
    assert isinstance(shelved, ItemShelved) and (shelved.hold, shelved.branch) == (
        "hold-astrid",
        "vast/lerum",
    )


def test_with_a_hold_for_another_branch_it_travels_there() -> None:
    result = apply(waiting(), routing("transit", "vast/partille", hold=KARINS_HOLD))
    assert (result.item.state, result.item.goes_to, result.item.hold) == (
        "in_transit",
        "vast/partille",
        KARINS_HOLD,
    )
    assert (result.answer.bin, result.answer.branch, result.events) == ("transit", "vast/partille", ())


def test_without_a_hold_it_stays_at_home() -> None:
    result = apply(waiting(), routing("stays"))
    assert (result.item.state, result.answer.bin, result.answer.branch) == ("available", "home", "vast/lerum")


def test_without_a_hold_it_travels_home_from_elsewhere() -> None:
    away = item("vast/partille", state="returned", asked=asked(2))
    result = apply(away, routing("home", "vast/partille"))
    assert (result.item.state, result.item.goes_to) == ("in_transit", "vast/partille")
    assert (result.answer.bin, result.answer.branch, result.answer.hold) == ("transit", "vast/partille", None)


def test_a_routing_without_a_hold_takes_the_hold_off_the_item() -> None:
    assert apply(waiting(hold=ASTRIDS_HOLD), routing("stays")).item.hold is None


@pytest.mark.parametrize("answers", [1, 3])
def test_a_routing_that_answers_another_scan_is_refused_with_its_hold(answers: int) -> None:
    result = apply(waiting(), routing("shelf", hold=ASTRIDS_HOLD, answers=answers))
    assert isinstance(result, Stale)
    assert (result.refusal.hold, result.refusal.answers) == ("hold-astrid", answers)


def test_a_routing_of_an_item_never_heard_of_is_refused() -> None:
    assert isinstance(apply(None, routing("stays")), Stale)


@pytest.mark.parametrize("state", ["on_loan", "lost", "available"])
def test_a_routing_of_an_item_that_moved_on_is_refused(state: str) -> None:
    assert isinstance(apply(item(state=state), routing("shelf", hold=ASTRIDS_HOLD)), Stale)


def test_the_same_routing_twice_is_applied_once_and_answers_the_same() -> None:
    one = routing("shelf", hold=ASTRIDS_HOLD)
    first = apply(waiting(), one)
    again = apply(first.item, one)
    assert isinstance(again, RoutedBefore) and again.answer == first.answer


def test_a_repeat_of_the_first_routing_after_a_move_puts_no_hold_back() -> None:
    first = apply(waiting(), routing("shelf", hold=ASTRIDS_HOLD), event="e1")
    move = routing("move", "vast/partille", hold=KARINS_HOLD)
    moved = apply(first.item, move, event="e2", sequence=12)
    assert isinstance(apply(moved.item, routing("shelf", hold=ASTRIDS_HOLD), event="e1"), RoutedBefore)


def test_a_move_says_where_the_next_scan_sends_the_item() -> None:
    shelf = item(state="hold_shelf", hold=ASTRIDS_HOLD, asked=asked(2))
    result = apply(shelf, routing("move", "vast/partille", hold=KARINS_HOLD))
    assert isinstance(result, Routed)
    assert (result.item.state, result.item.goes_to, result.item.hold) == (
        "hold_shelf",
        "vast/partille",
        KARINS_HOLD,
    )
    assert result.events == ()


def test_a_move_of_an_item_on_its_way_changes_its_way() -> None:
    travelling = item(state="in_transit", goes_to=BranchId("vast/partille"), hold=KARINS_HOLD, asked=asked(2))
    result = apply(travelling, routing("move", "vast/lerum"))
    assert whereabouts(result) == ("in_transit", "vast/lerum", None)


def test_a_move_that_overtakes_its_routing_routes_the_waiting_item() -> None:
    result = apply(waiting(), routing("move", "vast/lerum", hold=ASTRIDS_HOLD), sequence=12)
    assert (result.item.state, len(result.events)) == ("hold_shelf", 1)
    late = apply(result.item, routing("shelf", hold=KARINS_HOLD), event="late", sequence=11)
    assert isinstance(late, RoutedBefore)
    assert (late.answer.bin, late.answer.hold) == ("shelf", "hold-astrid")


@pytest.mark.parametrize("order", [*permutations((11, 12, 14))])
def test_routings_of_one_scan_end_the_same_in_every_order(order: tuple[int, ...]) -> None:
    told = {
        11: routing("transit", "vast/partille", hold=KARINS_HOLD),
        12: routing("move", "vast/floda", hold=ASTRIDS_HOLD),
        14: routing("move", "vast/partille", hold=KARINS_HOLD),
    }
    copy = waiting()
    for sequence in order:
        result = apply(copy, told[sequence], event=f"e{sequence}", sequence=sequence)
        assert not isinstance(result, Stale)
        copy = result.item if isinstance(result, Routed) else copy
    assert whereabouts(Routed(copy, None, None)) == ("in_transit", "vast/partille", KARINS_HOLD)


def test_a_word_that_nobody_waits_is_older_than_any_decision_of_the_queue() -> None:
    moved = apply(waiting(), routing("move", "vast/partille", hold=KARINS_HOLD), sequence=3)
    late = apply(moved.item, routing("stays"), event="e2", sequence=4711)
    assert isinstance(late, RoutedBefore) and late.answer.hold == "hold-karin"


def test_a_hold_that_is_met_after_the_word_that_nobody_waits_is_refused() -> None:
    stays = apply(waiting(), routing("stays"), event="e1")
    late = apply(stays.item, routing("shelf", hold=ASTRIDS_HOLD), event="e2", sequence=3)
    assert isinstance(late, Stale) and late.refusal.hold == "hold-astrid"


def test_an_imported_hold_puts_its_item_on_the_shelf_and_tells_nobody() -> None:
    one = routing("shelf", hold=ASTRIDS_HOLD, answers=0)
    result = apply(item(), one)
    assert (result.item.state, result.item.hold, result.events) == ("hold_shelf", ASTRIDS_HOLD, ())
    assert isinstance(apply(result.item, one), RoutedBefore)
    assert isinstance(apply(item(state="lost"), one), Stale)
