"""What changes in catalog: rows of an import, 500 a request, told to the other services as snapshots.

The same row again changes nothing, and repairs a snapshot that a crash left unsent. A row with other contents
under a known id changes the title, item or branch, and is told as an event.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from samlan_contracts.event import Event
from samlan_contracts.events.catalog import BranchDescribed
from samlan_contracts.refusing import in_words
from samlan_plumbing.documents import Change, Documents, Stored
from samlan_plumbing.ids import derive
from samlan_plumbing.importing import Report
from samlan_plumbing.outbox import Tell
from samlan_plumbing.resources import Resources
from samlan_plumbing.snapshots import Row, send_snapshot

from samlan_catalog.domain import branch as branches
from samlan_catalog.domain import item as items
from samlan_catalog.domain import title as titles
from samlan_catalog.domain.item import Item, ItemRow
from samlan_catalog.domain.refusal import Refusal
from samlan_catalog.domain.title import Title
from samlan_catalog.store import Store

E = TypeVar("E")
Lines = Sequence[tuple[int, object]]
Read = Callable[[Lines], Awaitable[list[tuple[int, E | tuple[Refusal, ...]]]]]
Outcome = Literal["stored", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[E]):
    """How one file's rows are read, under which key they are stored, and what is told of them."""

    name: str
    documents: Documents[E]
    read: Read[E]
    key: Callable[[E], str]
    described: Callable[[E], Event]

    def subject(self, key: str) -> str:
        """The subject of what is told."""
        return f"{self.name}/{key}"


class Import(Generic[E]):
    """Takes the rows of one file in."""

    def __init__(self, resources: Resources, kind: Kind[E]) -> None:
        self._resources = resources
        self._kind = kind

    async def __call__(self, lines: Lines) -> Report:
        """Stores what can be used, and reports what cannot, line by line."""
        report, usable = Report(), []
        for line, read in await self._kind.read(lines):
            if isinstance(read, tuple):
                report.refuse(line, in_words(read))
            else:
                usable.append(read)
        await self._store(usable, report)
        await self._describe({self._kind.key(one) for one in usable})
        return report

    async def _store(self, usable: list[E], report: Report) -> None:
        known = await self._kind.documents.read_many(map(self._kind.key, usable))
        fresh: dict[str, E] = {}
        again: list[E] = []
        for one in usable:
            key = self._kind.key(one)
            if key in known or key in fresh:
                again.append(one)
            else:
                fresh[key] = one
        inserted = await self._kind.documents.insert_many(fresh.items())
        report.stored += inserted
        if inserted < len(fresh):
            again = [*fresh.values(), *again]  # another import was at it as well
            report.stored -= inserted
        await self._store_again(again, known, report)

    async def _store_again(self, again: list[E], known: dict[str, Stored[E]], report: Report) -> None:
        for one in again:
            before = known.pop(self._kind.key(one), None)
            unchanged = before is not None and before.state == one
            if unchanged or await self._change(one) == "same":
                report.same += 1
            else:
                report.stored += 1

    async def _change(self, wanted: E) -> Outcome:
        key = self._kind.key(wanted)
        now = self._resources.library_clock.now()

        def decide(stored: Stored[E] | None) -> Change[E, Outcome]:
            if stored is not None and stored.state == wanted:
                return Change("same")
            revision = str(stored.revision if stored else 0)
            tell = Tell(
                event=self._kind.described(wanted), subject=self._kind.subject(key),
                cause=derive("import", self._kind.subject(key), revision), happened_at=now,
            )  # fmt: skip
            return Change("stored", state=wanted, tell=(tell,))

        return await self._kind.documents.change(key, decide)

    async def _describe(self, keys: set[str]) -> None:
        stored = await self._kind.documents.read_many(keys)
        rows = [
            Row(self._kind.described(one.state), self._kind.subject(key), one.sequence)
            for key, one in stored.items()
        ]
        if rows:
            await send_snapshot(self._resources, rows)


def branch_import(resources: Resources, store: Store) -> Import[BranchDescribed]:
    """Takes `branches.jsonl` in."""

    async def read(lines: Lines) -> list[tuple[int, BranchDescribed | tuple[Refusal, ...]]]:
        return [(line, branches.read_branch(row, resources.books)) for line, row in lines]

    kind = Kind(
        name="branch",
        documents=store.branches,
        read=read,
        key=lambda one: one.branch,
        described=lambda one: one,
    )
    return Import(resources, kind)


def title_import(resources: Resources, store: Store) -> Import[Title]:
    """Takes `titles.jsonl` and the records of `titles.mrc` in."""

    async def read(lines: Lines) -> list[tuple[int, Title | tuple[Refusal, ...]]]:
        return [(line, titles.read_title(row)) for line, row in lines]

    kind = Kind(
        name="title", documents=store.titles, read=read, key=lambda one: one.title, described=titles.described
    )
    return Import(resources, kind)


def item_import(resources: Resources, store: Store) -> Import[Item]:
    """Takes `items.jsonl` in, held against the titles and branches that are known by then."""

    async def read(lines: Lines) -> list[tuple[int, Item | tuple[Refusal, ...]]]:
        forms = [(line, items.read_item_row(row)) for line, row in lines]
        rows = [form for _, form in forms if isinstance(form, ItemRow)]
        known = await store.titles.read_many(row.title for row in rows)
        homes = set(await store.branches.read_many(row.branch for row in rows))
        living = {key for key, one in known.items() if not one.state.removed}

        def described(form: ItemRow | tuple[Refusal, ...]) -> Item | tuple[Refusal, ...]:
            if isinstance(form, tuple):
                return form
            case = items.Case(row=form, titles=living, branches=homes, books=resources.books)
            return items.describe_item(case)

        return [(line, described(form)) for line, form in forms]

    kind = Kind(
        name="item",
        documents=store.items,
        read=read,
        key=lambda one: one.thing.item,
        described=items.described,
    )
    return Import(resources, kind)
