"""The files: as many rows as asked for, in the shape that import reads, the same every time."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
from samlan.sample import Scale, generate
from samlan.sample.streams import luhn

from .conftest import TODAY, Sample

FILES = (
    "branches.jsonl",
    "titles.mrc",
    "items.jsonl",
    "patrons.jsonl",
    "loans.jsonl",
    "holds.jsonl",
    "fees.jsonl",
    "devices.jsonl",
)
SMALL = Scale(titles=200, items=800, patrons=300, loans=260, holds=60, debtors=20)
MATERIALS = """
    book audiobook daisy music_cd periodical feature_film documentary_film childrens_film factual_film
    tv_series dvd video_game board_game book_club_bag theme_bag quick_loan ebook
"""


def test_the_default_has_the_figures_of_the_demonstration(sample: Sample) -> None:
    summary = sample.summary
    assert (summary.titles, summary.items, summary.patrons) == (3000, 12000, 2500)
    assert (summary.loans, summary.holds) == (4000, 900)
    assert summary.overdue == 4000 // 3
    assert len(sample.records) == 3000
    assert len(sample.items) == 12000
    assert len(sample.patrons) == 2500


def test_same_seed_and_day_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(tmp_path / name, seed=5, today=TODAY, scale=SMALL)
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_another_seed_gives_another_consortium(tmp_path: Path) -> None:
    generate(tmp_path / "one", seed=5, today=TODAY, scale=SMALL)
    generate(tmp_path / "two", seed=6, today=TODAY, scale=SMALL)
    assert (tmp_path / "one" / "loans.jsonl").read_bytes() != (tmp_path / "two" / "loans.jsonl").read_bytes()


@pytest.mark.parametrize(
    "day", ["2026-01-02", "2026-03-29", "2026-12-28", "2028-02-29", "2027-10-31", "2026-06-07"]
)
def test_figures_are_exact_on_any_day(tmp_path: Path, day: str) -> None:
    summary = generate(tmp_path, seed=len(day) + int(day[-2:]), today=date.fromisoformat(day), scale=SMALL)
    assert (summary.items, summary.loans, summary.overdue, summary.holds) == (800, 260, 86, 60)


@pytest.mark.parametrize(
    "scale", [Scale(titles=10, items=9), Scale(items=3000, loans=2900), Scale(patrons=0), Scale(titles=0)]
)
def test_figures_that_cannot_be_had_are_refused(tmp_path: Path, scale: Scale) -> None:
    with pytest.raises(ValueError, match=r"titles|loan|patrons"):
        generate(tmp_path / "none", seed=1, today=TODAY, scale=scale)
    assert not (tmp_path / "none").exists()


def test_memory_grows_with_patrons_and_not_with_items(tmp_path: Path) -> None:
    def peak(items: int) -> int:
        tracemalloc.start()
        generate(tmp_path, seed=1, today=TODAY, scale=Scale(items // 4, items, 200, 100, 20, 10))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(1000)  # what is imported and cached the first time is not the sample's
    assert peak(5000) < 1.3 * peak(1000)


def test_titles_are_marc_records_in_three_languages(sample: Sample) -> None:
    languages = Counter(record["041"]["a"] for record in sample.records)
    assert set(languages) == {"swe", "dan", "eng"}
    assert languages["swe"] > languages["dan"] > 100
    for record in sample.records:
        assert record["008"].data[35:38] == record["041"]["a"]
        assert len(record["008"].data) == 40
        assert record["008"].data[7:11] == record["264"]["c"]
        assert record["245"]["a"]
        assert record.leader[9] == "a"


def test_letters_survive_the_record_format(sample: Sample) -> None:
    names = {record["245"]["a"]: record["100"]["a"] for record in sample.records if "100" in record}
    assert names["Röda rummet"] == "Strindberg, August"
    assert names["Pelle Erobreren"] == "Nexø, Martin Andersen"


def test_titles_have_control_numbers_that_items_use(sample: Sample) -> None:
    numbers = [record["001"].data for record in sample.records]
    assert len(set(numbers)) == 3000
    assert set(sample.copies) == set(numbers)


def test_there_are_items_of_every_material_in_existing_branches(sample: Sample) -> None:
    assert {item["material"] for item in sample.items.values()} == set(MATERIALS.split())
    assert {item["branch"] for item in sample.items.values()} == set(sample.branches)
    assert all(
        item["issued"] <= TODAY.isoformat()
        for item in sample.items.values()
        if item["material"] == "periodical"
    )


def test_barcodes_carry_a_check_digit_and_tell_items_from_cards(sample: Sample) -> None:
    cards = [card for patron in sample.patrons.values() for card in patron["cards"]]
    assert len(set(cards)) == len(cards)
    for barcode in (*sample.items, *cards):
        assert len(barcode) == 14
        assert barcode[-1] == luhn(barcode[:-1])
    assert {barcode[0] for barcode in sample.items} == {"3"}
    assert {card[0] for card in cards} == {"2"}


def test_the_branches_that_policy_books_name_are_there(sample: Sample) -> None:
    branches = sample.branches
    assert branches["orebro/stadsbiblioteket"]["drop"] == "immediate"
    assert (
        branches["orebro/tegelbruket"]["kind"] == branches["orebro/patientbiblioteket"]["kind"] == "partner"
    )
    assert branches["vast/lerum"]["name"] == "Lerums bibliotek"
    assert branches["gladsaxe/hovedbiblioteket"]["timezone"] == "Europe/Copenhagen"
    assert {branch["member"] for branch in branches.values()} == {
        "gothenburg",
        "vast",
        "gladsaxe",
        "kungsbacka",
        "orebro",
    }


@pytest.mark.clause("K41")
def test_kungsbacka_has_no_book_drops(sample: Sample) -> None:
    assert all(row["drop"] is None for row in sample.branches.values() if row["member"] == "kungsbacka")


@pytest.mark.clause("K17")
def test_the_mobile_library_has_stops_before_and_after_today(sample: Sample) -> None:
    bus = sample.branches["kungsbacka/biblioteksbussen"]
    assert bus["kind"] == "mobile"
    stops = [datetime.fromisoformat(stop).date() for stop in bus["stops"]]
    assert stops == sorted(stops)
    assert stops[0] < TODAY < stops[-1]


def test_every_branch_has_a_kiosk_and_devices_have_names_of_their_own(sample: Sample) -> None:
    names = [device["device"] for device in sample.devices]
    assert len(set(names)) == len(names)
    assert {device["branch"] for device in sample.devices if device["kind"] == "kiosk"} == set(
        sample.branches
    )
    assert {device["kind"] for device in sample.devices} == {"kiosk", "sorter", "drop", "door"}
    drops = {device["branch"] for device in sample.devices if device["kind"] == "drop"}
    assert drops == {name for name, row in sample.branches.items() if row["drop"]}
    assert "lerum-1" in names
