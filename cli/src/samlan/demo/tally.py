"""What a run set off, counted: in all, for each member, and the messages by kind and language."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from samlan_contracts.forms import member_of

from samlan.demo.messages import Languages
from samlan.playing.effects import Return


@dataclass(slots=True)
class Tally:
    """The counts of a run; a message that several returns set off is one message."""

    counts: Counter[str] = field(default_factory=Counter)
    fees_minor: Counter[str] = field(default_factory=Counter)
    members: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    member_fees: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    unsent: Counter[tuple[str, str]] = field(default_factory=Counter)


def tally(returns: Iterable[Return], languages: Languages) -> Tally:
    """Counts everything that these returns set off."""
    counted, met = Tally(), set[str]()
    for one in returns:
        _count(counted, one)
        for notice in one.notices:
            if notice.id in met:
                continue
            met.add(notice.id)
            if notice.channel is None:
                counted.unsent[notice.kind, notice.reason or ""] += 1
                continue
            counted.messages[notice.kind, languages.of(notice.id, notice.channel)] += 1
            _add(counted, one, "notices", 1)
    return counted


def _count(counted: Tally, one: Return) -> None:
    _add(counted, one, "returns", 1)
    if one.bin is not None:
        _add(counted, one, "exceptions" if one.bin == "exception" else one.bin, 1)
    _add(counted, one, "holds_ready", len(one.ready))
    _add(counted, one, "fees_charged", len(one.fees))
    for fee in one.fees:
        counted.fees_minor[fee.currency] += fee.amount_minor
        counted.member_fees[_member(one)][fee.currency] += fee.amount_minor


def _add(counted: Tally, one: Return, what: str, many: int) -> None:
    counted.counts[what] += many
    counted.members[_member(one)][what] += many


def _member(one: Return) -> str:
    return member_of(one.planned.branch)
