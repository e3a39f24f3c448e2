"""A MARC21 bibliographic record as a title row.

| Row | Record |
| --- | --- |
| `title` | 001 |
| `name` | 245 $a, parts $n $p, subtitle $b, without the punctuation that ISBD puts between them |
| `author` | 100, 110 or 111 |
| `year` | 264 (publication first), 260, or 008 |
| `language` | 041 $a or 008, as ISO 639-1 where there is such a code |
| `edition`, `publisher` | 250; 264 or 260 |
| `removed` | leader/05 = `d` |

Records are UTF-8 or MARC-8 as leader/09 says. Many systems write UTF-8 and do not say so; what decodes as
UTF-8 is taken for it, because MARC-8 puts its marks before their letters, which UTF-8 never does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import pymarc
from pymarc.exceptions import PymarcException

from samlan_catalog.domain.languages import ISO_639_1

LONGEST: Final = 99_999  # what a MARC21 leader can count to
LEADER: Final = 24
YEAR: Final = re.compile(r"(?<!\d)(1[0-9]{3}|20[0-9]{2})(?!\d)")
INITIAL: Final = re.compile(r"(^|[\s.\-])\w\.$")
NON_SORTING: Final = dict.fromkeys(map(ord, "\x88\x89\x98\x9c¬"))
AUTHORS: Final = (("100", ("a",)), ("110", ("a", "b")), ("111", ("a",)))
Row = dict[str, str | int | bool | None]


class NotARecord(ValueError):
    """Bytes that are no readable MARC21 record; the text says what is wrong."""


def read_record(record: bytes) -> Row:
    """The record as a title row; `NotARecord` says why not."""
    marc = _parsed(record)
    return {
        "title": _text(marc["001"].data) if "001" in marc else None,
        "name": _name(marc),
        "author": _author(marc),
        "year": _year(marc),
        "language": _language(marc),
        "edition": _statement(marc, ("250",), "a"),
        "publisher": _statement(marc, ("264", "260"), "b"),
        "removed": record[5:6] == b"d",
    }


def _parsed(record: bytes) -> pymarc.Record:
    if not LEADER < len(record) <= LONGEST:
        raise NotARecord(f"a record has {LEADER} to {LONGEST} bytes, this one {len(record)}")
    unicode = _decodes(record)
    if record[9:10] == b"a" and not unicode:
        raise NotARecord("the leader says UTF-8, and the record is not")
    try:
        return pymarc.Record(record, to_unicode=True, force_utf8=unicode, hide_utf8_warnings=True)
    except (PymarcException, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise NotARecord(f"the record cannot be read ({type(error).__name__})") from None


def _decodes(record: bytes) -> bool:
    try:
        record.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x1b" not in record  # an escape changes the character set, which only MARC-8 does


def _name(marc: pymarc.Record) -> str | None:
    for field in marc.get_fields("245"):
        main = _joined((_bare(value) for value in field.get_subfields("a")), " ")
        parts = _joined((_bare(value) for value in field.get_subfields("n", "p")), ". ")
        subtitle = _joined((_bare(value) for value in field.get_subfields("b")), " : ")
        return _joined((_joined((main, parts), ". "), subtitle), " : ") or None
    return None


def _author(marc: pymarc.Record) -> str | None:
    for tag, codes in AUTHORS:
        for field in marc.get_fields(tag):
            if name := _joined((_bare(value) for value in field.get_subfields(*codes)), ". "):
                return name
    return None


def _year(marc: pymarc.Record) -> int | None:
    dated = sorted(marc.get_fields("264"), key=lambda field: field.indicator2 != "1")
    for field in (*dated, *marc.get_fields("260")):
        for value in field.get_subfields("c"):
            if found := YEAR.search(_text(value)):
                return int(found[1])
    found = YEAR.fullmatch(_fixed(marc, 7, 11))
    return int(found[1]) if found else None


def _language(marc: pymarc.Record) -> str | None:
    stated = [value[:3] for field in marc.get_fields("041") for value in field.get_subfields("a")]
    for code in (*stated, _fixed(marc, 35, 38)):
        lower = code.strip().lower()
        if re.fullmatch("[a-z]{3}", lower) and lower not in ("und", "mul", "zxx", "mis"):
            return ISO_639_1.get(lower, lower)
    return None


def _statement(marc: pymarc.Record, tags: Iterable[str], code: str) -> str | None:
    for field in marc.get_fields(*tags):
        for value in field.get_subfields(code):
            if stated := _bare(value):
                return stated
    return None


def _fixed(marc: pymarc.Record, start: int, end: int) -> str:
    for field in marc.get_fields("008"):
        return str(field.data or "")[start:end]
    return ""


def _bare(value: str) -> str:
    """A value without the punctuation that announces what follows it."""
    text = _text(value).rstrip(" /:;,=")
    if text.endswith(".") and not text.endswith("..") and not INITIAL.search(text):
        text = text[:-1].rstrip()
    return text


def _text(value: str | None) -> str:
    composed = unicodedata.normalize("NFC", (value or "").translate(NON_SORTING))
    return " ".join("".join(letter if letter.isprintable() else " " for letter in composed).split())


def _joined(parts: Iterable[str], by: str) -> str:
    return by.join(part for part in parts if part)
