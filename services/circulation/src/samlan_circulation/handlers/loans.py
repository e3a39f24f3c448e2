"""Lending at the desk, and renewing: by the rules, with every reason when they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from samlan_contracts.forms import whole_ms
from samlan_contracts.policy import BookSilent, Service, UnknownMember
from samlan_plumbing.documents import Change, LostRaces, Stored
from samlan_plumbing.ids import derive, fresh
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.lending import CheckOut, Standing, by_material, check_out
from samlan_circulation.domain.messages import AHEAD
from samlan_circulation.domain.model import Item, Loan, LoanId, PatronId, Place
from samlan_circulation.domain.outcomes import Decided
from samlan_circulation.domain.refusals import Refused, refused
from samlan_circulation.domain.renewing import Renewal, renew
from samlan_circulation.handlers.returns import DESK
from samlan_circulation.handlers.telling import change_of
from samlan_circulation.store import Store
from samlan_circulation.store.places import Branch

ROUNDS = 30  # check-outs of one patron at the same instant that may pass before this one


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLoan:
    """The wish of a desk: this item, for this patron, here."""

    item: str
    patron: str
    branch: str
    agent: str | None = None
    service: Service = "branch"
    happened_at: datetime | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Lent:
    """A loan with the item it is of."""

    item: Item
    loan: Loan


@dataclass(frozen=True, slots=True)
class RenewalOutcome:
    """What became of one loan of a renewal."""

    loan: str
    outcome: Loan | Refused


class Loans:
    """Lends and renews."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._resources = resources

    # -- lending ----------------------------------------------------------------------------------------

    async def check_out(self, desk: DeskLoan) -> Lent | Refused:
        """Lends an item, or refuses for every reason there is."""
        now = self._resources.library_clock.now()
        if desk.happened_at and desk.happened_at > now + AHEAD:
            return refused("in_the_future")
        branch = await self._store.places.branch(desk.branch)
        if branch is None:
            return refused("unknown_branch")
        standing = await self._store.people.standing(desk.patron)
        if standing is None:
            return refused("unknown_patron")
        return await self._lend(_named(desk), branch, standing, whole_ms(desk.happened_at or now))

    async def _lend(self, desk: DeskLoan, branch: Branch, standing: Standing, at: datetime) -> Lent | Refused:
        """Reserves in the patron's fence, lends in the item, releases; what a crash leaves, time forgets."""
        for _ in range(ROUNDS):
            fence = await self._store.people.fence(desk.patron)
            stored = await self._store.items.read(desk.item)
            if stored is None:
                return refused("unknown_item")
            reserved = self._store.people.reserved(fence)
            wish = await self._wish(desk, stored.state, branch, standing, at)
            lent = await self._store.items.borrowed_by(desk.patron)
            open_ids = {loan for loan, _ in lent}
            coming = [one.material for one in reserved if one.loan not in open_ids and one.loan != wish.loan]
            wish = replace(wish, on_loan=by_material([*(material for _, material in lent), *coming]))
            first = self._decide(stored.state, wish)
            if isinstance(first.outcome, Refused) or first.state is None:
                return _lent(stored.state, first.outcome)
            material = stored.state.thing.material
            if await self._store.people.reserve(desk.patron, fence, wish.loan, material):
                outcome = await self._commit(desk, wish)
                await self._store.people.release(desk.patron, wish.loan)
                return outcome
        raise LostRaces("fences")

    async def _wish(
        self, desk: DeskLoan, item: Item, branch: Branch, standing: Standing, at: datetime
    ) -> CheckOut:
        command = desk.command or ""
        queue = (await self._store.queues.of([item.thing.title]))[item.thing.title]
        place = Place.of(at, f"{DESK}/{desk.branch}", UUID(derive("check-out", command)).int >> 66, command)
        return CheckOut(
            loan=LoanId(derive("loan", desk.item, command)), place=place,
            live=desk.happened_at is None, branch=branch.calendar,
            standing=standing, queue=queue, on_loan={}, agent=PatronId(desk.agent) if desk.agent else None,
            service=desk.service,
        )  # fmt: skip

    async def _commit(self, desk: DeskLoan, wish: CheckOut) -> Lent | Refused:
        def decide(stored: Stored[Item] | None) -> Change[Item, Lent | Refused]:
            if stored is None:
                return Change(refused("unknown_item"))
            decided = self._decide(stored.state, wish)
            change = change_of(decided, desk.item, cause=wish.place.fact, happened_at=wish.place.at)
            return Change(
                _lent(decided.state or stored.state, decided.outcome), change.state, tell=change.tell
            )

        return await self._store.items.change(desk.item, decide, command=True)

    def _decide(self, item: Item, wish: CheckOut) -> Decided[Loan | Refused]:
        try:
            return check_out(item, wish, self._resources.books)
        except (UnknownMember, BookSilent):
            return Decided(refused("no_rule"))

    # -- renewing ---------------------------------------------------------------------------------------

    async def renew(
        self, loans: Sequence[str], *, patron: str | None, command: str | None
    ) -> list[RenewalOutcome]:
        """Renews each loan on its own: one that is refused stops no other (G07)."""
        wanted = list(dict.fromkeys(loans))
        return [RenewalOutcome(loan, await self._renew(loan, patron, command)) for loan in wanted]

    async def _renew(self, loan: str, patron: str | None, command: str | None) -> Loan | Refused:
        item = await self._store.items.of_loan(loan)
        if item is None or item.loan is None:
            return refused("unknown_loan")
        wish = await self.renewal(item, item.loan, patron=patron, command=command)
        if wish is None:
            return refused("unknown_loan")
        cause = derive("renewal", loan, command or fresh())

        def decide(stored: Stored[Item] | None) -> Change[Item, Loan | Refused]:
            decided = self._renewed(stored.state if stored else None, wish)
            return change_of(decided, item.thing.item, cause=cause, happened_at=wish.at)

        return await self._store.items.change(item.thing.item, decide, command=True)

    async def renewal(
        self, item: Item, loan: Loan, *, patron: str | None, command: str | None = None
    ) -> Renewal | None:
        """The wish to renew a loan now; None when its branch or its patron are not known any more."""
        branch = await self._store.places.branch(loan.branch)
        standing = await self._store.people.standing(loan.patron)
        queue = (await self._store.queues.of([item.thing.title]))[item.thing.title]
        if branch is None or standing is None:
            return None
        return Renewal(
            loan=loan.id, at=self._resources.library_clock.now(), branch=branch.calendar, standing=standing,
            queue=queue, patron=PatronId(patron) if patron else None, command=command,
        )  # fmt: skip

    def _renewed(self, item: Item | None, wish: Renewal) -> Decided[Loan | Refused]:
        try:
            return renew(item, wish, self._resources.books)
        except (UnknownMember, BookSilent):
            return Decided(refused("no_rule"))


def _named(desk: DeskLoan) -> DeskLoan:
    """The wish with an id: its own command's, or a fresh one."""
    return replace(desk, command=desk.command or fresh())


def _lent(item: Item, outcome: Loan | Refused) -> Lent | Refused:
    return outcome if isinstance(outcome, Refused) else Lent(item, outcome)
