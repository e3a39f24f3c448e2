"""The benchmark's arithmetic: medians, targets, counts per return, and the chain of the floor."""

from __future__ import annotations

import pytest
from samlan.bench.counts import BYTES, DONE, HANDLED, TOLD, Counts, Work, counts_between, read
from samlan.bench.figures import AT_LEAST, AT_MOST, Figure, Target, medians, times_linear
from samlan.bench.floor import CHAIN, HEARS, how_many, parts_of, reached, shares_of, told_for
from samlan.bench.show import said


def a_work(**fields: float) -> Work:
    nothing = dict.fromkeys(("told", "handled", "reads", "inserts", "updates", "clears", "commands"), 0.0)
    return Work(**{**nothing, "read_bytes": 700, "write_bytes": 200, **fields})  # type: ignore[arg-type]


def counts_of(**events: float) -> Counts:
    told = {"circulation.item_returned.v1": 1.0, "holds.item_routed.v1": 1.0, "answer": 0.9}
    return Counts({name: a_work(reads=2.0, updates=1.0) for name in HEARS}, {**told, **events})


def test_a_figure_is_its_median_and_shows_its_spread() -> None:
    figure = Figure(name="cpu", unit="ms", rounds=[19.0, 30.0, 18.0], target=Target(AT_MOST, 20))
    assert (figure.median, figure.spread, figure.met) == (19.0, (18.0, 30.0), True)
    assert figure.as_json()["target"] == "≤ 20"


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target(AT_LEAST, 0.6), 0.6, True),
        (Target(AT_LEAST, 0.6), 0.59, False),
        (Target(AT_MOST, 20), 20.0, True),
        (Target(AT_MOST, 20), 20.01, False),
    ],
)
def test_a_target_is_met_from_its_very_value_on(target: Target, value: float, met: bool) -> None:
    assert target.met(value) is met


def test_without_a_target_nothing_is_met_or_missed() -> None:
    assert Figure(name="returns", unit="/s", rounds=[1.0]).met is None


def test_scale_is_the_worst_share_of_linear_growth() -> None:
    assert times_linear({1: 10.0, 2: 20.0, 4: 36.0}) == 0.9
    assert times_linear({1: 10.0, 2: 15.0, 4: 40.0}) == 0.75


def test_medians_of_parts_count_what_is_missing_as_nothing() -> None:
    assert medians([{"a": 1.0}, {"a": 3.0, "b": 6.0}, {"a": 2.0}]) == {"a": 2.0, "b": 0.0}


def test_counts_are_what_grew_per_return() -> None:
    before = {"holds": {(TOLD, "holds.item_routed.v1"): 100.0, (DONE, "read"): 50.0}}
    after = {
        "holds": {
            (TOLD, "holds.item_routed.v1"): 110.0, (DONE, "read"): 70.0, (HANDLED, "x"): 10.0,
            (BYTES, "read"): 2_000.0, (DONE, "update"): 5.0, (DONE, "clear"): 10.0, (BYTES, "update"): 500.0,
        }
    }  # fmt: skip
    counts = counts_between(before, after, 10)
    work = counts.services["holds"]
    assert (work.told, work.handled, work.reads, work.updates, work.clears) == (1.0, 1.0, 2.0, 0.5, 1.0)
    assert (work.read_bytes, work.write_bytes) == (100, 100)
    assert counts.events == {"holds.item_routed.v1": 1.0}
    assert counts.as_json()["publishes"] == 2.0  # the kiosk's own among them


def test_metrics_are_read_by_event_type_and_by_kind() -> None:
    text = (
        "# TYPE samlan_messages_handled counter\n"
        'samlan_messages_handled_total{type="a",end="done"} 3\n'
        'samlan_messages_handled_total{type="a",end="retried"} 1\n'
        "# TYPE samlan_datastore_done counter\n"
        'samlan_datastore_done_total{kind="read"} 5\n'
    )
    assert read(text) == {(HANDLED, "a"): 4.0, (DONE, "read"): 5.0}


def test_a_share_of_the_returns_is_spread_evenly() -> None:
    assert how_many(1000, 0.3) == pytest.approx(300, abs=2)
    assert how_many(100, 0.3) == pytest.approx(30, abs=2)
    assert (how_many(7, 1.0), how_many(7, 0.0)) == (7, 0)


def test_a_message_is_told_only_where_the_one_before_it_was() -> None:
    shares = shares_of(counts_of(**{"circulation.item_shelved.v1": 0.1, "holds.hold_ready.v1": 0.3}))
    assert reached("ready", shares) == 0.1
    assert all(told_for(number, 0.3) for number in range(1000) if told_for(number, 0.1))


def test_the_floor_delivers_as_often_as_the_chain_tells() -> None:
    counts = counts_of(**{"circulation.item_shelved.v1": 0.2, "billing.fee_charged.v1": 0.3})
    parts = {part.name: part for part in parts_of(counts, 100, "amqp://", "mongodb://")}
    assert parts["circulation"].deliveries == 200  # each fact and its routing
    assert parts["holds"].deliveries == 100 + how_many(100, 0.2)
    assert parts["billing"].deliveries == 100
    assert parts["notify"].deliveries == 100 + how_many(100, 0.3)
    reads = sum(part.reads * part.deliveries for part in parts.values())
    assert reads == pytest.approx(2.0 * 100 * len(HEARS))
    assert {edge.service for edge in CHAIN} <= set(HEARS)


def test_a_figure_is_said_in_as_many_digits_as_mean_something() -> None:
    assert [said(one) for one in (0.618, 61.8, 618.0, 6180.0)] == ["0.62", "61.8", "618", "6,180"]
