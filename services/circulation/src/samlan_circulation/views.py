"""What others may read of circulation: loans, items, exceptions, facts, availability, the state to check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from samlan_contracts.policy import BookSilent, BranchCalendar, PolicyBooks, UnknownMember
from samlan_contracts.shapes import Queue
from samlan_plumbing.pages import page_of
from samlan_plumbing.resources import Resources

from samlan_circulation.domain.lending import Standing
from samlan_circulation.domain.model import Item, Loan
from samlan_circulation.domain.outcomes import Answer
from samlan_circulation.domain.renewing import Renewal, refusals_to_renew
from samlan_circulation.domain.slips import language_of, loan_receipt
from samlan_circulation.store import Store
from samlan_circulation.store.records import answer_of

Json = dict[str, Any]
PAGE: Final = 2_000
ITEM_FIELDS: Final = {"outbox": 0, "kept": 0}  # the check reads where an item is, not how it came there
COPIED: Final = ("sequence", "removed", "waiting")  # what is compared with the owner's word


class Views:
    """Reads, and changes nothing."""

    def __init__(self, store: Store, resources: Resources) -> None:
        self._store = store
        self._resources = resources

    # -- loans ------------------------------------------------------------------------------------------

    async def loans_of(self, patron: str) -> list[Json]:
        """A patron's open loans, the one due first first."""
        items = await self._store.items.of_patron(patron)
        shown = await self.loans([(item, item.loan) for item in items if item.loan])
        return sorted(shown, key=lambda loan: (loan["due"], loan["item"]))

    async def loans(self, loans: Sequence[tuple[Item, Loan]]) -> list[Json]:
        """Loans as surface.md shapes them, with whether each may be renewed now."""
        queues = await self._store.queues.of(item.thing.title for item, _ in loans)
        standings = await self._store.people.standings(loan.patron for _, loan in loans)
        now = self._resources.library_clock.now()
        shown = []
        for item, loan in loans:
            branch = await self._store.places.branch(loan.branch)
            calendar = branch.calendar if branch else None
            wish = _renewal(loan, queues[item.thing.title], standings.get(loan.patron), calendar, now)
            renewable = _renewable(item, loan, wish, self._resources.books)
            overdue = calendar is not None and calendar.days_late(loan.due, now) > 0
            shown.append(_shown_loan(item, loan, renewable=renewable, overdue=overdue))
        return shown

    async def lent(self, item: Item, loan: Loan) -> Json:
        """A loan just made, with the receipt that a desk or a machine prints (D11, K12)."""
        (shown,) = await self.loans([(item, loan)])
        language = language_of(self._resources.books, loan.branch)
        return {**shown, "slip": loan_receipt(item.thing.item, loan.due, language)}

    async def history_of(self, patron: str) -> list[Json]:
        """A patron's ended loans, as far as the patron wanted them kept."""
        return [
            {
                "loan": doc["_id"],
                **{name: doc[name] for name in ("item", "title", "borrowed_at", "returned_at")},
            }
            for doc in await self._store.history.of(patron)
        ]

    # -- items ------------------------------------------------------------------------------------------

    async def item(self, barcode: str, *, branch: str | None = None) -> Json | None:
        """An item as a desk sees it."""
        stored = await self._store.items.read(barcode)
        return shown_item(stored.state, branch) if stored else None

    async def states(self, barcodes: Iterable[str]) -> Json:
        """Where these items are, by barcode; no patron."""
        found = await self._store.items.read_many(barcodes)
        return {barcode: _where(one.state) for barcode, one in found.items()}

    async def availability(self, title: str) -> Json:
        """The copies of a title and where each is."""
        items = await self._store.items.of_title(title)
        shown = sorted(
            ({"item": one.thing.item, "home": one.thing.home, **_where(one)} for one in items),
            key=lambda one: (one["home"], one["item"]),
        )
        waiting = (await self._store.queues.of([title]))[title].waiting
        free = sum(one.state == "available" and one.thing.loanable for one in items)
        return {"title": title, "items": shown, "available": free, "total": len(items), "waiting": waiting}

    # -- exceptions and facts ---------------------------------------------------------------------------

    async def exceptions(self, branch: str | None) -> list[Json]:
        """The open exceptions of a branch, or of all."""
        return [_exception(doc) for doc in await self._store.exceptions.listed(branch)]

    async def fact(self, fact: str) -> Json | None:
        """What became of a device's fact, also of one that could not be taken: its exception says why."""
        row = await self._store.facts.by_id(fact)
        if row is None:
            noted = await self._store.exceptions.of_fact(fact)
            return _set_aside(noted) if noted else None
        device, _, sequence = row["_id"].rpartition("/")
        answer = answer_of(row)
        outcome = row.get("outcome") or {}
        return {
            "id": row["id"], "device": device, "sequence": int(sequence), "type": row["kind"],
            "item": row["item"], "branch": row["branch"], "happened_at": row["happened_at"],
            "taken_at": row["taken_at"], "open": row["open"], "did": outcome.get("did"),
            "reason": outcome.get("exception"), "item_sequence": outcome.get("sequence"),
            "loan": outcome.get("loan"), "answer": _shown_answer(answer),
            "answered_at": row["answer"]["at"] if answer else None,
            "routed": _shown_answer(answer_of(row, "routed")),
            "routed_at": row["routed"]["at"] if row.get("routed") else None,
        }  # fmt: skip

    # -- the check of invariants ------------------------------------------------------------------------

    async def state(self, after: str | None, limit: int) -> Json:
        """Everything, page by page: items, then the copies circulation keeps, each with its sequence.

        The cursor is `<part>:<last key>`."""
        parts = self._store.parts
        fields = {**dict.fromkeys(parts, COPIED), "item": ITEM_FIELDS}
        page = await page_of(parts, after, min(limit, PAGE), fields=fields)
        if page.part == "item":
            rows = [one for doc in page.found for one in (_checked_item(doc), _copy_of_item(doc))]
        else:
            rows = [_copy(page.part, doc, doc["sequence"]) for doc in page.found]
        if page.following is None:
            counts = await self._store.facts.counts()
            counts["exceptions"] = await self._store.exceptions.count()
            rows.append({"kind": "facts", "key": "devices", **counts})
        return {"items": rows, "next": page.following}


def _shown_answer(answer: Answer | None) -> Json | None:
    """An answer as it is shown; the hold is named by its id alone."""
    if answer is None:
        return None
    return {"bin": answer.bin, "branch": answer.branch, "reason": answer.reason, "hold": answer.hold}


def _shown_loan(item: Item, loan: Loan, *, renewable: bool, overdue: bool) -> Json:
    return {
        "id": loan.id, "item": item.thing.item, "title": item.thing.title, "branch": loan.branch,
        "borrowed_at": loan.borrowed_at, "due": loan.due, "renewals": loan.renewals,
        "renewable": renewable, "overdue": overdue, "because": loan.because,
    }  # fmt: skip


def shown_item(item: Item, branch: str | None) -> Json:
    """An item; the borrower id only for the branch that must serve its hold."""
    hold = item.hold
    serves = hold is not None and branch in (None, hold.pickup)
    return {
        "item": item.thing.item, "title": item.thing.title, **_where(item),
        "hold": {
            "hold": hold.hold, "pickup": hold.pickup, **({"borrower_id": hold.borrower_id} if serves else {})
        } if hold else None,
    }  # fmt: skip


def _where(item: Item) -> Json:
    return {
        "state": item.state, "branch": item.branch, "goes_to": item.goes_to,
        "due": item.loan.due if item.loan else None, "loanable": item.thing.loanable,
    }  # fmt: skip


def _renewal(
    loan: Loan, queue: Queue, standing: Standing | None, branch: BranchCalendar | None, now: datetime
) -> Renewal | None:
    if standing is None or branch is None:
        return None
    return Renewal(loan=loan.id, at=now, branch=branch, standing=standing, queue=queue)


def _renewable(item: Item, loan: Loan, wish: Renewal | None, books: PolicyBooks) -> bool:
    try:
        return wish is not None and not refusals_to_renew(item, loan, wish, books)
    except (UnknownMember, BookSilent):
        return False


def _exception(doc: Mapping[str, Any]) -> Json:
    names = ("fact", "reason", "item", "branch", "happened_at", "noted_at", "belongs", "detail", "because")
    return {"id": doc["_id"], **{name: doc.get(name) for name in names}}


def _set_aside(doc: Mapping[str, Any]) -> Json:
    """A fact that was no fact: it came in, did nothing, and stands on its branch's list."""
    unknown = (
        "device", "sequence", "type", "item_sequence", "loan", "answer", "answered_at", "routed", "routed_at",
    )  # fmt: skip
    return {
        **dict.fromkeys(unknown), "id": doc["fact"], "item": doc["item"], "branch": doc["branch"],
        "happened_at": doc["happened_at"], "taken_at": doc["noted_at"], "open": False, "did": "nothing",
        "reason": doc["reason"],
    }  # fmt: skip


def _copy_of_item(doc: Mapping[str, Any]) -> Json:
    return _copy("item", doc, doc["described"])


def _copy(of: str, doc: Mapping[str, Any], sequence: int) -> Json:
    more = {name: doc[name] for name in ("removed", "waiting") if name in doc}
    return {"kind": "copy", "of": of, "key": doc["_id"], "sequence": sequence, **more}


def _checked_item(doc: Mapping[str, Any]) -> Json:
    loan, hold = doc["loan"], doc["hold"]
    return {
        "kind": "item", "key": doc["_id"], "item": doc["_id"], "title": doc["thing"]["title"],
        "sequence": doc["sequence"], "state": doc["state"],
        "branch": doc["branch"], "goes_to": doc["goes_to"],
        "hold": hold["hold"] if hold else None,
        "loan": {name: loan.get(name) for name in ("id", "patron", "due", "reached")} if loan else None,
    }  # fmt: skip
