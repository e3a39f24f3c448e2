"""Rows of `patrons.jsonl`: 500 a request, stored in bulk, told to the other services as a snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError
from samlan_contracts.forms import whole_ms
from samlan_contracts.policy import PolicyBooks
from samlan_contracts.refusing import in_words
from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.ids import derive
from samlan_plumbing.importing import Report
from samlan_plumbing.outbox import Tell
from samlan_plumbing.resources import Resources
from samlan_plumbing.snapshots import Row, send_snapshot

from samlan_accounts.domain.importing import Batch, Draft, Known, Taken, Tools, read_rows, take, take_all
from samlan_accounts.domain.patron import Patron, described
from samlan_accounts.domain.refusal import Refusal
from samlan_accounts.store.patrons import Patrons

LineRows = Sequence[tuple[int, object]]


class ImportPatrons:
    """Takes rows in. The same rows again change nothing, and repair a snapshot that a crash left unsent."""

    def __init__(self, resources: Resources, patrons: Patrons) -> None:
        self._resources = resources
        self._patrons = patrons
        self._clock: LibraryClock = resources.library_clock

    async def __call__(self, rows: LineRows) -> Report:
        """Stores what can be used, and reports what cannot, line by line."""
        tools = self._tools(self._resources.books)
        batch = read_rows(rows, tools)
        folded = take_all(batch.drafts, await self._known(batch), tools)
        taken = [*batch.refused, *(one for _, one in folded if one.outcome in ("same", "refused"))]
        taken += await self._store(folded, tools)
        await self._describe({one.patron.patron for one in taken if one.patron is not None})
        return _report(taken)

    def _tools(self, books: PolicyBooks) -> Tools:
        vault = self._patrons.vault
        return Tools(books=books, now=whole_ms(self._clock.now()), seal_pin=vault.seal_pin, digest=vault.row)

    async def _known(self, batch: Batch) -> Known:
        found = await self._patrons.read_many(batch.patrons)
        owners = await self._patrons.owners(batch.handles)
        return Known(patrons=found, owners=owners)

    async def _store(self, folded: Sequence[tuple[Draft, Taken]], tools: Tools) -> list[Taken]:
        """Stores what changes known patrons, then new patrons in bulk, then what changes those again."""
        fresh = {draft.read.row.patron for draft, one in folded if one.outcome == "new"}
        changed = [pair for pair in folded if pair[1].outcome == "changed"]
        early = [pair for pair in changed if pair[0].read.row.patron not in fresh]
        late = [pair for pair in changed if pair[0].read.row.patron in fresh]
        stored = [await self._change(*pair, tools) for pair in early]
        stored += await self._insert([pair for pair in folded if pair[1].outcome == "new"], tools)
        return stored + [await self._change(*pair, tools) for pair in late]

    async def _insert(self, fresh: Sequence[tuple[Draft, Taken]], tools: Tools) -> list[Taken]:
        patrons = [one.patron for _, one in fresh if one.patron is not None]
        inserted = await self._patrons.documents.insert_many((one.patron, one) for one in patrons)
        if inserted == len(patrons):
            return [one for _, one in fresh]
        return [await self._again(draft, tools) for draft, _ in fresh]  # somebody else was at it as well

    async def _change(self, draft: Draft, folded: Taken, tools: Tools) -> Taken:
        """Stores what the fold made of a row, unless the patron changed since the fold read it."""

        def decide(stored: Stored[Patron] | None) -> Change[Patron, Taken | None]:
            if stored is None or folded.patron is None or stored.state != folded.before:
                return Change(None)
            return Change(folded, state=folded.patron, tell=_told(stored, folded.patron, tools))

        try:
            taken = await self._patrons.documents.change(draft.read.row.patron, decide)
        except DuplicateKeyError:
            taken = None
        return taken if taken is not None else await self._again(draft, tools)

    async def _again(self, draft: Draft, tools: Tools) -> Taken:
        """Takes one row by itself, held against what is stored at this moment."""
        key = draft.read.row.patron
        known = await self._known(Batch(drafts=[draft]))

        def decide(stored: Stored[Patron] | None) -> Change[Patron, Taken]:
            others = {other: patron for other, patron in known.patrons.items() if other != key}
            now = Known(patrons=others | ({key: stored.state} if stored else {}), owners=known.owners)
            taken = take(draft, now, tools)
            if taken.patron is None or taken.outcome == "same":
                return Change(taken)
            return Change(taken, state=taken.patron, tell=_told(stored, taken.patron, tools))

        try:
            return await self._patrons.documents.change(key, decide)
        except DuplicateKeyError:
            return Taken(line=draft.line, outcome="refused", reasons=(TAKEN_JUST_NOW,))

    async def _describe(self, patrons: set[str]) -> None:
        stored = await self._patrons.documents.read_many(patrons)
        rows = [Row(described(one.state), f"patron/{key}", one.sequence) for key, one in stored.items()]
        if rows:
            await send_snapshot(self._resources, rows)


TAKEN_JUST_NOW = Refusal("duplicate_card", "a number of this row was given to another patron a moment ago")


def _told(stored: Stored[Patron] | None, patron: Patron, tools: Tools) -> tuple[Tell, ...]:
    """A known patron's change is told; a new patron is described by the snapshot that follows."""
    event, subject = described(patron), f"patron/{patron.patron}"
    if stored is None or described(stored.state) == event:
        return ()
    cause = derive("import", subject, str(stored.revision))
    return (Tell(event=event, subject=subject, cause=cause, happened_at=tools.now),)


def _report(taken: list[Taken]) -> Report:
    report = Report(
        stored=sum(one.outcome in ("new", "changed") for one in taken),
        same=sum(one.outcome == "same" for one in taken),
    )
    for one in taken:
        if one.outcome == "refused":
            report.refuse(one.line, in_words(one.reasons))
    return report
