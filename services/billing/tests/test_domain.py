"""The ledger's rules as stories: what happened, and what the ledger then says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samlan_billing.domain import desk, paying
from samlan_billing.domain.charging import Charge, assessed, charge_late_days, note_end, surely_in_time
from samlan_billing.domain.importing import FeeRow, fee_of, with_imported
from samlan_billing.domain.ledger import Account, Booked, Known, Ledger
from samlan_billing.domain.paying import Paid, Payment, Waived, Waiver
from samlan_billing.domain.refusals import Refused
from samlan_billing.domain.standing import judged
from samlan_billing.store.coding import changes, dump_ledger, load_ledger
from samlan_contracts.event import Event
from samlan_contracts.events.billing import (
    DebtLimitCleared,
    DebtLimitReached,
    FeeCharged,
    FeeCorrected,
    FeePaid,
)
from samlan_contracts.policy import (
    BranchCalendar,
    Money,
    PatronFacts,
    PolicyBooks,
    check_book,
    waiver_limit,
)
from samlan_contracts.shapes import ClosedLoan, Thing

BOOKS = PolicyBooks.load(Path(__file__).parents[3] / "policies")
DUE = date(2026, 10, 30)
NOON = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
ZONES = {"gladsaxe": "Europe/Copenhagen"}
OPEN = {day: ["08:00", "20:00"] for day in ("mon", "tue", "wed", "thu", "fri")}

RODA_RUMMET = Thing(
    item="i1", title="t1", member="kungsbacka", home="kungsbacka/stadsbiblioteket", material="book"
)
FANNY = RODA_RUMMET.model_copy(update={"item": "i2", "material": "feature_film"})
MIO = RODA_RUMMET.model_copy(update={"item": "i3", "audience": "child"})
GROWN = date(1980, 2, 29)
CHILD = date(2014, 6, 1)


def calendar(member: str) -> BranchCalendar:
    return BranchCalendar.of(
        f"{member}/b", {"timezone": ZONES.get(member, "Europe/Stockholm"), "opening": OPEN}
    )


@dataclass
class Story:
    """Karin and her ledger; each step is one command or event, and tells what it told."""

    born: date | None = GROWN
    member: str = "kungsbacka"
    ledger: Ledger = field(default_factory=lambda: Ledger(patron="karin"))
    known: Known = field(default_factory=Known)
    told: list[Event] = field(default_factory=list)
    answer: Any = None
    steps: int = 0

    def _take(self, booked: Booked | None) -> Self:
        self.told = list(booked.told) if booked else []
        self.steps += 1
        if booked:
            stored = dump_ledger(booked.ledger)
            assert load_ledger({"_id": "karin", **stored}) == booked.ledger
            self.ledger = booked.ledger
        return self

    def _closing(self, thing: Thing, days_late: int, loan: str) -> Charge:
        closed = ClosedLoan(
            loan=loan, patron="karin", patron_member=self.member, born=self.born, branch=f"{thing.member}/b",
            borrowed_at=datetime(2026, 10, 1, 9, tzinfo=UTC), due=DUE,
            returned_at=datetime(DUE.year, DUE.month, DUE.day, 11, tzinfo=UTC) + timedelta(days=days_late),
        )  # fmt: skip
        return assessed(
            closed, thing, BOOKS, calendar(thing.member), fee=f"fee-{loan}", at=NOON, cause=f"e{self.steps}"
        )

    def returned(self, thing: Thing = RODA_RUMMET, *, days_late: int, loan: str = "l1") -> Self:
        wanted = self._closing(thing, days_late, loan)
        return self._take(charge_late_days(self.ledger, wanted, f"e-{loan}", self.known, BOOKS, NOON))

    def closing_moved(self, thing: Thing = RODA_RUMMET, *, days_late: int, loan: str = "l1") -> Self:
        wanted = self._closing(thing, days_late, loan)
        return self._take(note_end(self.ledger, wanted, f"c-{loan}-{days_late}", self.known, BOOKS, NOON))

    def owes(
        self, amount: int, *, member: str = "kungsbacka", currency: str = "SEK", fee: str = "f1"
    ) -> Self:
        row = FeeRow(
            fee=fee,
            patron="karin",
            member=member,
            kind="other",
            amount=amount,
            currency=currency,
            charged_at=NOON,
        )
        ledger = with_imported(
            self.ledger, [fee_of(row, BOOKS, NOON)], {"member": self.member, "born": _text(self.born)}
        )
        return self._take(judged(ledger, BOOKS, NOON))

    def pays(self, *fees: str, payment: str = "p1") -> Self:
        command = Payment(id=payment, fees=fees, at=NOON)
        self.answer, booked = paying.pay(self.ledger, command, self.known, BOOKS, NOON)
        return self._take(booked)

    def is_forgiven(
        self, amount: int | None = None, *, fee: str = "fee-l1", waiver: str = "w1", operator: bool = False
    ) -> Self:
        limit = waiver_limit(BOOKS, member=self.ledger.fees[fee].member, on=NOON.date())
        command = Waiver(id=waiver, fee=fee, amount_minor=amount, why="kind", unlimited=operator, at=NOON)
        self.answer, booked = paying.waive(self.ledger, command, limit, BOOKS, NOON)
        return self._take(booked)

    def settled_fees_leave(self) -> Self:
        leaving = {fee.id: fee for fee in self.ledger.to_move}
        self.told = []
        self.ledger = self.ledger.without(leaving)
        self.known = Known(moved=self.ledger.moved, fees={**self.known.fees, **leaving})
        return self

    def owed(self, member: str = "kungsbacka", currency: str = "SEK") -> int:
        return self.ledger.balances.get(Account(member, currency), 0)

    def stopped(self) -> dict[str, tuple[str, ...]]:
        return {block.member: block.stops for block in self.ledger.blocks}

    def refused(self) -> list[tuple[str, str | None]]:
        assert isinstance(self.answer, Refused)
        return [(one.reason, one.fee) for one in self.answer.reasons]


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


# -- charging ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days_late", "owed"), [(0, 0), (1, 300), (2, 600), (9, 2700)])
def test_an_adult_book_costs_three_kronor_for_each_late_day(days_late: int, owed: int) -> None:
    assert Story().returned(days_late=days_late).owed() == owed


def test_a_feature_film_costs_five_kronor_a_day() -> None:
    assert Story().returned(FANNY, days_late=3).owed() == 1500


def test_late_days_are_owed_to_the_member_whose_rule_charges_them() -> None:
    """Where a book lets the branch's rules count for fees, what it charges is its own, in its currency."""
    text = (Path(__file__).parents[3] / "policies" / "gladsaxe.yaml").read_text(encoding="utf-8")
    assert "overdue_fees: item" in text
    book, _ = check_book(text.replace("overdue_fees: item", "overdue_fees: branch"), "gladsaxe.yaml")
    assert book is not None
    books = PolicyBooks(book, BOOKS.book("kungsbacka"))
    late = ClosedLoan(
        loan="l1", patron="karin", patron_member="kungsbacka", born=GROWN, branch="gladsaxe/b",
        borrowed_at=NOON - timedelta(days=40), due=DUE, returned_at=NOON,
    )  # fmt: skip
    cost = assessed(late, RODA_RUMMET, books, calendar("gladsaxe"), fee="f", at=NOON, cause="e")
    assert (cost.member, cost.amount) == ("gladsaxe", Money(600, "DKK"))
    home = assessed(late, RODA_RUMMET, books, calendar("kungsbacka"), fee="f", at=NOON, cause="e")
    assert (home.member, home.amount) == ("kungsbacka", Money(900, "SEK"))


def test_childrens_media_cost_an_adult_nothing() -> None:
    assert Story().returned(MIO, days_late=9).ledger.fees == {}


def test_a_child_is_never_charged_for_being_late() -> None:
    story = Story(born=CHILD).returned(days_late=9)
    assert (story.ledger.fees, story.told) == ({}, [])


def test_the_fee_that_is_told_is_the_fee_that_is_booked() -> None:
    story = Story().returned(days_late=2)
    assert [(one.fee, one.amount_minor, one.title) for one in story.told if isinstance(one, FeeCharged)] == [
        ("fee-l1", 600, "t1")
    ]
    assert story.ledger.fees["fee-l1"].because[0]["rule"] == "kungsbacka/adult_media"


def test_a_second_return_of_the_same_loan_changes_nothing() -> None:
    story = Story().returned(days_late=2)
    before = story.ledger
    assert story.returned(days_late=5).ledger is before
    assert story.told == []


def test_a_second_return_changes_nothing_when_the_fee_was_paid_and_has_left() -> None:
    story = Story().returned(days_late=2).pays("fee-l1").settled_fees_leave()
    assert story.returned(days_late=2).told == []
    assert story.ledger.fees == {}


def test_a_return_of_somebody_erased_charges_nobody() -> None:
    story = Story(ledger=Ledger(patron="karin", erased=True))
    assert story.returned(days_late=2).told == []
    assert story.closing_moved(days_late=2).told == []


def test_a_return_on_the_due_date_is_in_time_in_every_zone_only_when_it_surely_is() -> None:
    loan = ClosedLoan(
        loan="l", patron="p", patron_member="vast", branch="vast/lerum",
        borrowed_at=NOON, due=DUE, returned_at=datetime(2026, 10, 30, 9, 59, tzinfo=UTC),
    )  # fmt: skip
    assert surely_in_time(loan)
    assert not surely_in_time(loan.model_copy(update={"returned_at": datetime(2026, 10, 30, 10, tzinfo=UTC)}))


# -- an earlier return becomes known -------------------------------------------------------------------------


def test_an_earlier_return_lowers_the_fee_by_a_correction_that_names_it() -> None:
    story = Story().returned(days_late=5).closing_moved(days_late=2)
    fee = story.ledger.fees["fee-l1"]
    assert [(one.kind, one.amount_minor, one.corrects) for one in fee.entries] == [
        ("charge", 1500, None),
        ("correction", -900, "fee-l1"),
    ]
    assert story.owed() == 600
    assert [one.amount_minor for one in story.told if isinstance(one, FeeCorrected)] == [900]


def test_an_earlier_return_never_raises_a_fee() -> None:
    story = Story().returned(days_late=2).closing_moved(days_late=5)
    assert (story.owed(), story.told) == (600, [])


def test_the_same_earlier_return_twice_lowers_once() -> None:
    assert Story().returned(days_late=5).closing_moved(days_late=2).closing_moved(days_late=2).owed() == 600


def test_an_earlier_return_in_time_leaves_nothing_owed() -> None:
    story = Story().returned(days_late=5).closing_moved(days_late=0)
    assert story.owed() == 0
    assert [fee.id for fee in story.ledger.to_move] == ["fee-l1"]


def test_an_earlier_return_that_comes_first_charges_its_own_days_and_the_later_return_nothing() -> None:
    assert Story().closing_moved(days_late=2).returned(days_late=5).owed() == 600


def test_an_earlier_return_in_time_that_comes_first_keeps_the_later_return_from_charging() -> None:
    story = Story().closing_moved(days_late=0)
    marker = story.ledger.fees["fee-l1"]
    assert (marker.item, marker.loan, story.told) == (None, None, [])
    assert story.settled_fees_leave().returned(days_late=5).owed() == 0
    assert story.ledger.fees == {}


def test_what_was_overpaid_stands_as_a_credit() -> None:
    story = Story().returned(days_late=5).pays("fee-l1").settled_fees_leave().closing_moved(days_late=2)
    assert (story.ledger.fees["fee-l1"].outstanding, story.owed()) == (-900, -900)


def test_what_was_waived_is_not_given_back() -> None:
    story = Story().returned(days_late=5).is_forgiven(1000).closing_moved(days_late=0)
    assert story.owed() == 0
    assert story.closing_moved(days_late=0).told == []


def test_a_fee_of_which_only_amount_kind_and_date_are_left_is_past_any_change() -> None:
    story = Story(known=Known(gone=frozenset({"fee-l1"})))
    assert story.closing_moved(days_late=2).ledger.fees == {}
    assert story.returned(days_late=9).ledger.fees == {}


# -- paying --------------------------------------------------------------------------------------------------


def test_a_payment_settles_its_fees_and_tells_so() -> None:
    story = Story().returned(days_late=2).returned(FANNY, days_late=1, loan="l2").pays("fee-l1", "fee-l2")
    assert isinstance(story.answer, Paid)
    assert (story.answer.taken, story.owed()) == (Money(1100, "SEK"), 0)
    assert [(one.fees, one.amount_minor) for one in story.told if isinstance(one, FeePaid)] == [
        (("fee-l1", "fee-l2"), 1100)
    ]


def test_what_is_paid_is_not_paid_again() -> None:
    story = Story().returned(days_late=2).pays("fee-l1")
    assert story.pays("fee-l1", payment="p2").refused() == [("already_paid", "fee-l1")]
    assert story.settled_fees_leave().pays("fee-l1", payment="p3").refused() == [("already_paid", "fee-l1")]


def test_a_payment_is_all_or_nothing_and_names_every_reason() -> None:
    story = Story().returned(days_late=2).returned(FANNY, days_late=1, loan="l2").pays("fee-l2")
    story.owes(2500, member="gladsaxe", currency="DKK", fee="dk").pays(
        "fee-l1", "fee-l2", "dk", "nobodys", payment="p2"
    )
    assert story.refused() == [
        ("unknown_fee", "nobodys"),
        ("already_paid", "fee-l2"),
        ("other_currency", "dk"),
    ]
    assert story.owed() == 600


def test_the_same_payment_again_is_answered_the_same_and_booked_once() -> None:
    story = Story().returned(days_late=2).pays("fee-l1")
    first = story.answer
    assert story.pays("fee-l1").answer == first
    assert story.told == []
    assert story.settled_fees_leave().pays("fee-l1").answer == first


def test_a_credit_pays_first_within_its_member_and_currency() -> None:
    story = Story().returned(days_late=5).pays("fee-l1").settled_fees_leave().closing_moved(days_late=2)
    story.owes(500, member="vast", fee="v").pays("v", payment="p2")
    assert story.answer.credit_minor == 0
    story.returned(FANNY, days_late=3, loan="l2").pays("fee-l2", payment="p3")
    assert (story.answer.taken, story.answer.credit_minor) == (Money(600, "SEK"), 900)
    assert (story.owed(), story.ledger.fees["fee-l1"].outstanding) == (0, 0)


def test_a_credit_larger_than_the_fee_leaves_the_rest() -> None:
    story = Story().returned(days_late=9).pays("fee-l1").settled_fees_leave().closing_moved(days_late=1)
    story.returned(FANNY, days_late=1, loan="l2").pays("fee-l2", payment="p2")
    assert (story.answer.taken.amount_minor, story.answer.credit_minor, story.owed()) == (0, 500, -1900)


def test_a_credit_is_not_a_debt_to_pay() -> None:
    story = Story().returned(days_late=5).pays("fee-l1").settled_fees_leave().closing_moved(days_late=2)
    assert story.pays("fee-l1", payment="p2").refused() == [("already_paid", "fee-l1")]
    assert story.owed() == -900


def test_a_settled_fee_leaves_and_one_that_changed_meanwhile_stays() -> None:
    story = Story().returned(days_late=5).pays("fee-l1")
    leaving = {fee.id: fee for fee in story.ledger.to_move}
    assert story.ledger.without(leaving).moved == 1
    story.closing_moved(days_late=2)
    assert story.ledger.without(leaving) == story.ledger


# -- waiving -------------------------------------------------------------------------------------------------


def test_a_part_of_a_fee_is_forgiven_or_all_of_it() -> None:
    story = Story().returned(days_late=5).is_forgiven(400)
    assert isinstance(story.answer, Waived)
    assert (story.answer.amount_minor, story.owed()) == (400, 1100)
    assert story.is_forgiven(waiver="w2").owed() == 0


def test_the_same_waiver_again_forgives_once() -> None:
    assert Story().returned(days_late=5).is_forgiven(400).is_forgiven(400).owed() == 1100


def test_no_more_is_forgiven_than_is_owed_and_nothing_of_what_is_settled() -> None:
    story = Story().returned(days_late=1).is_forgiven(301)
    assert story.refused() == [("amount_above_outstanding", "fee-l1")]
    assert story.is_forgiven(waiver="w2").is_forgiven(waiver="w3").refused() == [("already_paid", "fee-l1")]


def test_the_desk_forgives_up_to_the_limit_of_the_book_and_an_operator_more() -> None:
    limit = waiver_limit(BOOKS, member="kungsbacka", on=NOON.date()).value.amount_minor
    story = Story().owes(limit + 1).is_forgiven(fee="f1")
    assert story.refused() == [("waiver_limit", "f1")]
    assert story.answer.reasons[0].because
    assert story.is_forgiven(limit, fee="f1", waiver="w2").owed() == 1
    assert story.is_forgiven(1, fee="f1", waiver="w3").refused() == [("waiver_limit", "f1")]
    assert story.is_forgiven(1, fee="f1", waiver="w4", operator=True).owed() == 0


# -- debts that stop -----------------------------------------------------------------------------------------

ALL_ACTS = ("book_computer", "borrow", "hold", "renew", "staffless")


def test_kungsbacka_stops_above_a_hundred_kronor_and_not_at_a_hundred() -> None:
    story = Story().owes(10000)
    assert (story.stopped(), story.told) == ({}, [])
    assert story.owes(1, fee="f2").stopped() == {"kungsbacka": ALL_ACTS}
    assert [type(one) for one in story.told] == [DebtLimitReached]


def test_orebro_stops_borrowing_from_fifty_kronor() -> None:
    story = Story(member="orebro").owes(4999, member="orebro")
    assert story.stopped() == {}
    assert story.owes(1, member="orebro", fee="f2").stopped() == {"orebro": ("borrow",)}


def test_orebro_never_stops_a_child_until_the_birthday_that_ends_it() -> None:
    story = Story(member="orebro", born=date(2008, 11, 3)).owes(9000, member="orebro")
    assert (story.stopped(), story.ledger.review_at) == ({}, datetime(2026, 11, 2, 23, tzinfo=UTC))
    before = judged(story.ledger, BOOKS, datetime(2026, 11, 2, 22, 59, tzinfo=UTC)).ledger
    assert before.blocks == ()
    grown = judged(story.ledger, BOOKS, datetime(2026, 11, 2, 23, tzinfo=UTC))
    assert [one.stops for one in grown.ledger.blocks] == [("borrow",)]
    assert grown.ledger.review_at is None


@pytest.mark.clause("K28")
def test_a_coming_limit_takes_effect_by_itself_on_its_first_day() -> None:
    """From December the book stops at two hundred kronor, and holds only: both debts are judged that day."""
    text = (Path(__file__).parents[3] / "policies" / "kungsbacka.yaml").read_text(encoding="utf-8")
    now = """    cause: debt
    when: "> 100.00 SEK"
    stops: [borrow, renew, hold, book_computer, staffless]
    lifted_by: [payment, return]
"""
    then = now.replace("100.00", "200.00").replace("borrow, renew, hold, book_computer, staffless", "hold")
    rule = "  - id: debt_over_100\n    cites: [K28, K29]\n"
    assert rule + now in text
    coming = f"{rule}    until: 2026-11-30\n{now}{rule}    from: 2026-12-01\n{then}"
    book, mistakes = check_book(text.replace(rule + now, coming), "kungsbacka.yaml")
    assert book and not mistakes
    books, first = PolicyBooks(book), datetime(2026, 11, 30, 23, tzinfo=UTC)
    for owed, stops in ((15000, []), (25000, [("hold",)])):
        ledger = judged(Story().owes(owed).ledger, books, NOON).ledger
        assert ([one.stops for one in ledger.blocks], ledger.review_at) == ([ALL_ACTS], first)
        after = judged(ledger, books, first)
        assert [one.stops for one in after.ledger.blocks] == stops
        assert (after.ledger.review_at, len(after.told)) == (None, 1)


def test_debts_to_different_members_never_add_up() -> None:
    story = Story().owes(6000).owes(6000, member="vast", fee="f2")
    assert story.stopped() == {}


def test_danish_kroner_never_count_as_swedish() -> None:
    story = Story().owes(9000).owes(9000, member="gladsaxe", currency="DKK", fee="f2")
    assert (story.stopped(), story.owed(), story.owed("gladsaxe", "DKK")) == ({}, 9000, 9000)


def test_paying_lifts_the_block_and_tells_what_still_stops() -> None:
    story = Story().owes(10001).pays("f1")
    assert [type(one) for one in story.told] == [FeePaid, DebtLimitCleared]
    assert story.stopped() == {}


def test_of_two_debts_that_stop_one_is_paid_and_the_other_stops_still() -> None:
    story = Story().owes(10001).owes(10001, member="vast", fee="f2").pays("f1")
    (cleared,) = [one for one in story.told if isinstance(one, DebtLimitCleared)]
    assert [one.member for one in cleared.blocks] == ["vast"]
    assert story.stopped() == {"vast": ALL_ACTS}


def test_a_debt_that_grows_above_the_limit_is_told_once() -> None:
    story = Story().owes(10001).owes(500, fee="f2")
    assert story.told == []


def test_a_correction_lifts_the_block_too() -> None:
    story = Story().owes(9000).returned(days_late=5).closing_moved(days_late=1)
    assert [type(one) for one in story.told] == [FeeCorrected, DebtLimitCleared]


# -- the desk ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "born", "pages", "minor"),
    [
        ("card", GROWN, 1, 2500),
        ("card", CHILD, 1, 1000),
        ("print_a4_bw", GROWN, 4, 1200),
        ("interlibrary", GROWN, 1, 2000),
    ],
)
def test_the_desk_charges_what_the_book_says(kind: str, born: date, pages: int, minor: int) -> None:
    wanted = desk.DeskFee(member="kungsbacka", kind=kind, pages=pages)
    found = desk.price(wanted, PatronFacts(member="kungsbacka", born=born), BOOKS, NOON.date())
    assert not isinstance(found, Refused)
    assert found.value == Money(minor, "SEK")
    assert found.because


@pytest.mark.parametrize(
    ("member", "kind", "amount", "reason"),
    [
        ("kungsbacka", "card", 1, "amount_not_wanted"),
        ("kungsbacka", "interlibrary_copy", None, "amount_needed"),
        ("kungsbacka", "moonlight", None, "unknown_kind"),
        ("atlantis", "card", None, "unknown_member"),
    ],
)
def test_the_desk_cannot_name_a_price_where_the_book_has_one(
    member: str, kind: str, amount: int | None, reason: str
) -> None:
    wanted = desk.DeskFee(member=member, kind=kind, actual_minor=amount)
    found = desk.price(wanted, PatronFacts(member="kungsbacka", born=GROWN), BOOKS, NOON.date())
    assert isinstance(found, Refused)
    assert [one.reason for one in found.reasons] == [reason]


def test_an_interlibrary_copy_costs_what_it_cost() -> None:
    wanted = desk.DeskFee(member="kungsbacka", kind="interlibrary_copy", actual_minor=4210)
    found = desk.price(wanted, PatronFacts(member="kungsbacka", born=GROWN), BOOKS, NOON.date())
    assert not isinstance(found, Refused)
    assert found.value == Money(4210, "SEK")


# -- whatever the order --------------------------------------------------------------------------------------

closings = st.tuples(st.sampled_from(["returned", "closing_moved"]), st.integers(-2, 40))
steps = st.lists(
    st.one_of(
        st.tuples(closings, st.sampled_from(["l1", "l2"]), st.sampled_from([RODA_RUMMET, FANNY])),
        st.tuples(st.just("pays"), st.sampled_from(["l1", "l2"]), st.integers(0, 3)),
        st.tuples(st.just("waives"), st.sampled_from(["l1", "l2"]), st.integers(1, 2000)),
        st.just("leave"),
    ),
    max_size=25,
)


def play(story: Story, step: Any) -> None:
    story.told = []
    match step:
        case "leave":
            story.settled_fees_leave()
        case ("pays", loan, number):
            story.pays(f"fee-{loan}", payment=f"p{number}")
        case ("waives", loan, amount) if f"fee-{loan}" in story.ledger.fees:
            story.is_forgiven(amount, fee=f"fee-{loan}", waiver=f"w{amount}")
        case ((kind, days_late), loan, _):
            getattr(story, kind)(RODA_RUMMET if loan == "l1" else FANNY, days_late=days_late, loan=loan)


@settings(deadline=None)
@given(steps)
def test_a_balance_is_the_sum_of_its_entries_whatever_happens(told: list[Any]) -> None:
    story = Story()
    for step in told:
        before = story.ledger
        play(story, step)
        entries = sum(one.amount_minor for fee in story.ledger.fees.values() for one in fee.entries)
        assert story.owed() == entries
        assert all(fee.charged >= 0 for fee in story.ledger.fees.values())
        assert_stored_alike(before, story.ledger)


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_no_order_of_news_doubles_a_fee_and_the_lowest_amount_wins(moved: list[int], chance: Any) -> None:
    latest = max(moved)
    news = [("returned", latest), *(("closing_moved", days) for days in moved)]
    news += chance.sample(news, chance.randrange(len(news)))
    chance.shuffle(news)
    story, charged = Story(), 0
    for kind, days in news:
        getattr(story, kind)(days_late=days)
        charged += len([one for one in story.told if isinstance(one, FeeCharged)])
        if chance.random() < 0.3:
            story.settled_fees_leave()
    assert story.owed() == min(moved) * 300
    assert charged <= 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_a_fee_never_rises_by_an_earlier_return(moved: list[int]) -> None:
    story = Story().returned(days_late=41)
    for days in moved:
        before = story.owed()
        assert story.closing_moved(days_late=days).owed() <= before


@settings(deadline=None)
@given(steps)
def test_money_taken_is_never_more_than_was_charged_and_never_lost(told: list[Any]) -> None:
    story, taken = Story(), 0
    for step in told:
        play(story, step)
        taken += sum(
            one.amount_minor for one in story.told if isinstance(one, FeePaid) and one.kind == "payment"
        )
    fees = {**story.known.fees, **story.ledger.fees}.values()
    assert taken == -sum(fee.sum_of("payment") for fee in fees)
    assert sum(fee.sum_of("credit") for fee in fees) == 0


def assert_stored_alike(before: Ledger, after: Ledger) -> None:
    """The operators of a change leave in the datastore what storing the whole ledger would."""
    stored, operators = dump_ledger(before), changes(before, after)
    for path, value in operators.get("$set", {}).items():
        name, _, place = path.partition(".")
        if place:
            stored[name][int(place)] = value
        else:
            stored[name] = value
    for name, value in operators.get("$push", {}).items():
        stored[name] = [*stored.get(name, []), *value["$each"]]
    for name in operators.get("$unset", {}):
        del stored[name]
    assert {k: v for k, v in stored.items() if v} == {k: v for k, v in dump_ledger(after).items() if v}


def test_a_change_of_one_fee_and_the_addition_of_another_are_stored_together() -> None:
    story = Story().returned(days_late=2)
    before = story.ledger
    story.closing_moved(days_late=1).returned(FANNY, days_late=1, loan="l2")
    assert set(changes(before, story.ledger)) == {"$set"}
    assert_stored_alike(before, story.ledger)


def test_ledgers_are_compared_by_value() -> None:
    story = Story().returned(days_late=2)
    assert replace(story.ledger) == story.ledger
