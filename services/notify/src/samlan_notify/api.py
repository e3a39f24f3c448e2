"""Notify's private HTTP: what was said to whom, and what a check reads."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator
from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.http import private_router, problem
from samlan_plumbing.tokens import Verifier

from samlan_notify import views
from samlan_notify.store import Known, Notices


def _behind(cursor: str) -> str:
    """A cursor that can be read: else it is the asker's mistake."""
    views.place_of(cursor)
    return cursor


Causes = Annotated[list[str], Query(min_length=1, max_length=views.CAUSES_AT_ONCE)]
Cursor = Annotated[str, Query(max_length=400), AfterValidator(_behind)]


def routes(verifier: Verifier, *, notices: Notices, known: Known, clock: LibraryClock) -> APIRouter:
    """The routes, to be mounted in the service or in a test."""
    router = private_router("notify", verifier)

    @router.get("/patrons/{patron}/notices")
    async def of_patron(
        patron: str,
        cursor: Cursor | None = None,
        limit: Annotated[int, Query(ge=1, le=views.PAGE)] = views.PAGE,
    ) -> dict[str, Any]:
        """A patron's notices, the newest first."""
        return await views.of_patron(notices, patron, behind=cursor, limit=limit)

    @router.get("/notices")
    async def of_causes(cause: Causes) -> dict[str, Any]:
        """The notices that an event set off, or several events."""
        return await views.of_causes(notices, cause)

    @router.get("/notices/{notice}")
    async def one(notice: str) -> dict[str, Any]:
        """One notice; its id follows from its kind and natural key."""
        found = await notices.collection.find_one({"_id": notice})
        if found is None:
            raise problem(404, ["unknown_notice"])
        return views.shape(found)

    @router.get("/state")
    async def state(
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=views.STATE_PAGE)] = views.STATE_PAGE,
    ) -> dict[str, Any]:
        """Every notice and every copy, for the check across services."""
        return await views.state(notices, known, now=clock.now(), after=after, limit=limit)

    return router
