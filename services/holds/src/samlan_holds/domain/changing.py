"""Freezing, unfreezing, cancelling and moving holds, each with its own outcome (G12 to G14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from samlan_contracts.event import Event
from samlan_contracts.events.holds import HoldCancelled
from samlan_contracts.refusing import refusals
from samlan_contracts.shapes import Because

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.model import Allotted, BranchId, HoldId, Queue, Waiting
from samlan_holds.domain.refusals import Refusal
from samlan_holds.domain.routing import reallot, rerouted
from samlan_holds.domain.serving import kept_from, why_serves
from samlan_holds.domain.verdict import Verdict, changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to change about one hold; what is None stays. `needed` says that `last_needed` is meant."""

    hold: HoldId
    frozen: bool | None = None
    cancel: bool = False
    pickup: BranchId | None = None
    needed: bool = False
    last_needed: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A wish and the hold it is about."""

    wish: Wish
    held: Waiting | Allotted
    facts: Facts


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The hold is gone."""


@dataclass(frozen=True, slots=True)
class Amended:
    """The hold is as wished; `because` says why it lost its item by that."""

    held: Waiting | Allotted
    because: Because = field(default_factory=list)


Outcome = Cancelled | Amended | tuple[Refusal, ...]


def only_waiting_holds_freeze(case: Case) -> Refusal | None:
    """A hold freezes only while it waits (G12)."""
    late = case.wish.frozen and isinstance(case.held, Allotted)
    return Refusal("already_allotted") if late else None


def pickup_changes_until_ready(case: Case) -> Refusal | None:
    """The pickup branch changes until the item stands ready."""
    held, pickup = case.held, case.wish.pickup
    ready = isinstance(held, Allotted) and held.state == "ready"
    return Refusal("already_ready") if ready and pickup not in (None, held.pickup) else None


def pickup_is_known(case: Case) -> Refusal | None:
    """A hold is picked up at a branch of the consortium (G09)."""
    unknown = case.wish.pickup is not None and case.facts.branch(case.wish.pickup) is None
    return Refusal("unknown_branch") if unknown else None


def last_needed_is_ahead(case: Case) -> Refusal | None:
    """A last-needed day lies ahead (G10)."""
    last = case.wish.last_needed
    if last is None:
        return None
    branch = case.facts.branch(case.wish.pickup or case.held.pickup)
    today = branch.local_date(case.facts.now) if branch else case.facts.now.date()
    return Refusal("not_needed_any_more") if last < today else None


CHANGING: Final[tuple[Callable[[Case], Refusal | None], ...]] = (
    only_waiting_holds_freeze,
    pickup_changes_until_ready,
    pickup_is_known,
    last_needed_is_ahead,
)


def change(queue: Queue, wish: Wish, facts: Facts) -> Verdict[Outcome]:
    """Changes one hold as wished, or refuses all of the wish with every reason."""
    held = queue.wait_of(wish.hold) or queue.allotted_to(wish.hold)
    if held is None:
        return Verdict((Refusal("already_ended"),))
    if wish.cancel:
        return _cancel(queue, held, facts)
    case = Case(wish=wish, held=held, facts=facts)
    if reasons := refusals(case, CHANGING):
        return Verdict(reasons)
    return _wait(queue, held, wish) if isinstance(held, Waiting) else _move(queue, held, wish, facts)


def _cancel(queue: Queue, held: Waiting | Allotted, facts: Facts) -> Verdict[Outcome]:
    after = queue.left(held.hold) if isinstance(held, Waiting) else queue.freed(held)
    after = after.ended(held, "cancelled", facts.now)
    events: list[Event] = [HoldCancelled(hold=held.hold, patron=held.patron, title=queue.title)]
    if isinstance(held, Allotted):
        after, routed = reallot(after, held, facts)
        events.append(routed)
    return changed(Cancelled(), queue, after, *events)


def _wait(queue: Queue, held: Waiting, wish: Wish) -> Verdict[Outcome]:
    entry = replace(
        held,
        frozen=held.frozen if wish.frozen is None else wish.frozen,
        pickup=wish.pickup or held.pickup,
        last_needed=wish.last_needed if wish.needed else held.last_needed,
    )
    if entry == held:
        return Verdict(Amended(held))
    return changed(Amended(entry), queue, queue.changed(entry))


def _move(queue: Queue, held: Allotted, wish: Wish, facts: Facts) -> Verdict[Outcome]:
    """A hold whose item may not serve its new pickup branch waits again, and its item goes to the next."""
    entry = replace(
        held,
        pickup=wish.pickup or held.pickup,
        last_needed=wish.last_needed if wish.needed else held.last_needed,
    )
    if entry == held:
        return Verdict(Amended(held))
    if entry.pickup == held.pickup:
        return changed(Amended(entry), queue, queue.moved(entry))
    thing = facts.item(held.item)
    if thing is not None and (reasons := kept_from(entry.waiting(), thing, facts)):
        because = [why for one in reasons for why in one.because]
        after, routed = reallot(queue.put_back(entry), held, facts, because)
        return changed(Amended(entry.waiting(), because), queue, after, routed)
    if thing is not None:
        entry = replace(entry, because=why_serves(entry.waiting(), thing, facts))
    after = queue.moved(entry)
    return changed(Amended(entry), queue, after, rerouted(after, entry, facts))
