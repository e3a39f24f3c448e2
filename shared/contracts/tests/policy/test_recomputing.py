"""`because` alone, as it is stored, is enough to reckon every figure again; and fees grow with the days."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samlan_contracts.policy import (
    BranchCalendar,
    ItemFacts,
    Money,
    PatronFacts,
    Period,
    PolicyBooks,
    Threshold,
    acts_stopped,
    loan_period,
    may_borrow_more,
    old_enough,
    overdue_fee,
    read_book,
    renewable_with_queue,
    renewals_left,
    shelf_deadline,
    temporary_may,
)

BERGEN = Path(__file__).with_name("bergen.yaml")
MEMBERS = ["bergen", "gladsaxe", "gothenburg", "kungsbacka", "orebro", "vast"]
MATERIALS = ["book", "audiobook", "feature_film", "video_game", "periodical", "board_game", "quick_loan"]
DAYS = st.dates(date(2017, 1, 1), date(2031, 1, 1))
BORN = st.none() | st.dates(date(1940, 1, 1), date(2022, 1, 1))
TIMES = settings(max_examples=120, deadline=None)
Inputs = dict[str, Any]


@pytest.fixture(scope="session")
def six(policies: Path) -> PolicyBooks:
    return PolicyBooks(read_book(BERGEN), *(read_book(path) for path in policies.glob("*.yaml")))


@st.composite
def items(draw: st.DrawFn) -> ItemFacts:
    member = draw(st.sampled_from(MEMBERS))
    own = ["ski_set", "sheet_music"] if member == "bergen" else []
    return ItemFacts(
        member=member, material=draw(st.sampled_from([*MATERIALS, *own])), home=f"{member}/x",
        audience=draw(st.sampled_from(["adult", "child"])), issued=draw(st.none() | DAYS),
        min_age=draw(st.sampled_from([None, 7, 15, 18])),
    )  # fmt: skip


@st.composite
def branches(draw: st.DrawFn) -> BranchCalendar:
    """A branch of any member that is open on some weekdays, closed on some dates."""
    member = draw(st.sampled_from(MEMBERS))
    open_on = draw(st.sets(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1))
    closed = draw(st.lists(DAYS, max_size=3))
    return BranchCalendar.of(
        f"{member}/x",
        {
            "timezone": "Europe/Stockholm", "opening": {day: ["10:00", "19:00"] for day in open_on},
            "closed": [day.isoformat() for day in closed],
            "kind": draw(st.sampled_from(["library", "mobile", "partner"])),
        },
    )  # fmt: skip


def patrons() -> st.SearchStrategy[PatronFacts]:
    return st.builds(PatronFacts, member=st.sampled_from(MEMBERS), born=BORN)


def stored(because: list[Inputs]) -> list[Inputs]:
    """The reasons as a document or a message keeps them."""
    return json.loads(json.dumps(because))  # type: ignore[no-any-return]


def inputs(because: list[Inputs]) -> list[Inputs]:
    return [why["inputs"] for why in stored(because)]


def noon(branch: BranchCalendar, day: date) -> datetime:
    return branch.start_of(day) + timedelta(hours=12)


# -- due dates -----------------------------------------------------------------------------------------------


def due_again(because: list[Inputs]) -> date:
    first, *moved = inputs(because)
    due = Period.parse(first["period"]).after(date.fromisoformat(first["from_day"]))
    for known in moved:
        assert known["counted"] == due.isoformat()
        due += timedelta(days=known["closed_days"])
    return due


@TIMES
@given(
    item=items(), patron=patrons(), branch=branches(), day=DAYS, queue=st.integers(0, 4),
    service=st.sampled_from(["branch", "home_delivery"]),
)  # fmt: skip
def test_a_due_date_is_reckoned_again_from_its_reasons(
    six, item, patron, branch, day, queue, service
) -> None:
    decided = loan_period(
        six, item=item, patron=patron, branch=branch, queue_length=queue, at=noon(branch, day),
        service=service,
    )  # fmt: skip
    assert due_again(decided.because) == decided.value


@TIMES
@given(item=items(), patron=patrons(), branch=branches(), day=DAYS, queue=st.integers(0, 4))
def test_one_more_who_waits_never_lengthens_a_loan(six, item, patron, branch, day, queue) -> None:
    asked = {"item": item, "patron": patron, "branch": branch, "at": noon(branch, day)}
    shorter, longer = (loan_period(six, queue_length=count, **asked).value for count in (queue + 1, queue))
    assert shorter <= longer


# -- overdue fees --------------------------------------------------------------------------------------------


def fee_again(because: list[Inputs]) -> tuple[int, int]:
    """What is owed and for how many days, from the reasons alone: caps count for all parts of their rule."""
    days, charged = 0, dict[str, int]()
    for why in stored(because):
        known = why["inputs"]
        if "per_day" not in known:
            continue
        amount = known["per_day"]["amount"] * known["days_late"]
        if "at_most" in known:
            amount = max(0, min(amount, known["at_most"]["amount"] - charged.get(why["rule"], 0)))
        assert amount == known["amount"]["amount"]
        charged[why["rule"]] = charged.get(why["rule"], 0) + amount
        days += known["days_late"]
    return sum(charged.values()), days


@TIMES
@given(item=items(), patron=patrons(), branch=branches(), due=DAYS, days=st.integers(0, 90))
def test_a_fee_is_reckoned_again_from_its_reasons(six, item, patron, branch, due, days) -> None:
    returned_at = noon(branch, due + timedelta(days=days))
    fee = overdue_fee(six, item=item, patron=patron, due=due, returned_at=returned_at, branch=branch)
    assert fee_again(fee.because) == (fee.value.total.amount_minor, fee.value.days_late)


@TIMES
@given(item=items(), patron=patrons(), branch=branches(), due=DAYS, days=st.integers(0, 90))
def test_a_fee_never_falls_when_a_day_is_added(six, item, patron, branch, due, days) -> None:
    fees = [
        overdue_fee(
            six, item=item, patron=patron, due=due, branch=branch,
            returned_at=noon(branch, due + timedelta(days=late)),
        ).value
        for late in (days, days + 1)
    ]  # fmt: skip
    assert fees[0].total <= fees[1].total
    assert fees[0].days_late <= fees[1].days_late


TARIFF = """  - {id: late, cites: [N06], until: 2026-12-31, per_day: "%s", at_most: "%s"}
  - {id: late, cites: [N06], from: 2027-01-01, per_day: "%s", at_most: "%s"}
"""
WRITTEN = '  - {id: late, cites: [N06], until: 2026-12-31, per_day: "1.50"}\n' + (
    '  - {id: late, cites: [N06], from: 2027-01-01, per_day: "2.50"}\n'
)
AMOUNTS = st.integers(0, 30).map(lambda kroner: f"{kroner}.00")


@settings(max_examples=60, deadline=None)
@given(
    written=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), days=st.integers(0, 40),
    due=st.dates(date(2026, 12, 1), date(2027, 1, 20)),
)  # fmt: skip
def test_whatever_the_tariffs_a_fee_grows_within_one_of_them_and_is_reckoned_again(
    tmp_path_factory, written, days, due
) -> None:
    """Any two tariffs with any caps: within one of them no day makes the fee smaller."""
    text = BERGEN.read_text(encoding="utf-8")
    assert WRITTEN in text
    path = tmp_path_factory.mktemp("tariffs") / "bergen.yaml"
    path.write_text(text.replace(WRITTEN, TARIFF % written), encoding="utf-8")
    books = PolicyBooks(read_book(path))
    everyday = {day: ["10:00", "19:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    branch = BranchCalendar.of("bergen/x", {"timezone": "Europe/Oslo", "opening": everyday})
    late = {
        "item": ItemFacts(member="bergen", material="book"), "branch": branch, "due": due,
        "patron": PatronFacts(member="bergen"),
    }  # fmt: skip
    before, after = (
        overdue_fee(books, returned_at=noon(branch, due + timedelta(days=n)), **late)
        for n in (days, days + 1)
    )
    assert fee_again(after.because) == (after.value.total.amount_minor, after.value.days_late)
    if len(before.value.parts) == len(after.value.parts):
        assert before.value.total <= after.value.total


# -- refusals ------------------------------------------------------------------------------------------------

REFUSES = {
    "too_young": lambda known: known["age"] < known["min_age"],
    "too_many_loans": lambda known: known["on_loan"] >= known["max_loans"],
    "no_renewals_left": lambda known: known["renewals"] >= known["max_renewals"],
    "others_are_waiting": lambda known: known["holds_waiting"] >= known["refused_with_holds"],
    "temporary_may_not": lambda known: known["act"] not in known["may"],
}


@TIMES
@given(
    item=items(), patron=patrons(), branch=branches(), day=DAYS, count=st.integers(0, 6),
    queue=st.integers(0, 4),
)  # fmt: skip
def test_a_refusal_is_reckoned_again_from_its_reasons(six, item, patron, branch, day, count, queue) -> None:
    asked = {"item": item, "patron": patron, "branch": branch, "at": noon(branch, day)}
    on_loan = {item.material: count, "book": count}
    for sentence, decided in (
        ("too_young", old_enough(six, **asked)),
        ("too_many_loans", may_borrow_more(six, on_loan=on_loan, **asked)),
        ("no_renewals_left", renewals_left(six, renewals=count, **asked)),
        ("others_are_waiting", renewable_with_queue(six, queue_length=queue, **asked)),
        ("temporary_may_not", temporary_may(six, member=patron.member, act="borrow", on=day)),
    ):
        known = [one for one in inputs(decided.because) if sentence != "too_young" or "age" in one]
        if decided.because and known:
            assert any(REFUSES[sentence](one) for one in known) is not decided.value
        else:
            assert decided.value


@TIMES
@given(
    member=st.sampled_from(MEMBERS), born=BORN, day=DAYS, owed=st.integers(0, 30_000),
    cause=st.sampled_from(["debt", "invoice", "lost_card", "staff"]),
)  # fmt: skip
def test_a_block_is_reckoned_again_from_its_reasons(six, member, born, day, owed, cause) -> None:
    currency = six.book(member).currency
    age = PatronFacts(member=member, born=born).age_on(day)
    decided = acts_stopped(
        six, member=member, cause=cause, on=day, age=age, balance=Money(owed, currency), creditor=member
    )
    if not decided.because:
        assert decided.value == frozenset()
        return
    (known,) = inputs(decided.because)
    if "never_under" in known:
        assert known["age"] < known["never_under"]
        assert decided.value == frozenset()
    elif "threshold" in known:
        limit = Threshold.parse(known["threshold"], known["balance"]["currency"])
        met = limit.met_by(Money(known["balance"]["amount"], known["balance"]["currency"]))
        assert decided.value == (set(known["stops"]) if met else set())
    else:
        assert decided.value == set(known["stops"])


@TIMES
@given(patron=st.sampled_from(MEMBERS), branch=branches(), day=DAYS)
def test_a_last_day_on_the_shelf_is_never_before_its_first(six, patron, branch, day) -> None:
    decided = shelf_deadline(six, pickup=branch, patron_member=patron, ready_at=noon(branch, day))
    (known,) = inputs(decided.because)
    assert known["last_day"] == decided.value.isoformat()
    if known["counts"] == "every_day":
        shelf_time = Period.parse(known["shelf_time"])
        assert date.fromisoformat(known["ready_day"]) <= shelf_time.after(day) <= decided.value
