"""Private HTTP: what the gateway, the import and the check ask of holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from samlan_contracts.forms import Name, first_fault, whole_ms
from samlan_plumbing.http import Problem, private_router
from samlan_plumbing.ids import derive
from samlan_plumbing.importing import Report, Rows
from samlan_plumbing.tokens import Verifier

from samlan_holds.domain.changing import Wish
from samlan_holds.domain.importing import Row
from samlan_holds.domain.model import BranchId, HoldId, ItemBarcode, PatronId, TitleId
from samlan_holds.domain.placing import Placed
from samlan_holds.domain.refusals import Refusal, status_of
from samlan_holds.handlers.commands import ChangeOutcome, Commands, Place
from samlan_holds.handlers.importing import Importing
from samlan_holds.views.checks import PAGE, Checks
from samlan_holds.views.holds import HoldViews, fresh
from samlan_holds.views.lists import Lists

CHANGES: Final = 200  # of one batch; more is no patron's list
TITLES: Final = 500  # of one question; whoever has more asks again
Cursor = Annotated[str | None, Query(max_length=400)]


class Body(BaseModel):
    """A body in which a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid")


class PlaceBody(Body):
    """A hold to be placed."""

    patron: Name
    title: Name
    channel: Name
    pickup: Name | None = None
    last_needed: date | None = None
    command: Name | None = None


class ChangeBody(Body):
    """What is to change about one hold; `last_needed` null takes the day away."""

    hold: Name
    frozen: bool | None = None
    cancel: bool = False
    pickup: Name | None = None
    last_needed: date | None = None

    def wish(self) -> Wish:
        """The change as the domain knows it."""
        return Wish(
            hold=HoldId(self.hold), frozen=self.frozen, cancel=self.cancel,
            pickup=BranchId(self.pickup) if self.pickup else None,
            needed="last_needed" in self.model_fields_set, last_needed=self.last_needed,
        )  # fmt: skip


class ChangesBody(Body):
    """A batch of changes; `patron` null is the staff."""

    patron: Name | None = None
    changes: Annotated[list[ChangeBody], Field(max_length=CHANGES)]
    command: Name | None = None


class TitlesBody(Body):
    """Titles to be asked about together."""

    titles: Annotated[list[Name], Field(max_length=TITLES)]


class HoldRow(BaseModel):
    """A row of `holds.jsonl`."""

    title: Name
    patron: Name
    pickup: Name
    placed_at: datetime
    last_needed: date | None = None
    frozen: bool = False
    item: Name | None = None
    ready_until: date | None = None

    @field_validator("placed_at")
    @classmethod
    def has_a_zone(cls, value: datetime) -> datetime:
        """An instant without an offset is nobody's instant."""
        if value.tzinfo is None:
            raise ValueError("placed_at needs an offset, such as +01:00 or Z")
        return whole_ms(value)

    def row(self, line: int) -> Row:
        """The row as the domain knows it; its hold's id follows from what the row says."""
        hold = derive("hold", self.title, self.patron, str(self.placed_at.timestamp()))
        return Row(
            line=line, hold=HoldId(hold), title=TitleId(self.title), patron=PatronId(self.patron),
            pickup=BranchId(self.pickup), placed_at=self.placed_at, last_needed=self.last_needed,
            frozen=self.frozen, item=ItemBarcode(self.item) if self.item else None,
            ready_until=self.ready_until,
        )  # fmt: skip


def router(verifier: Verifier, commands: Commands, importing: Importing, views: HoldViews) -> APIRouter:
    """The routes that place, change, show and import holds."""
    routes = private_router("holds", verifier)

    @routes.post("/holds", status_code=201)
    async def place(body: PlaceBody) -> Any:
        outcome = await commands.place(Place(**body.model_dump()))
        if isinstance(outcome, tuple):
            raise _refused(outcome)
        if isinstance(outcome, Placed):
            return fresh(outcome, title=body.title, channel=body.channel)
        return await views.one(outcome)

    @routes.patch("/holds")
    async def change(body: ChangesBody) -> Any:
        wishes = tuple(one.wish() for one in body.changes)
        outcomes = await commands.change(wishes, patron=body.patron, command=body.command)
        known = await views.many([one.hold for one in outcomes if not _hidden(one)])
        return {"outcomes": [_outcome(one, known.get(one.hold)) for one in outcomes]}

    @routes.get("/patrons/{patron}/holds")
    async def of_patron(patron: str, finished: bool = False) -> Any:
        return {"items": await views.of_patron(patron, finished=finished), "next": None}

    @routes.get("/interlibrary")
    async def interlibrary(branch: str) -> Any:
        return {"items": await views.interlibrary(branch), "next": None}

    @routes.get("/holds/{hold}")
    async def one(hold: str) -> Any:
        found = await views.one(hold)
        if found is None:
            raise _refused((Refusal("unknown_hold"),))
        return found

    @routes.post("/import/holds")
    async def take(body: Rows) -> Any:
        report = Report()
        await importing.take(_usable(body, report), report)
        return report.as_json()

    return routes


def staff_router(verifier: Verifier, lists: Lists, checks: Checks) -> APIRouter:
    """The routes of staff lists, decisions and the check."""
    routes = private_router("holds", verifier)

    @routes.get("/pull-list")
    async def pull(branch: str, after: Cursor = None) -> Any:
        items, following = await lists.pull(branch, after)
        return {"items": items, "next": following}

    @routes.get("/pickup-shelf")
    async def shelf(branch: str, after: Cursor = None) -> Any:
        items, following = await lists.shelf(branch, after)
        return {"items": items, "next": following}

    @routes.post("/waiting")
    async def waiting(body: TitlesBody) -> Any:
        return {"items": await lists.waiting(body.titles), "next": None}

    @routes.get("/decisions")
    async def decisions(item: str, sequence: int | None = None) -> Any:
        return {"items": await checks.decisions(item, sequence), "next": None}

    @routes.get("/state")
    async def state(after: Cursor = None, limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE) -> Any:
        items, following = await checks.state(after, limit)
        return {"items": items, "next": following}

    return routes


def _usable(rows: Rows, report: Report) -> list[Row]:
    """The rows that can be read; of the others the report says why not."""
    usable: list[Row] = []
    for line, row in rows.by_line:
        try:
            usable.append(HoldRow.model_validate(row).row(line))
        except ValidationError as error:
            report.refuse(line, first_fault(error))
    return usable


def _refused(refusals: Sequence[Refusal]) -> Problem:
    reasons = [one.as_json() for one in refusals]
    return Problem(status_of(tuple(refusals)), "The hold cannot be placed", reasons)


def _hidden(outcome: ChangeOutcome) -> bool:
    """Whether the hold is none of the asker's business."""
    return any(one.reason == "unknown_hold" for one in outcome.reasons)


def _outcome(outcome: ChangeOutcome, hold: dict[str, Any] | None) -> dict[str, Any]:
    shown = hold or {}
    state = "cancelled" if outcome.cancelled else shown.get("state")
    return {
        "hold": outcome.hold, "changed": not outcome.reasons, "state": state,
        "frozen": shown.get("frozen"), "pickup": shown.get("pickup"), "last_needed": shown.get("last_needed"),
        "reasons": [one.as_json() for one in outcome.reasons],
        "because": outcome.because or shown.get("because", []),
    }  # fmt: skip
