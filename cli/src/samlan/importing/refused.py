"""The file of refused rows: every one of a run, also of a run that is so large that nobody lists them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from samlan.importing.report import Refused


class RefusedFile:
    """`DIR/imports/refused.jsonl`: begun anew by a new import, continued by one that goes on."""

    def __init__(self, data: Path, *, goes_on: bool) -> None:
        self.path = data / "imports" / "refused.jsonl"
        self._goes_on = goes_on
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a" if self._goes_on else "w", encoding="utf-8")
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, row: Refused) -> None:
        """Adds one row."""
        if self._file is not None:
            self._file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
