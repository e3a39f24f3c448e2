"""Waiting until the consortium is quiet: nothing in hand, no outbox filled, no queue with a message in it."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from samlan_gateway.clients.broker import BrokerDown, Counter, Queues
from samlan_gateway.domain.quiet import Round, busy
from samlan_plumbing.peers import PeerDown, Peers

from samlan.trouble import Trouble

LOOK_EVERY_SECONDS: Final = 0.05
PATIENCE_SECONDS: Final = 90.0  # without anything that moves; a wait in the longest retry queue is a minute


class Quiet:
    """Two rounds in which every service says the same and has nothing to do, and every queue is empty."""

    def __init__(self, peers: Peers, services: tuple[str, ...], amqp: str) -> None:
        self._peers = peers
        self._services = services
        self._amqp = amqp

    async def __call__(self) -> None:
        """Returns when all is quiet; `Trouble` names what is busy or down when nothing moves any more."""
        try:
            async with Queues(self._amqp).open() as counter:
                await self._wait(counter)
        except BrokerDown as down:
            raise Trouble(str(down)) from None

    async def _wait(self, counter: Counter) -> None:
        calm: Round | None = None
        last, moved_at = None, time.monotonic()
        while True:
            now = await self._round(counter)
            words = busy(calm, now)
            if calm is not None and not words:
                return
            calm = None if words else now
            if now != last:
                last, moved_at = now, time.monotonic()
            elif time.monotonic() - moved_at > PATIENCE_SECONDS:
                raise Trouble(f"the services do not become quiet: {'; '.join(words)}")
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _round(self, counter: Counter) -> Round:
        """What every service says, and where none has anything to do, how much lies in each queue."""
        answers = await asyncio.gather(*(self._flow(name) for name in self._services))
        said = dict(zip(self._services, answers, strict=True))
        services = {name: flow for name, flow in said.items() if flow is not None}
        down = tuple(name for name, flow in said.items() if flow is None)
        idle = not busy(None, Round(services=services, down=down))
        return Round(services=services, queues=await counter.counts() if idle else {}, down=down)

    async def _flow(self, service: str) -> dict[str, int] | None:
        try:
            answer = await self._peers.ask(service, "GET", "/flow")
        except PeerDown:
            return None
        return dict(answer.body) if answer.ok else None
