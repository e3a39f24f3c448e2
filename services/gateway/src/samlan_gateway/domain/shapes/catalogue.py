"""What anybody may see."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel


class Title(BaseModel):
    """A title of the catalogue."""

    title: str
    name: str
    author: str | None = None
    year: int | None = None
    language: str | None = None
    edition: str | None = None
    publisher: str | None = None


class Copy(BaseModel):
    """One copy of a title and where it is; never who has it."""

    item: str
    home: str
    state: str
    branch: str | None = None
    goes_to: str | None = None
    due: date | None = None
    loanable: bool = True


class Availability(BaseModel):
    """The copies of a title, and how many wait for one."""

    title: str
    total: int
    available: int
    waiting: int
    items: list[Copy]


class Member(BaseModel):
    """A member of the consortium."""

    member: str
    name: str
    currency: str
    language: str
    timezone: str


class Branch(BaseModel):
    """A branch with its calendar, in local time."""

    branch: str
    member: str
    name: str
    timezone: str
    opening: dict[str, list[str]]
    closed: list[str] = []
    kind: str = "library"
    drop: str | None = None
    staffless: list[str] | None = None
    stops: list[str] = []
