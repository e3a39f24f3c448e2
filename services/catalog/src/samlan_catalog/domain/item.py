"""An item as a thing: one physical copy, owned by the member of its home branch."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationError
from samlan_contracts.events.catalog import ItemDescribed
from samlan_contracts.forms import BranchName, day_of, member_of
from samlan_contracts.policy import PolicyBooks
from samlan_contracts.refusing import refusals
from samlan_contracts.shapes import Audience, ItemState, Thing

from samlan_catalog.domain.forms import STRICT, Id, Line
from samlan_catalog.domain.refusal import Refusal, quoted, reasons_of

# States that loans, holds and scans bring about: the files of those say so, and an item begins on its shelf.
BROUGHT_BY_OTHERS: Final = frozenset({"on_loan", "returned", "in_transit", "hold_shelf"})
OLDEST_AGE: Final = 130
DEAREST_MINOR: Final = 10_000_000_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What catalog keeps of one item."""

    thing: Thing
    first_state: ItemState = "available"
    removed: bool = False


class ItemRow(BaseModel):
    """One row of `items.jsonl`."""

    model_config = STRICT

    item: Id
    title: Id
    branch: BranchName
    material: Line
    audience: Audience
    issued: str | None = None
    min_age: Annotated[int, Field(ge=0, le=OLDEST_AGE)] | None = None
    price: Annotated[int, Field(ge=0, le=DEAREST_MINOR)] | None = None
    loanable: bool = True
    state: ItemState | None = None

    @property
    def member(self) -> str:
        """The member that owns the item."""
        return member_of(self.branch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row held against the titles and branches there are, and the books."""

    row: ItemRow
    titles: Container[str]
    branches: Container[str]
    books: PolicyBooks


def described(item: Item) -> ItemDescribed:
    """What other services may know of an item: everything."""
    return ItemDescribed(thing=item.thing, first_state=item.first_state, removed=item.removed)


def read_item_row(row: object) -> ItemRow | tuple[Refusal, ...]:
    """The row's values, or every reason why it has not the form of one."""
    try:
        return ItemRow.model_validate(row)
    except ValidationError as error:
        return reasons_of(error)


def describe_item(case: Case) -> Item | tuple[Refusal, ...]:
    """The item of a row, or every reason why it cannot be used."""
    if reasons := refusals(case, DESCRIBING):
        return reasons
    row = case.row
    state = row.state or "available"
    thing = Thing(
        item=row.item, title=row.title, member=row.member, home=row.branch, material=row.material,
        audience=row.audience, issued=day_of(row.issued) if row.issued else None, min_age=row.min_age,
        price_minor=row.price, loanable=row.loanable,
    )  # fmt: skip
    return Item(thing=thing, first_state="available" if state in BROUGHT_BY_OTHERS else state)


def title_is_known(case: Case) -> Refusal | None:
    """An item is a copy of a title."""
    if case.row.title in case.titles:
        return None
    return Refusal("unknown_title", f"there is no title {quoted(case.row.title)}")


def branch_is_known(case: Case) -> Refusal | None:
    """An item has a home branch."""
    if case.row.branch in case.branches:
        return None
    return Refusal("unknown_branch", f"there is no branch {quoted(case.row.branch)}")


def material_is_known(case: Case) -> Refusal | None:
    """The owner's policy book knows the material, or else no rule could lend it."""
    if case.row.member not in case.books.members:
        return None  # then the branch is unknown, which another rule says
    if case.row.material in case.books.book(case.row.member).all_materials:
        return None
    return Refusal("unknown_material", f"the book of {case.row.member} knows no {quoted(case.row.material)}")


def issue_is_a_day(case: Case) -> Refusal | None:
    """A day of issue is a day."""
    if case.row.issued is None or day_of(case.row.issued) is not None:
        return None
    return Refusal("bad_date", f"issued is no day written like 2026-05-01: {quoted(case.row.issued)}")


DESCRIBING = (title_is_known, branch_is_known, material_is_known, issue_is_a_day)
