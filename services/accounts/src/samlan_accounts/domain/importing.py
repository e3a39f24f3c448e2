"""Taking rows of `patrons.jsonl` in, in their order: new, changed, the same again, or refused.

A row is the same again when its keyed digest is that of the row taken last; then nothing changes, whatever
patron and staff have changed since. A changed row overwrites the fields it states and leaves what it does
not state. Three things an import never overwrites once the patron is known: the PIN, blocks that were set
here, and that a card is blocked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from samlan_contracts.policy import PolicyBooks, temporary_expires
from samlan_contracts.shapes import Act

from samlan_accounts.domain.handles import Handle, handles
from samlan_accounts.domain.patron import Card, Cause, Patron, Person, SealedPin, Status
from samlan_accounts.domain.refusal import Reason, Refusal
from samlan_accounts.domain.rows import OWN_CAUSES, ReadRow, read_row
from samlan_accounts.domain.standing import block


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What taking a row needs beside the row: the books, the time, and two functions with a key inside."""

    books: PolicyBooks
    now: datetime
    seal_pin: Callable[[str, str], SealedPin]
    digest: Callable[[bytes], bytes]


@dataclass(slots=True, kw_only=True)
class Known:
    """What is there before a row is taken: the patrons it names, and who holds which number."""

    patrons: dict[str, Patron]
    owners: dict[Handle, str]

    def put(self, patron: Patron) -> None:
        """Remembers a row that was taken, for the rows after it."""
        before = self.patrons.get(patron.patron)
        for handle in handles(before) if before else ():
            self.owners.pop(handle, None)
        self.patrons[patron.patron] = patron
        self.owners.update(dict.fromkeys(handles(patron), patron.patron))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one row: the patron as it is now and was before, or the reasons why not."""

    line: int
    outcome: Literal["new", "changed", "same", "refused"]
    patron: Patron | None = None
    before: Patron | None = None
    reasons: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A row whose values are understood, still to be held against what is known."""

    line: int
    read: ReadRow
    digest: bytes


@dataclass(slots=True)
class Batch:
    """The rows of one request: drafts, and what was refused before anything had to be looked up."""

    drafts: list[Draft] = field(default_factory=list)
    refused: list[Taken] = field(default_factory=list)

    @property
    def patrons(self) -> set[str]:
        """Every patron the rows name, themselves and their guardians."""
        named = {draft.read.row.patron for draft in self.drafts}
        return named | {draft.read.row.guardian for draft in self.drafts if draft.read.row.guardian}

    @property
    def handles(self) -> set[Handle]:
        """Every number the rows claim."""
        return {handle for draft in self.drafts for handle in _claims(draft.read)}


def read_rows(rows: Iterable[tuple[int, object]], tools: Tools) -> Batch:
    """The rows understood one by one."""
    batch = Batch()
    for line, row in rows:
        read = read_row(row, tools.books, tools.now)
        if isinstance(read, ReadRow) and isinstance(row, Mapping):
            batch.drafts.append(Draft(line=line, read=read, digest=tools.digest(_stated(row))))
        elif isinstance(read, tuple):
            batch.refused.append(Taken(line=line, outcome="refused", reasons=read))
    return batch


def take_all(drafts: Iterable[Draft], known: Known, tools: Tools) -> list[tuple[Draft, Taken]]:
    """What becomes of each row, held against what is known and the rows before it."""
    folded = []
    for draft in drafts:
        one = take(draft, known, tools)
        if one.patron is not None:
            known.put(one.patron)
        folded.append((draft, one))
    return folded


def take(draft: Draft, known: Known, tools: Tools) -> Taken:
    """What becomes of one row, given what is known before it."""
    before = known.patrons.get(draft.read.row.patron)
    if before is not None and before.imported == draft.digest:
        return Taken(line=draft.line, outcome="same", patron=before)
    if reasons := _why_not(draft.read, before, known):
        return Taken(line=draft.line, outcome="refused", reasons=reasons)
    patron = registered(draft, tools) if before is None else _changed(before, draft, tools)
    outcome: Literal["new", "changed"] = "new" if before is None else "changed"
    return Taken(line=draft.line, outcome=outcome, patron=patron, before=before)


def _stated(row: Mapping[str, object]) -> bytes:
    """A row's contents but the PIN, which four digits would let anybody find who holds the key."""
    return json.dumps({k: v for k, v in row.items() if k != "pin"}, sort_keys=True).encode()


def _claims(read: ReadRow) -> tuple[Handle, ...]:
    member = read.row.member
    identity = (Handle("identity", read.identity, member),) if read.identity else ()
    borrower = Handle("borrower_id", read.row.borrower_id, member)
    return (borrower, *(Handle("card", card) for card in read.cards), *identity)


DUPLICATES: Mapping[str, Reason] = {
    "card": "duplicate_card", "identity": "duplicate_identity", "borrower_id": "duplicate_borrower_id",
}  # fmt: skip


def _why_not(read: ReadRow, before: Patron | None, known: Known) -> tuple[Refusal, ...]:
    return tuple(_refused(read, before, known))


def _refused(read: ReadRow, before: Patron | None, known: Known) -> Iterable[Refusal]:
    patron, guardian = read.row.patron, read.row.guardian
    if before is not None and before.status == "erased":
        yield Refusal("erased", "patron was erased")
    if before is not None and before.member != read.row.member:
        yield Refusal("other_member", "patron belongs to another member")
    if guardian is not None and not _lives(known.patrons.get(guardian)):
        yield Refusal("unknown_guardian", "guardian is no patron of an earlier row or import")
    taken = {one.kind for one in _claims(read) if known.owners.get(one, patron) != patron}
    yield from (
        Refusal(reason, f"{kind} belongs to another patron")
        for kind, reason in DUPLICATES.items()
        if kind in taken
    )


def _lives(patron: Patron | None) -> bool:
    return patron is not None and patron.status != "erased"


def registered(draft: Draft, tools: Tools) -> Patron:
    """The patron that a first row registers."""
    read, row = draft.read, draft.read.row
    blank = Patron(
        patron=row.patron, member=row.member, person=Person(name=row.name), born=read.born,
        borrower_id=row.borrower_id, registered_at=read.registered_at or tools.now,
        pin=tools.seal_pin(row.patron, row.pin),
    )  # fmt: skip
    return _changed(blank, draft, tools)


def _changed(before: Patron, draft: Draft, tools: Tools) -> Patron:
    read, row = draft.read, draft.read.row
    wishes = ("receipts", "language", "guardian", "shielded", "pickup", "history", "staffless")
    stated = {name: value for name in wishes if (value := getattr(row, name)) is not None}
    if row.channels is not None:
        stated["channels"] = tuple(dict.fromkeys(row.channels))
    patron = replace(
        before, person=_person(before.person, read), born=read.born, borrower_id=row.borrower_id,
        cards=_cards(before, read), imported=draft.digest, **stated,
    )  # fmt: skip
    return _with_blocks(_with_status(patron, before, read, tools), read, tools)


def _person(before: Person, read: ReadRow) -> Person:
    row = read.row
    return Person(
        name=row.name,
        identity=read.identity or before.identity,
        email=row.email or before.email,
        mobile=row.mobile or before.mobile,
        address=_address(row.address) or before.address,
    )


def _address(written: Mapping[str, str | None] | None) -> Mapping[str, str] | None:
    return {key: value for key, value in written.items() if value is not None} if written else None


def _cards(before: Patron, read: ReadRow) -> tuple[Card, ...]:
    known = {card.number: card for card in before.cards}
    blocked = tuple(card for card in before.cards if card.blocked and card.number not in read.cards)
    cards = (*(known.get(number, Card(number=number)) for number in read.cards), *blocked)
    return tuple(replace(card, blocked=True) if card.number in read.lost else card for card in cards)


def _with_status(patron: Patron, before: Patron, read: ReadRow, tools: Tools) -> Patron:
    status: Status = "temporary" if read.row.status == "temporary" else "full"
    if read.row.status is None:
        status = before.status
    registered_at = read.registered_at or patron.registered_at
    patron = replace(patron, status=status, registered_at=registered_at, valid_until=None)
    if status != "temporary":
        return patron
    expires = temporary_expires(tools.books, member=patron.member, registered_at=registered_at)
    return replace(patron, valid_until=expires.value)


def _with_blocks(patron: Patron, read: ReadRow, tools: Tools) -> Patron:
    if read.row.blocks is None:
        return patron
    here = tuple(one for one in patron.blocks if one.origin != "import")
    kept = {one.cause for one in here}
    wanted = {one.cause: one.stops for one in read.row.blocks if one.cause in OWN_CAUSES - kept}
    stated = tuple(_stated_block(patron, cause, stops, tools) for cause, stops in wanted.items())
    return replace(patron, blocks=(*here, *stated))


def _stated_block(patron: Patron, cause: str, stops: list[Act] | None, tools: Tools) -> Cause:
    fresh = block(patron, cause, origin="import", books=tools.books, now=tools.now, stops=stops)
    return next((one for one in patron.blocks if (one.cause, one.stops) == (fresh.cause, fresh.stops)), fresh)
