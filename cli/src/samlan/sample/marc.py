"""Titles as MARC21 records (Bibliographic: leader, 001, 008, 041, 100, 245, 264), in UTF-8."""

from __future__ import annotations

from datetime import date

from pymarc import Field, Indicators, Leader, Record, Subfield

from samlan.sample import words
from samlan.sample.titles import Title

LANGUAGE_CODES = {"sv": "swe", "da": "dan", "en": "eng"}
COUNTRY_CODES = {"sv": "sw ", "da": "dk ", "en": "enk"}
RECORD_TYPES = {
    "audiobook": "im",
    "daisy": "im",
    "music_cd": "jm",
    "periodical": "as",
    "video_game": "mm",
    "board_game": "rm",
    "book_club_bag": "om",
    "theme_bag": "om",
    **dict.fromkeys(
        ("feature_film", "documentary_film", "childrens_film", "factual_film", "tv_series", "dvd"), "gm"
    ),
}
"""Leader positions 06 and 07: type of record and bibliographic level; a book is `am`."""


def marc(title: Title, today: date) -> bytes:
    """Return the title as one transmission-format record."""
    return bytes(Record(force_utf8=True, leader=str(_leader(title)), fields=_fields(title, today)).as_marc())


def _fields(title: Title, today: date) -> list[Field]:
    return [
        Field(tag="001", data=title.id),
        Field(tag="008", data=_fixed_length(title, today)),
        _field("041", "0", " ", a=LANGUAGE_CODES[title.language]),
        *([_field("100", "1", " ", a=title.author)] if title.author else []),
        _field("245", "1" if title.author else "0", "0", a=title.name, **_responsibility(title)),
        _published(title),
    ]


def _leader(title: Title) -> Leader:
    return Leader(f"00000n{RECORD_TYPES.get(title.material, 'am')} a2200000 i 4500")


def _fixed_length(title: Title, today: date) -> str:
    audience = "j" if title.audience == "child" else " "
    dates = f"{today:%y%m%d}s{title.year:04d}    "
    return (
        f"{dates}{COUNTRY_CODES[title.language]}    {audience}      000 1 {LANGUAGE_CODES[title.language]}  "
    )


def _responsibility(title: Title) -> dict[str, str]:
    if title.author is None:
        return {}
    last, _, first = title.author.partition(", ")
    return {"c": f"{first} {last}"}


def _published(title: Title) -> Field:
    publishers = words.PUBLISHERS[title.language]
    place, publisher = publishers[title.number % len(publishers)]
    return _field("264", " ", "1", a=place, b=publisher, c=str(title.year))


def _field(tag: str, first: str, second: str, **subfields: str) -> Field:
    parts = [Subfield(code, value) for code, value in subfields.items()]
    return Field(tag=tag, indicators=Indicators(first, second), subfields=parts)
