"""The default sample, generated once for all tests that only read it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from pymarc import MARCReader, Record
from samlan.sample import Summary, generate

Row = dict[str, Any]
TODAY = date(2026, 11, 22)


@dataclass
class Sample:
    """The files of a generated folder, read."""

    folder: Path
    summary: Summary

    def rows(self, name: str) -> list[Row]:
        return [json.loads(line) for line in (self.folder / f"{name}.jsonl").read_bytes().splitlines()]

    @cached_property
    def items(self) -> dict[str, Row]:
        return {row["item"]: row for row in self.rows("items")}

    @cached_property
    def patrons(self) -> dict[str, Row]:
        return {row["patron"]: row for row in self.rows("patrons")}

    @cached_property
    def branches(self) -> dict[str, Row]:
        return {f"{row['member']}/{row['branch']}": row for row in self.rows("branches")}

    @cached_property
    def loans(self) -> list[Row]:
        return self.rows("loans")

    @cached_property
    def holds(self) -> list[Row]:
        return self.rows("holds")

    @cached_property
    def fees(self) -> list[Row]:
        return self.rows("fees")

    @cached_property
    def devices(self) -> list[Row]:
        return self.rows("devices")

    @cached_property
    def records(self) -> list[Record]:
        with (self.folder / "titles.mrc").open("rb") as file:
            return [record for record in MARCReader(file) if record]

    @cached_property
    def copies(self) -> dict[str, list[Row]]:
        copies: dict[str, list[Row]] = defaultdict(list)
        for item in self.items.values():
            copies[item["title"]].append(item)
        return copies


def age(patron: Row, day: date) -> int:
    born = date.fromisoformat(patron["born"])
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    return Sample(folder, generate(folder, seed=1, today=TODAY))
