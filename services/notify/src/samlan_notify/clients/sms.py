"""SMS over a provider's HTTP: the notice's id is its idempotency key, so a repeat costs and sends nothing."""

from __future__ import annotations

from typing import Final

import httpx2
from samlan_plumbing.tls import trust

from samlan_notify.clients import Message, Outcome, Unreachable

LIMIT_SECONDS: Final = 15.0
OURS: Final = frozenset({401, 403, 404, 405, 408, 425, 429})  # ours to repair, or to be repeated


class SmsCourier:
    """Hands messages to one provider: `POST {to, text, id, kind, language, causes}`."""

    def __init__(self, *, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport
        self._client: httpx2.AsyncClient | None = None

    async def open(self) -> None:
        """Makes a client; `Unreachable` where no provider is configured."""
        if not self._url:
            raise Unreachable("sms")
        if self._client is None:
            self._client = httpx2.AsyncClient(
                timeout=LIMIT_SECONDS, transport=self._transport, trust_env=False, verify=trust(self._url)
            )

    async def hand_over(self, message: Message) -> Outcome:
        """Hands one message over; only a clean answer is believed."""
        if self._client is None:
            return "unreachable"
        body = {
            "to": message.to, "text": message.text.body.strip(), "id": message.id, "kind": message.kind,
            "language": message.language, "causes": list(message.causes),
        }  # fmt: skip
        try:
            answer = await self._client.post(self._url, json=body, headers={"Idempotency-Key": message.id})
        except httpx2.ConnectError:
            return "unreachable"
        except httpx2.TransportError:
            return "unknown"
        return outcome_of(answer.status_code)

    async def close(self) -> None:
        """Closes the provider's connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


def outcome_of(status: int) -> Outcome:
    """What the provider's status means for the message."""
    if status < 300:
        return "sent"
    if status in OURS:
        return "unreachable"
    return "refused" if status < 500 else "unknown"
