"""What catalog makes of rows and records, as sentences about named books."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path
from typing import Any

import pymarc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymarc import Field, Indicators, Subfield
from samlan_catalog.domain.branch import read_branch
from samlan_catalog.domain.item import Case, Item, ItemRow, describe_item, read_item_row
from samlan_catalog.domain.refusal import Refusal
from samlan_catalog.domain.title import Title, described, read_title
from samlan_catalog.domain.words import asked, words_of
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.policy import PolicyBooks
from samlan_contracts.refusing import in_words

BOOKS = PolicyBooks.load(Path(__file__).parents[3] / "policies")
RODA_RUMMET = {
    "title": "t1", "name": "Röda rummet", "author": "Strindberg, August", "year": 1879, "language": "sv",
}  # fmt: skip
COPY = {
    "item": "35177001234567",
    "title": "t1",
    "branch": "vast/lerum",
    "material": "book",
    "audience": "adult",
}
LERUM = {
    "member": "vast", "branch": "lerum", "name": "Lerums bibliotek", "timezone": "Europe/Stockholm",
    "opening": {"mon": ["10:00", "19:00"]},
}  # fmt: skip


def field(tag: str, *subfields: str, indicators: str = "  ") -> Field:
    pairs = [Subfield(code=one[0], value=one[1:]) for one in subfields]
    return Field(tag=tag, indicators=Indicators(*indicators), subfields=pairs)


def record(*fields: Field, leader: str = "00000nam a2200000 i 4500", number: str = "t1") -> bytes:
    made = pymarc.Record(leader=leader, force_utf8=leader[9] == "a")
    made.add_field(Field(tag="001", data=number), *fields)
    return made.as_marc()


def read(data: bytes) -> Title | tuple[Refusal, ...]:
    return read_title({"marc": base64.b64encode(data).decode()})


def title_of(*fields: Field, **how: Any) -> Title:
    found = read(record(*fields, **how))
    assert isinstance(found, Title), found
    return found


def words(outcome: object) -> list[str]:
    assert isinstance(outcome, tuple), outcome
    return [one.reason for one in outcome]


def item(**change: Any) -> Item | tuple[Refusal, ...]:
    row = read_item_row({**COPY, **change})
    if not isinstance(row, ItemRow):
        return row
    case = Case(row=row, titles={"t1"}, branches={"vast/lerum", "orebro/stadsbiblioteket"}, books=BOOKS)
    return describe_item(case)


# -- titles -------------------------------------------------------------------------------------------------


def test_a_row_becomes_a_title() -> None:
    title = read_title(RODA_RUMMET)
    assert title == Title(**RODA_RUMMET)  # type: ignore[arg-type]
    assert described(title).name == "Röda rummet"  # type: ignore[arg-type]


def test_a_title_needs_no_author_year_or_language() -> None:
    assert read_title({"title": "t2", "name": "Beowulf"}) == Title(title="t2", name="Beowulf")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": None}, "bad_value"),
        ({"title": "a/b"}, "bad_value"),
        ({"title": " t1"}, "bad_value"),
        ({"title": "t" * 101}, "bad_value"),
        ({"name": ""}, "bad_value"),
        ({"name": "one\u2028two"}, "bad_value"),
        ({"name": "one\x85two"}, "bad_value"),
        ({"name": "x\r\nBcc: all@example.org"}, "bad_value"),
        ({"name": "x" * 1001}, "bad_value"),
        ({"year": "1879"}, "bad_value"),
        ({"year": 18790}, "bad_value"),
        ({"year": True}, "bad_value"),
        ({"language": "Swedish"}, "bad_value"),
        ({"marc": 7}, "bad_record"),
        ({"marc": "no base64 ä"}, "bad_record"),
        ({"marc": ""}, "bad_record"),
    ],
)
def test_a_title_that_cannot_be_used_says_why(change: dict[str, Any], reason: str) -> None:
    assert words(read_title({**RODA_RUMMET, **change})) == [reason]


@pytest.mark.parametrize("row", [None, [], "t1", 7, {}])
def test_what_is_no_row_is_refused(row: Any) -> None:
    assert words(read_title(row))
    assert words(read_item_row(row))
    assert words(read_branch(row, BOOKS))


def test_a_report_repeats_a_value_on_one_short_line() -> None:
    told = in_words(read_title({**RODA_RUMMET, "language": "x\n" * 100}))  # type: ignore[arg-type]
    assert "\n" not in told
    assert len(told) < 150


# -- records ------------------------------------------------------------------------------------------------


def test_a_record_becomes_a_title_without_its_punctuation() -> None:
    title = title_of(
        Field(tag="008", data="791201s1879    sw            000 1 swe  "),
        field("100", "aStrindberg, August,", "d1849-1912."),
        field("245", "aRöda rummet :", "bskildringar ur artist- och författarlivet /", "cAugust Strindberg."),
        field("250", "aFörsta upplagan."),
        field("264", "aStockholm :", "bSeligmann,", "c1879.", indicators=" 1"),
    )
    assert title == Title(
        title="t1", name="Röda rummet : skildringar ur artist- och författarlivet",
        author="Strindberg, August", year=1879, language="sv",
        edition="Första upplagan", publisher="Seligmann",
    )  # fmt: skip


def test_parts_of_a_work_stand_in_its_name() -> None:
    title = title_of(field("245", "aKrig och fred.", "nD. 2,", "pFreden /", "cLev Tolstoj"))
    assert title.name == "Krig och fred. D. 2. Freden"


@pytest.mark.parametrize(
    ("fields", "author"),
    [
        ([field("100", "aTolkien, J. R. R.")], "Tolkien, J. R. R."),
        ([field("100", "aLindgren, Astrid.")], "Lindgren, Astrid"),
        ([field("110", "aSverige.", "bRiksdagen.")], "Sverige. Riksdagen"),
        ([field("111", "aNobelsymposium,")], "Nobelsymposium"),
        ([field("110", "aSverige"), field("100", "aKarin Boye")], "Karin Boye"),
        ([], None),
    ],
)
def test_the_author_is_a_person_a_body_or_a_meeting(fields: list[Field], author: str | None) -> None:
    assert title_of(field("245", "aX"), *fields).author == author


@pytest.mark.parametrize(
    ("fields", "year"),
    [
        ([field("264", "c©2001", indicators=" 4"), field("264", "c1999", indicators=" 1")], 1999),
        ([field("264", "c©2001", indicators=" 4")], 2001),
        ([field("260", "c[1984?]")], 1984),
        ([field("260", "cuå")], None),
        ([Field(tag="008", data="791201s1879    sw            000 1 swe  ")], 1879),
        ([Field(tag="008", data="791201n||||    sw            000 1 swe  ")], None),
        ([Field(tag="008", data="short")], None),
        ([], None),
    ],
)
def test_the_year_is_that_of_publication(fields: list[Field], year: int | None) -> None:
    assert title_of(field("245", "aX"), *fields).year == year


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ([field("041", "aswe")], "sv"),
        ([field("041", "asweeng")], "sv"),
        ([field("041", "adan", "aeng")], "da"),
        ([field("041", "asma")], "sma"),
        ([field("041", "aund"), Field(tag="008", data=" " * 35 + "eng  ")], "en"),
        ([Field(tag="008", data=" " * 35 + "|||  ")], None),
        ([], None),
    ],
)
def test_the_language_is_written_as_elsewhere(fields: list[Field], language: str | None) -> None:
    assert title_of(field("245", "aX"), *fields).language == language


def test_a_record_in_marc_8_is_read() -> None:
    plain = record(field("245", "aRooda rummet"))
    marked = plain.replace(b"Rooda", b"R\xe8oda")  # in MARC-8 the mark stands before its letter
    title = read(marked[:9] + b" " + marked[10:])
    assert isinstance(title, Title)
    assert title.name == "Röda rummet"


def test_utf_8_that_does_not_say_so_is_read_as_what_it_is() -> None:
    said = record(field("245", "aÖrnen i Malmköping"))
    title = read(said[:9] + b" " + said[10:])
    assert isinstance(title, Title)
    assert title.name == "Örnen i Malmköping"


def test_letters_are_composed() -> None:
    assert title_of(field("245", "aRo\u0308da rummet")).name == "Röda rummet"


def test_marks_for_sorting_do_not_show() -> None:
    assert title_of(field("245", "a\x98The \x9cHobbit")).name == "The Hobbit"


def test_a_record_that_says_deleted_removes_its_title() -> None:
    gone = title_of(field("245", "aX"), leader="00000dam a2200000 i 4500")
    assert gone.removed
    assert gone.words == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 24,
        b"x" * 200,
        b"\x00" * 100,
        b"99999nam a2200000 i 4500" + b"\x1e" * 30,
        b"x" * 100_000,
        record(field("245", "aRöda rummet"))[:40],
        record(field("245", "aRöda rummet")).replace("ö".encode(), b"\xff\xfe"),
    ],
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    assert words(read(data)) in (["bad_record"], ["missing_field", "missing_field"])


def test_a_record_needs_a_number_and_a_name() -> None:
    bare = pymarc.Record(leader="00000nam a2200000 i 4500", force_utf8=True)
    bare.add_field(field("100", "aX"))
    assert words(read(bare.as_marc())) == ["missing_field", "missing_field"]


@given(st.binary(min_size=0, max_size=400))
def test_whatever_bytes_come_they_are_a_title_or_reasons(data: bytes) -> None:
    assert read(data)


@given(st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_a_damaged_record_is_a_title_or_reasons(place: int, damage: bytes) -> None:
    whole = record(field("100", "aStrindberg, August"), field("245", "aRöda rummet"))
    assert read(whole[:place] + damage + whole[place + len(damage) :])


# -- words --------------------------------------------------------------------------------------------------


def test_marks_and_capitals_do_not_matter_in_a_search() -> None:
    assert words_of("RÖDA Rummet", "Strindberg, August") == ("roda", "rummet", "strindberg", "august")
    assert asked("röda  STRINDBERG!") == ("strindberg", "roda")
    assert words_of("Smørrebrød på Ærø") == ("smorrebrod", "pa", "aero")


@given(st.text())
def test_whatever_is_asked_has_few_short_words(text: str) -> None:
    assert len(asked(text)) <= 10
    assert all(len(one) <= 40 for one in asked(text))


@given(st.text())
def test_a_title_is_found_by_its_own_name(text: str) -> None:
    assert set(asked(text)) <= set(words_of(text))


# -- items --------------------------------------------------------------------------------------------------


def test_an_item_belongs_to_the_member_of_its_home_branch() -> None:
    found = item(issued="2026-05-01", min_age=15, price=24900)
    assert isinstance(found, Item)
    thing = found.thing
    assert (thing.member, thing.home, thing.issued) == ("vast", "vast/lerum", date(2026, 5, 1))
    assert (thing.min_age, thing.price_minor, thing.loanable) == (15, 24900, True)
    assert found.first_state == "available"


@pytest.mark.parametrize("state", ["on_loan", "returned", "in_transit", "hold_shelf"])
def test_what_loans_and_holds_bring_about_is_left_to_their_files(state: str) -> None:
    found = item(state=state)
    assert isinstance(found, Item)
    assert found.first_state == "available"


@pytest.mark.parametrize("state", ["lost", "missing", "withdrawn", "in_repair", "claimed_returned"])
def test_a_state_of_the_item_itself_is_where_it_begins(state: str) -> None:
    found = item(state=state)
    assert isinstance(found, Item)
    assert found.first_state == state


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": "t9"}, "unknown_title"),
        ({"branch": "vast/atlantis"}, "unknown_branch"),
        ({"branch": "lerum"}, "bad_value"),
        ({"branch": "vast/lerum/2"}, "bad_value"),
        ({"material": "papyrus"}, "unknown_material"),
        ({"audience": "pets"}, "bad_value"),
        ({"issued": "2026-13-01"}, "bad_date"),
        ({"issued": "May 2026"}, "bad_date"),
        ({"min_age": -1}, "bad_value"),
        ({"min_age": "15"}, "bad_value"),
        ({"price": -1}, "bad_value"),
        ({"price": 1.5}, "bad_value"),
        ({"price": 10**20}, "bad_value"),
        ({"loanable": "yes"}, "bad_value"),
        ({"state": "eaten"}, "bad_value"),
        ({"item": ""}, "bad_value"),
        ({"item": "x" * 200}, "bad_value"),
        ({"item": 35177001234567}, "bad_value"),
    ],
)
def test_an_item_that_cannot_be_used_says_why(change: dict[str, Any], reason: str) -> None:
    assert words(item(**change)) == [reason]


def test_all_reasons_are_told_at_once() -> None:
    assert words(item(title="t9", branch="vast/atlantis", material="papyrus", issued="soon")) == [
        "unknown_title", "unknown_branch", "unknown_material", "bad_date",
    ]  # fmt: skip


# -- branches -----------------------------------------------------------------------------------------------


def test_a_branch_has_the_fields_of_its_row() -> None:
    found = read_branch({**LERUM, "closed": ["2026-12-24"], "drop": "next_opening_day", "kind": None}, BOOKS)
    assert isinstance(found, BranchDescribed)
    assert (found.branch, found.kind, found.drop) == ("vast/lerum", "library", "next_opening_day")
    assert found.opening == {"mon": ("10:00", "19:00")}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"member": "atlantis"}, "unknown_member"),
        ({"timezone": "Europe/Lerum"}, "bad_calendar"),
        ({"timezone": "../../etc/passwd"}, "bad_calendar"),
        ({"opening": {"mon": ["19:00", "10:00"]}}, "bad_calendar"),
        ({"opening": {"mon": ["ten", "seven"]}}, "bad_calendar"),
        ({"opening": {"mon": ["10:00"]}}, "bad_value"),
        ({"opening": {"måndag": ["10:00", "19:00"]}}, "bad_value"),
        ({"closed": ["christmas"]}, "bad_calendar"),
        ({"kind": "bookshop"}, "bad_value"),
        ({"drop": "sometimes"}, "bad_value"),
        ({"stops": ["2026-12-03 at two"]}, "bad_calendar"),
        ({"branch": "a.b"}, "bad_value"),
        ({"branch": "#"}, "bad_value"),
        ({"branch": "a/b"}, "bad_value"),
    ],
)
def test_a_branch_that_cannot_be_used_says_why(change: dict[str, Any], reason: str) -> None:
    assert words(read_branch({**LERUM, **change}, BOOKS)) == [reason]
