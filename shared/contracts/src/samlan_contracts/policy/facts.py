"""What a rule is asked about: the item, the patron, and the parties whose books may apply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from samlan_contracts.policy.period import Period, age_on

Issue = Literal["current", "earlier_years"]
Owner = Literal["own", "foreign"]
Service = Literal["branch", "home_delivery"]
Attended = Literal["staffed", "staffless", "closed"]


class Item(Protocol):
    """What rules read of an item; `samlan_contracts.shapes.Thing` is one."""

    @property
    def member(self) -> str:
        """The member that owns the item."""

    @property
    def material(self) -> str:
        """The kind of material."""

    @property
    def audience(self) -> str:
        """Adult or child."""

    @property
    def issued(self) -> date | None:
        """The day of issue of a periodical."""

    @property
    def min_age(self) -> int | None:
        """The age that this very item asks for."""

    @property
    def home(self) -> str | None:
        """The home branch, such as orebro/tegelbruket."""

    @property
    def price_minor(self) -> int | None:
        """The new price in the owner's currency; None when it is not on sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """An item as rules see it, for callers that hold no `Thing`."""

    member: str
    material: str
    audience: str = "adult"
    issued: date | None = None
    min_age: int | None = None
    home: str | None = None
    price_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatronFacts:
    """A patron as rules see one: member and birth date, nothing that tells who it is."""

    member: str
    born: date | None = None
    temporary: bool = False

    def age_on(self, day: date) -> int | None:
        """How old the patron is on a day; None when the birth date is unknown."""
        return None if self.born is None else age_on(self.born, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """The members whose books may answer: the item's, the patron's, the branch's."""

    item: str | None = None
    patron: str | None = None
    branch: str | None = None


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every question, and freezing triples that
class Case:
    """The one case that rules are matched with; what is None is not known or plays no part."""

    day: date
    material: str | None = None
    audience: str | None = None
    issue: Issue | None = None
    item_age: int | None = None
    home: str | None = None
    branch: str | None = None
    branch_kind: str | None = None
    service: Service = "branch"
    attended: Attended | None = None
    registered: bool | None = None
    items: Owner | None = None
    born: date | None = None
    holds: int = 0
    normal: Period | None = None
    kind: str | None = None
    cause: str | None = None
