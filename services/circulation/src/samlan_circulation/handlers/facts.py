"""Device facts: each message becomes one effect or one named exception, and is then acknowledged."""

from __future__ import annotations

from samlan_contracts.policy import Decision, stated
from samlan_plumbing.consuming import DeviceMessage, Lanes, NotReady
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.facts import CONFLICTS, Fact, Standing, Taken
from samlan_plumbing.ids import derive
from samlan_plumbing.resources import Resources
from samlan_plumbing.topology import reply_queue

from samlan_circulation.clients import Accounts, CardHolder
from samlan_circulation.domain.lending import loan_of, note_loan
from samlan_circulation.domain.messages import DeviceFact, Unusable, read_message
from samlan_circulation.domain.model import Borrower, BranchId, Item, ItemBarcode, Loan, LoanId, Place, Scan
from samlan_circulation.domain.outcomes import (
    Answer,
    ExceptionReason,
    NamedException,
    Outcome,
    exception_answer,
)
from samlan_circulation.domain.staging import scheduled
from samlan_circulation.handlers.answers import Answers, Waiting
from samlan_circulation.handlers.returns import Returns, unknown_item
from samlan_circulation.handlers.telling import change_of
from samlan_circulation.store import Store
from samlan_circulation.store.places import Branch
from samlan_circulation.store.records import answer_of


class Facts:
    """Takes what devices publish."""

    def __init__(
        self, store: Store, returns: Returns, answers: Answers, accounts: Accounts, resources: Resources
    ) -> None:
        self._store = store
        self._returns = returns
        self._answers = answers
        self._accounts = accounts
        self._resources = resources
        self._lanes = Lanes()

    async def take(self, message: DeviceMessage) -> None:
        """Takes one message, whatever it holds; raises only where it is to be tried again."""
        now = self._resources.library_clock.now()
        read = read_message(message.body, routing_key=message.routing_key, user_id=message.user_id, now=now)
        if isinstance(read, Unusable):
            await self._set_aside(read, message)
            return
        async with self._lanes.lane(read.item or read.device):
            await self._take(read, message)

    async def _take(self, fact: DeviceFact, message: DeviceMessage) -> None:
        branch = await self._store.places.branch(fact.branch)
        if (reason := await self._stranger(fact, branch)) or branch is None:
            unusable = _unusable(fact, reason or "unknown_branch", key=fact.id)
            await self._set_aside(unusable, message)
            return
        taken = await self._store.facts.take(_row(fact))
        if taken.standing in CONFLICTS:
            key = f"{fact.device}/{fact.sequence}/{fact.id}/{fact.digest}"
            await self._set_aside(_unusable(fact, _conflict(taken), key=key), message)
        elif taken.standing is Standing.DONE:
            await self._repeat(fact, message, taken)
        else:
            await self._act_and_answer(fact, branch, message, taken)

    async def _stranger(self, fact: DeviceFact, branch: Branch | None) -> ExceptionReason | None:
        """A device speaks for the branch in which it stands."""
        stands_in = await self._store.places.branch_of_device(fact.device)
        if branch is None:
            return "unknown_branch"
        if stands_in is None:
            return "unknown_device"
        return "wrong_branch" if stands_in != fact.branch else None

    # -- what a fact does -------------------------------------------------------------------------------

    async def _act(self, fact: DeviceFact, branch: Branch, message: DeviceMessage, taken: Taken) -> Outcome:
        if fact.type == "item_returned" and fact.item:
            return await self._returns.take(self._scan(fact, fact.item, message, taken), branch.calendar)
        if fact.type == "item_borrowed_offline" and fact.item:
            outcome = await self._borrowed(fact, fact.item)
        else:
            outcome = Outcome(did="recorded", answer=Answer(bin=None, branch=fact.branch))
        await self._returns.conclude(
            _row(fact).key, outcome, fact=fact.id, item=fact.item, branch=fact.branch, at=fact.happened_at
        )
        return outcome

    def _scan(self, fact: DeviceFact, item: str, message: DeviceMessage, taken: Taken) -> Scan:
        return Scan(
            place=_place(fact), item=ItemBarcode(item), branch=BranchId(fact.branch), mode=fact.mode,
            row=_row(fact).key, taken_at=taken.row["taken_at"],
            replies=self._may_reply(fact.device, message), correlation=message.correlation_id,
        )  # fmt: skip

    async def _borrowed(self, fact: DeviceFact, barcode: str) -> Outcome:
        """A loan that happened while nobody could be asked, of whoever holds the card."""
        stored = await self._store.items.read(barcode)
        if stored is None:
            return unknown_item()
        if stored.state.remembers(fact.id):
            return Outcome(did="borrowed", answer=Answer(bin=None, branch=fact.branch))
        holder = await self._accounts.holder_of(fact.card or "")
        if holder is None or await self._store.people.erased(holder.patron):
            return Outcome(
                did="nothing", exception="unknown_card", answer=exception_answer("unknown_card", fact.branch)
            )
        return await self._lend(fact, barcode, holder)

    async def _lend(self, fact: DeviceFact, barcode: str, holder: CardHolder) -> Outcome:
        standing = await self._store.people.standing(holder.patron)
        branch = await self._store.places.branch(fact.branch)
        if standing is None or branch is None:
            raise NotReady("the patron or the branch is known to its owner and not yet here")

        books = self._resources.books

        def decide(stored: Stored[Item] | None) -> Change[Item, Outcome]:
            if stored is None:
                return Change(unknown_item())
            loan = _loan(stored.state, fact, standing.borrower)
            loan = scheduled(loan, stored.state.thing, books, branch.calendar, after=fact.happened_at)
            decided = note_loan(stored.state, loan, _place(fact))
            return change_of(decided, barcode, cause=fact.id, happened_at=fact.happened_at)

        outcome = await self._store.items.change(barcode, decide)
        return outcome if outcome.exception or not holder.blocked else _on_a_blocked_card(outcome)

    # -- what the device hears --------------------------------------------------------------------------

    async def _act_and_answer(
        self, fact: DeviceFact, branch: Branch, message: DeviceMessage, taken: Taken
    ) -> None:
        """The deadline runs from here, whatever becomes of the fact."""
        waiting = self._waiting(fact, message, taken)
        if waiting:
            self._answers.owe(waiting)
        outcome = await self._act(fact, branch, message, taken)
        if outcome.answer:
            await self._answers.arrived(_row(fact).key, outcome.answer, first=waiting)

    async def _repeat(self, fact: DeviceFact, message: DeviceMessage, taken: Taken) -> None:
        """The same fact again gets the same answer, at once or when it comes."""
        waiting = self._waiting(fact, message, taken, repeat=True)
        answer = answer_of(taken.row)
        if waiting and answer:
            await self._answers.send(waiting, answer)
        elif waiting:
            self._answers.owe(waiting)

    def _waiting(
        self, fact: DeviceFact, message: DeviceMessage, taken: Taken, *, repeat: bool = False
    ) -> Waiting | None:
        if not self._may_reply(fact.device, message):
            return None
        return Waiting(
            row=_row(fact).key, fact=fact.id, item=fact.item, branch=fact.branch, device=fact.device,
            correlation=message.correlation_id, by=self._answers.due_by(taken.row["taken_at"]), repeat=repeat,
        )  # fmt: skip

    def _may_reply(self, device: str, message: DeviceMessage) -> bool:
        """Answers go to the device's own queue and nowhere else."""
        if message.reply_to and message.reply_to != reply_queue(device):
            self._resources.log.warning("reply_elsewhere_ignored", device=device)
        return message.reply_to == reply_queue(device)

    async def _set_aside(self, unusable: Unusable, message: DeviceMessage) -> None:
        """Notes the exception of a message that is no fact, and tells its device, once known to be it."""
        noted = NamedException(
            key=unusable.key, fact=unusable.fact or message.message_id, reason=unusable.reason,
            branch=unusable.branch, item=unusable.item, happened_at=unusable.happened_at,
            detail=unusable.detail,
        )  # fmt: skip
        await self._store.exceptions.note(noted)
        device = unusable.device
        if device is not None and self._may_reply(device, message):
            answer = exception_answer(unusable.reason, unusable.branch)
            waiting = Waiting(
                row="", fact=noted.fact or "", item=unusable.item, branch=unusable.branch, device=device,
                correlation=message.correlation_id, by=self._resources.machine_clock.now(),
            )  # fmt: skip
            await self._answers.send(waiting, answer)


def _row(fact: DeviceFact) -> Fact:
    return Fact(
        id=fact.id, device=fact.device, sequence=fact.sequence, item=fact.item, branch=fact.branch,
        kind=fact.type, happened_at=fact.happened_at, digest=fact.digest,
    )  # fmt: skip


def _place(fact: DeviceFact) -> Place:
    return Place.of(fact.happened_at, fact.device, fact.sequence, fact.id)


def _loan(item: Item, fact: DeviceFact, borrower: Borrower) -> Loan:
    """The loan that the device printed on a slip."""
    due = fact.due or fact.happened_at.date()
    printed = Decision(due, [stated("printed", "due_printed", due=due, device=fact.device)])
    loan = LoanId(derive("loan", item.thing.item, fact.id))
    return loan_of(item, borrower, loan, fact.happened_at, BranchId(fact.branch), printed)


def _on_a_blocked_card(outcome: Outcome) -> Outcome:
    """The loan stands, since it happened; staff are told that its card was blocked."""
    return Outcome(did=outcome.did, exception="blocked_card", answer=outcome.answer, belongs=outcome.belongs)


def _conflict(taken: Taken) -> ExceptionReason:
    return "sequence_reused" if taken.standing is Standing.SEQUENCE_REUSED else "id_reused"


def _unusable(fact: DeviceFact, reason: ExceptionReason, *, key: str) -> Unusable:
    return Unusable(
        reason=reason, branch=fact.branch, key=key, device=fact.device, fact=fact.id, item=fact.item,
        happened_at=fact.happened_at,
    )  # fmt: skip
