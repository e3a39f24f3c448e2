"""The files an import reads, in the order in which their rows may refer to each other."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

MAX_LINE_BYTES: Final = 256_000  # a row is a few hundred bytes; anything near this is not a row
MARC_HEADER: Final = 5
MARC_END: Final = b"\x1d"


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of file: its name, whose it is, and whether others must have heard of it before the next."""

    name: str
    kind: str
    owner: str
    settles: bool = True


SOURCES: Final = (
    Source("branches.jsonl", "branches", "catalog"),
    Source("titles.mrc", "titles", "catalog", settles=False),
    Source("titles.jsonl", "titles", "catalog"),
    Source("items.jsonl", "items", "catalog"),
    Source("patrons.jsonl", "patrons", "accounts"),
    Source("loans.jsonl", "loans", "circulation"),
    Source("holds.jsonl", "holds", "holds"),
    Source("fees.jsonl", "fees", "billing"),
    Source("devices.jsonl", "devices", "circulation"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there, with its size in bytes."""

    source: Source
    path: Path
    size: int


def files_in(folder: Path) -> list[Found]:
    """The known files of a folder, in the order in which they are loaded."""
    there = ((source, folder / source.name) for source in SOURCES)
    return [Found(source, path, path.stat().st_size) for source, path in there if path.is_file()]


KNOWN: Final = frozenset(source.name for source in SOURCES)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: where it stands, where the next begins, what it says or why it cannot be read."""

    number: int
    end: int
    row: dict[str, Any] | None
    why: str = ""


def read_lines(path: Path, *, offset: int = 0, number: int = 0) -> Iterator[Line]:
    """The rows of a file from a byte offset on, one at a time, whatever the file's size."""
    with path.open("rb") as file:
        file.seek(offset)
        reader = _records if path.suffix == ".mrc" else _json_lines
        yield from reader(file, number)


def _json_lines(file: BinaryIO, number: int) -> Iterator[Line]:
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            _skip_rest(file, raw)
            yield Line(number, file.tell(), None, f"the row has more than {MAX_LINE_BYTES} bytes")
        elif raw.strip():
            yield _parsed(number, file.tell(), raw)


def _parsed(number: int, end: int, raw: bytes) -> Line:
    try:
        row = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError:
        return Line(number, end, None, "the row is not UTF-8")
    except ValueError:
        return Line(number, end, None, "the row is not JSON")
    except RecursionError:
        return Line(number, end, None, "the row is nested too deeply")
    if not isinstance(row, dict):
        return Line(number, end, None, "the row is not an object: write {…}")
    return Line(number, end, row)


def _records(file: BinaryIO, number: int) -> Iterator[Line]:
    """MARC21 records in ISO 2709: five digits of length, then the rest; `number` counts records.

    A length that does not end where a record ends is not believed: it would swallow the records behind it."""
    while header := _header(file):
        number += 1
        behind = file.tell()
        if len(header) < MARC_HEADER or not header.isdigit() or int(header) <= MARC_HEADER:
            why = "not a MARC21 record: its length cannot be read"
            yield Line(number, _skip_record(file), None, why)
            continue
        rest = file.read(int(header) - MARC_HEADER)
        if rest.find(MARC_END) != int(header) - MARC_HEADER - 1:
            file.seek(behind)
            yield Line(
                number, _skip_record(file), None, "the MARC21 record is cut off, or its length is wrong"
            )
            continue
        encoded = base64.b64encode(header + rest).decode("ascii")
        yield Line(number, file.tell(), {"marc": encoded})


def _header(file: BinaryIO) -> bytes:
    """The next record's five digits; some programs put each record on a line of its own."""
    while (first := file.read(1)) and not first.strip():
        pass
    return first + file.read(MARC_HEADER - 1)


def _skip_rest(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_LINE_BYTES)


def _skip_record(file: BinaryIO) -> int:
    """Goes on behind the next record terminator, so that the next record is served."""
    while byte := file.read(1):
        if byte == MARC_END:
            break
    return file.tell()


def _refuse(word: str) -> Any:
    raise ValueError(word)
