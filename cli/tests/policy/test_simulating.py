"""`samlan policy simulate` on a few recorded cases: what is compared, what is not, what a person reads."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from samlan.policy import simulating
from samlan.policy.books import in_force
from samlan.policy.cases import Debt
from samlan.policy.recorded import ChargedFee, OpenLoan, Person, Recorded
from samlan_contracts.policy import (
    BranchCalendar,
    ItemFacts,
    Money,
    PatronFacts,
    PolicyBooks,
    fee,
    loan_period,
    overdue_fee,
    replacement_price,
    stated,
)

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
OPEN = {day: ["10:00", "19:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
FYREN = BranchCalendar.of("kungsbacka/fyren", {"timezone": "Europe/Stockholm", "opening": OPEN})
BOOK = ItemFacts(member="kungsbacka", material="book", home="kungsbacka/fyren")
ADULT = Person(
    facts=PatronFacts(member="kungsbacka", born=date(1980, 1, 1)),
    debts=(Debt(member="kungsbacka", balance=Money(9_000, "SEK")),),
)
CHILD = Person(facts=PatronFacts(member="kungsbacka", born=date(2014, 1, 1)))


@pytest.fixture
def books(policies: Path) -> PolicyBooks:
    return in_force(policies)


def loan(books: PolicyBooks, who: Person, *, waiting: int = 0, imported: bool = False) -> OpenLoan:
    at = datetime(2026, 11, 10, 11, tzinfo=UTC)
    decided = loan_period(
        books, item=BOOK, patron=who.facts, branch=FYREN, queue_length=waiting, at=at
    )  # fmt: skip
    return OpenLoan(
        item="i1", thing=BOOK, who=who, branch=FYREN, borrowed_at=at, due=decided.value, renewals=0,
        because=[stated("imported", "due_imported", due=decided.value)] if imported else decided.because,
    )  # fmt: skip


def late(books: PolicyBooks, *, because: bool = True, thing: ItemFacts | None = BOOK) -> ChargedFee:
    """Thirty days at three kronor, which are not paid."""
    returned_at = datetime(2026, 11, 20, 11, tzinfo=UTC)
    decided = overdue_fee(
        books, item=BOOK, patron=ADULT.facts, due=date(2026, 10, 21), returned_at=returned_at, branch=FYREN
    )
    return ChargedFee(
        fee="f1", kind="overdue", item="i2", thing=thing, who=ADULT, patron="p1",
        branch=FYREN if thing else None,
        charged_at=returned_at, amount_minor=9_000, outstanding_minor=9_000, currency="SEK",
        member="kungsbacka", because=decided.because if because else [],
    )  # fmt: skip


@pytest.fixture
def found(books: PolicyBooks) -> Recorded:
    return Recorded(
        loans=[loan(books, ADULT), loan(books, CHILD, waiting=2), loan(books, ADULT, imported=True)],
        returns=[late(books), late(books, because=False), late(books, thing=None)],
        people={"p1": ADULT, "p2": CHILD}, facts_taken=17, fees_forgotten=4, unreadable=1,
    )  # fmt: skip


@pytest.fixture
def try_out(run, found: Recorded, monkeypatch: pytest.MonkeyPatch) -> Any:
    async def kept(data: Path, *, quiet: bool) -> tuple[Recorded, datetime]:
        return found, NOW

    monkeypatch.setattr(simulating, "_recorded", kept)
    return lambda *arguments: run("simulate", *map(str, arguments))


@pytest.fixture
def draft(policies: Path, tmp_path: Path) -> Path:
    """Three weeks in place of four, four kronor a day in place of three."""
    text = (policies / "kungsbacka.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("tv_series]\n    period: 4 weeks", "tv_series]\n    period: 3 weeks"),
        ("normal_period: 4 weeks", "normal_period: 3 weeks"),
        ("per_day: 3.00 SEK", "per_day: 4.00 SEK"),
    ):
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / "kungsbacka.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_figures_by_material_and_age_group(try_out, draft: Path) -> None:
    told = json.loads(try_out(draft, "--since", "2026-01-01", "--json").stdout)
    rows = {(row["decision"], row["ages"]): row for row in told["differences"]}
    adults, children = rows["due date", "18+"], rows["due date", "5-14"]
    assert (adults["cases"], adults["changed"], adults["days"]) == (2, 2, [-7, -7])
    assert (children["cases"], children["changed"]) == (1, 0)
    fee = rows["overdue fee", "18+"]
    assert (fee["before"], fee["after"]) == ({"SEK": 9_000}, {"SEK": 12_000})
    assert rows["block", "18+"]["stricter"] == 1
    example = next(one for one in told["examples"] if one["what"] == "overdue fee")
    assert (example["before"], example["after"]) == ("90.00 SEK", "120.00 SEK")
    assert example["because"][0]["rule"].startswith("kungsbacka/")


@pytest.mark.clause("K22", "K23", "K31")
def test_reminders_invoices_and_prices_are_compared_and_what_fell_is_not(
    try_out, books: PolicyBooks, found: Recorded, draft: Path
) -> None:
    on, text = date(2026, 11, 20), draft.read_text(encoding="utf-8")
    for before, after in (
        ("amount: 20.00 SEK", "amount: 25.00 SEK"), ("standard_price: 250", "standard_price: 300"),
    ):  # fmt: skip
        assert before in text
        text = text.replace(before, after, 1)
    draft.write_text(text, encoding="utf-8")
    asked = {"member": "kungsbacka", "patron": ADULT.facts, "on": on}
    reminder = fee(books, kind="reminder_1", **asked)
    price = replacement_price(books, item=BOOK, on=on)
    found.charges += [
        replace(late(books), fee=f"{kind}-{minor}", kind=kind, amount_minor=minor, because=because)
        for kind, minor, because in (
            ("reminder", 2000, reminder.because), ("replacement", 25000, price.because),
            ("replacement", 0, price.because), ("other", 5000, []),
        )
    ]  # fmt: skip
    told = json.loads(try_out(draft, "--since", "2026-01-01", "--json").stdout)
    rows = {row["decision"]: row for row in told["differences"]}
    assert (rows["reminder fee"]["before"], rows["reminder fee"]["after"]) == ({"SEK": 2000}, {"SEK": 2500})
    assert (rows["replacement fee"]["before"], rows["replacement fee"]["after"]) == (
        {"SEK": 25000}, {"SEK": 30000},
    )  # fmt: skip
    assert told["not_compared"]["fees at actual cost, or of which no reason is kept"] == 1


def test_what_could_not_be_compared_is_counted(try_out, draft: Path) -> None:
    told = json.loads(try_out(draft, "--since", "2026-01-01", "--json").stdout)
    assert told["compared"]["due date"] == 3
    assert told["assumed"] == {"loans of which no reason is kept: judged as if nobody waited": 1}
    assert told["not_compared"] == {
        "fees of which no reason is kept (imported)": 1,
        "fees whose item is not kept": 1,
        "a patron, an item or a branch is no longer known": 1,
        "of a paid fee only amount, kind and date are kept": 4,
    }
    assert told["erased"]["device_facts"] == 17


def test_a_person_reads_the_changes_and_how_much_they_rest_on(try_out, draft: Path) -> None:
    said = try_out(draft, "--since", "2026-01-01").stdout
    for part in (
        "overdue fee", "90.00 SEK", "120.00 SEK", "2026-12-08 → 2026-12-01", "-7",
        "Due 2026-12-01: the loan period is 21 days from 2026-11-10. [kungsbacka/four_weeks]",
        "compared: 3 × due date", "not compared: 1 · fees of which no reason is kept (imported)",
        "not compared: loans that ended without a fee; they are erased when they end",
    ):  # fmt: skip
        assert part in said, part
    assert "5-14" not in said
    heads = next(line for line in said.splitlines() if "decision" in line)
    assert "no longer" not in heads
    assert "…" not in said.partition("overdue fee, ")[0]


def test_a_draft_of_nobody_and_a_draft_with_mistakes_are_one_line(trouble, policies, tmp_path: Path) -> None:
    path = tmp_path / "draft.yaml"
    text = (policies / "vast.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("member: vast", "member: narvik"), encoding="utf-8")
    assert "no book is in force" in trouble("simulate", str(path), "--since", "2026-01-01")
    path.write_text(text.replace("period: 7 days", "period: 7"), encoding="utf-8")
    assert "lists all" in trouble("simulate", str(path), "--since", "2026-01-01")
