"""What a plan of returns and loans is made from, and how it is read from the sample's files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import orjson

from samlan.sample.rows import Row

MOST = 20_000
"""About so many items on loan, and on shelves, are read, evenly spread: more than any plan plays."""


@dataclass(frozen=True, slots=True)
class Lent:
    """An item with an open loan."""

    item: str
    title: str
    home: str
    due: date
    patron: str
    min_age: int = 0


@dataclass(frozen=True, slots=True)
class Shelved:
    """An item that stands in its home branch and may be lent."""

    item: str
    title: str
    home: str
    material: str
    min_age: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A hold that a copy could serve now: neither frozen, allotted nor past its need-by date."""

    title: str
    patron: str
    pickup: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A device that takes returns."""

    device: str
    branch: str


@dataclass(frozen=True, slots=True)
class Borrower:
    """A patron who may borrow."""

    patron: str
    member: str
    born: date


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan is made from; a part that a plan does not need may be left out."""

    lent: Sequence[Lent] = ()
    shelved: Sequence[Shelved] = ()
    waiting: Sequence[Waiting] = ()
    kiosks: Sequence[Kiosk] = ()
    borrowers: Sequence[Borrower] = ()


def facts_in(folder: Path, *, today: date, most: int = MOST) -> Facts:
    """Return the facts that the sample's files state, before anything was played."""
    holds = list(_rows(folder / "holds.jsonl"))
    loans = _thinned(folder / "loans.jsonl", most)
    away = {row["item"] for row in _rows(folder / "loans.jsonl")} | {row.get("item") for row in holds}
    lent, shelved = _items(folder / "items.jsonl", {row["item"]: row for row in loans}, away, most)
    return Facts(
        lent=lent,
        shelved=shelved,
        waiting=[_waiting(row) for row in holds if _can_be_served(row, today)],
        kiosks=list(_kiosks(folder)),
        borrowers=[_borrower(row) for row in _rows(folder / "patrons.jsonl") if _can_borrow(row)],
    )


def _items(
    path: Path, loans: dict[str, Row], away: set[str | None], most: int
) -> tuple[list[Lent], list[Shelved]]:
    lent, shelved, step = [], [], _step(path, most)
    for number, row in enumerate(_rows(path)):
        if row["item"] in loans:
            lent.append(_lent(row, loans[row["item"]]))
        elif number % step == 0 and row["item"] not in away and _can_be_lent(row):
            shelved.append(_shelved(row))
    return lent, shelved


def _kiosks(folder: Path) -> Iterator[Kiosk]:
    """Yield the kiosks of the members' own branches; what a partner takes, its policy book says."""
    branches = _rows(folder / "branches.jsonl")
    partners = {f"{row['member']}/{row['branch']}" for row in branches if row.get("kind") == "partner"}
    for row in _rows(folder / "devices.jsonl"):
        if row["kind"] == "kiosk" and row["branch"] not in partners:
            yield Kiosk(row["device"], row["branch"])


def _lent(item: Row, loan: Row) -> Lent:
    due = date.fromisoformat(loan["due"])
    return Lent(item["item"], item["title"], item["branch"], due, loan["patron"], item.get("min_age", 0))


def _shelved(item: Row) -> Shelved:
    return Shelved(item["item"], item["title"], item["branch"], item["material"], item.get("min_age", 0))


def _can_be_lent(item: Row) -> bool:
    on_shelf = item.get("state", "available") == "available"
    return bool(on_shelf and item.get("loanable", True) and item["material"] != "ebook")


def _waiting(hold: Row) -> Waiting:
    return Waiting(hold["title"], hold["patron"], hold["pickup"], datetime.fromisoformat(hold["placed_at"]))


def _can_be_served(hold: Row, today: date) -> bool:
    return "item" not in hold and not hold.get("frozen") and hold.get("last_needed", "9") >= today.isoformat()


def _borrower(patron: Row) -> Borrower:
    return Borrower(patron["patron"], patron["member"], date.fromisoformat(patron["born"]))


def _can_borrow(patron: Row) -> bool:
    return patron.get("status", "full") == "full" and not patron.get("blocks")


def _thinned(path: Path, most: int) -> Iterator[Row]:
    step = _step(path, most)
    return (row for number, row in enumerate(_rows(path)) if number % step == 0)


def _step(path: Path, most: int) -> int:
    with path.open("rb") as file:
        return max(sum(1 for _ in file) // most, 1)


def _rows(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        yield from map(orjson.loads, file)
