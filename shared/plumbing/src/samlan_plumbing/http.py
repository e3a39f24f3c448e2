"""HTTP the same way everywhere: refusals as problem+json, private routes behind service tokens.

A *refusal* (409 not now, 403 not you) lists every reason; bad input is 422 and names the place; a fault is
500 and says nothing of what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pymongo.errors import PyMongoError
from samlan_contracts.policy import plainly
from starlette.exceptions import HTTPException as StarletteHTTPException

from samlan_plumbing import tracing
from samlan_plumbing.documents import LostRaces, OutboxFull
from samlan_plumbing.logs import Log, words_of
from samlan_plumbing.peers import PREFIX, PeerDown
from samlan_plumbing.tokens import TokenRefused, Verifier

MAX_BODY_BYTES: Final = 1_000_000
MAX_IMPORT_BYTES: Final = 32_000_000
PROBLEM_TYPE: Final = "application/problem+json"
BUSY: Final = (PyMongoError, PeerDown, OutboxFull, LostRaces, TimeoutError)


class Problem(Exception):
    """An answer that says no: a status, a title, and for a refusal its reasons."""

    def __init__(
        self,
        status: int,
        title: str,
        reasons: Sequence[Mapping[str, Any]] = (),
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = dict(headers or {})
        listed = {"reasons": [dict(one) for one in reasons]} if reasons else {}
        kind = {"type": "about:blank", "title": title, "status": status}
        self.body: dict[str, Any] = {**kind, **listed, **more}


def problem(
    status: int, reasons: Sequence[Mapping[str, Any] | str] = (), *, title: str = "Refused", **more: Any
) -> Problem:
    """A refusal to raise; a plain word stands for a reason that no rule of a book explains."""
    listed = [{"reason": one, "because": plainly(one)} if isinstance(one, str) else one for one in reasons]
    return Problem(status, title, listed, **more)


class Json(Response):
    """JSON as the services write it: datetimes in RFC 3339, no spaces."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body's bytes."""
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


def private_router(service: str, verifier: Verifier, *, prefix: str = PREFIX) -> APIRouter:
    """A router whose routes open only to a service token made for this service."""

    def caller(authorization: Annotated[str | None, Header()] = None) -> str:
        try:
            claims = verifier.read((authorization or "").removeprefix("Bearer "))
        except TokenRefused as refused:
            raise Problem(401, "A service token is needed") from refused
        if claims.get("use") != "service" or claims.get("aud") != service:
            raise Problem(403, "This token opens another door")
        return str(claims["sub"])

    return APIRouter(prefix=prefix, dependencies=[Depends(caller)], default_response_class=Json)


def web_app(service: str, log: Log, *, max_body: int = MAX_IMPORT_BYTES, title: str = "") -> FastAPI:
    """An application that answers every failure as a problem and logs no body."""
    app = FastAPI(title=title or f"Samlån {service}", version="1", default_response_class=Json)
    app.add_middleware(Bounded, limit=max_body)

    @app.exception_handler(Problem)
    async def said_no(_: Request, said: Problem) -> Response:
        return problem_response(said)

    @app.exception_handler(StarletteHTTPException)
    async def not_there(_: Request, said: StarletteHTTPException) -> Response:
        return problem_response(Problem(said.status_code, str(said.detail)))

    @app.exception_handler(RequestValidationError)
    async def bad_input(_: Request, error: RequestValidationError) -> Response:
        places = [{"place": ".".join(map(str, one["loc"])), "says": one["msg"]} for one in error.errors()]
        return problem_response(Problem(422, "The request cannot be read", errors=places))

    for kind in BUSY:

        @app.exception_handler(kind)
        async def busy(_: Request, error: Exception) -> Response:
            log.warning("busy", error=words_of(error))
            return problem_response(Problem(503, "Try again in a moment", headers={"retry-after": "2"}))

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> Response:
        log.error("fault", route=_route(request), error=words_of(error))
        return problem_response(Problem(500, "Something went wrong here; it was noted"))

    return app


class Bounded:
    """Refuses bodies over the limit before anything reads them, and begins or continues the trace."""

    def __init__(self, app: Any, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        tracing.enter(headers.get(b"traceparent", b"").decode("latin-1"))
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._limit:
            await problem_response(Problem(413, f"A body may have {self._limit} bytes"))(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Any) -> Any:
        seen = 0

        async def counted() -> Any:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                raise Problem(413, f"A body may have {self._limit} bytes")
            return message

        return counted


def problem_response(said: Problem) -> Response:
    """A problem as it is answered."""
    return Response(orjson.dumps(said.body), said.status, said.headers, media_type=PROBLEM_TYPE)


def _route(request: Request) -> str:
    """The route's pattern, which names no patron and no card."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))
