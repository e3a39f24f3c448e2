"""Asking another service over private HTTP: the gateway composes with it, the operator imports with it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2
import orjson

from samlan_plumbing import tracing
from samlan_plumbing.tls import trust
from samlan_plumbing.tokens import SERVICE_TOKEN_LIFETIME, Signer

PREFIX: Final = "/private/v1"
TOKEN_REUSE_SECONDS: Final = SERVICE_TOKEN_LIFETIME.total_seconds() / 2
CONNECTIONS: Final = httpx2.Limits(max_connections=100, max_keepalive_connections=20)


class PeerDown(RuntimeError):
    """A service did not answer; the message names the service and nothing else."""

    def __init__(self, service: str) -> None:
        super().__init__(f"{service} does not answer")
        self.service = service


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said: an HTTP status, a JSON body, and for how long to wait when it said not yet."""

    status: int
    body: Any
    retry_after: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the service did as asked."""
        return self.status < 400


class Peers:
    """The private HTTP of the other services, by name.

    `transports` mounts services of the same process, for journeys in one process."""

    def __init__(
        self,
        *,
        caller: str,
        urls: Mapping[str, str],
        signer: Signer | None,
        transports: Mapping[str, httpx2.AsyncBaseTransport] | None = None,
    ) -> None:
        self._caller = caller
        self._urls = dict(urls)
        self._signer = signer
        self._transports = dict(transports or {})
        self._clients: dict[str, httpx2.AsyncClient] = {}
        self._tokens: dict[str, tuple[float, str]] = {}

    async def ask(
        self,
        service: str,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        limit_seconds: float = 5.0,
    ) -> Answer:
        """Asks once; `PeerDown` when nobody answers. `path` is below `/private/v1`."""
        headers = {"authorization": f"Bearer {self._token(service)}"}
        if trace := tracing.current():
            headers["traceparent"] = trace
        wanted = {k: v for k, v in (params or {}).items() if v is not None}
        try:
            answer = await self._client(service).request(
                method, PREFIX + path, json=json, params=wanted, headers=headers, timeout=limit_seconds
            )
        except (httpx2.TransportError, KeyError) as error:
            raise PeerDown(service) from error
        body = orjson.loads(answer.content) if answer.content else None
        return Answer(answer.status_code, body, answer.headers.get("retry-after"))

    async def close(self) -> None:
        """Closes every connection."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    def _client(self, service: str) -> httpx2.AsyncClient:
        if service not in self._clients:
            self._clients[service] = httpx2.AsyncClient(
                base_url=self._urls[service], transport=self._transports.get(service), limits=CONNECTIONS,
                trust_env=False, verify=trust(self._urls[service]),
            )  # fmt: skip
        return self._clients[service]

    def _token(self, service: str) -> str:
        if self._signer is None:
            raise PeerDown(service)
        made, token = self._tokens.get(service, (0.0, ""))
        if not token or time.monotonic() - made > TOKEN_REUSE_SECONDS:
            token = self._signer.for_service(service, self._caller)
            self._tokens[service] = (time.monotonic(), token)
        return token
