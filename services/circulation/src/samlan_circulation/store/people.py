"""Copies of who may do what: patrons, their money blocks, the queues of titles; and the fence of check-outs.

A fence keeps two check-outs of one patron at the same instant from passing each other's limit: each reserves
its loan there before it lends, guarded by the revision it counted under.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import MoneyBlock
from samlan_contracts.policy import Stop
from samlan_contracts.shapes import Queue
from samlan_plumbing.copies import Copies
from samlan_plumbing.documents import Change, Documents, Stored
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.lending import Standing
from samlan_circulation.domain.model import Borrower, LoanId, PatronId

Doc = dict[str, Any]
STALE_AFTER: Final = timedelta(seconds=30)  # a check-out that did not end by then crashed
DEBT: Final = "debt"


@dataclass(frozen=True, slots=True)
class Reserved:
    """A loan about to be lent."""

    loan: LoanId
    material: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fence:
    """The loans of a patron that are about to be lent."""

    reserved: tuple[Reserved, ...] = ()


class People:
    """What circulation knows of patrons."""

    def __init__(self, resources: Resources) -> None:
        self._patrons = Copies(resources, "patrons")
        self._money = Copies(resources, "money")
        self._machine = resources.machine_clock
        self._fences: Documents[Fence] = Documents(resources, "fences", load=_load_fence, dump=_dump_fence)

    async def describe(self, rows: Sequence[tuple[PatronDescribed, int]]) -> None:
        """Takes newer descriptions of patrons; an erased one leaves a tombstone and nothing else."""
        for event, _ in rows:
            if event.erased:
                await self._patrons.entomb(event.patron)
                await self._money.entomb(event.patron)
        living = [(e.patron, sequence, e.model_dump(mode="json")) for e, sequence in rows if not e.erased]
        if len(living) == 1:
            await self._patrons.apply(*living[0])
        else:
            await self._patrons.apply_many(living)

    async def owe(self, patron: str, sequence: int, blocks: Sequence[MoneyBlock]) -> None:
        """Takes what debts stop now."""
        fields = {"blocks": [one.model_dump(mode="json") for one in blocks]}
        await self._money.apply(patron, sequence, fields)

    async def owe_many(self, rows: Sequence[tuple[str, int, Sequence[MoneyBlock]]]) -> None:
        """Takes a batch of a snapshot of debts."""
        await self._money.apply_many(
            [
                (patron, n, {"blocks": [one.model_dump(mode="json") for one in blocks]})
                for patron, n, blocks in rows
            ]
        )

    async def standing(self, patron: str) -> Standing | None:
        """Who a patron is to the rules and what is stopped; None when unknown or erased."""
        return (await self.standings([patron])).get(patron)

    async def standings(self, patrons: Iterable[str]) -> dict[str, Standing]:
        """The standings of those of these patrons who are known."""
        wanted = list(dict.fromkeys(patrons))
        known = await self._patrons.read_many(wanted)
        owed = await self._money.read_many(wanted)
        return {key: _standing(doc, owed.get(key)) for key, doc in known.items() if not doc.get("removed")}

    async def erased(self, patron: str) -> bool:
        """Whether a patron was here and has left nothing but a tombstone."""
        return bool((await self._patrons.read(patron) or {}).get("removed"))

    async def known(self, patrons: Iterable[str]) -> set[str]:
        """Which of these patrons are known and not erased."""
        return {
            key for key, doc in (await self._patrons.read_many(patrons)).items() if not doc.get("removed")
        }

    async def keeps_history(self, patron: str) -> bool:
        """Whether a patron wants a history now."""
        doc = await self._patrons.read(patron)
        return bool(doc and doc.get("history") and not doc.get("removed"))

    async def fence(self, patron: str) -> Stored[Fence] | None:
        """The patron's fence, to be read before loans are counted."""
        return await self._fences.read(patron)

    def reserved(self, fence: Stored[Fence] | None) -> tuple[Reserved, ...]:
        """The loans about to be lent; what a crash left is forgotten after a while."""
        now = self._machine.now()
        return tuple(one for one in (fence.state.reserved if fence else ()) if now - one.at < STALE_AFTER)

    async def reserve(self, patron: str, seen: Stored[Fence] | None, loan: LoanId, material: str) -> bool:
        """Reserves a loan unless another check-out passed since `seen`."""
        now = self._machine.now()

        def decide(stored: Stored[Fence] | None) -> Change[Fence, bool]:
            if (stored and stored.revision) != (seen and seen.revision):
                return Change(False)
            return Change(True, Fence((*self.reserved(stored), Reserved(loan, material, now))))

        return await self._fences.change(patron, decide)

    async def release(self, patron: str, loan: LoanId) -> None:
        """Forgets a reservation: the loan stands in its item now, or never will."""

        def decide(stored: Stored[Fence] | None) -> Change[Fence, None]:
            if stored is None:
                return Change(None)
            kept = tuple(one for one in stored.state.reserved if one.loan != loan)
            return Change(None, replace(stored.state, reserved=kept))

        await self._fences.change(patron, decide)

    def copies(self) -> dict[str, Copies]:
        """The copies by what they are of."""
        return {"patron": self._patrons, "ledger": self._money}


class Queues:
    """Copies of how many wait for each title."""

    def __init__(self, resources: Resources) -> None:
        self.copies = Copies(resources, "queues")

    async def apply(self, queues: Sequence[Queue]) -> None:
        """Takes newer lengths."""
        rows = [
            (one.title, one.sequence, one.model_dump(mode="json", exclude={"sequence"})) for one in queues
        ]
        if len(rows) == 1:
            await self.copies.apply(*rows[0])
        else:
            await self.copies.apply_many(rows)

    async def of(self, titles: Iterable[str]) -> dict[str, Queue]:
        """The queue of each of these titles; an unknown one is empty."""
        wanted = list(dict.fromkeys(titles))
        found = await self.copies.read_many(wanted)
        return {title: _queue(title, found.get(title)) for title in wanted}


def _queue(title: str, doc: Doc | None) -> Queue:
    if doc is None:
        return Queue(title=title, sequence=0, waiting=0)
    return Queue(title=title, sequence=doc["sequence"], waiting=doc["waiting"], patrons=tuple(doc["patrons"]))


def _standing(doc: Doc, owed: Doc | None) -> Standing:
    money = [MoneyBlock.model_validate(one) for one in (owed or {}).get("blocks", ())]
    born = date.fromisoformat(doc["born"]) if doc["born"] else None
    until = datetime.fromisoformat(doc["valid_until"]) if doc["valid_until"] else None
    borrower = Borrower(
        patron=PatronId(doc["patron"]), member=doc["member"], born=born, status=doc["status"],
        valid_until=until, receipts=doc["receipts"], history=doc["history"],
        registered=doc["staffless"],
    )  # fmt: skip
    stops = [
        Stop(cause=one["cause"], acts=frozenset(one["stops"]))
        for one in doc["blocks"]
        if not (money and one["cause"] == DEBT)  # billing's own word on debts is the newer one
    ]
    stops += [Stop(cause=one.cause, acts=frozenset(one.stops), because=one.because) for one in money]
    return Standing(borrower=borrower, stops=tuple(stops))


def _load_fence(doc: Doc) -> Fence:
    return Fence(tuple(Reserved(one["loan"], one["material"], one["at"]) for one in doc["reserved"]))


def _dump_fence(fence: Fence) -> Doc:
    return {"reserved": [{"loan": r.loan, "material": r.material, "at": r.at} for r in fence.reserved]}
