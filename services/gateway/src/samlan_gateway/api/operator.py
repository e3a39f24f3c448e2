"""The operator's routes: health, the chain of a return, the flow, dead letters, policy books, the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

import orjson
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from samlan_plumbing.http import Problem, problem

from samlan_gateway.api.documents import answers
from samlan_gateway.api.door import Caller, Door
from samlan_gateway.api.forms import ClockForm, DiscardForm, PathId
from samlan_gateway.clients.broker import Watch
from samlan_gateway.domain import shapes
from samlan_gateway.domain.watching import seen
from samlan_gateway.handlers.clock import MoveClock, Moved, NotMoved, NotQuiet
from samlan_gateway.views.operations import Operations

KEEP_ALIVE_SECONDS: Final = 15.0  # under the idle limit of proxies
STREAM: Final = "text/event-stream"


@dataclass(frozen=True, slots=True)
class OperatorRooms:
    """What an operator's routes need."""

    operations: Operations
    watch: Watch
    clock: MoveClock


def routes(door: Door, rooms: OperatorRooms) -> APIRouter:
    """The router of operators."""
    router = door.router("operator", tag="operator")
    _reading(router, rooms)
    _letters(router, rooms.operations)
    _clock(router, rooms.clock)
    return router


def _reading(router: APIRouter, rooms: OperatorRooms) -> None:
    operations = rooms.operations

    @router.get("/ops/health", responses=answers(shapes.Health))
    async def health(caller: Caller) -> Any:
        """Whether each service is ready, and what it has in hand."""
        return await operations.health()

    @router.get("/ops/returns/{fact}", responses=answers(shapes.Chain, 200, 404))
    async def one_return(fact: PathId, caller: Caller) -> Any:
        """What one return set off, step by step, computed from its fact."""
        return await operations.chain(fact)

    @router.get("/ops/flow", response_class=StreamingResponse, responses=_STREAMED)
    async def flow(caller: Caller) -> StreamingResponse:
        """The journey's events as they pass, without their patrons, as server-sent events."""
        if rooms.watch.full:
            raise Problem(503, "Too many watch already", headers={"retry-after": "30"})
        fresh = {"cache-control": "no-store"}
        return StreamingResponse(_stream(rooms.watch), media_type=STREAM, headers=fresh)

    @router.get("/ops/policies", responses=answers(shapes.Listed[shapes.PolicyBook]))
    async def policies(caller: Caller) -> Any:
        """The policy books that are loaded, with their versions."""
        return operations.policies()

    @router.get("/ops/policies/{member}", responses=answers(shapes.PolicyBook, 200, 404))
    async def policy(member: PathId, caller: Caller) -> Any:
        """One policy book with all its rules."""
        return operations.policy(member)


def _letters(router: APIRouter, operations: Operations) -> None:
    @router.get("/ops/dead-letters", responses=answers(shapes.Listed[shapes.DeadLetter]))
    async def dead_letters(caller: Caller) -> Any:
        """What the services could not process, without its contents."""
        return await operations.dead_letters()

    @router.get("/ops/dead-letters/{letter}", responses=answers(shapes.DeadLetter, 200, 404))
    async def dead_letter(letter: PathId, caller: Caller) -> Any:
        """One letter, with the outside of its envelope."""
        return await operations.dead_letter(letter)

    @router.post("/ops/dead-letters/{letter}/replay", responses=answers(dict[str, Any], 200, 404))
    async def replay(letter: PathId, caller: Caller) -> Any:
        """Puts a letter back into the queue it came from."""
        return await operations.repair(letter, "replay", {})

    @router.post("/ops/dead-letters/{letter}/discard", responses=answers(dict[str, Any], 200, 404))
    async def discard(letter: PathId, form: DiscardForm, caller: Caller) -> Any:
        """Gives a letter up, and says why."""
        return await operations.repair(letter, "discard", {"why": form.why})


def _clock(router: APIRouter, clock: MoveClock) -> None:
    @router.post("/ops/clock", responses=answers(shapes.ClockMoved, 200, 409))
    async def move_clock(form: ClockForm, caller: Caller) -> Any:
        """Moves library time forward, letting every service do what falls due on the way.

        `503` names what is busy or down; the clock then stands where it got to."""
        match await clock(form.now.astimezone(UTC)):
            case Moved(now, steps, ran):
                return {"now": now, "steps": steps, "ran": ran}
            case NotQuiet(now, busy):
                raise Problem(503, "Not everything became quiet", busy=list(busy), now=now.isoformat())
            case NotMoved(reason):
                raise problem(409, [reason])


_STREAMED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One message per event: its type as `event`, its id as `id`, the rest as `data`.",
        "content": {STREAM: {"schema": {"type": "string"}}},
    }
}


async def _stream(watch: Watch) -> AsyncIterator[bytes]:
    """Events for one watcher until it or the gateway goes; a comment now and then keeps the line open."""
    async with watch.join() as events:
        with suppress(TimeoutError):
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                await watch.listening()
        yield b": watching\n\n"
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    envelope = await events.get()
            except TimeoutError:
                yield b": still there\n\n"
            else:
                if envelope is None:
                    return
                yield _message(envelope)


def _message(envelope: dict[str, Any]) -> bytes:
    kind = f"{envelope.get('type')}.v{envelope.get('version')}"
    data = orjson.dumps(seen(envelope)).decode()
    return f"event: {kind}\nid: {envelope.get('id')}\ndata: {data}\n\n".encode()
