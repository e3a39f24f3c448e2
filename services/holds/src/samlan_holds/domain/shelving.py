"""The pickup shelf: when a hold is ready, how long, and what follows when nobody comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from samlan_contracts.events.holds import HoldExpired, HoldReady
from samlan_contracts.policy import shelf_deadline, stated
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.shapes import Because

from samlan_holds.domain.facts import Facts
from samlan_holds.domain.model import NOT_SCANNED, Allotted, BranchId, HoldId, ItemBarcode, Queue
from samlan_holds.domain.routing import reallot
from samlan_holds.domain.verdict import Verdict, changed

LOOK_AGAIN: Final = timedelta(days=1)  # an allotted hold may come back to its place after its last-needed day


def shelve(
    queue: Queue, item: ItemBarcode, hold: HoldId, branch: BranchId, shelved_at: datetime, sequence: int,
    facts: Facts,
) -> Verdict[Allotted | None]:  # fmt: skip
    """Makes a hold ready whose item stands on its pickup shelf; anything older or elsewhere changes nothing.

    The patron has until the later of two days where the item was carried away and came back."""
    entry = queue.allotted_item(item)
    if entry is None or entry.hold != hold or sequence <= entry.scan:
        return Verdict(None)
    pickup, standing = facts.branch(entry.pickup), facts.patron(entry.patron)
    if entry.pickup != branch or entry.state == "ready" or pickup is None or standing is None:
        return Verdict(None)
    last = shelf_deadline(facts.books, pickup=pickup, patron_member=standing.member, ready_at=shelved_at)
    until = max(last.value, entry.ready_until or last.value)
    ready = replace(
        entry, state="ready", ready_until=until, expires_at=pickup.end_of(until), because=last.because
    )
    told = HoldReady(
        hold=entry.hold, allotment=entry.allotment, patron=entry.patron, title=queue.title, item=entry.item,
        pickup=entry.pickup, borrower_id=standing.borrower_id, ready_until=until, because=last.because,
    )  # fmt: skip
    return changed(ready, queue, queue.moved(ready), told)


def expire_uncollected(queue: Queue, hold: HoldId, allotment: int, facts: Facts) -> Verdict[bool]:
    """Ends a hold whose pickup branch closed on its last day, and gives its item to the next.

    Where the branch's calendar changed since, the hold stays until it closes by the calendar known now."""
    entry = queue.allotted_to(hold)
    if entry is None or entry.allotment != allotment or entry.state != "ready" or entry.ready_until is None:
        return Verdict(False)
    pickup = facts.branch(entry.pickup)
    deadline = pickup.end_of(entry.ready_until) if pickup is not None else facts.now
    if deadline > facts.now:
        kept = replace(entry, expires_at=deadline)
        return Verdict(False) if kept == entry else changed(False, queue, queue.moved(kept))
    after, routed = reallot(queue.freed(entry).ended(entry, "expired", deadline, entry.because), entry, facts)
    if _was_over_when_imported(entry, deadline):
        return changed(True, queue, after, routed)
    return changed(True, queue, after, _expired(queue, entry, deadline), routed)


def expire_unneeded(queue: Queue, hold: HoldId, facts: Facts) -> Verdict[datetime | None]:
    """Ends a hold that still waits after its last-needed day; what is allotted by then is served (G10).

    The outcome is when to look again, if ever."""
    if queue.allotted_to(hold) is not None:
        return Verdict(facts.now + LOOK_AGAIN)
    entry = queue.wait_of(hold)
    if entry is None or entry.last_needed is None:
        return Verdict(None)
    ends = end_of_need(entry.last_needed, facts.branch(entry.pickup))
    if ends is None or ends > facts.now:
        return Verdict(ends)
    because = why_not_needed(entry.last_needed)
    told = HoldExpired(
        hold=hold, patron=entry.patron, title=queue.title, why="not_needed_any_more", expired_at=ends,
        because=because,
    )  # fmt: skip
    return changed(None, queue, queue.left(hold).ended(entry, "expired", ends, because), told)


def why_not_needed(last_needed: date) -> Because:
    """Why a hold ended that had no item by the last day its patron named: that day is its rule (G10)."""
    return [stated("last_needed", "need_is_over", last_needed=last_needed)]


def end_of_need(last_needed: date, pickup: BranchCalendar | None) -> datetime | None:
    """The instant from which a hold is no longer needed: its last-needed day is over at its pickup branch."""
    return pickup.start_of(_day_after(last_needed)) if pickup is not None else None


def _expired(queue: Queue, entry: Allotted, at: datetime) -> HoldExpired:
    return HoldExpired(
        hold=entry.hold, patron=entry.patron, title=queue.title, why="not_collected", expired_at=at,
        because=entry.because,
    )  # fmt: skip


def _was_over_when_imported(entry: Allotted, deadline: datetime) -> bool:
    """What ended before it was imported is history, and nobody is told of it."""
    return entry.decision.answers == NOT_SCANNED and deadline <= entry.decision.at


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)
