"""What the demonstration remembers between its runs, in one small file of the data folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from samlan.trouble import Trouble

Whereabouts = Literal["here", "home", "kept"]
"""Of an item handed in: back on its shelf, on its way home, or kept, for a hold or until somebody knows."""


@dataclass(slots=True)
class Record:
    """The sample's day, whether it is loaded, how many runs were begun, and where returned items went."""

    path: Path
    made_on: date | None = None
    loaded: bool = False
    runs: int = 0
    returned: dict[str, Whereabouts] = field(default_factory=dict)

    @classmethod
    def of(cls, data: Path) -> Record:
        """The record of a data folder; an empty one before the first run."""
        path = data / "demo.json"
        try:
            kept = json.loads(path.read_text())
            made_on = date.fromisoformat(kept["made_on"]) if kept["made_on"] else None
            return cls(path, made_on, bool(kept["loaded"]), int(kept["runs"]), dict(kept["returned"]))
        except FileNotFoundError:
            return cls(path)
        except (ValueError, KeyError, TypeError) as error:
            raise Trouble(f"{path} cannot be read: {error}") from None

    def write(self) -> None:
        """Replaces the file as a whole."""
        kept = asdict(self) | {"made_on": self.made_on.isoformat() if self.made_on else None}
        del kept["path"]
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(kept))
        draft.replace(self.path)
