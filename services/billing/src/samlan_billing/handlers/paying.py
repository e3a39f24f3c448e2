"""Commands about money: pay, waive, charge at the desk; the same command acts once and answers the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from samlan_contracts.policy import PatronFacts, waiver_limit
from samlan_contracts.shapes import Thing
from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Cause

from samlan_billing.domain.charging import Charge, charge, fee_of
from samlan_billing.domain.desk import DeskFee, price
from samlan_billing.domain.importing import born_of
from samlan_billing.domain.ledger import REPLACEMENT, Booked, Fee, Known, Ledger
from samlan_billing.domain.paying import Paid, Payment, Waived, Waiver, pay, waive, waived_before
from samlan_billing.domain.refusals import Refusal, Refused
from samlan_billing.domain.standing import local_day
from samlan_billing.handlers.bookkeeper import Bookkeeper, Decide
from samlan_billing.handlers.staging import stage_fee_ids

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LostLoan:
    """The open loan of a lost item, and its due date."""

    loan: str
    due: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFee:
    """What the desk asks to be charged; the member is the patron's own unless another is named.

    `reference`: what is printed is a copy of a work that is not lent (K27). `thing`: the item it is about;
    `lost`: the patron's own loan of it, which it is lost on."""

    kind: str
    member: str | None = None
    item: str | None = None
    pages: int = 1
    reference: bool = False
    amount_minor: int | None = None
    thing: Thing | None = None
    lost: LostLoan | None = None


class Paying:
    """Payments, waivers and the fees of the desk."""

    def __init__(self, bookkeeper: Bookkeeper) -> None:
        self._bookkeeper = bookkeeper

    async def pay(self, patron: str, fees: Sequence[str], command: str) -> Paid | Refused:
        """Pays all these fees in full, or none of them (K29, O30)."""
        now = self._bookkeeper.clock.now()
        payment = Payment(id=derive("payment", patron, command), fees=tuple(dict.fromkeys(fees)), at=now)

        def decide(ledger: Ledger, known: Known) -> tuple[Paid | Refused, Booked | None]:
            return pay(ledger, payment, known, self._bookkeeper.books, now)

        return await self._command(patron, payment.fees, decide, Cause(payment.id, now))

    async def waive(
        self, fee: str, amount_minor: int | None, why: str, command: str, *, unlimited: bool
    ) -> Waived | Refused:
        """Forgives a fee or a part of it, within the limit of its member's book."""
        store, books, now = self._bookkeeper.store, self._bookkeeper.books, self._bookkeeper.clock.now()
        found = await store.ledger_of_fee(fee)
        if found is None:
            return await self._waived_and_gone(fee, derive("waiver", fee, command))
        member = found.fees[fee].member
        limit = waiver_limit(books, member=member, on=local_day(books, member, now))
        waiver = Waiver(
            id=derive("waiver", fee, command), fee=fee, amount_minor=amount_minor, why=why,
            unlimited=unlimited, at=now,
        )  # fmt: skip

        def decide(ledger: Ledger, known: Known) -> tuple[Waived | Refused | None, Booked | None]:
            return waive(ledger, waiver, limit, books, now) if fee in ledger.fees else (None, None)

        done = await self._command(found.patron, (), decide, Cause(waiver.id, now))
        return done or await self._waived_and_gone(fee, waiver.id)

    async def charge(self, patron: str, asked: AskedFee, command: str) -> Fee | Refused:
        """Charges what the book says for a card, a print, an interlibrary loan (K10, K26, K27).

        The price of an item lost on a loan is the one that the loan's invoice would ask: charged once, and
        dropped when the item comes back (K32). That of a damaged one, which is back, stays."""
        books, now = self._bookkeeper.books, self._bookkeeper.clock.now()
        copy = await self._bookkeeper.store.patrons.read(patron)
        if copy is None or copy.get("removed"):
            return Refused((Refusal(reason="unknown_patron"),))
        person = PatronFacts(member=copy["member"], born=born_of(copy))
        thing = asked.thing if asked.kind == REPLACEMENT else None
        lost = asked.lost if thing else None
        wanted = DeskFee(
            member=thing.member if thing else asked.member or person.member,
            kind=asked.kind,
            pages=asked.pages,
            reference=asked.reference,
            actual_minor=asked.amount_minor,
            thing=thing,
        )
        cost = price(wanted, person, books, local_day(books, person.member, now))
        if isinstance(cost, Refused):
            return cost
        fee = (
            stage_fee_ids(lost.loan, lost.due)[REPLACEMENT]
            if lost
            else derive("fee", patron, "desk", command)
        )
        booking = Charge(
            fee=fee, kind=wanted.kind, member=wanted.member, amount=cost.value, at=now, cause=fee,
            because=cost.because, patron_member=person.member, born=person.born, item=asked.item,
            title=thing.title if thing else None, loan=lost.loan if lost else None,
        )  # fmt: skip
        if not cost.value:
            return fee_of(booking)

        def decide(ledger: Ledger, known: Known) -> tuple[Fee, Booked | None]:
            before = ledger.fees.get(fee) or known.fees.get(fee)
            return before or fee_of(booking), charge(ledger, booking, known, books, now)

        return await self._command(patron, (fee,), decide, Cause(fee, now))

    async def _waived_and_gone(self, fee: str, waiver: str) -> Waived | Refused:
        """The answer about a fee that is open nowhere: what this waiver did before, or why it cannot."""
        found = await self._bookkeeper.store.settled.read(fee)
        if found is None:
            return Refused((Refusal(reason="unknown_fee", fee=fee),))
        return waived_before(found[1], waiver) or Refused((Refusal(reason="already_paid", fee=fee),))

    async def _command(self, patron: str, fees: Sequence[str], decide: Decide[T], cause: Cause) -> T:
        answer = await self._bookkeeper.book(patron, fees, decide, cause, command=True)
        if not isinstance(answer, Refused):
            await self._bookkeeper.move_settled(patron)
        return answer
