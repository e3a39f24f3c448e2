"""The catalogue's routes, open to anybody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from samlan_gateway.api.documents import answers
from samlan_gateway.api.door import Door
from samlan_gateway.api.forms import Cursor, PathId
from samlan_gateway.domain import shapes
from samlan_gateway.views.catalogue import Catalogue


def routes(door: Door, catalogue: Catalogue) -> APIRouter:
    """The router of the catalogue."""
    router = door.router(tag="catalogue")

    @router.get("/titles", responses=answers(shapes.Listed[shapes.Title]))
    async def search(
        q: Annotated[str, Query(max_length=500)] = "",
        cursor: Cursor = None,
        limit: Annotated[int | None, Query(ge=1, le=50)] = None,
    ) -> Any:
        """Titles with every word of `q` in name or author."""
        return await catalogue.search(q, cursor, limit)

    @router.get("/titles/{title}", responses=answers(shapes.Title, 200, 404))
    async def title(title: PathId) -> Any:
        """One title."""
        return await catalogue.title(title)

    @router.get("/titles/{title}/availability", responses=answers(shapes.Availability, 200, 404))
    async def availability(title: PathId) -> Any:
        """The copies of a title, where each is, and how many wait."""
        return await catalogue.availability(title)

    @router.get("/members", responses=answers(shapes.Listed[shapes.Member]))
    async def members() -> Any:
        """The members of the consortium."""
        return await catalogue.members()

    @router.get("/branches", responses=answers(shapes.Listed[shapes.Branch]))
    async def branches() -> Any:
        """The branches with their opening hours."""
        return await catalogue.branches()

    return router
