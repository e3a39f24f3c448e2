"""Reading a book: every mistake is found at once, each with its line, and YAML's traps do not open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samlan_contracts.policy import PolicyBooks, PolicyError, check_book, read_book

BERGEN = Path(__file__).with_name("bergen.yaml").read_text(encoding="utf-8")


def mistakes_in(text: str | bytes) -> list[str]:
    return [str(mistake) for mistake in check_book(text, "bergen.yaml")[1]]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("period: 3 days", "perod: 3 days", "rule skis: `perod` is not known here"),
        ("period: 3 days", "period: 3", "a period has a unit"),
        ("period: 3 days", "period: three days", "a period has a unit"),
        ("per_day: 50.00 NOK", "per_day: 50", "an amount has a unit and all its decimals, such as 3.00 NOK"),
        ("per_day: 50.00 NOK", "per_day: 50.0 NOK", "an amount has a unit and all its decimals"),
        ("per_day: 50.00 NOK", "per_day: 50.00 SEK", "an amount in SEK, but this book is in NOK"),
        ("per_day: 50.00 NOK", "per_day: -50.00 NOK", "an amount has a unit"),
        ("materials: [ski_set], period", "materials: [sledge], period", "unknown material 'sledge'"),
        ("materials: [ski_set], period", "materials: [], period", "rule skis: `materials`"),
        (
            "cites: [N01], materials",
            "cites: [N10], materials",
            "rule skis: cites N10, which is not among the clauses",
        ),
        (
            "cites: [N01], materials",
            "cites: [K13], materials",
            "rule skis: cites K13, which is not among the clauses",
        ),
        ("cites: [N01], materials", "materials", "cites no clause, so it must say `assumed: true`"),
        ("until: 2026-12-31", "until: 2027-01-01", "rule late: overlapping dates"),
        ("until: 2026-12-31", "until: 2026-12-30", "rule late: a gap in the dates"),
        ("until: 2026-12-31", "until: 31 december", "rule late: `until`"),
        ("id: renewals, cites", "id: skis, cites", "rule skis: loan_periods has that id as well"),
        (
            "{id: the_rest, cites: [N01], period",
            "{id: the_rest, cites: [N01], materials: [book], period",
            "a gap: no rule for",
        ),
        ("items: foreign, accepted", "items: own, accepted", "own_only above always decides first"),
        ("bundle: 0 seconds", "bundle: 0", "a short time has a unit"),
        ('when: ">= 200.00 NOK"', 'when: "200.00 NOK"', "a threshold is a comparison and an amount"),
        (", loan_closes: as_of_seen", "", "`loan_closes` is said exactly where items are not accepted"),
        ("timezone: Europe/Oslo", "timezone: Europe/Bergen", "unknown time zone"),
        ("clauses: N01-N09", "clauses: N01-O09", "a range of clauses keeps its letters"),
        ("member: bergen", "colour: red\nmember: bergen", "`colour` is not known here"),
        ("member: bergen\n", "", "`member` is missing"),
        ("  blocks: patron", "  blocks: anybody", "`whose_rule`"),
        ("waivers:", "waivings:", "`waivings` is not known here"),
        ("min_age: 12", "min_age: tolv", "rule skis_from_12: `min_age`"),
        ("max_renewals: 2", "max_renewals: -2", "rule renewals: `max_renewals`"),
        ("unless: fees", "unless: asked", "rule retention: `unless`"),
        ("period: 3 days", "period: 101 years", "a period is at most a hundred years"),
        ("dropped_on_return: [", "dropped_on_return: [overdue, ", "overdue: both in `kept_on_return` and in"),
        ("lifted_by: [payment]", "lifted_by: [return]", "the cause debt lists payment or return"),
        ("lifted_by: [payment]", "lifted_by: [payment, staff]", "the cause debt lists payment or return"),
        ("lifted_by: [payment]", "lifted_by: []", "the cause debt lists payment or return"),
        ('cause: debt, when: ">= 200.00 NOK"', "cause: staff", "`lifted_by` of the cause staff lists staff"),
    ],
)
def test_a_mistake_is_told_with_its_line(right: str, wrong: str, said: str) -> None:
    assert right in BERGEN
    text = BERGEN.replace(right, wrong, 1)
    book, mistakes = check_book(text, "bergen.yaml")
    assert book is None
    assert any(said in mistake.text for mistake in mistakes), [str(mistake) for mistake in mistakes]


@pytest.mark.parametrize("wrong", ["", "currency: kroner\n"])
def test_a_wrong_currency_is_one_mistake_and_not_one_for_each_amount(wrong: str) -> None:
    found = check_book(BERGEN.replace("currency: NOK\n", wrong, 1), "bergen.yaml")[1]
    assert [one.text.partition(" ")[0] for one in found] == ["`currency`"]


@pytest.mark.parametrize("odd", ["fifteen", "15 years", "-1", "[15]"])
def test_an_age_that_may_be_written_in_two_ways_is_one_mistake(odd: str) -> None:
    found = check_book(BERGEN.replace("min_age: 12", f"min_age: {odd}", 1), "bergen.yaml")[1]
    assert [one.text.partition(" cannot be ")[0] for one in found] == ["rule skis_from_12: `min_age`"]


@pytest.mark.parametrize(
    ("right", "wrong", "remedy"),
    [
        ("period: 3 days", "perod: 3 days", "did you mean `period`? Otherwise take it out"),
        ("waivers:", "waivings:", "did you mean `waivers`? Otherwise take it out"),
        ("period: 3 days", "period: 3", "`period` is written as a period: `28 days`"),
        ("per_day: 50.00 NOK", "per_day: 50", "`per_day` is written as an amount: `3.00 NOK`"),
        ("materials: [ski_set], period", "materials: [ski_sett], period", "did you mean `ski_set`?"),
        ("cites: [N01], materials", "cites: [K13], materials", "cite a clause from N01-N09"),
        ("cites: [N01], materials", "materials", "add `cites: [...]`, or `assumed: true`"),
        ("until: 2026-12-31", "until: 2027-01-01", "end the one before with `until: 2026-12-31`"),
        ("until: 2026-12-31", "until: 2026-12-30", "end the one before with `until: 2026-12-31`"),
        ("items: foreign, accepted", "items: own, accepted", "put it above own_only"),
        ("min_age: 12", "min_age: tolv", "`min_age` is written as an age in years"),
        ("  - {id: lost, cites", "  - {id: LOST, cites", "give the rule an id of its own"),
        ("timezone: Europe/Oslo\n", "", "write `timezone: …`"),
    ],
)
def test_every_mistake_has_its_remedy(right: str, wrong: str, remedy: str) -> None:
    assert right in BERGEN
    found = check_book(BERGEN.replace(right, wrong, 1), "bergen.yaml")[1]
    assert any(mistake.remedy.startswith(remedy) for mistake in found), [one.remedy for one in found]
    assert all(mistake.remedy for mistake in found)


EARLY = """  - id: early
    assumed: true
    kinds: [due_soon]
    channels: [sms]
    before_due: 1 month
    opt_in: false
    bundle: 0 seconds
  - id: ready
"""
AT_ONCE = "overdue_stages:\n  - {id: first, assumed: true, stage: reminder_1, after_due: 0 days}\ninvoices:\n"
DISORDER = """overdue_stages:
  - {id: first, assumed: true, stage: reminder_1, after_due: 2 weeks}
  - {id: bill, assumed: true, stage: invoiced, after_due: 10 days}
invoices:
"""


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("per_day: 50.00 NOK", "per_day: 50.00", "an amount has a unit and all its decimals"),
        ("period: 3 days", "perod: 3 days", "`perod` is not known here"),
        ("until: 2026-12-31", "until: 2026-12-30", "a gap in the dates"),
        ("waivers:", "waivings:", "`waivings` is not known here"),
        ("clauses: N01-N09\n", "", "does not say which `clauses` there are"),
        ("clauses: N01-N09", "clauses: all", "`clauses` is not written as it should be"),
        ("clauses: N01-N09", "clauses: N09-N01", "names the first one first"),
        ("materials: [sheet_music, ski_set]", "materials: ski_set", "`materials` should be a list"),
        ("from: 2027-01-01", "from: 86400", "a day is written like 2026-12-31"),
        ("  blocks: patron", "  blocs: patron", "`whose_rule`: `blo"),
        ("    channels: [sms]\n", "    channels: []\n", "`channels` names none by which it is sent"),
        ("  - id: ready\n", EARLY, "counted backwards a month has no length of its own"),
        ("invoices:\n", AT_ONCE, "on the due date nothing is late"),
        ("invoices:\n", DISORDER, "invoiced does not come after reminder_1 (14 days)"),
        ("kinds: [card]", "kinds: [card], free_reference_pages: 5", "is said of prints, and not of card"),
    ],
)
def test_one_slip_is_told_as_one_mistake(right: str, wrong: str, said: str) -> None:
    assert right in BERGEN
    (mistake,) = check_book(BERGEN.replace(right, wrong, 1), "bergen.yaml")[1]
    assert said in mistake.text
    assert mistake.line
    assert mistake.remedy


def test_what_is_written_as_an_alias_is_told_once_and_not_missed_as_well() -> None:
    text = BERGEN.replace("waivers:\n  - ", "waivers:\n  - &same ").replace(
        "retention:\n", "retention:\n  - *same\n"
    )
    assert [one.partition("; ")[0] for one in mistakes_in(text)] == [
        f"bergen.yaml:{line_of(text, '&same')}: anchors, aliases and deep nesting are not read"
    ]


@pytest.mark.parametrize("odd", [b"Troms\xf8", b"a\x00b"])
def test_the_line_of_what_is_not_text_is_told(odd: bytes) -> None:
    (mistake,) = check_book(b"# one\n# two\nname: " + odd + b"\n", "bergen.yaml")[1]
    assert (mistake.line, "\n" in mistake.text) == (3, False)
    assert "UTF-8" in mistake.remedy


PRICE = "standard_price: 1.00 NOK, new_price_if_higher: true"
SHORTER = "{id: sheet_music_queue, cites: [N02], materials: [sheet_music],"


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (
            "  - {id: lost, cites: [N07],",
            "  - {id: grown, assumed: true, audience: adult, PRICE}\n"
            "  - {id: small, assumed: true, audience: child, PRICE}\n"
            "  - {id: lost, cites: [N07],",
            "lost",
        ),
        (SHORTER, SHORTER + " normal_period: 5 weeks,", "sheet_music_queue"),
    ],
)
def test_a_rule_that_no_service_reads_is_a_mistake(right: str, wrong: str, rule: str) -> None:
    assert right in BERGEN
    text = BERGEN.replace(right, wrong.replace("PRICE", PRICE), 1)
    (mistake,) = check_book(text, "bergen.yaml")[1]
    assert mistake.text.startswith(f"rule {rule}: no service ever reads it")
    assert mistake.line == line_of(text, f"id: {rule},")


def test_a_rule_is_read_on_the_days_that_the_rules_above_leave_to_it() -> None:
    above = (
        "  - {id: grown, assumed: true, until: 2026-12-31, audience: adult, PRICE}\n"
        "  - {id: small, assumed: true, audience: child, PRICE}\n"
    )
    text = BERGEN.replace("  - {id: lost, cites", above.replace("PRICE", PRICE) + "  - {id: lost, cites")
    assert mistakes_in(text) == []


@pytest.mark.parametrize(
    ("right", "wrong", "marked"),
    [
        ("period: 3 days", "perod: 3 days", "id: skis,"),
        ("per_day: 50.00 NOK", "per_day: 50", "id: skis_late"),
        ("items: foreign, accepted", "items: own, accepted", "id: no_others"),
        ("until: 2026-12-31", "until: 2027-01-01", "from: 2027-01-01"),
        ("timezone: Europe/Oslo", "timezone: Europe/Bergen", "timezone:"),
        ("bundle: 0 seconds", "bundle: 0", "bundle:"),
    ],
)
def test_the_line_is_where_a_librarian_must_look(right: str, wrong: str, marked: str) -> None:
    text = BERGEN.replace(right, wrong, 1)
    assert line_of(text, marked) in [mistake.line for mistake in check_book(text, "bergen.yaml")[1]]


def test_all_mistakes_are_found_at_once_in_fields_and_between_rules() -> None:
    text = (
        BERGEN.replace("period: 3 days", "period: 3")
        .replace("items: foreign, accepted", "items: own, accepted")
        .replace("cites: [N08]", "cites: [K28]")
        .replace("bundle: 0 seconds", "bundle: soon")
    )
    found = mistakes_in(text)
    assert len(found) >= 4
    assert found == sorted(found, key=lambda said: int(said.split(":")[1]))
    for said in ("rule skis: `period`", "own_only above", "cites K28", "`bundle`"):
        assert any(said in mistake for mistake in found), said


def test_a_key_written_twice_is_refused() -> None:
    assert any(
        "`period` is written twice" in said
        for said in mistakes_in(BERGEN.replace("period: 3 days", "period: 3 days, period: 4 days"))
    )
    assert any("`waivers` is written twice" in said for said in mistakes_in(BERGEN + "\nwaivers: []\n"))


@pytest.mark.parametrize(
    "text",
    [
        "", "just words", "- a\n- list", "member: [", "member: bergen\n\tname: x", "a: &x 1\nb: *x",
        "a: &x [*x]", "member: !!python/object:os.system {}", "x: " + "[" * 5000, b"\xff\xfe\x00",
        b"\x00" * 10, "x" * 1_000_001, "? [a]\n: b", "loan_periods: 7", "loan_periods: [7]",
        "loan_periods: {a: b}", "materials: 7", "currency: [SEK]", "whose_rule: item",
        "notices: [{kinds: 7}]", "clauses: 12",
    ],
)  # fmt: skip
def test_whatever_the_file_holds_the_answer_is_a_list_of_mistakes(text: str | bytes) -> None:
    book, mistakes = check_book(text, "odd.yaml")
    assert book is None
    assert mistakes
    assert all(mistake.file == "odd.yaml" and mistake.text for mistake in mistakes)


LINES = [index for index, line in enumerate(BERGEN.splitlines()) if ":" in line]
ODD = st.sampled_from(
    ["7", "[[a]]", "{a: b}", "null", '""', "no", "3.00", "2026-13-01", "[7, x]", "-1", "9999-12-31"]
)


@settings(max_examples=200, deadline=None)
@given(index=st.sampled_from(LINES), odd=ODD | st.text("abc: []{}\"'#&*!|>-0", max_size=12))
def test_no_single_odd_line_is_more_than_a_mistake(index: int, odd: str) -> None:
    lines = BERGEN.splitlines()
    lines[index] = lines[index].rpartition(":")[0] + ": " + odd
    book, mistakes = check_book("\n".join(lines), "bergen.yaml")
    assert (book is None) == bool(mistakes)


def test_a_broken_rule_is_not_told_as_a_gap_as_well() -> None:
    found = mistakes_in(BERGEN.replace("channels: [web]", "channels: [fax]"))
    assert len(found) == 1
    assert "rule holds: `channels` should be 'web', 'phone' or 'desk'" in found[0]


def test_a_misspelt_subject_does_not_hide_other_mistakes() -> None:
    found = mistakes_in(
        BERGEN.replace("notices:", "notes:").replace("items: foreign, acc", "items: own, acc")
    )
    assert any("`notes` is not known here" in said for said in found)
    assert any("own_only above always decides first" in said for said in found)


def test_yaml_s_traps_do_not_open() -> None:
    """`no` is a language, 07:00-22:00 hours, 1.50 an amount: never false, a number of seconds, a float."""
    hours = "\nstaffless_hours:\n  - {id: staffless, cites: [N09], hours: 07:00-22:00}\n"
    book, mistakes = check_book(BERGEN.replace('"no"', "no") + hours, "bergen.yaml")
    assert not mistakes
    assert book is not None
    assert book.language == "no"
    assert str(book.staffless_hours[0].hours) == "07:00-22:00"
    assert book.overdue_fees[1].per_day.amount_minor == 150


def test_a_version_follows_what_the_book_says_and_not_its_comments() -> None:
    book, _ = check_book(BERGEN, "bergen.yaml")
    commented, _ = check_book("# a librarian's remark\n" + BERGEN, "bergen.yaml")
    dearer, _ = check_book(BERGEN.replace('per_day: "1.50"', 'per_day: "1.60"'), "bergen.yaml")
    assert book is not None and commented is not None and dearer is not None
    assert book.version == commented.version != dearer.version
    assert book.version.startswith("2026-1+")


def test_a_version_is_the_same_in_every_process() -> None:
    """Sets have no order of their own from one process to the next."""
    path = Path(__file__).with_name("bergen.yaml")
    ask = (
        "import sys, pathlib; from samlan_contracts.policy import read_book;"
        "print(read_book(pathlib.Path(sys.argv[1])).version)"
    )
    versions = {
        subprocess.run(
            [sys.executable, "-c", ask, str(path)], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, check=True, text=True,
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert versions == {read_book(path).version}


def test_a_folder_s_mistakes_come_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BERGEN.replace("period: 3 days", "period: 3"), encoding="utf-8")
    (tmp_path / "b.yaml").write_text(BERGEN.replace("bundle: 0 seconds", "bundle: 0"), encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        PolicyBooks.load(tmp_path)
    assert {mistake.file for mistake in refused.value.mistakes} == {"a.yaml", "b.yaml"}
    assert str(refused.value).startswith("a.yaml:")


def test_a_folder_without_books_and_two_books_of_one_member_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no policy book"):
        PolicyBooks.load(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(BERGEN, encoding="utf-8")
    with pytest.raises(PolicyError, match="several books say they are of the member 'bergen'"):
        PolicyBooks.load(tmp_path)


def test_the_five_books_are_without_mistakes(policies: Path) -> None:
    names = {"gothenburg", "vast", "gladsaxe", "kungsbacka", "orebro"}
    assert {read_book(policies / f"{name}.yaml").member for name in names} == names
