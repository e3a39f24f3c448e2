"""A branch with its calendar, as `branches.jsonl` states it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, ValidationError
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.policy import BranchCalendar, PolicyBooks

from samlan_catalog.domain.forms import STRICT, Line
from samlan_catalog.domain.refusal import Refusal, quoted, reasons_of

Hours = Annotated[list[str], Field(min_length=2, max_length=2)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS = 4000  # closed days and stops that one branch may list


class BranchRow(BaseModel):
    """One row of `branches.jsonl`."""

    model_config = STRICT

    member: Line
    branch: Annotated[str, StringConstraints(pattern=r"^[^\s/.*#\x00-\x1f]{1,60}$")]  # stands in routing keys
    name: Line
    timezone: Line
    opening: dict[Weekday, Hours]
    closed: Annotated[list[str], Field(max_length=DAYS)] | None = None
    kind: Literal["library", "mobile", "partner"] | None = None
    drop: Literal["next_opening_day", "immediate"] | None = None
    staffless: Hours | None = None
    stops: Annotated[list[str], Field(max_length=DAYS)] | None = None


def read_branch(row: object, books: PolicyBooks) -> BranchDescribed | tuple[Refusal, ...]:
    """The branch of a row, or every reason why it cannot be used."""
    try:
        read = BranchRow.model_validate(row)
    except ValidationError as error:
        return reasons_of(error)
    unknown = [] if read.member in books.members else [_unknown_member(read.member)]
    try:
        BranchCalendar.of(f"{read.member}/{read.branch}", read.model_dump(exclude_none=True))
    except ValueError as error:
        return (*unknown, Refusal("bad_calendar", str(error)))
    return tuple(unknown) if unknown else _branch(read)


def _unknown_member(member: str) -> Refusal:
    return Refusal("unknown_member", f"there is no policy book of {quoted(member)}")


def _branch(read: BranchRow) -> BranchDescribed:
    return BranchDescribed(
        branch=f"{read.member}/{read.branch}", member=read.member, name=read.name, timezone=read.timezone,
        opening={day: (hours[0], hours[1]) for day, hours in read.opening.items()},
        closed=tuple(read.closed or ()), kind=read.kind or "library", drop=read.drop,
        staffless=(read.staffless[0], read.staffless[1]) if read.staffless else None,
        stops=tuple(read.stops or ()),
    )  # fmt: skip
