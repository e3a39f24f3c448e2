"""What an operator sees: health, the chain of a return, dead letters, and the policy books."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from samlan_contracts.policy import PolicyBooks, UnknownMember
from samlan_plumbing.http import Problem, problem
from samlan_plumbing.peers import Answer, PeerDown, Peers
from samlan_plumbing.resources import Resources
from samlan_plumbing.topology import CONSUMERS

from samlan_gateway.clients.owners import Owners, path_of
from samlan_gateway.domain.chain import chain, item_returned_id, notice_ids
from samlan_gateway.domain.shapes import DeadLetter, PolicyBook, ServiceHealth, listed, shown

Row = dict[str, Any]


class Operations:
    """Reads what runs this consortium."""

    def __init__(self, resources: Resources, owners: Owners, services: Sequence[str]) -> None:
        self._resources = resources
        self._owners = owners
        self._peers: Peers = resources.peers
        self._services = tuple(services)

    # -- health -----------------------------------------------------------------------------------------

    async def health(self) -> Row:
        """Whether each service is ready and what it has in hand."""
        states = await asyncio.gather(*(self._health(name) for name in self._services))
        services = dict(zip(self._services, states, strict=True))
        return {"ready": all(one["ready"] for one in states), "services": services}

    async def _health(self, service: str) -> Row:
        ready = await self._maybe(service, "/ready")
        flow = await self._maybe(service, "/flow")
        counts = flow.body if flow is not None and flow.ok else {}
        return shown(ServiceHealth, counts, ready=ready is not None and ready.ok)

    # -- one return -------------------------------------------------------------------------------------

    async def chain(self, fact_id: str) -> Row:
        """What a return set off; a service that does not answer is named, and the rest is shown."""
        fact = await self._owners.get("circulation", "facts", fact_id)
        missing: list[str] = []
        loan = fact.get("loan")
        decisions = fees = []
        if fact.get("item") and fact.get("item_sequence") is not None:
            params = {"item": fact["item"], "sequence": fact["item_sequence"]}
            decisions = await self._rows("holds", "/decisions", missing, **params)
        if loan:
            fees = await self._rows("billing", path_of("loans", loan, "fees"), missing)
        notices = await self._notices(fact, notice_ids(loan, decisions, fees), missing)
        return chain(fact, decisions, fees, notices, missing)

    async def _notices(self, fact: Row, ids: Sequence[str], missing: list[str]) -> list[Row]:
        """The notices by their own ids, and those that name the return as their cause."""
        found: dict[str, Row] = {}
        if fact.get("item"):
            cause = item_returned_id(fact["id"], fact["item"])
            rows = await self._rows("notify", "/notices", missing, cause=cause)
            found |= {one["id"]: one for one in rows}
        for notice in (one for one in ids if one not in found):
            if row := await self._row("notify", path_of("notices", notice), missing):
                found[notice] = row
        return list(found.values())

    async def _rows(self, service: str, path: str, missing: list[str], **params: Any) -> list[Row]:
        answer = await self._maybe(service, path, **params)
        if answer is None or not answer.ok:
            missing.append(service)
            return []
        return list(answer.body["items"])

    async def _row(self, service: str, path: str, missing: list[str]) -> Row | None:
        answer = await self._maybe(service, path)
        if answer is None or (not answer.ok and answer.status != 404):
            missing.append(service)
            return None
        return dict(answer.body) if answer.ok else None

    async def _maybe(self, service: str, path: str, **params: Any) -> Answer | None:
        try:
            return await self._peers.ask(service, "GET", path, params=params)
        except PeerDown:
            return None

    # -- dead letters -----------------------------------------------------------------------------------

    async def dead_letters(self) -> Row:
        """What the services could not process; those that do not answer are named."""
        missing: list[str] = []
        found = [await self._rows(name, "/dead-letters", missing) for name in CONSUMERS]
        rows = sorted((row for rows in found for row in rows), key=lambda row: str(row["dead_at"]))
        return {**listed([shown(DeadLetter, one) for one in rows]), "incomplete": missing}

    async def dead_letter(self, letter: str) -> Row:
        """One letter, wherever it lies."""
        return shown(DeadLetter, (await self._whose(letter))[1])

    async def repair(self, letter: str, act: str, body: Row) -> Row:
        """Replays or discards a letter at the service that has it."""
        service, _ = await self._whose(letter)
        answer: Row = await self._owners.send(service, "POST", "dead-letters", letter, act, body=body)
        return {"id": letter, "service": service, **answer}

    async def _whose(self, letter: str) -> tuple[str, Row]:
        asked = [self._maybe(name, path_of("dead-letters", letter)) for name in CONSUMERS]
        answers = dict(zip(CONSUMERS, await asyncio.gather(*asked), strict=True))
        for name, answer in answers.items():
            if answer is not None and answer.ok:
                return name, dict(answer.body)
        silent = [name for name, answer in answers.items() if answer is None]
        if silent:
            raise Problem(503, "Not every service answers", incomplete=silent)
        raise problem(404, ["unknown_dead_letter"])

    # -- policy books -----------------------------------------------------------------------------------

    @cached_property
    def _books(self) -> PolicyBooks:
        return self._resources.books

    def policies(self) -> Row:
        """The books that are loaded."""
        return listed([self._book(member) for member in self._books.members])

    def policy(self, member: str) -> Row:
        """One book with all its rules."""
        try:
            book = self._books.book(member)
        except UnknownMember:
            raise problem(404, ["unknown_member"]) from None
        return {**self._book(member), "book": book.model_dump(mode="json", exclude_defaults=True)}

    def _book(self, member: str) -> Row:
        book = self._books.book(member)
        names = ("name", "version", "language", "currency", "timezone")
        return shown(PolicyBook, {"member": member, **{name: getattr(book, name) for name in names}})
