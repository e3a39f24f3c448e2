"""A title: what patrons hold, from a row of `titles.jsonl` or a MARC21 record."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints, ValidationError
from samlan_contracts.events.catalog import TitleDescribed

from samlan_catalog.domain.forms import STRICT, Id, Line
from samlan_catalog.domain.marc import NotARecord, read_record
from samlan_catalog.domain.refusal import Refusal, reasons_of
from samlan_catalog.domain.words import words_of

YEARS: Final = (0, 3000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What catalog keeps of one title."""

    title: str
    name: str
    author: str | None = None
    year: int | None = None
    language: str | None = None
    edition: str | None = None
    publisher: str | None = None
    removed: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words by which the title is found; none once it was removed."""
        return () if self.removed else words_of(self.name, self.author)


class TitleRow(BaseModel):
    """One row of `titles.jsonl`."""

    model_config = STRICT

    title: Id
    name: Line
    author: Line | None = None
    year: Annotated[int, Field(ge=YEARS[0], le=YEARS[1])] | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    edition: Line | None = None
    publisher: Line | None = None
    removed: bool = False


def described(title: Title) -> TitleDescribed:
    """What other services may know of a title."""
    return TitleDescribed(
        title=title.title, name=title.name, author=title.author, year=title.year, language=title.language,
        removed=title.removed,
    )  # fmt: skip


def read_title(row: object) -> Title | tuple[Refusal, ...]:
    """A title from a row, or every reason why not; a row `{"marc": …}` holds a record in base64."""
    if isinstance(row, dict) and "marc" in row:
        return _from_record(row["marc"])
    return _from_row(row)


def _from_row(row: object) -> Title | tuple[Refusal, ...]:
    try:
        read = TitleRow.model_validate(row)
    except ValidationError as error:
        return reasons_of(error)
    return Title(**read.model_dump())


def _from_record(written: object) -> Title | tuple[Refusal, ...]:
    try:
        record = base64.b64decode(written, validate=True) if isinstance(written, str) else b""
    except (binascii.Error, ValueError):
        return (Refusal("bad_record", "marc is not base64"),)
    try:
        fields = read_record(record)
    except NotARecord as why:
        return (Refusal("bad_record", str(why)),)
    return _from_row({name: value for name, value in fields.items() if value is not None})
