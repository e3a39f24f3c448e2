"""The door itself: reads the token before anything else, then the body, then the `Idempotency-Key`.

A route behind it finds who asks in `Caller` and the id under which owners act once in `Command`; both are
there before the route's own parameters are read, so that nobody without a token learns what a route takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from samlan_plumbing.http import Json, Problem, problem, problem_response
from samlan_plumbing.ids import derive, fresh
from samlan_plumbing.tokens import TokenRefused, Verifier

from samlan_gateway.api.documents import refusals
from samlan_gateway.domain.actor import Actor, Role, actor_of
from samlan_gateway.store.answers import LEASE, Answers, Begun, Given, Standing
from samlan_gateway.store.sessions import Sessions

MAX_BODY: Final = 64 * 1024  # the longest batch of a patron's page is a tenth of it
MAX_KEY: Final = 200
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KEY_HEADER: Final = "idempotency-key"
SESSIONS: Final = "/v1/sessions"
LOOK_SECONDS: Final = 0.05  # between looks at a repeat's first request that is still at work
Handle = Callable[[Request], Awaitable[Response]]
BEARER: Final = HTTPBearer(auto_error=False, description="A session's token, or a desk's or operator's")


async def caller_of(request: Request) -> Actor:
    """Who asks."""
    actor: Actor = request.state.actor
    return actor


async def command_of(request: Request) -> str:
    """The id under which the owners act once: the same for the same actor, route and key."""
    command: str = request.state.command
    return command


async def key_of(request: Request) -> str | None:
    """The request's key, where it brought one."""
    key: str | None = request.state.key
    return key


Caller = Annotated[Actor, Depends(caller_of)]
Command = Annotated[str, Depends(command_of)]
Key = Annotated[str | None, Depends(key_of)]


class Door:
    """Makes routers whose routes open to some roles, or to anybody."""

    def __init__(self, verifier: Verifier, sessions: Sessions, answers: Answers) -> None:
        self._verifier = verifier
        self._sessions = sessions
        self._answers = answers

    def router(self, *roles: Role, tag: str) -> APIRouter:
        """A router under `/v1` for these roles; without roles, for everybody."""
        door = self

        class Guarded(APIRoute):
            def get_route_handler(self) -> Callable[[Request], Any]:
                handle = super().get_route_handler()

                async def through(request: Request) -> Response:
                    return await door.through(request, handle, roles)

                return through

        return APIRouter(
            prefix="/v1", tags=[tag], route_class=Guarded, default_response_class=Json,
            dependencies=[Security(BEARER)] if roles else [],
            responses=refusals(401, 403, 422, 503) if roles else refusals(422, 503),
        )  # fmt: skip

    async def through(self, request: Request, handle: Handle, roles: tuple[Role, ...]) -> Response:
        """Lets a request through to its route, or says why not."""
        actor = await self._actor(request, roles) if roles else None
        request.state.actor = actor
        request.state.key = key = _key(request) if request.method in WRITES else None
        request.state.command = fresh()
        if request.method not in WRITES:
            return await handle(request)
        body = _readable(await request.body())
        if key is None or actor is None:
            return await handle(request)
        names = (actor.subject, request.method, request.url.path, key)
        request.state.command = derive("command", *names)
        return await self._once(derive("answer", *names), body, lambda: handle(request))

    async def _actor(self, request: Request, roles: tuple[Role, ...]) -> Actor:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unknown("A bearer token is needed")
        try:
            actor = actor_of(self._verifier.read(token.strip()))
        except TokenRefused as refused:
            raise _unknown(f"The token does not open this door: {refused}") from refused
        if actor is None:
            raise _unknown("This is no session's token")
        if actor.role == "patron" and not _leaves(request) and await self._sessions.ended(actor.session):
            raise _unknown("The session has ended")
        if actor.role not in roles:
            raise problem(403, ["other_role"], title=f"This is for {' and '.join(roles)}")
        return actor

    async def _once(self, key: str, body: bytes, act: Callable[[], Awaitable[Response]]) -> Response:
        """Acts, or answers as the first time. What decided nothing (a fault, bad input) is not kept."""
        begun = await self._claim(key, body)
        if begun.standing is Standing.OTHER:
            raise problem(422, ["idempotency_key_reused"], title="The key was used for another request")
        if begun.given is not None:
            return _again(begun.given)
        try:
            response = await _decided(act)
        except BaseException:
            await self._answers.drop(key, begun.revision)
            raise
        given = Given(
            status=response.status_code, media_type=response.headers.get("content-type", ""),
            body=bytes(response.body),
        )  # fmt: skip
        await self._answers.finish(key, begun.revision, given)
        return response

    async def _claim(self, key: str, body: bytes) -> Begun:
        """Claims the key; a concurrent repeat waits for the first one's answer, or its lease."""
        async with asyncio.timeout(2 * LEASE.total_seconds()):
            while (begun := await self._answers.begin(key, body)).standing is Standing.BUSY:
                await asyncio.sleep(LOOK_SECONDS)
        return begun


async def _decided(act: Callable[[], Awaitable[Response]]) -> Response:
    """The answer of an act; a refusal is one, a fault and a "not yet" are none."""
    try:
        return await act()
    except Problem as said:
        if said.status in (422, 429) or said.status >= 500:
            raise
        return problem_response(said)


def _again(given: Given) -> Response:
    return Response(given.body, given.status, media_type=given.media_type or None)


def _unknown(title: str) -> Problem:
    return Problem(401, title, headers={"www-authenticate": "Bearer"})


def _leaves(request: Request) -> bool:
    """Whether somebody logs out, which may be done twice."""
    return request.method == "DELETE" and request.url.path == SESSIONS


def _key(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable()):
        place = {"place": "header.Idempotency-Key", "says": f"1 to {MAX_KEY} printable characters"}
        raise Problem(422, "The request cannot be read", errors=[place])
    return key


def _readable(body: bytes) -> bytes:
    """The body, when it is JSON that everybody reads the same way: UTF-8, no half characters, no NaN."""
    if body:
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            detail = {"type": "json_invalid", "loc": ("body", error.pos), "msg": error.msg, "input": None}
            raise RequestValidationError([detail]) from None
    return body


def source_of(request: Request) -> str:
    """Where an attempt comes from, so that guessing from one place is slowed down."""
    return request.client.host if request.client else ""
