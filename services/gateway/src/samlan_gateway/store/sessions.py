"""Sessions: when each began that was asked for under a key, and which ended before their token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pymongo.errors import DuplicateKeyError
from samlan_plumbing.resources import Resources
from samlan_plumbing.tokens import PATRON_TOKEN_LIFETIME

SLACK: Final = timedelta(minutes=5)  # clocks of replicas differ


class Sessions:
    """One small document per session that somebody ended or asked for twice; it goes when its token does."""

    def __init__(self, resources: Resources) -> None:
        self._ended = resources.database["ended_sessions"]
        self._begun = resources.database["begun_sessions"]
        self._clock = resources.machine_clock

    async def prepare(self) -> None:
        """Creates the indexes by which both end."""
        for one in (self._ended, self._begun):
            await one.create_index("expires_at", expireAfterSeconds=0)

    async def begin(self, session: str) -> datetime:
        """When this session began: now, or when it was first asked for."""
        now = self._clock.now().replace(microsecond=0)
        row = {"_id": session, "began_at": now, "expires_at": now + PATRON_TOKEN_LIFETIME}
        try:
            await self._begun.insert_one(row)
        except DuplicateKeyError:
            known = await self._begun.find_one({"_id": session})
            return known["began_at"] if known else now
        return now

    async def end(self, session: str) -> None:
        """Ends a session for good."""
        row = {"expires_at": self._clock.now() + PATRON_TOKEN_LIFETIME + SLACK}
        await self._ended.update_one({"_id": session}, {"$set": row}, upsert=True)

    async def ended(self, session: str) -> bool:
        """Whether a session was ended."""
        return await self._ended.find_one({"_id": session}) is not None
