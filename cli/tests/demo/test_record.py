"""What the demonstration remembers between its runs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from samlan.demo.record import Record
from samlan.trouble import Trouble


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = Record.of(tmp_path)
    assert (record.made_on, record.loaded, record.runs, record.returned) == (None, False, 0, {})
    record.made_on, record.loaded, record.runs = date(2026, 11, 23), True, 3
    record.returned["i1"] = "here"
    record.write()
    assert Record.of(tmp_path) == record


def test_a_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{")
    with pytest.raises(Trouble, match=r"demo\.json cannot be read"):
        Record.of(tmp_path)
