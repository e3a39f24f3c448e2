"""What a decision knows beyond the queue: patrons' standing, branches' calendars, items, and the rules.

Facts are looked up as a decision asks for them: one that has not been fetched yet is `NotFetched`, the
handler fetches it and decides again. So a decision stays pure, and a return reads only what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar

from samlan_contracts.policy import PatronFacts, PolicyBooks, Stop
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.shapes import Because, Thing

from samlan_holds.domain.model import BranchId, ItemBarcode, PatronId

V = TypeVar("V")
Kind = Literal["patron", "branch", "item", "seen", "behind"]


class NotFetched(LookupError):
    """A decision needs a fact that nobody fetched yet."""

    def __init__(self, kind: Kind, key: str) -> None:
        super().__init__(f"{kind} {key}")
        self.kind = kind
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A patron as far as holds needs one."""

    patron: PatronId
    member: str
    born: date | None = None
    status: str = "full"
    valid_until: datetime | None = None
    borrower_id: str = ""
    pickup: BranchId | None = None
    stops: tuple[Stop, ...] = ()

    @property
    def facts(self) -> PatronFacts:
        """The patron as rules see one."""
        return PatronFacts(member=self.member, born=self.born, temporary=self.status == "temporary")

    def stopped_from(self, *acts: str) -> tuple[Stop, ...]:
        """The causes that stop any of these acts."""
        return tuple(one for one in self.stops if one.acts.intersection(acts))

    def why_stopped_from(self, *acts: str) -> Because:
        """Why any of these acts is stopped: by rule where one is known, else the cause; empty if none is."""
        stopped = self.stopped_from(*acts)
        ruled = {one.cause for one in stopped if one.because}
        return [why for one in stopped if one.because or one.cause not in ruled for why in one.why]


@dataclass(slots=True, kw_only=True)
class Facts:
    """What was fetched so far; None stands for what nobody knows."""

    books: PolicyBooks
    now: datetime
    patrons: dict[str, Standing | None] = field(default_factory=dict)
    branches: dict[str, BranchCalendar | None] = field(default_factory=dict)
    items: dict[str, Thing | None] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def patron(self, patron: PatronId) -> Standing | None:
        """The standing of this patron, or None for one nobody knows."""
        return _fetched(self.patrons, "patron", patron)

    def branch(self, branch: BranchId) -> BranchCalendar | None:
        """The calendar of this branch, or None for one nobody knows."""
        return _fetched(self.branches, "branch", branch)

    def item(self, item: ItemBarcode) -> Thing | None:
        """The item as a thing, or None for one nobody knows."""
        return _fetched(self.items, "item", item)

    def newest_news(self, item: ItemBarcode) -> int:
        """The sequence of the newest news of this item that was acted on."""
        return _fetched(self.seen, "seen", item)


def _fetched(found: Mapping[str, V], kind: Kind, key: str) -> V:
    if key not in found:
        raise NotFetched(kind, key)
    return found[key]
