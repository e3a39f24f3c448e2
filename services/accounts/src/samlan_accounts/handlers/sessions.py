"""Who somebody is: cards, identity numbers and PINs (G02, V06, V17), and guessing made slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Final

from samlan_contracts.policy import PolicyBooks, stated
from samlan_contracts.policy.says import Count
from samlan_plumbing.documents import Change, Stored

from samlan_accounts.domain.handles import Handle
from samlan_accounts.domain.identity import canonical_card, identity_candidates
from samlan_accounts.domain.patron import Patron, SealedPin
from samlan_accounts.domain.refusal import Refusal
from samlan_accounts.domain.throttling import ACCOUNT, SOURCE
from samlan_accounts.store.attempts import LogInAttempts
from samlan_accounts.store.patrons import Patrons
from samlan_accounts.store.vault import PinHasher


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """What somebody shows to log in, and from where."""

    member: str
    card: str | None
    identity: str | None
    pin: str
    source: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many misses: the next attempt is heard after so many seconds."""

    seconds: int

    @property
    def refusal(self) -> Refusal:
        """The one reason."""
        because = [stated("too_many_attempts", "too_many_attempts", wait=Count(self.seconds, "second"))]
        return Refusal("too_many_attempts", f"try again in {self.seconds} s", because)


WRONG: Final = Refusal(
    "wrong_credentials", "card or identity number and PIN do not belong together",
    [stated("wrong_credentials", "wrong_credentials")],
)  # fmt: skip
RESTS: Final = Refusal(
    "account_inactive", "the account rests; the library opens it again",
    [stated("account_inactive", "account_rests")],
)  # fmt: skip


def candidates(members: Sequence[str], *, card: str | None, identity: str | None) -> list[Handle]:
    """The numbers that somebody who shows this card or identity number may mean."""
    if card is not None:
        number = canonical_card(card)
        return [Handle("card", number)] if number else []
    return [
        Handle("identity", number, member)
        for number in identity_candidates(identity or "")
        for member in members
    ]


class LogIn:
    """Verifies a card or identity number with its PIN.

    Every attempt is paid for before anything is verified, at the account and at the source; an unknown
    account is counted and takes as long as a known one, so that nobody learns which exist."""

    def __init__(
        self, patrons: Patrons, attempts: LogInAttempts, hasher: PinHasher, *, upgrade: HashPins
    ) -> None:
        self._patrons = patrons
        self._attempts = attempts
        self._hasher = hasher
        self._upgrade = upgrade

    async def __call__(self, shown: Credentials) -> Patron | tuple[Refusal, ...] | Throttled:
        """The patron whose credentials these are, or why not."""
        wanted = candidates([shown.member], card=shown.card, identity=shown.identity)
        patron = await self._the_one(wanted, shown.member)
        account = f"account/{patron.patron}" if patron else f"nobody/{self._unknown(wanted, shown)}"
        source = f"source/{self._patrons.vault.source(shown.source)}"
        if wait := await self._pay(account, source):
            return Throttled(ceil(wait.total_seconds()))
        pin = patron.pin if patron else None
        right = await self._hasher.matches(patron.patron if patron else "", pin, shown.pin)
        if patron is None or not right or _blocked(patron, wanted):
            return (WRONG,)
        await self._attempts.forget(account)
        await self._attempts.refund(source)
        await self._upgrade.of(patron)
        if patron.status in ("inactive", "erased"):
            return (RESTS,)
        return patron

    async def _the_one(self, wanted: list[Handle], member: str) -> Patron | None:
        found = (
            [one for one in await self._patrons.found_by(wanted) if one.member == member] if wanted else []
        )
        return found[0] if len(found) == 1 else None

    async def _pay(self, account: str, source: str) -> timedelta | None:
        if wait := await self._attempts.pay(source, SOURCE):
            return wait
        return await self._attempts.pay(account, ACCOUNT)

    def _unknown(self, wanted: list[Handle], shown: Credentials) -> str:
        handle = wanted[-1] if wanted else Handle("card", shown.card or shown.identity or "", shown.member)
        return self._patrons.vault.handle(handle)


def _blocked(patron: Patron, wanted: list[Handle]) -> bool:
    """Whether the card that was shown is blocked; an identity number never is (V15)."""
    cards = [patron.card(one.number) for one in wanted if one.kind == "card"]
    return any(one is not None and one.blocked for one in cards)


class Resolve:
    """Finds whose a card or identity number is, for a desk or a device."""

    def __init__(self, patrons: Patrons, books: PolicyBooks) -> None:
        self._patrons = patrons
        self._books = books

    async def __call__(
        self, *, card: str | None, identity: str | None, member: str | None
    ) -> list[tuple[Patron, bool]]:
        """The patrons it may be, each with whether the card shown is blocked."""
        members = [member] if member and identity else list(self._books.members)
        wanted = candidates(members, card=card, identity=identity)
        found = await self._patrons.found_by(wanted) if wanted else []
        return [
            (one, _blocked(one, wanted)) for one in found if member is None or card or one.member == member
        ]


class HashPins:
    """Hashes, one by one, the PINs that an import stored encrypted."""

    def __init__(self, patrons: Patrons, hasher: PinHasher) -> None:
        self._patrons = patrons
        self._hasher = hasher

    async def of(self, patron: Patron) -> float:
        """Hashes one patron's PIN unless it changed meanwhile; answers the seconds of processor it took."""
        pin = patron.pin
        if not isinstance(pin, SealedPin):
            return 0.0
        hashed, seconds = await self._hasher.measured(patron.patron, pin)

        def decide(stored: Stored[Patron] | None) -> Change[Patron, None]:
            if stored is None or stored.state.pin != pin:
                return Change(None)
            return Change(None, state=replace(stored.state, pin=hashed))

        await self._patrons.documents.change(patron.patron, decide)
        return seconds
