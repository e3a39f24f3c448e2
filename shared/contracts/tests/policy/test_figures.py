"""The five books carry every figure that docs/clauses.yaml lists, and cite no clause that does not exist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from samlan_contracts.policy import Book, Money, Period
from samlan_contracts.policy.book import SUBJECTS
from samlan_contracts.policy.figures import STANDARD_MATERIALS
from samlan_contracts.policy.rules import Rule

CLAUSES_FILE = Path(__file__).parents[4] / "docs" / "clauses.yaml"
COUNT = {  # the letter of a member's clauses, and how many its rules have
    "gothenburg": ("G", 15),
    "vast": ("V", 18),
    "gladsaxe": ("D", 21),
    "kungsbacka": ("K", 57),
    "orebro": ("O", 38),
}

LISTED: dict[str, dict[str, Any]] = yaml.safe_load(CLAUSES_FILE.read_text(encoding="utf-8"))
FIGURES: dict[str, dict[str, Any]] = {
    clause: said["figures"]
    for clauses in LISTED.values()
    for clause, said in clauses.items()
    if "figures" in said
}


class Cited:
    """The rules of one book that cite one clause, and the figures they carry."""

    def __init__(self, book: Book, clause: str) -> None:
        self.book, self.clause = book, clause

    def rules(self, subject: str) -> list[Any]:
        return [rule for rule in getattr(self.book, subject) if self.clause in rule.cites]

    def one(self, subject: str, **wanted: Any) -> Any:
        found = [
            rule
            for rule in self.rules(subject)
            if all(getattr(rule, name) == value for name, value in wanted.items())
        ]
        assert len(found) == 1, (self.clause, subject, wanted, found)
        return found[0]

    def days(self, **wanted: Any) -> int:
        period: Period = self.one("loan_periods", **wanted).period
        assert not period.months
        return period.days

    def fee(self, kind: str, **wanted: Any) -> str:
        (rule,) = [
            rule
            for rule in self.rules("fees")
            if kind in rule.kinds and all(getattr(rule, k) == v for k, v in wanted.items())
        ]
        return written(rule.amount) if isinstance(rule.amount, Money) else rule.amount.removesuffix("_cost")


def written(amount: Money) -> str:
    return str(amount).removesuffix(f" {amount.currency}")


def in_order(names: tuple[str, ...], carried: frozenset[str]) -> list[str]:
    assert carried <= set(names)
    return [name for name in names if name in carried]


def open_to_librarians(rules: list[Any], figure: str) -> str:
    """A figure the library may set: it stands in the book, marked as assumed."""
    assert any(figure in rule.assumed for rule in rules if isinstance(rule.assumed, tuple))
    return "configurable"


def block(cited: Cited) -> dict[str, Any]:
    rule = cited.one("blocks")
    acts = ("borrow", "renew", "hold", "book_computer", "staffless")
    return {
        "block_when": f"{rule.when.sign} {written(rule.when.amount)}",
        "blocks": in_order(acts, rule.stops),
    }


def limited(cited: Cited) -> dict[str, Any]:
    return {"days": cited.days(), "max_at_a_time": cited.one("loan_limits").max_loans}


def queued(cited: Cited) -> dict[str, Any]:
    shorter = cited.one("queue_shortening")
    return {"days": cited.days(), "queue_days": shorter.period.days, "holds_at_least": shorter.holds_at_least}


def due_reminder(cited: Cited) -> dict[str, Any]:
    rule = cited.one("notices")
    return {"due_reminder_days_before": rule.before_due.days, "channels": list(rule.channels)}


def mobile_and_home(cited: Cited) -> dict[str, Any]:
    assert cited.one("due_days", branch_kinds=frozenset({"mobile"})).due_on == "opening_day"
    assert cited.one("loan_periods").service == "home_delivery"
    return {"mobile_library": "next_visits_of_stop", "home_delivery": "own_period"}


def tariff_start(cited: Cited) -> dict[str, Any]:
    starts = {rule.in_force_from for subject in ("overdue_fees", "fees") for rule in cited.rules(subject)}
    (start,) = starts
    for rule in cited.book.overdue_fees:
        if rule.in_force_from == start:
            (before,) = [
                other for other in cited.book.overdue_fees if other.id == rule.id and other is not rule
            ]
            assert before.in_force_until == start - timedelta(days=1)
    return {"effective_from": start}


def dated_renewals(cited: Cited) -> dict[str, Any]:
    before, after = cited.rules("renewals")
    return {
        "max_renewals": [
            {"until": before.in_force_until, "value": before.max_renewals},
            {"from": after.in_force_from, "value": after.max_renewals},
        ]
    }


def prices(cited: Cited) -> dict[str, str]:
    return {rule.id: written(rule.standard_price) for rule in cited.rules("replacements")}


def higher_price(cited: Cited) -> dict[str, Any]:
    assert all(rule.new_price_if_higher for rule in cited.rules("replacements"))
    return {"replacement": "max(standard, new_price)"}


def printing(cited: Cited) -> dict[str, Any]:
    (free,) = {rule.free_reference_pages for rule in cited.rules("fees")}
    sizes = {size: cited.fee(f"print_{size}") for size in ("a4_bw", "a4_colour", "a3_bw", "a3_colour")}
    return {**sizes, "free_pages_reference": free}


def renewable(cited: Cited) -> dict[str, Any]:
    assert any(rule.max_renewals == 0 and rule.materials for rule in cited.rules("renewals"))
    return {
        "max_renewals": open_to_librarians(cited.rules("renewals"), "max_renewals"),
        "renewable": "per_material",
    }


def partners(cited: Cited) -> dict[str, Any]:
    (homes,) = [rule.homes for rule in cited.rules("hold_items") if rule.homes]
    names = [home.removeprefix("orebro/") for home in sorted(homes, reverse=True)]
    return {"hold_fee": float(cited.fee("hold")), "partners": names}


def tariff(cited: Cited) -> dict[str, Any]:
    assert any(rule.per_day for rule in cited.rules("overdue_fees"))
    return {"overdue": "tariff"}


CARRIED: dict[str, Callable[[Cited], dict[str, Any]]] = {
    "G04": due_reminder,
    "V01": lambda cited: {"municipalities": cited.book.municipalities},
    "D10": lambda cited: {"loan_period": f"P{cited.one('loan_periods', materials=None).period.months}M"},
    "D12": lambda cited: {"max_loans": open_to_librarians(cited.rules("loan_limits"), "max_loans")},
    "D15": lambda cited: {
        "reminder_fee": float(cited.fee("due_reminder")),
        "opt_in": cited.one("notices").opt_in,
    },
    "D16": tariff,
    "D17": lambda cited: {
        "hold_channels": in_order(("web", "phone", "desk"), cited.one("hold_terms").channels)
    },
    "D21": renewable,
    "K10": lambda cited: {
        "replacement_card": {
            "child": cited.fee("card", patron_under=18),
            "adult": cited.fee("card", patron_under=None),
        }
    },
    "K13": lambda cited: {"days": cited.days()},
    "K14": lambda cited: {"days": cited.days(), "video_game_min_age": cited.one("age_limits").min_age},
    "K15": lambda cited: {"days": cited.days(), "feature_film_min_age": cited.one("age_limits").min_age},
    "K16": lambda cited: {"item_min_age": cited.one("age_limits").min_age},
    "K17": mobile_and_home,
    "K18": lambda cited: {
        "holds_at_least": cited.one("queue_shortening").holds_at_least,
        "normal_days": cited.one("queue_shortening").normal_period.days,
        "shortened_days": cited.one("queue_shortening").period.days,
    },
    "K19": tariff_start,
    "K20": lambda cited: {
        "per_day": written(cited.one("overdue_fees", audience="adult").per_day),
        "audience": cited.one("overdue_fees", audience="adult").audience,
    },
    "K21": lambda cited: {
        "per_day": written(cited.one("overdue_fees").per_day),
        "materials": sorted(cited.one("overdue_fees").materials),
    },
    "K22": lambda cited: {kind: cited.fee(kind) for kind in ("reminder_1", "reminder_2")},
    "K23": lambda cited: {"invoice_fee": cited.fee("invoice")},
    "K24": lambda cited: {"guardian_under": cited.one("notices").guardian_under},
    "K26": lambda cited: {
        "ill": cited.fee("interlibrary"),
        "ill_copy": cited.fee("interlibrary_copy"),
        "ill_abroad": cited.fee("interlibrary_abroad"),
    },
    "K27": printing,
    "K28": block,
    "K30": prices,
    "K31": higher_price,
    "K33": lambda cited: {"collection_after": f"P{cited.one('invoices').collection_after.days // 7}W"},
    "K35": dated_renewals,
    "K40": lambda cited: {"accept_foreign_items": cited.one("returns", items="foreign").accepted},
    "K45": due_reminder,
    "K51": lambda cited: {
        "erase_on_return": cited.one("retention").erase_loan_on_return,
        "unless": cited.one("retention").unless,
    },
    "O10": queued,
    "O11": queued,
    "O12": lambda cited: {
        "days": cited.days(issue=None),
        "earlier_years_days": cited.days(issue="earlier_years"),
    },
    "O13": lambda cited: {"days": cited.days()},
    "O14": lambda cited: {"days": cited.days(), "renewable": cited.one("renewals").max_renewals > 0},
    "O15": limited,
    "O16": limited,
    "O17": limited,
    "O18": lambda cited: {**limited(cited), "min_age": cited.one("age_limits").min_age},
    "O19": lambda cited: {"days": cited.days()},
    "O20": lambda cited: {"days": cited.days()},
    "O21": lambda cited: {"days": cited.days()},
    "O22": lambda cited: {"max_renewals": cited.one("renewals").max_renewals},
    "O23": partners,
    "O25": lambda cited: {
        "return_partners": [
            branch.removeprefix("orebro/")
            for rule in cited.rules("returns")
            if rule.accepted
            for branch in rule.branches or ()
        ]
    },
    "O27": lambda cited: {"book_drop": cited.one("book_drops").drop},
    "O28": lambda cited: {
        "stadsbiblioteket_drop": cited.one("book_drops", branches=frozenset({"orebro/stadsbiblioteket"})).drop
    },
    "O30": block,
    "O31": lambda cited: {"never_blocked_under": cited.one("blocks").never_under},
}


def member_of(clause: str) -> str:
    return next(member for member, (letter, _) in COUNT.items() if letter == clause[0])


@pytest.mark.parametrize("clause", FIGURES)
def test_a_book_carries_the_figures_of_its_clause(books, clause: str) -> None:
    assert CARRIED[clause](Cited(books.book(member_of(clause)), clause)) == FIGURES[clause]


@pytest.mark.parametrize("member", COUNT)
def test_a_listed_clause_is_one_of_its_member(member: str) -> None:
    letter, count = COUNT[member]
    assert LISTED[member].keys() <= {f"{letter}{number:02d}" for number in range(1, count + 1)}


def test_every_listed_figure_is_looked_for() -> None:
    assert CARRIED.keys() == FIGURES.keys()


@pytest.mark.parametrize("member", COUNT)
def test_a_book_cites_the_clauses_of_its_member(books, member: str) -> None:
    letter, count = COUNT[member]
    assert books.book(member).clauses == f"{letter}01-{letter}{count:02d}"


def all_rules(book: Book) -> list[Rule]:
    return [rule for subject in SUBJECTS for rule in getattr(book, subject)]


@pytest.mark.parametrize("member", COUNT)
def test_every_rule_is_founded_or_says_that_it_is_assumed(books, member: str) -> None:
    for rule in all_rules(books.book(member)):
        assert rule.cites or rule.assumed is True, rule.id
        assert not (rule.cites and rule.assumed is True), f"{rule.id}: name the figure that is assumed"


@pytest.mark.parametrize("member", COUNT)
def test_the_five_need_no_materials_of_their_own(books, member: str) -> None:
    assert books.book(member).all_materials == STANDARD_MATERIALS
