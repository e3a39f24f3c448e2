"""Which notices go in one message."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from samlan_notify.domain.company import Company, company_of
from samlan_notify.domain.notice import Notice, again, ride, take

from .cast import NOON


def fee(at: float, *, wait: float = 5, **more: object) -> Notice:
    due = NOON + timedelta(seconds=at)
    closes = due + timedelta(seconds=wait)
    notice = Notice(
        kind="fee_charged", cause="e", patron="anna", member="vast", due_at=due, closes_at=closes, when=closes
    )
    return replace(notice, **more)  # type: ignore[arg-type]


def test_what_falls_due_while_the_first_one_waits_rides_with_it() -> None:
    assert company_of({"a": fee(0), "b": fee(5), "c": fee(5.001), "d": fee(2)}) == Company("a", ("d", "b"))


def test_two_at_the_same_instant_are_told_apart_by_their_ids_only() -> None:
    for order in permutations("abc"):
        assert company_of({key: fee(0) for key in order}) == Company("a", ("b", "c"))


def test_a_message_on_its_way_takes_nobody_else_and_holds_nobody_up() -> None:
    going = take(fee(0), channel="email", to="patron", carries=("b",), machine_now=NOON)
    riding = ride(fee(1), on="a", to="patron", machine_now=NOON)
    assert company_of({"a": going, "b": riding, "c": fee(2)}) == Company("c")


def test_nobody_chooses_while_another_replica_is_choosing() -> None:
    going = take(fee(0), channel="email", to="patron", carries=("b",), machine_now=NOON)
    assert company_of({"a": going, "b": fee(1), "c": fee(2)}) is None


def test_a_message_that_failed_keeps_its_own_company() -> None:
    failed = again(
        take(fee(0), channel="email", to="patron", carries=("b",), machine_now=NOON),
        machine_now=NOON, went_out=False, missed=False,
    )  # fmt: skip
    assert company_of({"a": failed, "b": ride(fee(1), on="a", to="patron", machine_now=NOON)}) is None


def test_a_message_that_may_have_gone_out_alone_stays_alone() -> None:
    unknown = again(
        take(fee(0), channel="email", to="patron", carries=(), machine_now=NOON),
        machine_now=NOON, went_out=True, missed=False,
    )  # fmt: skip
    assert company_of({"a": unknown, "b": fee(1)}) == Company("b")


@given(st.dictionaries(st.text("abcdef", min_size=1), st.floats(0, 60), min_size=1, max_size=12))
def test_every_notice_ends_in_exactly_one_message(times: dict[str, float]) -> None:
    left = {key: fee(at) for key, at in times.items()}
    seen: list[str] = []
    while left:
        company = company_of(left)
        assert company is not None
        seen += company.all
        left = {key: one for key, one in left.items() if key not in company.all}
    assert sorted(seen) == sorted(times)
