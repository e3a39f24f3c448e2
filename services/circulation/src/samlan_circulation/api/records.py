"""Reading, resolving and importing."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from samlan_contracts.forms import Name
from samlan_plumbing.http import Problem, problem
from samlan_plumbing.importing import Rows

from samlan_circulation.api.desk import Body
from samlan_circulation.handlers.imports import Imports
from samlan_circulation.store import Store
from samlan_circulation.views import PAGE, Views

MOST_STATES: Final = 1_000


class StatesBody(Body):
    """Where are these items."""

    items: Annotated[list[Name], Field(max_length=MOST_STATES)]


def record_routes(router: APIRouter, store: Store, views: Views, imports: Imports) -> None:
    """Adds what is read, resolved and imported to a router."""
    _items(router, store, views)
    _facts(router, store, views)
    _imports(router, imports)


def _items(router: APIRouter, store: Store, views: Views) -> None:
    @router.get("/patrons/{patron}/loans")
    async def loans(patron: str) -> Any:
        """A patron's open loans."""
        return {"items": await views.loans_of(patron), "next": None}

    @router.get("/patrons/{patron}/history")
    async def history(patron: str) -> Any:
        """A patron's ended loans, where the patron wanted them kept."""
        return {"items": await views.history_of(patron), "next": None}

    @router.delete("/patrons/{patron}/history", status_code=204)
    async def forget(patron: str) -> None:
        """Deletes a patron's history; what ends later is kept again, where the patron wants that."""
        await store.history.forget([patron])

    @router.get("/items/{barcode}")
    async def item(barcode: str, branch: str | None = None) -> Any:
        """An item as a desk sees it; with `branch`, the borrower id only where its hold is served."""
        return _found(await views.item(barcode, branch=branch), "unknown_item")

    @router.post("/items/states")
    async def states(body: StatesBody) -> Any:
        """Where items are, by barcode."""
        return {"states": await views.states(body.items)}

    @router.get("/titles/{title}/availability")
    async def availability(title: str) -> Any:
        """The copies of a title."""
        return await views.availability(title)


def _facts(router: APIRouter, store: Store, views: Views) -> None:
    @router.get("/exceptions")
    async def exceptions(branch: str | None = None) -> Any:
        """The open exceptions of a branch; of all branches without one."""
        return {"items": await views.exceptions(branch), "next": None}

    @router.post("/exceptions/{exception}/resolve")
    async def resolve(exception: str) -> Any:
        """Takes an exception off its branch's list."""
        if not await store.exceptions.resolve(exception):
            raise problem(404, ["unknown_exception"])
        return {"id": exception, "resolved": True}

    @router.get("/facts/{fact}")
    async def fact(fact: str) -> Any:
        """What became of a device's fact."""
        return _found(await views.fact(fact), "unknown_fact")

    @router.get("/devices")
    async def devices() -> Any:
        """Every device that was imported, for the command line to give each its broker user."""
        return {"items": await store.places.devices(), "next": None}

    @router.get("/state")
    async def state(after: str | None = None, limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE) -> Any:
        """Everything, page by page, for the check of invariants."""
        if after is not None and after.partition(":")[0] not in store.parts:
            raise Problem(422, "The cursor cannot be read")
        return await views.state(after, limit)


def _imports(router: APIRouter, imports: Imports) -> None:
    @router.post("/import/loans")
    async def loans(rows: Rows) -> Any:
        """Stores rows of loans.jsonl."""
        return (await imports.loans(rows.by_line)).as_json()

    @router.post("/import/devices")
    async def devices(rows: Rows) -> Any:
        """Stores rows of devices.jsonl."""
        return (await imports.devices(rows.by_line)).as_json()


def _found(found: Any, reason: str) -> Any:
    if found is None:
        raise problem(404, [reason], title="There is no such thing")
    return found
