"""Latencies as two figures that were met."""

from __future__ import annotations

import pytest
from samlan.playing import Spread


@pytest.mark.parametrize(
    ("values", "p50", "p99"),
    [
        ([], None, None),
        ([7.04], 7.0, 7.0),
        ([1, 2], 1, 2),
        ([3, 1, 2], 2, 3),
        (list(range(1, 101)), 50, 99),
        (list(range(1, 201)), 100, 198),
    ],
)
def test_median_and_99th_percentile_are_the_nearest_ranks(
    values: list[float], p50: float | None, p99: float | None
) -> None:
    assert Spread.of(values).as_json() == {"p50": p50, "p99": p99}
