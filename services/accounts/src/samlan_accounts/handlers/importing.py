"""Rows of `patrons.jsonl`: 500 a request, stored in bulk, told to the other services as a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from pymongo.errors import DuplicateKeyError
from samlan_contracts.policy import PolicyBooks
from samlan_plumbing.clocks import LibraryClock
from samlan_plumbing.documents import Change, Stored
from samlan_plumbing.ids import derive
from samlan_plumbing.outbox import Tell
from samlan_plumbing.resources import Resources
from samlan_plumbing.snapshots import Row, send_snapshot

from samlan_accounts.domain.importing import Batch, Draft, Known, Taken, Tools, read_rows, take, take_all
from samlan_accounts.domain.patron import Patron, described
from samlan_accounts.domain.refusal import Refusal, in_words
from samlan_accounts.store.patrons import Patrons

LineRows = Sequence[tuple[int, object]]


class Report(TypedDict):
    """What became of the rows of one request."""

    stored: int
    same: int
    refused: list[dict[str, Any]]


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
        now = self._clock.now()
        whole = now.replace(microsecond=now.microsecond // 1000 * 1000)
        vault = self._patrons.vault
        return Tools(books=books, now=whole, seal_pin=vault.seal_pin, digest=vault.row)

    async def _known(self, batch: Batch) -> Known:
        found = await self._patrons.read_many(batch.patrons)
        owners = await self._patrons.owners(batch.handles)
        return Known(patrons={key: patron for key, (patron, _) in found.items()}, owners=owners)

    async def _store(self, folded: Sequence[tuple[Draft, Taken]], tools: Tools) -> list[Taken]:
        """Stores what changes known patrons, then new patrons in bulk, then what changes those again."""
        fresh = {draft.read.row.patron: draft for draft, one in folded if one.outcome == "new"}
        changed = [draft for draft, one in folded if one.outcome == "changed"]
        early = [draft for draft in changed if draft.read.row.patron not in fresh]
        late = [draft for draft in changed if draft.read.row.patron in fresh]
        stored = [await self._change(draft, tools) for draft in early]
        stored += await self._insert([pair for pair in folded if pair[1].outcome == "new"], tools)
        return stored + [await self._change(draft, tools) for draft in late]

    async def _insert(self, fresh: Sequence[tuple[Draft, Taken]], tools: Tools) -> list[Taken]:
        patrons = [one.patron for _, one in fresh if one.patron is not None]
        inserted = await self._patrons.documents.insert_many((one.patron, one) for one in patrons)
        if inserted == len(patrons):
            return [one for _, one in fresh]
        return [await self._change(draft, tools) for draft, _ in fresh]  # somebody else was at it as well

    async def _change(self, draft: Draft, tools: Tools) -> Taken:
        """Takes one row by itself, held against what is stored at this moment."""
        key = draft.read.row.patron
        batch = Batch(drafts=[draft])
        known = await self._known(batch)

        def decide(stored: Stored[Patron] | None) -> Change[Patron, Taken]:
            now_known = Known(patrons={**known.patrons}, owners=dict(known.owners))
            if stored is not None:
                now_known.patrons[key] = stored.state
            taken = take(draft, now_known, tools)
            if taken.patron is None or taken.outcome == "same":
                return Change(taken)
            return Change(taken, state=taken.patron, tell=_told(stored, taken.patron, draft, tools))

        try:
            return await self._patrons.documents.change(key, decide)
        except DuplicateKeyError:
            return Taken(line=draft.line, outcome="refused", reasons=(TAKEN_JUST_NOW,))

    async def _describe(self, patrons: set[str]) -> None:
        stored = await self._patrons.read_many(patrons)
        rows = [Row(described(one), f"patron/{one.patron}", at) for one, at in stored.values()]
        if rows:
            await send_snapshot(self._resources, rows)


TAKEN_JUST_NOW = Refusal("duplicate_card", "a number of this row was given to another patron a moment ago")


def _told(stored: Stored[Patron] | None, patron: Patron, draft: Draft, tools: Tools) -> tuple[Tell, ...]:
    if stored is None or described(stored.state) == described(patron):
        return ()
    cause = derive("import", "patrons", patron.patron, draft.digest.hex())
    return (
        Tell(event=described(patron), subject=f"patron/{patron.patron}", cause=cause, happened_at=tools.now),
    )


def _report(taken: list[Taken]) -> Report:
    refused = [
        {"line": one.line, "reason": in_words(one.reasons)} for one in taken if one.outcome == "refused"
    ]
    return {
        "stored": sum(one.outcome in ("new", "changed") for one in taken),
        "same": sum(one.outcome == "same" for one in taken),
        "refused": sorted(refused, key=lambda one: int(str(one["line"]))),
    }
