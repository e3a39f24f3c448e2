"""What a hold costs, or asking another library for a title: once per hold, by the patron's member's book."""

from __future__ import annotations

from typing import Final

from samlan_contracts.event import Envelope
from samlan_contracts.events.holds import HoldPlaced
from samlan_contracts.policy import FeeKind, PatronFacts, UnknownFee, fee
from samlan_plumbing.consuming import NotReady
from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Cause

from samlan_billing.domain.charging import Charge, charge
from samlan_billing.domain.importing import born_of
from samlan_billing.domain.ledger import Booked, Known, Ledger
from samlan_billing.domain.standing import local_day
from samlan_billing.handlers.bookkeeper import Bookkeeper

HOLD: Final[FeeKind] = "hold"
INTERLIBRARY: Final[FeeKind] = "interlibrary"


class Requesting:
    """Fees for holds (O23) and interlibrary requests (K26, D19)."""

    def __init__(self, bookkeeper: Bookkeeper) -> None:
        self._bookkeeper = bookkeeper

    async def hold_placed(self, event: HoldPlaced, envelope: Envelope) -> None:
        """Charges a hold where the book asks a price for it; nobody here owning the title has its own."""
        if (booking := await self._booking(event, envelope)) is None:
            return

        def decide(ledger: Ledger, known: Known) -> tuple[None, Booked | None]:
            return None, charge(ledger, booking, known, self._bookkeeper.books, self._bookkeeper.clock.now())

        await self._bookkeeper.book(event.patron, (booking.fee,), decide, Cause.of(envelope))

    async def _booking(self, event: HoldPlaced, envelope: Envelope) -> Charge | None:
        patron = await self._bookkeeper.store.patrons.read(event.patron)
        if patron is None:
            raise NotReady("the patron of a hold is not known yet")
        if patron.get("removed"):
            return None
        kind = INTERLIBRARY if event.interlibrary else HOLD
        books, person = self._bookkeeper.books, PatronFacts(member=patron["member"], born=born_of(patron))
        day = local_day(books, person.member, envelope.happened_at)
        try:
            cost = fee(books, member=person.member, kind=kind, patron=person, on=day)
        except UnknownFee:
            return None
        if not cost.value:
            return None  # free, or at a cost that the desk learns and books when the item comes
        key = derive("fee", event.hold, kind)
        return Charge(
            fee=key, kind=kind, member=person.member, amount=cost.value, at=envelope.happened_at,
            cause=envelope.id, because=cost.because, patron_member=person.member, born=person.born,
        )  # fmt: skip
