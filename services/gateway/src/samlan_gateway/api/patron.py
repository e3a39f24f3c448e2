"""A patron's routes: sessions, the account, loans, holds, fees, and a guardian's children."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from samlan_gateway.api.documents import answers
from samlan_gateway.api.door import Caller, Command, Door, Key, source_of
from samlan_gateway.api.forms import (
    ContactForm,
    Cursor,
    HistoryForm,
    HoldChangesForm,
    HoldForm,
    LogInForm,
    PathId,
    PaymentForm,
    PinForm,
    RenewalForm,
)
from samlan_gateway.domain import shapes
from samlan_gateway.handlers.patron import PatronCommands
from samlan_gateway.handlers.sessions import Doorkeeper
from samlan_gateway.views.patron import Pages


@dataclass(frozen=True, slots=True)
class PatronRooms:
    """What a patron's routes need."""

    doorkeeper: Doorkeeper
    pages: Pages
    commands: PatronCommands


def routes(door: Door, rooms: PatronRooms) -> list[APIRouter]:
    """The routers of patrons and of those who want to become one."""
    arriving = door.router(tag="patron")
    own = door.router("patron", tag="patron")
    _sessions(arriving, own, rooms.doorkeeper)
    _account(own, rooms)
    _loans_and_holds(own, rooms)
    _money(own, rooms)
    _children(own, rooms.pages)
    return [arriving, own]


def _sessions(arriving: APIRouter, own: APIRouter, doorkeeper: Doorkeeper) -> None:
    @arriving.post("/sessions", status_code=201, responses=answers(shapes.Session, 201, 403, 429))
    async def log_in(request: Request, form: LogInForm, key: Key) -> Any:
        """Opens a session with card or identity number and PIN; each miss makes the next wait longer."""
        shown = form.model_dump(exclude_none=True)
        return await doorkeeper.log_in(shown, source=source_of(request), key=key)

    @own.delete("/sessions", status_code=204)
    async def log_out(caller: Caller) -> Response:
        """Ends the session; its token opens nothing any more."""
        await doorkeeper.log_out(caller)
        return Response(status_code=204)

    @own.put("/me/pin", status_code=204, responses=answers(None, 204, 403, 409, 429, says="Changed"))
    async def change_pin(request: Request, form: PinForm, caller: Caller, command: Command) -> Response:
        """Changes the PIN of a patron who knows the old one."""
        await doorkeeper.change_pin(caller, form.old, form.new, source=source_of(request), command=command)
        return Response(status_code=204)


def _account(own: APIRouter, rooms: PatronRooms) -> None:
    @own.get("/me", responses=answers(shapes.Account))
    async def me(caller: Caller) -> Any:
        """The account, with everything that stops something, and why."""
        return await rooms.pages.account(caller.patron)

    @own.patch("/me/contact", responses=answers(shapes.Account, 200, 403))
    async def change_contact(form: ContactForm, caller: Caller, command: Command) -> Any:
        """Changes contact details and wishes."""
        return await rooms.commands.change_contact(caller, form.stated(), command)

    @own.post("/me/cards/{card}/block", responses=answers(shapes.Account, 200, 403))
    async def block_card(card: PathId, caller: Caller, command: Command) -> Any:
        """Blocks a lost card at once."""
        return await rooms.commands.block_card(caller, card, command)

    @own.get("/me/notices", responses=answers(shapes.Listed[shapes.Notice]))
    async def notices(caller: Caller, cursor: Cursor = None) -> Any:
        """What was said, when, by which channel, with what result."""
        return await rooms.pages.notices(caller.patron, cursor)


def _loans_and_holds(own: APIRouter, rooms: PatronRooms) -> None:
    @own.get("/me/loans", responses=answers(shapes.Listed[shapes.Loan]))
    async def loans(caller: Caller) -> Any:
        """Open loans, the one due first first."""
        return await rooms.pages.loans(caller.patron)

    @own.get("/me/history", responses=answers(shapes.Listed[shapes.Ended]))
    async def history(caller: Caller) -> Any:
        """Ended loans, where the patron keeps a history."""
        return await rooms.pages.history(caller.patron)

    @own.put("/me/history", responses=answers(shapes.HistoryKept))
    async def keep_history(form: HistoryForm, caller: Caller, command: Command) -> Any:
        """Turns the history of ended loans on or off; off deletes what was kept."""
        return await rooms.commands.keep_history(caller, form.enabled, command)

    @own.delete("/me/history", status_code=204, responses=answers(None, 204, says="Deleted"))
    async def forget_history(caller: Caller) -> Response:
        """Deletes the ended loans that were kept; those to come are kept as before."""
        await rooms.commands.forget_history(caller)
        return Response(status_code=204)

    @own.post("/me/renewals", responses=answers(shapes.Renewals))
    async def renew(form: RenewalForm, caller: Caller, command: Command) -> Any:
        """Renews loans, each with its own outcome."""
        return await rooms.commands.renew(caller, form.loans, command)

    @own.get("/me/holds", responses=answers(shapes.Listed[shapes.Hold]))
    async def holds(caller: Caller, finished: bool = False) -> Any:
        """Holds with their place in the queue; those that ended with `?finished=true` only."""
        return await rooms.pages.holds(caller.patron, finished=finished)

    @own.post("/me/holds", status_code=201, responses=answers(shapes.Hold, 201, 403, 404, 409))
    async def place_hold(form: HoldForm, caller: Caller, command: Command) -> Any:
        """Places a hold on a title."""
        return await rooms.commands.place_hold(caller, form.wanted(), command)

    @own.patch("/me/holds", responses=answers(shapes.HoldChanges))
    async def change_holds(form: HoldChangesForm, caller: Caller, command: Command) -> Any:
        """Freezes, unfreezes, moves and cancels holds, each with its own outcome."""
        changes = [one.wanted() for one in form.changes]
        return await rooms.commands.change_holds(caller, changes, command)


def _money(own: APIRouter, rooms: PatronRooms) -> None:
    @own.get("/me/fees", responses=answers(shapes.Fees))
    async def fees(caller: Caller) -> Any:
        """Fees and what is left to pay."""
        return await rooms.pages.fees(caller.patron)

    @own.post("/me/payments", status_code=201, responses=answers(shapes.Payment, 201, 404, 409))
    async def pay(form: PaymentForm, caller: Caller, command: Command) -> Any:
        """Pays fees in full; booked at once, all or none."""
        return await rooms.commands.pay(caller, form.fees, command)


def _children(own: APIRouter, pages: Pages) -> None:
    @own.get("/me/children", responses=answers(shapes.Listed[shapes.Child]))
    async def children(caller: Caller) -> Any:
        """The children whose pages a guardian may see; a shield hides them."""
        return await pages.children(caller.patron)

    @own.get("/me/children/{patron}/loans", responses=answers(shapes.Listed[shapes.Loan], 200, 404))
    async def childs_loans(patron: PathId, caller: Caller) -> Any:
        """A child's loans, for its guardian."""
        return await pages.loans(await pages.child(caller, patron))

    @own.get("/me/children/{patron}/holds", responses=answers(shapes.Listed[shapes.Hold], 200, 404))
    async def childs_holds(patron: PathId, caller: Caller, finished: bool = False) -> Any:
        """A child's holds, for its guardian."""
        return await pages.holds(await pages.child(caller, patron), finished=finished)

    @own.get("/me/children/{patron}/fees", responses=answers(shapes.Fees, 200, 404))
    async def childs_fees(patron: PathId, caller: Caller) -> Any:
        """A child's fees, for its guardian."""
        return await pages.fees(await pages.child(caller, patron))
