"""What a row of an import file is, and how rows become bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

Row = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RowFile:
    """A JSON Lines file written row by row, holding nothing back but a buffer."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb", buffering=1 << 20)
        self.count = 0

    def write(self, row: Row) -> None:
        """Append one row."""
        self._file.write(_encode(row).encode() + b"\n")
        self.count += 1

    def write_all(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        for row in rows:
            self.write(row)

    def close(self) -> None:
        """Write what is buffered and let the file go."""
        self._file.close()

    def __enter__(self) -> RowFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write all rows to a file and return how many there were."""
    with RowFile(path) as file:
        file.write_all(rows)
        return file.count


def stamp(moment: datetime) -> str:
    """Return the moment as the import files spell it: RFC 3339, local offset, whole seconds."""
    return moment.isoformat(timespec="seconds")


def without_absent(row: Row) -> Row:
    """Leave out optional fields that have no value."""
    return {name: value for name, value in row.items() if value is not None}
