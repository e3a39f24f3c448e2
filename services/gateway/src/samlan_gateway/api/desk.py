"""The routes of a branch's desk: lending, taking in, its lists, its patrons, and money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from samlan_plumbing.http import Problem

from samlan_gateway.api.documents import answers
from samlan_gateway.api.door import Caller, Command, Door, source_of
from samlan_gateway.api.forms import (
    Cursor,
    DeskFeeForm,
    DeskHoldForm,
    DeskLoanForm,
    DeskPaymentForm,
    DeskReturnForm,
    Id,
    ItemForm,
    PathId,
    RenewalForm,
    WaiverForm,
)
from samlan_gateway.domain import shapes
from samlan_gateway.domain.actor import Actor
from samlan_gateway.handlers.desk import DeskCommands
from samlan_gateway.views.desk import Desk
from samlan_gateway.views.patron import Pages

Fields = Annotated[dict[str, Any], Body()]
Asked = Annotated[Id | None, Query()]


@dataclass(frozen=True, slots=True)
class DeskRooms:
    """What a desk's routes need."""

    desk: Desk
    commands: DeskCommands
    pages: Pages


def routes(door: Door, rooms: DeskRooms) -> list[APIRouter]:
    """The routers of a desk, and of what an operator may do there as well."""
    own = door.router("desk", tag="desk")
    also_operators = door.router("desk", "operator", tag="desk")
    _items(own, also_operators, rooms)
    _lists(also_operators, rooms)
    _people(own, rooms)
    _money(own, also_operators, rooms)
    return [own, also_operators]


def _items(own: APIRouter, also_operators: APIRouter, rooms: DeskRooms) -> None:
    @own.post("/desk/loans", status_code=201, responses=answers(shapes.Lent, 201, 403, 404, 409, 429))
    async def lend(request: Request, form: DeskLoanForm, caller: Caller, command: Command) -> Any:
        """Lends an item to whose card or identity number it is; at a machine the PIN belongs to it.

        Whoever knows another's identity number and PIN borrows for that person at a machine; at the desk an
        `agent` does. `slip` is the receipt, with the due date."""
        wanted = form.model_dump()
        machine = form.channel == "machine"
        patron = await (
            rooms.desk.whom_a_pin_opens(caller, wanted, source=source_of(request))
            if machine
            else rooms.desk.whom(caller, wanted)
        )
        return await rooms.commands.lend(caller, patron, wanted, command)

    @own.post("/desk/renewals", responses=answers(shapes.Renewals))
    async def renew(form: RenewalForm, caller: Caller, command: Command) -> Any:
        """Renews loans, each with its own outcome."""
        return await rooms.commands.renew(form.loans, command)

    @own.post("/desk/returns", responses=answers(shapes.DeskAnswer, 200, 409))
    async def take_in(form: DeskReturnForm, caller: Caller, command: Command) -> Any:
        """Takes an item in and says which bin it belongs in, as a kiosk is told, and why."""
        return await rooms.commands.take_in(caller, form.item, form.happened_at, command)

    @also_operators.get("/desk/items/{barcode}", responses=answers(shapes.Item, 200, 404))
    async def item(barcode: PathId, caller: Caller) -> Any:
        """Where an item is and where it goes; of its hold the borrower id, where it is served here."""
        return await rooms.desk.item(caller, barcode)

    @own.patch("/desk/items/{barcode}", responses=answers(shapes.Item, 200, 404))
    async def mark(barcode: PathId, form: ItemForm, caller: Caller, command: Command) -> Any:
        """Says what became of an item; found, it is taken in like any other."""
        return await rooms.commands.mark(caller, barcode, form.state, command)


def _lists(router: APIRouter, rooms: DeskRooms) -> None:
    @router.get("/desk/pull-list", responses=answers(shapes.Listed[shapes.Item]))
    async def pull_list(caller: Caller, cursor: Cursor = None, branch: Asked = None) -> Any:
        """Items on the shelves here that waiting holds ask for; allotted when somebody scans them."""
        return await rooms.desk.pull_list(_at(caller, branch), cursor)

    @router.get("/desk/pickup-shelf", responses=answers(shapes.Listed[shapes.ShelfItem]))
    async def pickup_shelf(caller: Caller, cursor: Cursor = None, branch: Asked = None) -> Any:
        """Items on the pickup shelf: to keep for whom until when, or to move."""
        return await rooms.desk.pickup_shelf(_at(caller, branch), cursor)

    @router.get("/desk/interlibrary", responses=answers(shapes.Listed[shapes.Hold]))
    async def interlibrary(caller: Caller, branch: Asked = None) -> Any:
        """Holds to be picked up here on what nobody in the consortium owns: to be asked for elsewhere."""
        return await rooms.desk.interlibrary(_at(caller, branch))

    @router.get("/desk/exceptions", responses=answers(shapes.Listed[shapes.Exceptional]))
    async def exceptions(caller: Caller, branch: Asked = None) -> Any:
        """Facts of devices that need a hand; an operator sees all branches', or one's."""
        return await rooms.desk.exceptions(caller.branch or branch)

    @router.post("/desk/exceptions/{exception}/resolve", responses=answers(shapes.Resolved, 200, 404))
    async def resolve(exception: PathId, caller: Caller, command: Command) -> Any:
        """Takes an exception off the list."""
        await rooms.desk.own_exception(caller, exception)
        return await rooms.commands.resolve(exception, command)


def _people(own: APIRouter, rooms: DeskRooms) -> None:
    @own.get("/desk/patrons", responses=answers(shapes.Listed[shapes.Account]))
    async def patrons(caller: Caller, card: Asked = None, identity: Asked = None) -> Any:
        """The account that a card or identity number opens: one, or none."""
        if (card is None) == (identity is None):
            raise Problem(422, "Show either card or identity")
        shown_by = {"card": card} if card is not None else {"identity": identity}
        return await rooms.desk.people(caller, shown_by)

    @own.post("/desk/patrons", status_code=201, responses=answers(shapes.Account, 201, 409))
    async def register(fields: Fields, caller: Caller, command: Command) -> Any:
        """Registers a patron here; the fields are those of `patrons.jsonl`."""
        return await rooms.commands.register(caller, fields, command)

    @own.get("/desk/patrons/{patron}", responses=answers(shapes.Account, 200, 404))
    async def account(patron: PathId, caller: Caller) -> Any:
        """A patron of this member, or one with a loan or hold at this branch."""
        return await rooms.desk.account(caller, patron)

    @own.patch("/desk/patrons/{patron}", responses=answers(shapes.Account, 200, 404, 409))
    async def change(patron: PathId, fields: Fields, caller: Caller, command: Command) -> Any:
        """Changes what staff may change: person, cards, guardian, shield, status, blocks, PIN."""
        await rooms.desk.own(caller, patron)
        return await rooms.commands.change_patron(patron, fields, command)

    @own.get("/desk/patrons/{patron}/loans", responses=answers(shapes.Listed[shapes.Loan], 200, 404))
    async def loans(patron: PathId, caller: Caller) -> Any:
        """The open loans of a patron whom this desk serves; never ended ones (K42)."""
        await rooms.desk.account(caller, patron)
        return await rooms.pages.loans(patron)

    @own.get("/desk/patrons/{patron}/holds", responses=answers(shapes.Listed[shapes.Hold], 200, 404))
    async def holds(patron: PathId, caller: Caller) -> Any:
        """The holds of a patron whom this desk serves."""
        await rooms.desk.account(caller, patron)
        return await rooms.pages.holds(patron, finished=False)

    @own.get("/desk/patrons/{patron}/fees", responses=answers(shapes.Fees, 200, 404))
    async def fees(patron: PathId, caller: Caller) -> Any:
        """The fees of a patron whom this desk serves."""
        await rooms.desk.account(caller, patron)
        return await rooms.pages.fees(patron)

    @own.post("/desk/holds", status_code=201, responses=answers(shapes.Hold, 201, 403, 404, 409))
    async def place_hold(form: DeskHoldForm, caller: Caller, command: Command) -> Any:
        """Places a hold for somebody at the desk or on the telephone."""
        wanted = form.model_dump()
        return await rooms.commands.place_hold(await rooms.desk.whom(caller, wanted), wanted, command)


def _money(own: APIRouter, also_operators: APIRouter, rooms: DeskRooms) -> None:
    desk, commands = rooms.desk, rooms.commands

    @own.post("/desk/fees", status_code=201, responses=answers(shapes.Fee, 201, 404, 409))
    async def charge(form: DeskFeeForm, caller: Caller, command: Command) -> Any:
        """Charges a fee; the policy book says how much."""
        wanted = form.model_dump()
        return await commands.charge(await desk.whom(caller, wanted), wanted, command)

    @also_operators.post("/desk/fees/{fee}/waive", responses=answers(shapes.Waived, 200, 403, 404, 409))
    async def waive(fee: PathId, form: WaiverForm, caller: Caller, command: Command) -> Any:
        """Forgives a fee or a part of it; above the book's limit only an operator may."""
        await desk.own_fee(caller, fee)
        return await commands.waive(caller, fee, form.amount, form.why, command)

    @own.post("/desk/payments", status_code=201, responses=answers(shapes.Payment, 201, 404, 409))
    async def pay(form: DeskPaymentForm, caller: Caller, command: Command) -> Any:
        """Books a payment made at the desk, all or none."""
        patron = await desk.debtor(caller, form.model_dump())
        return await commands.pay(caller, patron, form.fees, command)


def _at(caller: Actor, branch: str | None) -> str:
    """The desk's own branch, or the one that an operator names."""
    at = caller.branch or branch
    if at is None:
        raise Problem(422, "Name a branch", errors=[{"place": "query.branch", "says": "Field required"}])
    return at
