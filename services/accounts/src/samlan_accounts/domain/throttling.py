"""Guessing a PIN gets slower with each miss, per account and per source, in machine time.

An attempt is paid for before it is verified and refunded when it was right, so that many at once on several
replicas gain nothing. Nobody is locked out for good: the longest wait is `LONGEST`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FIRST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(hours=24)  # as long as a miss counts at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many misses are free, before each further one doubles the wait."""

    free: int


ACCOUNT: Final = Allowance(free=5)  # a person who mistypes; 10,000 PINs then take over three months
SOURCE: Final = Allowance(free=50)  # one branch's machines may share an address


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """The misses of one account or source, and when the next attempt is heard."""

    misses: int
    next_at: datetime
    last_at: datetime


def attempt(attempts: Attempts | None, allowance: Allowance, now: datetime) -> Attempts | timedelta:
    """The attempts once this one is paid for, or how long it has to wait."""
    if attempts is None or now - attempts.last_at >= FORGOTTEN_AFTER:
        return Attempts(misses=1, next_at=now, last_at=now)
    if attempts.misses >= allowance.free and now < attempts.next_at:  # two at one moment are no guess
        return attempts.next_at - now
    misses = attempts.misses + 1
    return Attempts(misses=misses, next_at=now + delay(misses, allowance), last_at=now)


def refund(attempts: Attempts, now: datetime) -> Attempts:
    """The attempts once the last one turned out right: it costs nothing, earlier misses of others stay."""
    return Attempts(misses=max(0, attempts.misses - 1), next_at=now, last_at=attempts.last_at)


def delay(misses: int, allowance: Allowance) -> timedelta:
    """The wait after so many misses: none while they are free, then doubling up to the longest."""
    if misses < allowance.free:
        return timedelta(0)
    doublings = min(misses - allowance.free, 10)
    return min(FIRST * (1 << doublings), LONGEST)
