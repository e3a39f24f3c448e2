"""The private HTTP of accounts; bodies are read strictly, and no answer repeats what was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from samlan_contracts.policy import plainly
from samlan_plumbing.http import Problem, private_router
from samlan_plumbing.ids import derive, fresh
from samlan_plumbing.importing import Rows
from samlan_plumbing.resources import Resources

from samlan_accounts.domain.changing import ContactChange, DeskChange, stated
from samlan_accounts.domain.patron import Patron
from samlan_accounts.domain.refusal import Reason, Refusal
from samlan_accounts.domain.registering import Registration
from samlan_accounts.domain.rows import reasons_of
from samlan_accounts.handlers.importing import ImportPatrons
from samlan_accounts.handlers.patrons import ChangePatrons
from samlan_accounts.handlers.sessions import Credentials, LogIn, Resolve, Throttled
from samlan_accounts.views import CONTACTS, PAGE, Accounts

NOT_YOU: Final[frozenset[Reason]] = frozenset({"wrong_credentials", "only_through_staff", "card_not_yours"})
NOT_THERE: Final[frozenset[Reason]] = frozenset({"unknown_patron"})
BAD_INPUT: Final[frozenset[Reason]] = frozenset({
    "bad_card", "bad_contact", "bad_date", "bad_identity", "bad_pin", "bad_status", "bad_value",
    "missing_field", "unknown_cause", "unknown_member",
})  # fmt: skip
Cursor = Annotated[str, Query(max_length=200)]


class _Form(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)


class SessionForm(_Form):
    """Credentials; `source` is where the attempt comes from."""

    member: str = Field(max_length=100)
    card: str | None = Field(default=None, max_length=100)
    identity: str | None = Field(default=None, max_length=100)
    pin: str = Field(max_length=100)
    source: str = Field(default="", max_length=200)


class ResolveForm(_Form):
    """A card or an identity number somebody showed."""

    card: str | None = Field(default=None, max_length=100)
    identity: str | None = Field(default=None, max_length=100)
    member: str | None = Field(default=None, max_length=100)


class ContactsForm(_Form):
    """The patrons to be reached."""

    patrons: list[str] = Field(max_length=CONTACTS)


class BlockForm(_Form):
    """Who blocks a card."""

    by: Literal["patron", "staff"] = "patron"
    command: str | None = Field(default=None, max_length=200)


class HistoryForm(_Form):
    """Whether ended loans are to be kept."""

    enabled: bool
    command: str | None = Field(default=None, max_length=200)


def routes(
    resources: Resources, *, accounts: Accounts, imports: ImportPatrons, changes: ChangePatrons,
    log_in: LogIn, resolve: Resolve,
) -> APIRouter:  # fmt: skip
    """Every private route of accounts."""
    router = private_router(resources.service, resources.verifier)
    _reading(router, accounts)
    _credentials(router, log_in, resolve)
    _changing(router, accounts, changes)

    @router.post("/import/{file}")
    async def import_rows(file: str, rows: Rows) -> Any:
        """Takes rows of patrons.jsonl."""
        if file.removesuffix(".jsonl") != "patrons":
            raise Problem(404, "accounts takes patrons.jsonl")
        return (await imports(rows.by_line)).as_json()

    return router


def _reading(router: APIRouter, accounts: Accounts) -> None:
    @router.get("/patrons/{patron}")
    async def patron(patron: str) -> Any:
        """The account in full."""
        return _there(await accounts.patron(patron))

    @router.get("/patrons/{patron}/children")
    async def children(patron: str) -> Any:
        """Whom this patron may see as a guardian."""
        return {"items": await accounts.children(patron), "next": None}

    @router.post("/contacts")
    async def contacts(form: ContactsForm) -> Any:
        """How to reach patrons, now."""
        return {"contacts": await accounts.contacts(form.patrons)}

    @router.get("/state")
    async def state(after: Cursor = "", limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE) -> Any:
        """What the checks across services read."""
        return await accounts.state(after, limit)


def _credentials(router: APIRouter, log_in: LogIn, resolve: Resolve) -> None:
    @router.post("/sessions")
    async def sessions(form: SessionForm) -> Any:
        """Verifies credentials."""
        _one_of(form.card, form.identity)
        shown = Credentials(
            member=form.member, card=form.card, identity=form.identity, pin=form.pin, source=form.source
        )
        match await log_in(shown):
            case Patron() as patron:
                return {"patron": patron.patron, "member": patron.member, "status": patron.status}
            case Throttled(seconds) as throttled:
                raise _refused((throttled.refusal,), 429, seconds)
            case reasons:
                raise _refused(reasons, 403)

    @router.post("/cards/resolve")
    async def cards(form: ResolveForm) -> Any:
        """Whose card or identity number it is."""
        _one_of(form.card, form.identity)
        found = await resolve(card=form.card, identity=form.identity, member=form.member)
        if len(found) > 1:
            raise _refused(
                (Refusal("ambiguous_identity", "several members know this number: name one"),), 409
            )
        if not found:
            raise _refused((Refusal("unknown_patron", "nobody has this card or identity number"),), 404)
        ((patron, blocked),) = found
        return {"patron": patron.patron, "member": patron.member, **({"blocked": True} if blocked else {})}


def _changing(router: APIRouter, accounts: Accounts, changes: ChangePatrons) -> None:
    @router.post("/patrons", status_code=201)
    async def register(body: Annotated[dict[str, Any], Body()]) -> Any:
        """Registers a patron at the desk."""
        patron = derive("patron", _command(body))
        return await _account(accounts, await changes.register(Registration(patron=patron, fields=body)))

    @router.patch("/patrons/{patron}")
    async def desk(patron: str, body: Annotated[dict[str, Any], Body()]) -> Any:
        """Changes what staff may change."""
        change = _form(DeskChange, body)
        return await _account(accounts, await changes.at_the_desk(patron, change, _command(body)))

    @router.patch("/patrons/{patron}/contact")
    async def contact(patron: str, body: Annotated[dict[str, Any], Body()]) -> Any:
        """Changes what a patron may change alone."""
        change = _form(ContactChange, body)
        return await _account(accounts, await changes.contact(patron, change, _command(body)))

    @router.put("/patrons/{patron}/history")
    async def history(patron: str, form: HistoryForm) -> Any:
        """Turns the history of ended loans on or off."""
        return await _account(accounts, await changes.history(patron, form.enabled, form.command or fresh()))

    @router.post("/patrons/{patron}/cards/{card}/block")
    async def block(patron: str, card: str, form: BlockForm | None = None) -> Any:
        """Blocks a lost card."""
        said = form or BlockForm()
        cause = said.command or fresh()
        outcome = await changes.block_card(patron, card, by_staff=said.by == "staff", cause=cause)
        return await _account(accounts, outcome)


async def _account(accounts: Accounts, outcome: Patron | Sequence[Refusal]) -> Any:
    if not isinstance(outcome, Patron):
        raise _refused(outcome)
    return _there(await accounts.patron(outcome.patron))


def _form(kind: type[BaseModel], body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return stated(kind.model_validate(dict(body)))
    except ValidationError as error:
        raise _refused(reasons_of(error)) from None


def _command(body: Mapping[str, Any]) -> str:
    command = body.get("command")
    return command if isinstance(command, str) and command else fresh()


def _one_of(card: str | None, identity: str | None) -> None:
    if (card is None) == (identity is None):
        raise Problem(422, "Show either a card or an identity number")


def _there(answer: Any) -> Any:
    if answer is None:
        raise _refused((Refusal("unknown_patron", "there is no such patron"),))
    return answer


def _refused(reasons: Sequence[Refusal], status: int | None = None, wait: int | None = None) -> Problem:
    listed = [
        {"reason": one.reason, "because": one.because or plainly(one.reason), "says": one.says}
        for one in reasons
    ]
    headers = {"retry-after": str(wait)} if wait else None
    return Problem(status or status_of({one.reason for one in reasons}), "Refused", listed, headers=headers)


def status_of(words: set[Reason]) -> int:
    """The one table in which reasons meet HTTP: not there, unreadable, not you, or not now."""
    if words & NOT_THERE:
        return 404
    if words & BAD_INPUT:
        return 422
    return 403 if words & NOT_YOU else 409
