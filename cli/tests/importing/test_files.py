"""Reading import files: every row that can be read is, whatever stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from samlan.importing.files import MAX_LINE_BYTES, read_lines
from samlan.importing.journal import Journal, Place

CUT_OFF = "the MARC21 record is cut off, or its length is wrong"


def lines(tmp_path: Path, content: bytes, name: str = "items.jsonl") -> list[tuple[int, object]]:
    path = tmp_path / name
    path.write_bytes(content)
    return [(line.number, line.row if line.row is not None else line.why) for line in read_lines(path)]


def test_rows_keep_their_line_numbers_across_empty_lines_and_byte_order_marks(tmp_path: Path) -> None:
    assert lines(tmp_path, b'\xef\xbb\xbf{"a":1}\n\n{"b":2}') == [(1, {"a": 1}), (3, {"b": 2})]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not json", "the row is not JSON"),
        (b"[1]", "the row is not an object: write {…}"),
        (b'{"a": NaN}', "the row is not JSON"),
        (b'"\xff"', "the row is not UTF-8"),
        (b"[" * 100_000, "the row is nested too deeply"),
        (b'"' + b"x" * MAX_LINE_BYTES * 3 + b'"', f"the row has more than {MAX_LINE_BYTES} bytes"),
    ],
)
def test_a_row_that_cannot_be_read_says_why_and_the_next_is_served(
    tmp_path: Path, content: bytes, why: str
) -> None:
    assert lines(tmp_path, content + b'\n{"b":2}\n') == [(1, why), (2, {"b": 2})]


def test_marc_records_are_counted_and_a_broken_one_is_left_out(tmp_path: Path) -> None:
    found = lines(tmp_path, b"00008ab\x1dgarbage\x1d00007c\x1d00099cut", "titles.mrc")
    assert [number for number, _ in found] == [1, 2, 3, 4]
    assert found[1][1] == "not a MARC21 record: its length cannot be read"
    assert found[3][1] == CUT_OFF


def test_a_wrong_length_swallows_no_record_behind_it(tmp_path: Path) -> None:
    found = lines(tmp_path, b"99999lies\x1d\r\n00008ab\x1d\n00009cde\x1d\n", "titles.mrc")
    assert found[0] == (1, CUT_OFF)
    assert [(number, isinstance(row, dict)) for number, row in found[1:]] == [(2, True), (3, True)]


def test_an_interrupted_run_goes_on_behind_the_last_answered_row(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(b'{"a":1}\n{"b":2}\n{"c":3}\n')
    first = next(read_lines(path))
    Journal(tmp_path, tmp_path).reached(path, Place(first.end, first.number))
    place = Journal(tmp_path, tmp_path).place(path)
    rest = [line.row for line in read_lines(path, offset=place.offset, number=place.line)]
    assert rest == [{"b": 2}, {"c": 3}]
    path.write_bytes(b'{"x":1}\n')
    assert Journal(tmp_path, tmp_path).place(path) == Place()
