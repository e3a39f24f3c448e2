"""Billing's private HTTP: fees, payments, waivers, the import, and the state for `samlan check`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from samlan_contracts.forms import Minor, Name
from samlan_contracts.shapes import Thing
from samlan_plumbing.http import Json, Problem, private_router, problem
from samlan_plumbing.ids import fresh
from samlan_plumbing.importing import Rows
from samlan_plumbing.resources import Resources

from samlan_billing.domain.refusals import Reason, Refusal, Refused
from samlan_billing.handlers.bookkeeper import Bookkeeper
from samlan_billing.handlers.importing import Importing
from samlan_billing.handlers.paying import AskedFee, LostLoan, Paying
from samlan_billing.handlers.staging import overdue_fee_id
from samlan_billing.views.fees import FeeViews, fee_shape, paid_shape, waived_shape
from samlan_billing.views.state import StateViews

FEES_AT_ONCE: Final = 500  # what one payment may name: more than any patron owes
PAGES_AT_ONCE: Final = 10_000
Words = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True)]

STATUS: Final[dict[Reason, int]] = {
    "already_paid": 409,
    "amount_above_outstanding": 409,
    "amount_needed": 409,
    "amount_not_wanted": 409,
    "other_currency": 409,
    "unknown_fee": 404,
    "unknown_kind": 409,
    "unknown_member": 409,
    "unknown_patron": 404,
    "waiver_limit": 403,
}


class Body(BaseModel):
    """A request's body; `command` names it, so that its repeat acts once and is answered the same."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    command: Name = Field(default_factory=fresh)


class PaymentBody(Body):
    """Fees to be paid in full, all or none."""

    patron: Name
    fees: Annotated[list[Name], Field(min_length=1, max_length=FEES_AT_ONCE)]


class LostBody(BaseModel):
    """The open loan of an item that is lost, by its id and the due date it has."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Name
    due: date


class FeeBody(Body):
    """A fee of the desk; `amount` only where the book says "at actual cost"."""

    patron: Name
    kind: Name
    member: Name | None = None
    item: Name | None = None
    pages: Annotated[int, Field(ge=1, le=PAGES_AT_ONCE, strict=True)] = 1
    reference: bool = False
    thing: Thing | None = None
    lost: LostBody | None = None
    amount: Minor | None = None


class WaiverBody(Body):
    """A fee forgiven, or `amount` of it in minor units, and why."""

    amount: Minor | None = None
    why: Words
    role: Literal["desk", "staff", "operator"]


def router(bookkeeper: Bookkeeper, resources: Resources) -> APIRouter:
    """Billing's door for HTTP."""
    private = private_router(resources.service, resources.verifier)
    _reading(private, bookkeeper)
    _writing(private, Paying(bookkeeper))
    importing = Importing(bookkeeper, resources)

    @private.post("/import/{file}")
    async def take_rows(file: str, rows: Rows) -> dict[str, Any]:
        """Stores rows of `fees.jsonl`; those that cannot be used come back with their reason."""
        if file.removesuffix(".jsonl") != "fees":
            raise Problem(404, "Billing imports fees.jsonl")
        return (await importing(rows.by_line)).as_json()

    return private


def _reading(private: APIRouter, bookkeeper: Bookkeeper) -> None:
    fees, state = FeeViews(bookkeeper.store), StateViews(bookkeeper.store, bookkeeper.books)

    @private.get("/patrons/{patron}/fees")
    async def fees_of_patron(patron: str) -> dict[str, Any]:
        """A patron's fees, open and lately settled, and the balances."""
        return await fees.of_patron(patron)

    @private.get("/loans/{loan}/fees")
    async def fees_of_loan(loan: str) -> dict[str, Any]:
        """What a loan cost."""
        return await fees.of_ids([overdue_fee_id(loan)])

    @private.get("/fees/{fee}")
    async def one_fee(fee: str) -> dict[str, Any]:
        """One fee."""
        found = await fees.of_ids([fee])
        if not found["items"]:
            raise problem(404, ["unknown_fee"])
        return dict(found["items"][0])

    @private.get("/state")
    async def page_of_state(
        after: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 500
    ) -> dict[str, Any]:
        """All that billing holds, as `samlan check` compares it."""
        return await state.page(after, limit, bookkeeper.clock.now())


def _writing(private: APIRouter, paying: Paying) -> None:
    @private.post("/payments", status_code=201)
    async def pay(body: PaymentBody) -> dict[str, Any]:
        """Pays fees in full, all or none."""
        done = await paying.pay(body.patron, body.fees, body.command)
        if isinstance(done, Refused):
            raise refusal(done.reasons)
        return paid_shape(done)

    @private.post("/fees", status_code=201)
    async def charge(body: FeeBody) -> dict[str, Any]:
        """Charges a fee of the desk, at the book's price."""
        asked = AskedFee(
            kind=body.kind, member=body.member, item=body.item, pages=body.pages,
            reference=body.reference, amount_minor=body.amount, thing=body.thing,
            lost=LostLoan(body.lost.id, body.lost.due) if body.lost else None,
        )  # fmt: skip
        done = await paying.charge(body.patron, asked, body.command)
        if isinstance(done, Refused):
            raise refusal(done.reasons)
        return fee_shape(done)

    @private.post("/fees/{fee}/waive")
    async def waive(fee: str, body: WaiverBody) -> dict[str, Any]:
        """Forgives a fee or a part of it, up to the limit of the book; an operator without limit."""
        unlimited = body.role == "operator"
        done = await paying.waive(fee, body.amount, body.why, body.command, unlimited=unlimited)
        if isinstance(done, Refused):
            raise refusal(done.reasons)
        return waived_shape(done)


def refusal(reasons: Sequence[Refusal]) -> Problem:
    """A refusal as a problem: its status where all reasons agree on one, else 409."""
    statuses = {STATUS[one.reason] for one in reasons}
    status = statuses.pop() if len(statuses) == 1 else 409
    return problem(status, [one.as_json() for one in reasons])


__all__ = ["Json", "refusal", "router"]
