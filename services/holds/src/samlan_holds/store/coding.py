"""How a queue lies in its document: short names and bare bytes, because a long queue is mostly this.

A waiting hold takes under 100 bytes: `h` hold, `p` patron, `k` pickup, `t` placed at, and only where they say
something `f` frozen, `n` last needed (days since 1970), `a` allotments so far, `l` imported late.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from bson.binary import Binary, UuidRepresentation
from samlan_plumbing.documents import Operators, Stored
from samlan_plumbing.dues import SLOT

from samlan_holds.domain.model import (
    Allotted,
    Amended,
    BranchId,
    Decision,
    HoldId,
    ItemBarcode,
    Passed,
    PatronId,
    Place,
    Queue,
    TitleId,
    Waiting,
)

Row = dict[str, Any]
E = TypeVar("E", Waiting, Allotted)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def queue_of(title: str, found: Row | None, *, revision: int = 0, sequence: int = 0) -> Queue:
    """The queue in a document; one that has no document yet is empty."""
    if found is None:
        return Queue(title=TitleId(title))
    return Queue(
        title=TitleId(title),
        waiting=tuple(map(waiting_of, found.get("waiting", ()))),
        allotted=tuple(map(allotted_of, found.get("allotted", ()))),
        active=found.get("active", 0),
        behind=found.get("behind", 0),
        boundary=Place(found["boundary"]) if found.get("boundary") else None,
        newest=found.get("newest"),
        amended=tuple(map(amended_of, found.get("amended", ()))),
        revision=revision,
        sequence=sequence,
    )


def stored_queue(title: str, stored: Stored[Row] | None) -> Queue:
    """The queue as it was read."""
    if stored is None:
        return queue_of(title, None)
    return queue_of(title, stored.state, revision=stored.revision, sequence=stored.sequence)


def row_of(queue: Queue) -> Row:
    """The whole document of a new queue."""
    return {
        "waiting": [waiting_row(one) for one in queue.waiting],
        "allotted": [allotted_row(one) for one in queue.allotted],
        "amended": [amended_row(one, 1) for one in queue.amended],
        **_counts(queue),
    }


def operators(before: Queue, after: Queue) -> Operators:
    """What to change of a queue's document: one entry where one entry changed."""
    found: dict[str, Row] = {}
    _entries(found, "waiting", before.waiting, after.waiting, waiting_row)
    _entries(found, "allotted", before.allotted, after.allotted, allotted_row)
    fresh = [amended_row(one, before.revision + 1) for one in after.amended[len(before.amended) :]]
    if fresh:
        found.setdefault("$push", {})["amended"] = {"$each": fresh}
    was, now = _counts(before), _counts(after)
    if differing := {name: value for name, value in now.items() if was[name] != value}:
        found.setdefault("$set", {}).update(differing)
    return found


def waiting_row(entry: Waiting) -> Row:
    """A waiting hold in under 100 bytes."""
    row: Row = {"h": _packed(entry.hold), "p": _packed(entry.patron), "k": entry.pickup, "t": entry.placed_at}
    if entry.frozen:
        row["f"] = True
    if entry.last_needed is not None:
        row["n"] = entry.last_needed.toordinal() - _EPOCH_DAY
    if entry.allotments:
        row["a"] = entry.allotments
    if entry.late:
        row["l"] = True
    return row


def waiting_of(row: Row) -> Waiting:
    """The waiting hold in a row."""
    return Waiting(
        hold=HoldId(_unpacked(row["h"])), patron=PatronId(_unpacked(row["p"])), pickup=BranchId(row["k"]),
        placed_at=row["t"], last_needed=_day(row.get("n")), frozen=row.get("f", False),
        allotments=row.get("a", 0), late=row.get("l", False),
    )  # fmt: skip


def allotted_row(entry: Allotted) -> Row:
    """An allotted hold with its item and the decision that gave it the item."""
    held = waiting_row(entry.waiting())
    until = entry.ready_until.isoformat() if entry.ready_until else None
    return {
        **held, "i": entry.item, "s": entry.scan, "b": entry.seen_at, "state": entry.state,
        "until": until, "expires": entry.expires_at, "because": entry.because,
        "decision": decision_row(entry.decision),
    }  # fmt: skip


def allotted_of(row: Row) -> Allotted:
    """The allotted hold in a row."""
    held = waiting_of(row)
    return Allotted(
        hold=held.hold, patron=held.patron, pickup=held.pickup, placed_at=held.placed_at,
        last_needed=held.last_needed, allotment=held.allotments, item=ItemBarcode(row["i"]), scan=row["s"],
        seen_at=BranchId(row["b"]), state=row["state"],
        ready_until=date.fromisoformat(row["until"]) if row["until"] else None, expires_at=row["expires"],
        because=row["because"], decision=decision_of(row["decision"]),
    )  # fmt: skip


def decision_row(decision: Decision) -> Row:
    """A decision as it is kept and shown."""
    return {
        "answers": decision.answers, "at": decision.at, "because": decision.because,
        "passed": [
            {"hold": one.hold, "reasons": list(one.reasons), "because": one.because}
            for one in decision.passed
        ],
    }  # fmt: skip


def decision_of(row: Row) -> Decision:
    """The decision in a row."""
    return Decision(
        answers=row["answers"], at=row["at"], because=row["because"],
        passed=tuple(
            Passed(hold=HoldId(one["hold"]), reasons=tuple(one["reasons"]), because=one["because"])
            for one in row["passed"]
        ),
    )  # fmt: skip


def amended_row(told: Amended, revision: int) -> Row:
    """What a hold's particulars have yet to learn, with the revision that brought it."""
    return {
        "slot": SLOT, "r": revision, "hold": told.hold, "ended": told.ended, "at": told.ended_at,
        "because": told.because, "entry": waiting_row(told.entry) if told.entry else None,
        "last": waiting_row(told.last) if told.last else None,
    }  # fmt: skip


def amended_of(row: Row) -> Amended:
    """What a hold's particulars have yet to learn."""
    return Amended(
        hold=HoldId(row["hold"]), ended=row["ended"], ended_at=row["at"], because=row["because"],
        entry=waiting_of(row["entry"]) if row["entry"] else None,
        last=waiting_of(row["last"]) if row.get("last") else None,
    )  # fmt: skip


def _counts(queue: Queue) -> Row:
    due = min(
        (one.expires_at for one in queue.allotted if one.state == "ready" and one.expires_at), default=None
    )
    return {
        "active": queue.active, "behind": queue.behind, "boundary": queue.boundary, "newest": queue.newest,
        "due": due, "due_slot": SLOT if due else None, "waits": SLOT if queue.active else None,
    }  # fmt: skip


def _entries(
    found: dict[str, Row], name: str, before: Sequence[E], after: Sequence[E], row: Callable[[E], Row]
) -> None:
    """The operators that make one list of entries another; several changes at once replace the list.

    So does one that moves an entry: a hold that leaves and is allotted again in one decision stands last."""
    was = {one.hold: one for one in before}
    now = {one.hold for one in after}
    moved = [hold for hold in was if hold in now] != [one.hold for one in after if one.hold in was]
    gone = [_packed(hold) for hold in was if hold not in now]
    fresh = [(place, one) for place, one in enumerate(after) if one.hold not in was]
    altered = [(place, one) for place, one in enumerate(after) if was.get(one.hold, one) != one]
    match len(gone), len(fresh), len(altered):
        case _ if moved:
            found.setdefault("$set", {})[name] = [row(one) for one in after]
        case 0, 0, 0:
            return
        case _, 0, 0:
            found.setdefault("$pull", {})[name] = {"h": {"$in": gone}}
        case 0, 1, 0:
            place, entry = fresh[0]
            found.setdefault("$push", {})[name] = {"$each": [row(entry)], "$position": place}
        case 0, 0, 1:
            place, entry = altered[0]
            found.setdefault("$set", {})[f"{name}.{place}"] = row(entry)
        case _:
            found.setdefault("$set", {})[name] = [row(one) for one in after]


def _packed(text: str) -> Binary | str:
    """An id in 16 bytes where it is one of ours, as it came where it is the consortium's own."""
    try:
        found = UUID(text)
    except ValueError:
        return text
    return Binary.from_uuid(found, UuidRepresentation.STANDARD) if str(found) == text else text


def _unpacked(value: Any) -> str:
    return str(value.as_uuid()) if isinstance(value, Binary) else str(value)


def _day(days: int | None) -> date | None:
    return date.fromordinal(_EPOCH_DAY + days) if days is not None else None
