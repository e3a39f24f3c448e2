"""What staff say of an item at the desk."""

from __future__ import annotations

from uuid import UUID

from samlan_contracts.forms import whole_ms
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.ids import derive, fresh
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.marking import FOUND, MARKS, mark
from samlan_circulation.domain.model import BranchId, Item, Place
from samlan_circulation.domain.refusals import Refused, refused
from samlan_circulation.handlers.returns import DESK, DeskReturn, Returns
from samlan_circulation.handlers.telling import change_of
from samlan_circulation.store import Store


class Marks:
    """Marks items."""

    def __init__(self, store: Store, returns: Returns, resources: Resources) -> None:
        self._store = store
        self._returns = returns
        self._resources = resources

    async def mark(self, barcode: str, word: str, branch: str, command: str | None) -> Item | Refused:
        """Says what became of an item; found, it is taken in like any other."""
        if await self._store.items.read(barcode) is None:
            return refused("unknown_item")
        if word in FOUND:
            found = await self._returns.at_the_desk(DeskReturn(item=barcode, branch=branch, command=command))
            return found if isinstance(found, Refused) else await self._item(barcode)
        if word not in MARKS:
            return refused("unknown_state")
        if await self._store.places.branch(branch) is None:
            return refused("unknown_branch")
        return await self._mark(barcode, word, branch, derive("mark", command or fresh()))

    async def _mark(self, barcode: str, word: str, branch: str, cause: str) -> Item | Refused:
        at = whole_ms(self._resources.library_clock.now())
        place = Place.of(at, f"{DESK}/{branch}", UUID(cause).int >> 66, cause)

        def decide(stored: Stored[Item] | None) -> Change[Item, Item | Refused]:
            if stored is None:
                return Change(refused("unknown_item"))
            decided = mark(stored.state, MARKS[word], BranchId(branch), place)
            change = change_of(decided, barcode, cause=cause, happened_at=at)
            return Change(decided.outcome, change.state, tell=change.tell)

        return await self._store.items.change(barcode, decide, command=True)

    async def _item(self, barcode: str) -> Item | Refused:
        stored = await self._store.items.read(barcode)
        return stored.state if stored else refused("unknown_item")
