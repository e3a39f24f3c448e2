"""Where an interrupted import goes on: one small file per folder, with an offset for each file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was sent: the byte after the last row the owner answered for, and its line."""

    offset: int = 0
    line: int = 0


class Journal:
    """Remembers places; a file that changed since is read from its beginning, which changes nothing twice."""

    def __init__(self, data: Path, folder: Path) -> None:
        name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
        self._path = data / "imports" / f"{name}.json"
        self._places: dict[str, dict[str, int]] = {}
        if self._path.exists():
            self._places = json.loads(self._path.read_text())

    @property
    def begun(self) -> bool:
        """Whether an earlier run was stopped before its end."""
        return bool(self._places)

    def place(self, path: Path) -> Place:
        """Where to go on with this file."""
        kept = self._places.get(path.name)
        if kept is None or kept["stamp"] != _stamp(path):
            return Place()
        return Place(kept["offset"], kept["line"])

    def reached(self, path: Path, place: Place) -> None:
        """Notes how far a file was sent, in one step."""
        self._places[path.name] = {"stamp": _stamp(path), "offset": place.offset, "line": place.line}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self._places))
        fresh.replace(self._path)

    def finished(self) -> None:
        """Forgets all places: the next run reads every row again."""
        self._path.unlink(missing_ok=True)


def _stamp(path: Path) -> int:
    status = path.stat()
    return int(hashlib.sha256(f"{status.st_size}/{status.st_mtime_ns}".encode()).hexdigest()[:12], 16)
