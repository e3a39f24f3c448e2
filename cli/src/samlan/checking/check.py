"""The invariants of quality.md, each a named function over what all services said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from samlan_plumbing.ids import derive
from samlan_plumbing.peers import Peers

from samlan.checking.state import SERVICES, Row, Seen, gather

OWNERS: Final = {"patron": "accounts", "title": "catalog", "item": "catalog", "branch": "catalog"}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be: which invariant, about what, and what is wrong with it.

    `passing`: somebody has it in hand, so it is wrong only if it stays."""

    invariant: int
    subject: str
    says: str
    passing: bool = False

    def __str__(self) -> str:
        return f"{self.invariant}. {self.subject}: {self.says}"


Rule = Callable[[Seen], Iterator[Violation]]


def an_items_state_agrees_with_its_loan_transit_and_hold(seen: Seen) -> Iterator[Violation]:
    """1: an item is on loan exactly when it has a loan, in transit exactly when it goes somewhere."""
    for item, row in seen.of("circulation", "item").items():
        state = row["state"]
        lent = state in ("on_loan", "claimed_returned", "lost")
        if row["loan"] and not lent:
            yield Violation(1, f"item {item}", f"{state} with an open loan")
        if state == "on_loan" and not row["loan"]:
            yield Violation(1, f"item {item}", "on loan without a loan")
        if (state == "in_transit") != bool(row["goes_to"]) and state in ("in_transit", "available"):
            yield Violation(1, f"item {item}", f"{state}, going to {row['goes_to']}")


def no_loan_is_open_twice(seen: Seen) -> Iterator[Violation]:
    """1: a loan belongs to one item."""
    loans = Counter(row["loan"]["id"] for row in seen.of("circulation", "item").values() if row["loan"])
    yield from (Violation(1, f"loan {loan}", "open on two items") for loan, n in loans.items() if n > 1)


def one_item_serves_one_hold(seen: Seen) -> Iterator[Violation]:
    """2: an item is allotted to at most one hold, and a hold has at most one item."""
    entries = [entry for row in seen.of("holds", "queue").values() for entry in row["allotted"]]
    items = Counter(entry["item"] for entry in entries)
    holds = Counter(entry["hold"] for entry in entries)
    yield from (Violation(2, f"item {item}", f"serves {n} holds") for item, n in items.items() if n > 1)
    yield from (Violation(2, f"hold {hold}", f"has {n} items") for hold, n in holds.items() if n > 1)


def an_allotted_item_is_where_its_hold_says(seen: Seen) -> Iterator[Violation]:
    """2: circulation and holds agree on every allotted item."""
    items = seen.of("circulation", "item")
    allotted = {e["item"]: e for row in seen.of("holds", "queue").values() for e in row["allotted"]}
    for item, entry in allotted.items():
        row = items.get(item)
        if row is None:
            yield Violation(2, f"item {item}", "allotted but unknown to circulation")
        elif row["hold"] != entry["hold"]:
            yield Violation(2, f"item {item}", "allotted to a hold that circulation does not know of")
        elif entry["state"] == "ready" and row["state"] != "hold_shelf":
            yield Violation(2, f"item {item}", f"its hold is ready but the item is {row['state']}")
    for item, row in items.items():
        if row["hold"] and item not in allotted:
            yield Violation(2, f"item {item}", "kept for a hold that holds do not know of")


def nobody_was_overtaken(seen: Seen) -> Iterator[Violation]:
    """2: whoever stands before a served hold was passed over for a recorded reason, or came back later."""
    for title, row in seen.of("holds", "queue").items():
        for entry in row["allotted"]:
            passed = {one["hold"] for one in (entry.get("decision") or {}).get("passed", ())}
            for waiting in row["waiting"]:
                if _overtaken(waiting, entry, passed):
                    yield Violation(2, f"title {title}", f"hold {waiting['hold']} was overtaken")


def _overtaken(waiting: Row, entry: Row, passed: set[str]) -> bool:
    before = waiting["place"] < entry["place"] and not waiting["frozen"]
    return (
        before
        and not _imported(entry)
        and waiting["hold"] not in passed
        and not waiting.get("came_back", False)
    )


def every_fact_has_one_end(seen: Seen) -> Iterator[Violation]:
    """3: no accepted fact is left half done."""
    for key, row in seen.of("circulation", "facts").items():
        if row["open"]:
            yield Violation(3, f"facts {key}", f"{row['open']} have neither an effect nor an exception")


def balances_are_the_sum_of_their_entries(seen: Seen) -> Iterator[Violation]:
    """4: money adds up, per member and currency."""
    for patron, row in seen.of("billing", "ledger").items():
        sums: Counter[tuple[str, str]] = Counter()
        for entry in row["entries"]:
            sums[entry["member"], entry["currency"]] += entry["amount"]
        kept = {(one["member"], one["currency"]): one["amount"] for one in row["balances"]}
        if {k: v for k, v in sums.items() if v} != {k: v for k, v in kept.items() if v}:
            yield Violation(4, f"ledger {patron}", "its balance is not the sum of its entries")


def a_loan_has_one_overdue_fee(seen: Seen) -> Iterator[Violation]:
    """4: a closed loan is charged once."""
    fees = [fee for row in seen.of("billing", "ledger").values() for fee in row["fees"]]
    charged = Counter((fee["loan"], fee["kind"]) for fee in fees if fee["loan"] and fee["kind"] == "overdue")
    yield from (
        Violation(4, f"loan {loan}", f"charged {n} times") for (loan, _), n in charged.items() if n > 1
    )


def every_money_block_has_a_living_cause(seen: Seen) -> Iterator[Violation]:
    """4: a block has its debt, and a debt over its limit has its block; everybody knows of it."""
    for patron, row in seen.of("billing", "ledger").items():
        told, caused = _blocks(row["blocks"]), _blocks(row["causes"])
        if told != caused:
            yield Violation(4, f"ledger {patron}", f"blocks {sorted(told)} but causes {sorted(caused)}")


def _blocks(rows: list[Row]) -> set[str]:
    return {f"{row['cause']} {row['member']} {','.join(sorted(row['stops']))}" for row in rows}


def an_invoice_has_each_part_once(seen: Seen) -> Iterator[Violation]:
    """4: an item that did not come back is invoiced once, with one invoice fee and one price."""
    fees = [fee for row in seen.of("billing", "ledger").values() for fee in row["fees"]]
    parts = Counter((fee["invoice"], fee["kind"]) for fee in fees if fee["loan"] and fee["invoice"])
    for (invoice, kind), n in parts.items():
        if n > 1:
            yield Violation(4, f"invoice {invoice}", f"has {n} fees of the kind {kind}")


def what_is_owed_was_said_or_has_a_reason(seen: Seen) -> Iterator[Violation]:
    """5: every message has gone out, or says why not."""
    for notice, row in seen.of("notify", "notice").items():
        if row["state"] not in ("sent", "failed") and not row["early"]:
            passing = row["state"] in ("sending", "riding")
            yield Violation(5, f"notice {notice}", f"{row['says']} is {row['state']}", passing=passing)
        if row["state"] == "failed" and not row["reason"]:
            yield Violation(5, f"notice {notice}", f"{row['says']} failed without a reason")


def a_ready_hold_was_told(seen: Seen) -> Iterator[Violation]:
    """5: whoever's hold became ready here has a notice of this very allotment."""
    notices = seen.of("notify", "notice")
    for row in seen.of("holds", "queue").values():
        for entry in row["allotted"]:
            told = derive("notice", "hold_ready", entry["hold"], str(entry["allotment"])) in notices
            if entry["state"] == "ready" and not _imported(entry) and not told:
                yield Violation(5, f"hold {entry['hold']}", "ready, and nobody was told")


def _imported(entry: Row) -> bool:
    """Whether a hold came with its item: nothing of the past is told."""
    return not (entry.get("decision") or {}).get("answers")


def a_charged_loan_was_told(seen: Seen) -> Iterator[Violation]:
    """5: whoever was charged for a loan has a notice of this very fee, or of the invoice it is part of."""
    notices = seen.of("notify", "notice")
    for row in seen.of("billing", "ledger").values():
        for fee in row["fees"]:
            if fee["loan"] and _notice_of(fee) not in notices:
                yield Violation(5, f"fee {fee['fee']}", "charged, and nobody was told")


def _notice_of(fee: Row) -> str:
    if fee["invoice"]:
        return derive("notice", "invoice", fee["invoice"], fee["member"])
    return derive("notice", "fee_charged", fee["fee"])


STAGE_NOTICES: Final = {"due_soon": "due_soon", "reminder_1": "overdue_1", "reminder_2": "overdue_2"}


def a_stage_was_told(seen: Seen) -> Iterator[Violation]:
    """5: whoever's loan came to a warning or a reminder has a notice of this very due date."""
    notices = seen.of("notify", "notice")
    for row in seen.of("circulation", "item").values():
        loan = row["loan"]
        kind = STAGE_NOTICES.get(loan.get("reached") or "") if loan else None
        if kind and derive("notice", kind, loan["id"], loan["due"]) not in notices:
            yield Violation(5, f"loan {loan['id']}", f"came to {loan['reached']}, and nobody was told")


def nothing_waits_to_be_told(seen: Seen) -> Iterator[Violation]:
    """6: outboxes are empty, nothing is in hand, and nothing is dead."""
    for service, flow in seen.flows.items():
        for what in ("outbox", "in_hand", "dead"):
            if flow[what]:
                yield Violation(6, service, f"{flow[what]} {what.replace('_', ' ')}")


def every_copy_equals_its_owner(seen: Seen) -> Iterator[Violation]:
    """6: each copy stands where its owner does."""
    for service in SERVICES:
        for of, owner in OWNERS.items():
            if service != owner:
                yield from _compare(service, of, seen.copies[service].get(of, {}), seen.of(owner, of))


def _compare(service: str, of: str, copies: dict[str, Row], owned: dict[str, Row]) -> Iterator[Violation]:
    for key, copy in copies.items():
        row = owned.get(key)
        if row is None:
            yield Violation(6, f"{service}: {of} {key}", "a copy of nothing")
        elif copy["sequence"] < row["sequence"]:
            yield Violation(6, f"{service}: {of} {key}", f"{copy['sequence']} of {row['sequence']}")
    if copies:
        missing = owned.keys() - copies.keys()
        yield from (Violation(6, f"{service}: {of} {key}", "no copy") for key in sorted(missing)[:20])


def circulation_knows_how_many_wait(seen: Seen) -> Iterator[Violation]:
    """6: circulation's copy of a queue counts whom the queue counts."""
    copies = seen.copies["circulation"].get("queue", {})
    for title, row in seen.of("holds", "queue").items():
        known = copies.get(title, {}).get("waiting", 0)
        if known != row["length"]:
            yield Violation(
                6, f"circulation: queue {title}", f"knows of {known}, waiting are {row['length']}"
            )


def nothing_of_an_erased_patron_is_left(seen: Seen) -> Iterator[Violation]:
    """7: a tombstone stands wherever a patron was known."""
    erased = {key for key, row in seen.of("accounts", "patron").items() if row["status"] == "erased"}
    for service in SERVICES:
        for key, copy in seen.copies[service].get("patron", {}).items():
            if key in erased and not copy.get("removed"):
                yield Violation(7, f"{service}: patron {key}", "erased, and still known")
    for item, row in seen.of("circulation", "item").items():
        if row["loan"] and row["loan"]["patron"] in erased:
            yield Violation(7, f"item {item}", "on loan to an erased patron")


INVARIANTS: Final[tuple[Rule, ...]] = (
    an_items_state_agrees_with_its_loan_transit_and_hold,
    no_loan_is_open_twice,
    one_item_serves_one_hold,
    an_allotted_item_is_where_its_hold_says,
    nobody_was_overtaken,
    every_fact_has_one_end,
    balances_are_the_sum_of_their_entries,
    a_loan_has_one_overdue_fee,
    an_invoice_has_each_part_once,
    every_money_block_has_a_living_cause,
    what_is_owed_was_said_or_has_a_reason,
    a_ready_hold_was_told,
    a_charged_loan_was_told,
    a_stage_was_told,
    nothing_waits_to_be_told,
    every_copy_equals_its_owner,
    circulation_knows_how_many_wait,
    nothing_of_an_erased_patron_is_left,
)


def violations(seen: Seen) -> list[Violation]:
    """Everything that must not be, in the order of the invariants."""
    return [violation for rule in INVARIANTS for violation in rule(seen)]


async def check(peers: Peers) -> list[Violation]:
    """Asks every service and checks the invariants across them."""
    return violations(await gather(peers))
