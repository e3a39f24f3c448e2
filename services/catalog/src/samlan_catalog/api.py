"""The private HTTP of catalog."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from samlan_plumbing.http import Problem, private_router
from samlan_plumbing.importing import Report, Rows
from samlan_plumbing.resources import Resources

from samlan_catalog.handlers import Lines
from samlan_catalog.views import PAGE, STATE_PAGE, Catalogue

NAMES: Final = 1000
Cursor = Annotated[str, Query(max_length=200)]
TakeRows = Callable[[Lines], Awaitable[Report]]


class NamesForm(BaseModel):
    """The titles whose names are wanted."""

    titles: list[str] = Field(max_length=NAMES)


def routes(resources: Resources, *, catalogue: Catalogue, imports: Mapping[str, TakeRows]) -> APIRouter:
    """Every private route of catalog."""
    router = private_router(resources.service, resources.verifier)
    _titles(router, catalogue)
    _places(router, catalogue)

    @router.post("/import/{file}")
    async def import_rows(file: str, rows: Rows) -> Any:
        """Takes rows of branches.jsonl, titles.jsonl (or records as `{"marc": base64}`) and items.jsonl."""
        take = imports.get(file.partition(".")[0])
        if take is None:
            raise Problem(404, f"catalog takes {', '.join(imports)}")
        return (await take(rows.by_line)).as_json()

    @router.get("/state")
    async def state(
        after: Cursor = "", limit: Annotated[int, Query(ge=1, le=STATE_PAGE)] = STATE_PAGE
    ) -> Any:
        """What the checks across services read."""
        return await catalogue.state(after, limit)

    return router


def _titles(router: APIRouter, catalogue: Catalogue) -> None:
    @router.get("/titles")
    async def search(
        q: Annotated[str, Query(max_length=500)] = "",
        cursor: Cursor = "",
        limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
    ) -> Any:
        """Titles with every word of `q`."""
        return await catalogue.search(q, cursor, limit)

    @router.get("/titles/{title}")
    async def title(title: str) -> Any:
        """One title."""
        return _there(await catalogue.title(title), "unknown_title")

    @router.get("/titles/{title}/items")
    async def items(title: str) -> Any:
        """The items of a title."""
        return {"items": await catalogue.items_of(title), "next": None}

    @router.post("/titles/names")
    async def names(form: NamesForm) -> Any:
        """Names and authors of many titles."""
        return {"names": await catalogue.names(form.titles)}


def _places(router: APIRouter, catalogue: Catalogue) -> None:
    @router.get("/items/{barcode}")
    async def item(barcode: str) -> Any:
        """One item."""
        return _there(await catalogue.item(barcode), "unknown_item")

    @router.get("/branches")
    async def branches() -> Any:
        """Every branch."""
        return {"items": await catalogue.branches(), "next": None}

    @router.get("/branches/{member}/{branch}")
    async def branch(member: str, branch: str) -> Any:
        """One branch."""
        return _there(await catalogue.branch(f"{member}/{branch}"), "unknown_branch")

    @router.get("/members")
    async def members() -> Any:
        """Every member that has a policy book."""
        return {"items": catalogue.members(), "next": None}


def _there(answer: Any, reason: str) -> Any:
    if answer is None:
        raise Problem(404, "Not found", [{"reason": reason, "because": []}])
    return answer
