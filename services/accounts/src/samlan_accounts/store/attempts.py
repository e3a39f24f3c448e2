"""Attempts at log-in, counted in the datastore, so that they hold for every replica and every restart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from samlan_contracts.forms import whole_ms
from samlan_plumbing.clocks import MachineClock
from samlan_plumbing.documents import Change, Documents, Stored
from samlan_plumbing.resources import Resources

from samlan_accounts.domain.throttling import FORGOTTEN_AFTER, Allowance, Attempts, attempt, refund

FIELDS: Final = ("misses", "next_at", "last_at")


class LogInAttempts:
    """What each account and each source has tried; forgotten a day after the last miss."""

    def __init__(self, resources: Resources) -> None:
        self._clock: MachineClock = resources.machine_clock
        self._documents: Documents[Attempts] = Documents(resources, "attempts", load=_load, dump=_dump)

    async def prepare(self) -> None:
        """Lets the datastore itself forget."""
        lifetime = int(FORGOTTEN_AFTER.total_seconds())
        await self._documents.collection.create_index("last_at", expireAfterSeconds=lifetime)

    async def pay(self, key: str, allowance: Allowance) -> timedelta | None:
        """Counts an attempt before it is verified; answers how long to wait instead when it is too early."""
        now = self._clock.now()

        def decide(stored: Stored[Attempts] | None) -> Change[Attempts, timedelta | None]:
            match attempt(stored.state if stored else None, allowance, now):
                case Attempts() as counted:
                    return Change(None, state=counted)
                case wait:
                    return Change(wait)

        return await self._documents.change(key, decide)

    async def refund(self, key: str) -> None:
        """Takes back what a right attempt cost."""
        now = self._clock.now()

        def decide(stored: Stored[Attempts] | None) -> Change[Attempts, None]:
            return Change(None, state=refund(stored.state, now) if stored else None)

        await self._documents.change(key, decide)

    async def forget(self, key: str) -> None:
        """Clears the misses of an account whose owner has shown the PIN."""
        await self._documents.collection.delete_one({"_id": key})


def _load(found: dict[str, Any]) -> Attempts:
    return Attempts(**{name: found[name] for name in FIELDS})


def _dump(attempts: Attempts) -> dict[str, Any]:
    return {name: _milliseconds(getattr(attempts, name)) for name in FIELDS}


def _milliseconds(value: int | datetime) -> int | datetime:
    return whole_ms(value) if isinstance(value, datetime) else value
