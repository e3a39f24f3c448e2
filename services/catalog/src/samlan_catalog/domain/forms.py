"""Forms that several rows share."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import ConfigDict, StringConstraints
from samlan_contracts.forms import LINE

STRICT: Final = ConfigDict(strict=True, frozen=True)
ID: Final = r"^[^\s/\x00-\x1f\x7f](?:[^/\x00-\x1f\x7f]{0,98}[^\s/\x00-\x1f\x7f])?$"  # stands in addresses
NAME_LENGTH: Final = 1000

Id = Annotated[str, StringConstraints(pattern=ID)]
Line = Annotated[str, StringConstraints(pattern=LINE, max_length=NAME_LENGTH)]
