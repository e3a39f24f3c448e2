"""Changes to one patron: by the desk, by the patron, by billing, and by time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError
from samlan_contracts.event import Envelope
from samlan_contracts.events.billing import DebtLimitCleared, DebtLimitReached
from samlan_contracts.forms import whole_ms
from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.outbox import Tell
from samlan_plumbing.resources import Resources

from samlan_accounts.domain.changing import (
    Case,
    block_card,
    change_at_the_desk,
    change_contact,
    expire,
    keep_history,
)
from samlan_accounts.domain.handles import handles
from samlan_accounts.domain.identity import canonical_card
from samlan_accounts.domain.importing import DUPLICATES
from samlan_accounts.domain.patron import Patron, described
from samlan_accounts.domain.refusal import Refusal
from samlan_accounts.domain.registering import Registration, register
from samlan_accounts.domain.rows import PIN
from samlan_accounts.store.patrons import Patrons
from samlan_accounts.store.vault import PinHasher

Outcome = Patron | tuple[Refusal, ...]
Decide = Callable[[Case], Outcome]
UNKNOWN = (Refusal("unknown_patron", "there is no such patron"),)


class ChangePatrons:
    """Each change is decided on the patron as stored, written once, and told when others may know of it."""

    def __init__(self, resources: Resources, patrons: Patrons, hasher: PinHasher) -> None:
        self._resources = resources
        self._patrons = patrons
        self._hasher = hasher
        self._clock: LibraryClock = resources.library_clock

    async def contact(self, patron: str, change: Mapping[str, Any], cause: str) -> Outcome:
        """The patron's own change of contact details and wishes (G03, V16)."""
        return await self._apply(patron, cause, change_contact, change)

    async def history(self, patron: str, enabled: bool, cause: str) -> Outcome:
        """Turns the history of ended loans on or off; circulation, which keeps it, hears of it (V18, K43)."""
        return await self._apply(patron, cause, keep_history, {"enabled": enabled})

    async def block_card(self, patron: str, card: str, *, by_staff: bool, cause: str) -> Outcome:
        """Blocks a lost card (K09, V15, O04, D08)."""
        change = {"card": canonical_card(card) or "", "origin": "staff" if by_staff else "patron"}
        return await self._apply(patron, cause, block_card, change)

    async def at_the_desk(self, patron: str, change: Mapping[str, Any], cause: str) -> Outcome:
        """What staff change: person, cards, guardian, shield, status, blocks, PIN."""
        pin = change.get("pin")
        hashed = await self._hasher.hash(patron, pin) if pin and PIN.fullmatch(pin) else None
        guardian = change.get("guardian")
        lives = guardian is None or await self._lives(guardian)

        def decide(case: Case) -> Outcome:
            outcome = change_at_the_desk(replace(case, guardian_lives=lives))
            return replace(outcome, pin=hashed) if isinstance(outcome, Patron) and hashed else outcome

        return await self._apply(patron, cause, decide, change)

    async def register(self, registration: Registration) -> Outcome:
        """Registers a patron at the desk (D04, K07, O34); the same command again answers the same patron."""
        guardian = registration.row.get("guardian")
        lives = isinstance(guardian, str) and await self._lives(guardian)
        decided = register(registration, self._resources.books, self._now(), guardian_lives=lives)
        if not isinstance(decided, Patron):
            return decided
        hashed = await self._hasher.hash(decided.patron, registration.row["pin"])
        return await self._store_new(replace(decided, pin=hashed))

    async def expire(self, now: datetime, limit: int) -> int:
        """Lets temporary accounts rest whose time is over (V04)."""
        due = await self._patrons.expired(now, limit)
        for patron in due:
            cause = f"expired/{patron}/{now.isoformat()}"
            await self._apply(patron, cause, lambda case: expire(case.patron, now))
        return len(due)

    async def owes(self, event: DebtLimitReached | DebtLimitCleared, envelope: Envelope) -> None:
        """Keeps what billing says a debt stops, to show standing with all its causes."""
        blocks = [one.model_dump(mode="json") for one in event.blocks]
        await self._patrons.money.apply(event.patron, envelope.sequence, {"blocks": blocks})

    async def _store_new(self, patron: Patron) -> Outcome:
        told = _tell(patron, patron.patron, self._now())

        def decide(stored: Stored[Patron] | None) -> Change[Patron, Outcome]:
            if stored is not None:
                return Change(stored.state)
            return Change(patron, state=patron, tell=told)

        try:
            return await self._patrons.documents.change(patron.patron, decide, command=True)
        except DuplicateKeyError:
            return await self._duplicates(patron)

    async def _apply(
        self, patron: str, cause: str, decide: Decide, change: Mapping[str, Any] | None = None
    ) -> Outcome:
        books, now = self._resources.books, self._now()
        attempted: list[Patron] = []

        def decided(stored: Stored[Patron] | None) -> Change[Patron, Outcome]:
            if stored is None:
                return Change(UNKNOWN)
            before = stored.state
            after = decide(Case(patron=before, change=change or {}, books=books, now=now))
            if not isinstance(after, Patron) or after == before:
                return Change(after)
            attempted.append(after)
            told = _tell(after, cause, now) if described(after) != described(before) else ()
            return Change(after, state=after, tell=told)

        try:
            return await self._patrons.documents.change(patron, decided, command=True)
        except DuplicateKeyError:
            return await self._duplicates(attempted[-1])

    async def _duplicates(self, wanted: Patron) -> tuple[Refusal, ...]:
        """Which of a patron's numbers belong to somebody else, once the datastore refused one of them."""
        owners = await self._patrons.owners(handles(wanted))
        taken = {one.kind for one, owner in owners.items() if owner != wanted.patron} or {"card"}
        return tuple(
            Refusal(reason, f"{kind} belongs to another patron")
            for kind, reason in DUPLICATES.items()
            if kind in taken
        )

    async def _lives(self, patron: str) -> bool:
        found = await self._patrons.read(patron)
        return found is not None and found.status != "erased"

    def _now(self) -> datetime:
        return whole_ms(self._clock.now())


def _tell(patron: Patron, cause: str, now: datetime) -> tuple[Tell, ...]:
    event = described(patron)
    return (Tell(event=event, subject=f"patron/{patron.patron}", cause=cause, happened_at=now),)
