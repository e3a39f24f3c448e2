"""Applying where holds sends an item, and answering whoever handed it in."""

from __future__ import annotations

from samlan_contracts.event import Envelope
from samlan_contracts.events.circulation import RoutingRefused
from samlan_contracts.events.holds import ItemRouted
from samlan_plumbing.consuming import NotReady
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.outbox import Tell
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.model import Asked, Item
from samlan_circulation.domain.outcomes import ROUTING_PENDING, Answer, exception_answer
from samlan_circulation.domain.routing import NOT_SCANNED, Routed, RoutedBefore, Stale, route
from samlan_circulation.handlers.answers import Answers, Waiting
from samlan_circulation.handlers.returns import DESK
from samlan_circulation.handlers.telling import item_subject, tells_of
from samlan_circulation.store import Store


class Routings:
    """Takes routings."""

    def __init__(self, store: Store, answers: Answers, resources: Resources) -> None:
        self._store = store
        self._answers = answers
        self._resources = resources

    async def apply(self, routed: ItemRouted, envelope: Envelope) -> None:
        """Sends the item where it belongs, or refuses a routing that the item has outlived."""
        if routed.queue is not None:
            await self._store.queues.apply([routed.queue])
        result, sequence = await self._commit(routed, envelope)
        match result:
            case Stale(refusal):
                await self._refuse(refusal, sequence, envelope)
            case Routed(asked=asked, answer=answer) | RoutedBefore(asked=asked, answer=answer):
                if asked and answer and asked.fact == routed.fact:
                    await self._answer(routed, asked, answer)

    async def _commit(
        self, routed: ItemRouted, envelope: Envelope
    ) -> tuple[Routed | RoutedBefore | Stale, int]:
        now = self._resources.library_clock.now()

        def decide(
            stored: Stored[Item] | None,
        ) -> Change[Item, tuple[Routed | RoutedBefore | Stale, int]]:
            if stored is None and routed.answers == NOT_SCANNED:
                raise NotReady("an imported hold's item has not been described yet")
            item = stored.state if stored else None
            result = route(item, routed, routing=envelope.id, sequence=envelope.sequence, now=now)
            outcome = (result, stored.sequence if stored else 0)
            if not isinstance(result, Routed):
                return Change(outcome)
            tells = tells_of(result.events, routed.item, cause=envelope.id, happened_at=now)
            return Change(outcome, result.item, tell=tells)

        return await self._store.items.change(routed.item, decide)

    async def _refuse(self, refusal: RoutingRefused, sequence: int, envelope: Envelope) -> None:
        """Once outlived, always outlived: the refusal needs no document and is told until confirmed."""
        tell = Tell(
            event=refusal, subject=item_subject(refusal.item), cause=envelope.id,
            happened_at=self._resources.library_clock.now(),
        )  # fmt: skip
        await self._resources.tell_without_document(tell, sequence)

    async def _answer(self, routed: ItemRouted, asked: Asked, answer: Answer) -> None:
        """Answers the scan: past its deadline a device hears what it would have heard by then.

        A routing that is not the answer is noted beside it, for whoever asks what became of the fact."""
        going = answer
        device = asked.row.rpartition("/")[0]
        hold = routed.hold.hold if routed.hold else None  # where a newer routing came first, not the item's
        by = self._answers.due_by(asked.taken_at)
        if asked.replies and self._resources.machine_clock.now() > by:
            answer = exception_answer(ROUTING_PENDING, asked.branch)
        elif asked.row.startswith(f"{DESK}/"):
            answer = Answer(
                bin=answer.bin, branch=answer.branch, hold=answer.hold,
                because=list(routed.because) if answer.hold == hold else [],
            )  # fmt: skip
        first = Waiting(
            row=asked.row, fact=asked.fact, item=routed.item, branch=asked.branch, device=device,
            correlation=asked.correlation, by=by,
        )  # fmt: skip
        number = routed.hold.borrower_id if routed.hold and answer.hold == hold else None
        won = await self._answers.arrived(
            asked.row, answer, first=first if asked.replies else None, borrower_id=number
        )
        if not won or answer.reason == ROUTING_PENDING:
            await self._store.facts.note_routing(asked.row, going)
