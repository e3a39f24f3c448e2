"""How a service's HTTP is served: whose address it believes, and how it ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from samlan_plumbing.runtime import HttpServer, Service
from samlan_testkit.world import World

SOMEWHERE = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}


@asynccontextmanager
async def served(service: Service) -> AsyncIterator[tuple[HttpServer, httpx2.AsyncClient]]:
    """A service's HTTP on a port of its own, and a client of it."""
    server = HttpServer(service)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        port = listening.getsockname()[1]
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield server, client
        server.should_exit = True
        await serving


def asking(world: World) -> Service:
    """A service that says whom it takes its caller for."""
    router = APIRouter()

    @router.get("/me")
    async def me(request: Request) -> dict[str, str]:
        assert request.client is not None
        return {"address": request.client.host, "scheme": request.url.scheme}

    return Service(world.resources("catalog"), routers=[router])


async def test_nobody_in_front_is_believed_unless_the_settings_name_them(world: World) -> None:
    async with served(asking(world)) as (_, client):
        assert (await client.get("/me", headers=SOMEWHERE)).json() == {
            "address": "127.0.0.1", "scheme": "http",
        }  # fmt: skip


async def test_a_proxy_that_the_settings_name_says_for_whom_it_asks(world: World) -> None:
    world.environment["SAMLAN_TRUSTED_PROXIES"] = '["127.0.0.0/8"]'
    async with served(asking(world)) as (_, client):
        assert (await client.get("/me", headers=SOMEWHERE)).json() == {
            "address": "192.0.2.7", "scheme": "https",
        }  # fmt: skip


@pytest.mark.parametrize("trusted", ['["*"]', '["0.0.0.0/0"]', '["::/0"]'])
async def test_trusting_everybody_is_refused_at_start(world: World, trusted: str) -> None:
    world.environment["SAMLAN_TRUSTED_PROXIES"] = trusted
    with pytest.raises(ValidationError, match="trusted_proxies"):
        asking(world)


async def test_an_answer_without_an_end_is_ended_when_the_service_stops(world: World) -> None:
    ended, router = asyncio.Event(), APIRouter()

    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        await ended.wait()

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(parts())

    service = Service(world.resources("catalog"), routers=[router], closing=[ended.set])
    async with served(service) as (server, client), client.stream("GET", "/stream") as answer:
        body = answer.aiter_bytes()
        assert await anext(body) == b"first"
        server.should_exit = True
        assert [part async for part in body] == [], "it ends whole, not cut off by the limit of the drain"
