"""Which hold an item serves: the first in the queue that may have it, and why each before it may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from samlan_contracts.policy import lapsed, local_first, may_serve, old_enough
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.refusing import refusals
from samlan_contracts.shapes import Because, Thing

from samlan_holds.domain.facts import Facts, NotFetched, Standing
from samlan_holds.domain.model import BranchId, Passed, Queue, Waiting
from samlan_holds.domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A waiting hold and an item that might serve it; what nobody knows is None."""

    entry: Waiting
    thing: Thing
    standing: Standing | None
    pickup: BranchCalendar | None
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The hold that gets the item, those passed over before it, and the rules that allow it."""

    entry: Waiting
    standing: Standing
    passed: tuple[Passed, ...]
    because: Because


def hold_is_not_frozen(candidate: Candidate) -> Refusal | None:
    """A frozen hold keeps its place and is passed over (G12)."""
    return Refusal("frozen") if candidate.entry.frozen else None


def hold_is_still_needed(candidate: Candidate) -> Refusal | None:
    """A hold is served up to and including its last-needed day, by its pickup branch's calendar (G10)."""
    last, pickup = candidate.entry.last_needed, candidate.pickup
    if last is None or pickup is None or pickup.local_date(candidate.facts.now) <= last:
        return None
    return Refusal("not_needed_any_more")


def patron_is_known(candidate: Candidate) -> Refusal | None:
    """Nobody is served whose account is gone (K57) or has lapsed (V04, K52)."""
    standing = candidate.standing
    if standing is None or standing.status == "erased":
        return Refusal("unknown_patron")
    lapse = lapsed(status=standing.status, valid_until=standing.valid_until, at=candidate.facts.now)
    return Refusal(lapse) if lapse else None


def patron_is_not_blocked(candidate: Candidate) -> Refusal | None:
    """A patron who may not hold or not borrow now is passed over (K28, O30)."""
    because = candidate.standing.why_stopped_from("hold", "borrow") if candidate.standing else []
    return Refusal("blocked", because) if because else None


def members_take_the_item(candidate: Candidate) -> Refusal | None:
    """The patron's member and the pickup branch's both take the item (K37, K40, O23, V01)."""
    if candidate.pickup is None:
        return Refusal("unknown_branch")
    if candidate.standing is None:
        return None
    may = may_serve(
        candidate.facts.books, item=candidate.thing, patron=candidate.standing.facts,
        pickup=candidate.pickup, at=candidate.facts.now,
    )  # fmt: skip
    return None if may.value else Refusal("member_does_not_take_it", may.because)


def patron_is_old_enough(candidate: Candidate) -> Refusal | None:
    """An item with an age limit is not set aside for somebody who may not borrow it (K14 to K16, O18)."""
    if candidate.standing is None or candidate.pickup is None:
        return None
    enough = old_enough(
        candidate.facts.books, item=candidate.thing, patron=candidate.standing.facts,
        branch=candidate.pickup, at=candidate.facts.now,
    )  # fmt: skip
    return None if enough.value else Refusal("age_limit", enough.because)


SERVING: Final[tuple[Callable[[Candidate], Refusal | None], ...]] = (
    hold_is_not_frozen,
    hold_is_still_needed,
    patron_is_known,
    patron_is_not_blocked,
    members_take_the_item,
    patron_is_old_enough,
)


BY_PICKUP: Final = (members_take_the_item, patron_is_old_enough)  # what moving a hold may change


def first_served(queue: Queue, thing: Thing, scanned_at: BranchId, facts: Facts) -> Choice | None:
    """The first hold in the queue that may have the item (a local one where the book says so), or None."""
    if not (thing.loanable and queue.active and thing.member in facts.books.members):
        return None
    passed: list[Passed] = []
    for place, entry in enumerate(queue.waiting):
        met = meet(entry, thing, facts)
        if isinstance(met, Choice):
            first = _with(met, tuple(passed))
            return _local(queue, place, first, thing, scanned_at, facts) or first
        passed.append(met)
    if queue.behind:
        raise NotFetched("behind", queue.title)
    return None


def meet(entry: Waiting, thing: Thing, facts: Facts) -> Choice | Passed:
    """What becomes of a waiting hold and an item that might serve it."""
    if entry.frozen:  # nothing else needs to be looked up for it
        return Passed(hold=entry.hold, reasons=("frozen",), because=Refusal("frozen").because)
    candidate = _candidate(entry, thing, facts)
    reasons = refusals(candidate, SERVING)
    if reasons or candidate.standing is None or candidate.pickup is None:
        because = [why for one in reasons for why in one.because]
        return Passed(hold=entry.hold, reasons=tuple(one.reason for one in reasons), because=because)
    may = may_serve(
        facts.books, item=thing, patron=candidate.standing.facts, pickup=candidate.pickup, at=facts.now
    )
    return Choice(entry=entry, standing=candidate.standing, passed=(), because=may.because)


def kept_from(entry: Waiting, thing: Thing, facts: Facts) -> tuple[Refusal, ...]:
    """Why an item may not serve a hold at its pickup branch, whatever else is true of the hold."""
    candidate = _candidate(entry, thing, facts)
    return refusals(candidate, BY_PICKUP)


def why_serves(entry: Waiting, thing: Thing, facts: Facts) -> Because:
    """The rules by which an item may serve a hold at its pickup branch; empty where too little is known."""
    standing, pickup = facts.patron(entry.patron), facts.branch(entry.pickup)
    if standing is None or pickup is None:
        return []
    return may_serve(facts.books, item=thing, patron=standing.facts, pickup=pickup, at=facts.now).because


def _local(
    queue: Queue, place: int, first: Choice, thing: Thing, scanned_at: BranchId, facts: Facts
) -> Choice | None:
    """Within as many places as the owner's book allows, a hold for this very branch goes before the first."""
    pickup = facts.branch(first.entry.pickup)
    if first.entry.pickup == scanned_at or pickup is None:
        return None
    local = local_first(facts.books, item_member=thing.member, on=pickup.local_date(facts.now))
    passed = [*first.passed, Passed(hold=first.entry.hold, reasons=("local_first",), because=local.because)]
    for entry in queue.waiting[place + 1 : local.value]:
        if entry.pickup != scanned_at:
            passed.append(Passed(hold=entry.hold, reasons=("local_first",), because=local.because))
            continue
        met = meet(entry, thing, facts)
        if isinstance(met, Choice):
            return _with(met, tuple(passed), local.because)
        passed.append(met)
    return None


def _candidate(entry: Waiting, thing: Thing, facts: Facts) -> Candidate:
    return Candidate(
        entry=entry, thing=thing, standing=facts.patron(entry.patron), pickup=facts.branch(entry.pickup),
        facts=facts,
    )  # fmt: skip


def _with(choice: Choice, passed: tuple[Passed, ...], because: Because | None = None) -> Choice:
    return Choice(
        entry=choice.entry, standing=choice.standing, passed=passed,
        because=[*choice.because, *(because or [])],
    )  # fmt: skip
