"""Placing a hold: who may, on what, to be picked up where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from samlan_contracts.events.holds import HoldPlaced
from samlan_contracts.policy import hold_channels, lapsed, stated, temporary_may
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.refusing import refusals
from samlan_contracts.shapes import Because

from samlan_holds.domain.facts import Facts, Standing
from samlan_holds.domain.model import BranchId, HoldId, PatronId, Queue, TitleId, Waiting
from samlan_holds.domain.refusals import Refusal
from samlan_holds.domain.verdict import Verdict, changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """What somebody asks for; `title_known`, `owned` and `on_loan` are what the copies say of it."""

    hold: HoldId
    patron: PatronId
    title: TitleId
    channel: str
    pickup: BranchId | None = None
    last_needed: date | None = None
    title_known: bool = True
    owned: bool = True
    on_loan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A placing with all that its rules look at; `pickup` is the branch asked for, or the patron's own."""

    placing: Placing
    queue: Queue
    standing: Standing | None
    pickup: BranchId | None
    branch: BranchCalendar | None
    facts: Facts

    @property
    def today(self) -> date:
        """The day it is at the pickup branch, or in the first time zone of the day where none is known."""
        return self.branch.local_date(self.facts.now) if self.branch else self.facts.now.date()


@dataclass(frozen=True, slots=True)
class Placed:
    """The hold as it waits, the rules that let it, and its position; None for one that was placed before.

    `interlibrary`: nobody here owns the title, so staff ask another library for it (D19)."""

    entry: Waiting
    because: Because
    position: int | None = None
    interlibrary: bool = False


def title_is_known(case: Case) -> Refusal | None:
    """A hold is for a title of the catalogue (G08)."""
    return None if case.placing.title_known else Refusal("unknown_title")


def patron_is_known(case: Case) -> Refusal | None:
    """Holds need a registered borrower (D01)."""
    unknown = case.standing is None or case.standing.status == "erased"
    return Refusal("unknown_patron") if unknown else None


def account_may_hold(case: Case) -> Refusal | None:
    """A temporary account may hold while it is valid (V04, V05); an inactive one may not."""
    standing = case.standing
    if standing is None:
        return None
    if lapse := lapsed(status=standing.status, valid_until=standing.valid_until, at=case.facts.now):
        return Refusal(lapse)
    if standing.status != "temporary":
        return None
    may = temporary_may(case.facts.books, member=standing.member, act="hold", on=case.today)
    return None if may.value else Refusal("temporary_account", may.because)


def patron_is_not_blocked(case: Case) -> Refusal | None:
    """A block that stops holds stops this one (K28)."""
    because = case.standing.why_stopped_from("hold") if case.standing else []
    return Refusal("blocked", because) if because else None


def pickup_is_chosen(case: Case) -> Refusal | None:
    """The pickup branch is the one chosen, else the patron's own; without either, none is (G09, K38)."""
    if case.pickup is None:
        return Refusal("no_pickup") if case.standing is not None else None
    return Refusal("unknown_branch") if case.branch is None else None


def last_needed_is_ahead(case: Case) -> Refusal | None:
    """A hold that nobody needs any more is not placed (G10)."""
    last = case.placing.last_needed
    return Refusal("not_needed_any_more") if last is not None and last < case.today else None


def channel_is_offered(case: Case) -> Refusal | None:
    """A member offers certain channels; the one used is kept on the hold (D17)."""
    if case.standing is None:
        return None
    offered = hold_channels(case.facts.books, member=case.standing.member, on=case.today)
    if case.placing.channel in offered.value:
        return None
    return Refusal("channel_not_offered", offered.because)


def patron_has_it_not(case: Case) -> Refusal | None:
    """A patron with the title on loan does not hold it."""
    return Refusal("has_it_on_loan") if case.placing.on_loan else None


def patron_does_not_wait_already(case: Case) -> Refusal | None:
    """A patron waits for a title once."""
    patron = case.placing.patron
    held = case.queue.wait_by(patron) or case.queue.allotted_by(patron)
    return Refusal("already_held") if held else None


PLACING: Final[tuple[Callable[[Case], Refusal | None], ...]] = (
    title_is_known,
    patron_is_known,
    account_may_hold,
    patron_is_not_blocked,
    pickup_is_chosen,
    last_needed_is_ahead,
    channel_is_offered,
    patron_has_it_not,
    patron_does_not_wait_already,
)


def place(queue: Queue, placing: Placing, facts: Facts) -> Verdict[Placed | tuple[Refusal, ...]]:
    """Puts a hold at the end of its queue, or says every reason why not; a hold already there stays."""
    if (known := queue.wait_of(placing.hold)) is not None:
        return Verdict(Placed(known, []))
    if (given := queue.allotted_to(placing.hold)) is not None:
        return Verdict(Placed(given.waiting(), []))
    case = _case(queue, placing, facts)
    reasons = refusals(case, PLACING)
    if reasons or case.pickup is None:
        return Verdict(reasons)
    entry = Waiting(
        hold=placing.hold, patron=placing.patron, pickup=case.pickup, placed_at=queue.moment(facts.now),
        last_needed=placing.last_needed,
    )  # fmt: skip
    told = HoldPlaced(
        hold=entry.hold, patron=entry.patron, title=queue.title, pickup=entry.pickup, channel=placing.channel,
        interlibrary=not placing.owned,
    )  # fmt: skip
    placed = Placed(
        entry, _because(case), position=len(queue.waiting) + queue.behind + 1, interlibrary=not placing.owned
    )
    return changed(placed, queue, queue.joined(entry), told)


def _case(queue: Queue, placing: Placing, facts: Facts) -> Case:
    standing = facts.patron(placing.patron)
    pickup = placing.pickup or (standing.pickup if standing else None)
    branch = facts.branch(pickup) if pickup else None
    return Case(placing=placing, queue=queue, standing=standing, pickup=pickup, branch=branch, facts=facts)


def _because(case: Case) -> Because:
    """Where the member takes holds, and why the title is asked for elsewhere, where it is (D17, D19)."""
    if case.standing is None:
        return []
    offered = hold_channels(case.facts.books, member=case.standing.member, on=case.today)
    elsewhere = [] if case.placing.owned else [stated("interlibrary", "asked_elsewhere")]
    return [*offered.because, *elsewhere]
