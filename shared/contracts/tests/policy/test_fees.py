"""Fees: by the tariff and the age of each late day, and what single things cost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samlan_contracts.policy import (
    BranchCalendar,
    ItemFacts,
    Money,
    PatronFacts,
    PolicyBooks,
    UnknownFee,
    fee,
    invoice_terms,
    overdue_fee,
    overdue_stages,
    replacement_price,
    retention,
    waiver_limit,
)

DUE = date(2026, 11, 20)


def kronor(amount: int) -> Money:
    return Money(amount * 100, "SEK")


@pytest.fixture
def cost(books, branch, at, adult):
    """What a return costs; it was due on 20 November 2026."""

    def find(item, returned: str, *, patron=adult, due: date = DUE, where=None):
        return overdue_fee(
            books, item=item, patron=patron, due=due, returned_at=at(returned), branch=where or branch()
        )

    return find


@pytest.mark.clause("K20")
@pytest.mark.parametrize(
    ("returned", "amount"),
    [("2026-11-20 23:59:59", 0), ("2026-11-21 00:00", 3), ("2026-11-21 23:59", 3), ("2026-11-22 00:00", 6)],
)
def test_adult_media_cost_three_kronor_a_day(cost, item, returned: str, amount: int) -> None:
    decision = cost(item("kungsbacka/book"), returned)
    assert decision.value.total == kronor(amount)
    assert bool(decision.because) is bool(amount)


@pytest.mark.clause("K21")
@pytest.mark.parametrize("material", ["feature_film", "video_game"])
def test_feature_films_and_video_games_cost_five(cost, item, material: str) -> None:
    assert cost(item(f"kungsbacka/{material}"), "2026-11-22 12:00").value.total == kronor(10)


@pytest.mark.clause("K20")
def test_childrens_media_cost_an_adult_nothing(cost, item) -> None:
    assert cost(item("kungsbacka/book", audience="child"), "2026-11-29 12:00").value.total == kronor(0)


@pytest.mark.clause("K19")
@pytest.mark.parametrize(
    ("due", "returned", "amount"),
    [
        (date(2018, 8, 30), "2018-08-31 12:00", 0),
        (date(2018, 8, 31), "2018-09-01 00:00", 3),
        (date(2018, 8, 29), "2018-09-03 12:00", 9),
    ],
)
def test_the_tariff_counts_from_the_first_of_september_2018(cost, item, due, returned, amount) -> None:
    assert cost(item("kungsbacka/book"), returned, due=due).value.total == kronor(amount)


@pytest.mark.clause("K19")
def test_a_fee_across_a_change_of_tariff_names_both_tariffs(cost, item) -> None:
    decision = cost(item("kungsbacka/feature_film"), "2018-09-03 12:00", due=date(2018, 8, 29))
    assert [(part.days, part.amount) for part in decision.value.parts] == [(2, kronor(0)), (3, kronor(15))]
    assert [why["in_force"] for why in decision.because] == [[None, "2018-08-31"], ["2018-09-01", None]]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        pytest.param("kungsbacka/book", "kungsbacka/no_fees_under_18", marks=pytest.mark.clause("K25")),
        pytest.param("kungsbacka/video_game", "kungsbacka/no_fees_under_18", marks=pytest.mark.clause("K25")),
        pytest.param("orebro/book", "orebro/no_overdue_fees_under_18", marks=pytest.mark.clause("O38")),
    ],
)
def test_a_child_is_never_charged_for_being_late(cost, item, child, name: str, rule: str) -> None:
    decision = cost(item(name), "2026-11-29 12:00", patron=child)
    assert not decision.value.total
    assert [why["rule"] for why in decision.because] == [rule]


@pytest.mark.clause("K25")
@pytest.mark.parametrize(
    ("born", "amount"), [(date(2008, 11, 22), 6), (date(2008, 11, 24), 0), (date(2008, 11, 21), 9)]
)
def test_days_cost_from_the_eighteenth_birthday(cost, item, born: date, amount: int) -> None:
    patron = PatronFacts(member="kungsbacka", born=born)
    assert cost(item("kungsbacka/book"), "2026-11-23 12:00", patron=patron).value.total == kronor(amount)


@pytest.mark.clause("O29")
def test_a_late_return_in_orebro_costs_by_its_assumed_tariff(books, cost, item) -> None:
    tariff = books.book("orebro").overdue_fees[-1]
    assert tariff.assumed == ("per_day",)
    assert cost(item("orebro/book"), "2026-11-22 12:00").value.total == tariff.per_day * 2


@pytest.mark.clause("D16")
def test_a_late_return_in_gladsaxe_costs_danish_kroner(cost, item) -> None:
    total = cost(item("gladsaxe/book"), "2026-11-22 12:00").value.total
    assert total.currency == "DKK"
    assert total


def test_the_item_s_member_charges_wherever_it_comes_back(cost, item, branch) -> None:
    orebro = branch("orebro/stadsbiblioteket")
    assert cost(item("kungsbacka/book"), "2026-11-21 12:00", where=orebro).value.total == kronor(3)
    assert cost(item("gothenburg/book"), "2026-11-29 12:00").value.total == kronor(0)


@pytest.mark.parametrize(
    ("due", "returned"), [(date(2026, 3, 28), "2026-03-30"), (date(2026, 10, 24), "2026-10-26")]
)
def test_a_day_that_the_clock_changes_costs_once(cost, item, due: date, returned: str) -> None:
    assert cost(item("kungsbacka/book"), f"{returned} 00:00", due=due).value.total == kronor(6)
    assert cost(item("kungsbacka/book"), f"{returned} 23:59", due=due).value.total == kronor(6)


@pytest.mark.parametrize(
    ("kind", "age", "amount"),
    [
        pytest.param("reminder_1", 30, 20, marks=pytest.mark.clause("K22")),
        pytest.param("reminder_2", 30, 20, marks=pytest.mark.clause("K22")),
        pytest.param("invoice", 18, 40, marks=pytest.mark.clause("K23")),
        pytest.param("invoice", 17, 0, marks=pytest.mark.clause("K25")),
        pytest.param("reminder_1", 17, 0, marks=pytest.mark.clause("K25")),
        pytest.param("card", 17, 10, marks=pytest.mark.clause("K10")),
        pytest.param("card", 18, 25, marks=pytest.mark.clause("K10")),
        pytest.param("interlibrary", 30, 20, marks=pytest.mark.clause("K26")),
        pytest.param("print_a4_bw", 30, 3, marks=pytest.mark.clause("K27")),
        pytest.param("print_a4_colour", 30, 5, marks=pytest.mark.clause("K27")),
        pytest.param("print_a3_bw", 30, 5, marks=pytest.mark.clause("K27")),
        pytest.param("print_a3_colour", 30, 7, marks=pytest.mark.clause("K27")),
    ],
)
def test_single_things_cost_what_kungsbacka_says(books, kind, age: int, amount: int) -> None:
    patron = PatronFacts(member="kungsbacka", born=date(2026 - age, 11, 20))
    assert fee(books, member="kungsbacka", kind=kind, patron=patron, on=DUE).value == kronor(amount)


@pytest.mark.clause("K26")
@pytest.mark.parametrize("kind", ["interlibrary_copy", "interlibrary_abroad"])
def test_copies_and_loans_from_abroad_are_at_actual_cost(books, adult, kind) -> None:
    assert fee(books, member="kungsbacka", kind=kind, patron=adult, on=DUE).value is None


@pytest.mark.clause("K27")
@pytest.mark.parametrize(("pages", "reference", "amount"), [(5, True, 0), (6, True, 3), (6, False, 18)])
def test_five_pages_from_works_not_lent_are_free(books, adult, pages, reference, amount) -> None:
    asked = {"member": "kungsbacka", "kind": "print_a4_bw", "patron": adult, "on": DUE}
    assert fee(books, pages=pages, reference=reference, **asked).value == kronor(amount)


@pytest.mark.clause("O23")
def test_holds_are_free_in_orebro(books, adult) -> None:
    assert fee(books, member="orebro", kind="hold", patron=adult, on=DUE).value == kronor(0)


@pytest.mark.clause("D15")
def test_reminders_are_free_in_gladsaxe(books, adult) -> None:
    assert fee(books, member="gladsaxe", kind="due_reminder", patron=adult, on=DUE).value == Money(0, "DKK")


def test_a_kind_that_the_book_does_not_know_is_an_error_of_its_own(books, adult) -> None:
    with pytest.raises(UnknownFee, match="gladsaxe has no fee for print_a4_bw"):
        fee(books, member="gladsaxe", kind="print_a4_bw", patron=adult, on=DUE)


@pytest.mark.clause("K30")
@pytest.mark.parametrize(
    ("material", "audience", "amount"),
    [
        ("book", "adult", 250),
        ("audiobook", "adult", 250),
        ("book", "child", 120),
        ("audiobook", "child", 120),
        ("dvd", "adult", 400),
        ("feature_film", "adult", 400),
        ("music_cd", "child", 150),
        ("periodical", "adult", 50),
        ("periodical", "child", 25),
        ("book_club_bag", "adult", 140),
        ("theme_bag", "adult", 140),
    ],
)
def test_what_does_not_come_back_costs_its_standard_price(books, item, material, audience, amount) -> None:
    lost = item(f"kungsbacka/{material}", audience=audience)
    assert replacement_price(books, item=lost, on=DUE).value == kronor(amount)


@pytest.mark.clause("K31")
@pytest.mark.parametrize(
    ("new_price", "amount"), [(24900, 25000), (25000, 25000), (25001, 25001), (None, 25000)]
)
def test_a_higher_new_price_goes_before_the_standard_price(books, item, new_price, amount: int) -> None:
    lost = item("kungsbacka/book", price_minor=new_price)
    assert replacement_price(books, item=lost, on=DUE).value == Money(amount, "SEK")


@pytest.mark.clause("K32", "K33")
def test_an_invoice_keeps_its_fees_and_drops_the_replacement(books) -> None:
    terms = invoice_terms(books, member="kungsbacka", on=DUE).value
    assert terms.kept_on_return == {"overdue", "reminder", "invoice"}
    assert terms.dropped_on_return == {"replacement"}
    assert terms.collection_after.after(date(2026, 10, 1)) == date(2026, 11, 5)


@pytest.mark.clause("K22", "K23")
def test_reminders_come_before_the_invoice(books) -> None:
    stages = overdue_stages(books, member="kungsbacka", due=DUE).value
    assert [stage.stage for stage in stages] == ["reminder_1", "reminder_2", "invoiced"]
    assert [stage.on for stage in stages] == sorted({stage.on for stage in stages})


def test_figures_for_disputes_refunds_and_waivers_are_in_every_book(books) -> None:
    for member in books.members:
        kept = retention(books, member=member, on=DUE).value
        assert DUE < kept.disputes.after(DUE) <= kept.refunds.after(DUE)
        assert waiver_limit(books, member=member, on=DUE).value.currency == books.book(member).currency


ITEMS = st.builds(
    ItemFacts,
    member=st.sampled_from(["gladsaxe", "gothenburg", "kungsbacka", "orebro", "vast"]),
    material=st.sampled_from(["book", "feature_film", "video_game", "periodical", "ebook"]),
    audience=st.sampled_from(["adult", "child"]),
)
BORN = st.none() | st.dates(date(1920, 1, 1), date(2020, 1, 1))
CALENDAR = BranchCalendar.of(
    "vast/lerum", {"timezone": "Europe/Stockholm", "opening": {"mon": ["10:00", "19:00"]}}
)


def late_fee(books: PolicyBooks, item: ItemFacts, born: date | None, due: date, days: int):
    returned_at = CALENDAR.start_of(due + timedelta(days=days))
    patron = PatronFacts(member=item.member, born=born)
    return overdue_fee(books, item=item, patron=patron, due=due, returned_at=returned_at, branch=CALENDAR)


@settings(max_examples=150, deadline=None)
@given(item=ITEMS, born=BORN, due=st.dates(date(2017, 1, 1), date(2030, 1, 1)), days=st.integers(0, 120))
def test_a_fee_never_falls_when_a_day_is_added(books, item, born, due, days) -> None:
    assert (
        late_fee(books, item, born, due, days).value.total
        <= late_fee(books, item, born, due, days + 1).value.total
    )


@settings(max_examples=150, deadline=None)
@given(item=ITEMS, born=BORN, due=st.dates(date(2017, 1, 1), date(2030, 1, 1)), days=st.integers(0, 400))
def test_the_reasons_alone_are_enough_to_recompute_the_fee(books, item, born, due, days) -> None:
    decision = late_fee(books, item, born, due, days)
    inputs = [why["inputs"] for why in decision.because]
    assert sum(known["days_late"] for known in inputs) == decision.value.days_late == days
    recomputed = sum(known["days_late"] * known["per_day"]["amount"] for known in inputs)
    assert recomputed == decision.value.total.amount_minor
    spans = [(known["first_day"], known["last_day"]) for known in inputs]
    assert spans == sorted(spans)
