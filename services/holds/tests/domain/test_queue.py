"""The queue as a value: whatever happens in whatever order, one item serves one hold and the order stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samlan_contracts.events.holds import ItemRouted, QueueChanged
from samlan_contracts.policy import PolicyBooks, Stop, check_book
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.shapes import ClosedLoan, Thing
from samlan_holds.domain.changing import Cancelled, Wish, change
from samlan_holds.domain.collecting import Lending, hand_in, lend
from samlan_holds.domain.facts import Facts, NotFetched, Standing
from samlan_holds.domain.model import (
    FRONT,
    BranchId,
    HoldId,
    ItemBarcode,
    PatronId,
    Queue,
    TitleId,
    Waiting,
)
from samlan_holds.domain.placing import Placing, place
from samlan_holds.domain.routing import Routed, Scan, Unheld, item_gone, route, routing_refused
from samlan_holds.domain.shelving import expire_uncollected, shelve
from samlan_holds.store.coding import operators, queue_of, row_of, waiting_row
from samlan_testkit.world import POLICIES

LERUM, PARTILLE = "vast/lerum", "vast/partille"
NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
OPENING = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("10:00", "19:00"))


def facts(books: PolicyBooks, patrons: int = 12, **more: Any) -> Facts:
    """Everybody is an adult of Väst in good standing."""
    known = {f"p{n}": Standing(patron=f"p{n}", member="vast", born=date(1980, 1, 1)) for n in range(patrons)}
    data = {"timezone": "Europe/Stockholm", "opening": OPENING}
    return Facts(
        books=books, now=NOW, patrons={**known, **more},
        branches={one: BranchCalendar.of(one, data) for one in (LERUM, PARTILLE)},
        items={f"i{n}": thing(f"i{n}") for n in range(4)}, seen={f"i{n}": 0 for n in range(4)},
    )  # fmt: skip


def thing(item: str, **more: Any) -> Thing:
    return Thing(item=item, title="t", member="vast", home=LERUM, material="book", **more)


def waiting(number: int, **more: Any) -> Waiting:
    fields: dict[str, Any] = {
        "hold": f"h{number}", "patron": f"p{number}", "pickup": LERUM,
        "placed_at": NOW + timedelta(minutes=number), **more,
    }  # fmt: skip
    return Waiting(**fields)


def queue(*entries: Waiting) -> Queue:
    found = Queue(title=TitleId("t"))
    for entry in entries:
        found = found.joined(entry)
    return found


def scan(item: str, sequence: int, branch: str = LERUM) -> Scan:
    return Scan(fact="f", thing=thing(item), branch=branch, sequence=sequence)  # type: ignore[arg-type]


# -- stories ----------------------------------------------------------------------------------------------


def test_a_decision_asks_for_no_fact_of_holds_behind_the_one_it_serves(books: PolicyBooks) -> None:
    known = facts(books, patrons=1)
    verdict = route(queue(waiting(0), waiting(1)), scan("i0", 1), known)
    assert isinstance(verdict.outcome, Routed) and verdict.outcome.entry.hold == "h0"


def test_a_decision_names_the_fact_it_needs(books: PolicyBooks) -> None:
    with pytest.raises(NotFetched) as asked:
        route(queue(waiting(0)), scan("i0", 1), facts(books, patrons=0))
    assert (asked.value.kind, asked.value.key) == ("patron", "p0")


def test_everybody_before_the_one_served_is_recorded_with_every_reason(books: PolicyBooks) -> None:
    stopped = Standing(
        patron="p1", member="kungsbacka", born=date(2015, 1, 1), status="inactive",  # type: ignore[arg-type]
        stops=(Stop(cause="staff", acts=frozenset({"borrow"})),),
    )  # fmt: skip
    known = facts(books, p1=stopped)
    asked = Scan(fact="f", thing=thing("i0", min_age=15), branch=LERUM, sequence=1)  # type: ignore[arg-type]
    entries = (
        waiting(0, frozen=True), waiting(1), waiting(2, last_needed=date(2026, 11, 22)), waiting(3),
    )  # fmt: skip
    verdict = route(queue(*entries), asked, known)
    assert isinstance(verdict.outcome, Routed)
    assert verdict.outcome.entry.hold == "h3"
    assert [(one.hold, one.reasons) for one in verdict.outcome.entry.decision.passed] == [
        ("h0", ("frozen",)),
        ("h1", ("account_inactive", "blocked", "member_does_not_take_it", "age_limit")),
        ("h2", ("not_needed_any_more",)),
    ]


@pytest.mark.parametrize(("places", "served"), [(0, "h0"), (1, "h0"), (2, "h0"), (3, "h2"), (9, "h2")])
def test_a_book_may_serve_locally_first_within_so_many_places(places: int, served: str) -> None:
    written = (POLICIES / "vast.yaml").read_text(encoding="utf-8")
    assert "local_first_places: 0" in written
    book, mistakes = check_book(
        written.replace("local_first_places: 0", f"local_first_places: {places}").encode(), "vast.yaml"
    )
    assert book is not None and not mistakes
    local = PolicyBooks(book)
    entries = (waiting(0, pickup=PARTILLE), waiting(1, pickup=PARTILLE), waiting(2), waiting(3))
    verdict = route(queue(*entries), scan("i0", 1), facts(local))
    assert isinstance(verdict.outcome, Routed)
    assert verdict.outcome.entry.hold == served
    reasons = [one.reasons for one in verdict.outcome.entry.decision.passed]
    assert reasons == ([("local_first",), ("local_first",)] if served == "h2" else [])
    told = [why["says"]["en"] for why in verdict.outcome.entry.decision.because]
    first = f"Among the first {places} in the queue those picked up where the item is go first."
    assert (first in told) == (served == "h2")


def test_a_hold_placed_while_the_clock_stands_or_goes_back_is_after_everybody(books: PolicyBooks) -> None:
    known = facts(books)
    before = queue(waiting(5))
    placing = Placing(hold=HoldId("new"), patron="p7", title=TitleId("t"), channel="web", pickup=LERUM)  # type: ignore[arg-type]
    verdict = place(before, placing, known)
    assert verdict.queue is not None
    assert [one.hold for one in verdict.queue.waiting] == ["h5", "new"]


def test_a_waiting_hold_takes_under_a_hundred_bytes() -> None:
    entry = Waiting(
        hold=HoldId("0190f3a4-5b1c-5d11-9c5c-1f2e3d4c5b6a"), patron="0190f3a4-5b1c-5d11-9c5c-1f2e3d4c5b6b",  # type: ignore[arg-type]
        pickup="vast/partille", placed_at=NOW, last_needed=date(2027, 1, 1),  # type: ignore[arg-type]
    )  # fmt: skip
    assert len(bson.encode(waiting_row(entry))) < 100


def test_a_long_queue_keeps_its_first_in_front_and_the_rest_behind(books: PolicyBooks) -> None:
    entries = [waiting(n) for n in range(FRONT + 30)]
    found = queue(*entries)
    assert (len(found.waiting), found.behind, found.active) == (FRONT, 30, FRONT + 30)
    assert [one.entry for one in found.amended] == entries[FRONT:]
    early = found.joined(waiting(900, placed_at=NOW - timedelta(days=1)))
    assert early.waiting[0].hold == "h900"
    assert found.length().waiting == FRONT + 30
    assert len(found.length().patrons) == FRONT


def test_when_all_in_front_are_passed_over_those_behind_are_asked_for(books: PolicyBooks) -> None:
    entries = [waiting(n, frozen=True) for n in range(FRONT)]
    found = replace(queue(*entries), behind=1, active=1)
    with pytest.raises(NotFetched) as asked:
        route(found, scan("i0", 1), facts(books))
    assert asked.value.kind == "behind"
    forward = found.drawn_forward([waiting(FRONT, patron="p1")], last=True)
    verdict = route(forward, scan("i0", 1), facts(books))
    assert isinstance(verdict.outcome, Routed) and verdict.outcome.entry.hold == f"h{FRONT}"


# -- any story --------------------------------------------------------------------------------------------


@dataclass
class Model:
    """A queue, the holds that ever joined it, and what circulation was last told of each item."""

    books: PolicyBooks
    queue: Queue = field(default_factory=lambda: Queue(title=TitleId("t")))
    joined: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    sequence: int = 0
    told: int = 0
    length: int = 0
    document: dict[str, Any] | None = None

    def take(self, verdict: Any) -> Any:
        if verdict.queue is not None:
            self._store(verdict.queue)
            for event in verdict.events:
                self._hear(event)
            after = replace(
                verdict.queue, sequence=self.queue.sequence + len(verdict.events),
                revision=self.queue.revision + 1, amended=(),
            )  # fmt: skip
            self.ended |= {one.hold for one in verdict.queue.amended if one.ended}
            self.queue = after
        return verdict.outcome

    def _hear(self, event: Any) -> None:
        told = event.queue if isinstance(event, ItemRouted | QueueChanged) else None
        if told is not None:
            assert told.sequence > self.told
            self.told, self.length = told.sequence, told.waiting

    def _store(self, after: Queue) -> None:
        """The operators, applied to the document, give the queue that was decided."""
        if self.document is None:
            self.document = row_of(after)
        else:
            self.document = _applied(self.document, operators(self.queue, after))
        self.document["amended"] = []
        stored = queue_of("t", self.document)
        assert stored.waiting == after.waiting
        assert stored.allotted == after.allotted
        assert (stored.active, stored.behind, stored.newest) == (after.active, after.behind, after.newest)

    def check(self) -> None:
        items = [one.item for one in self.queue.allotted]
        holds = [one.hold for one in (*self.queue.allotted, *self.queue.waiting)]
        assert len(items) == len(set(items)), "one item serves one hold"
        assert len(holds) == len(set(holds)), "one hold stands once"
        assert set(holds) | self.ended == set(self.joined)
        assert not set(holds) & self.ended, "what ended does not come back"
        places = [one.place for one in self.queue.waiting]
        assert places == sorted(places), "the order stands"
        assert self.queue.active == sum(not one.frozen for one in self.queue.waiting)
        assert self.length == self.queue.active, "circulation knows how many wait"


def _applied(document: dict[str, Any], changes: Any) -> dict[str, Any]:
    """What the datastore does with the operators this service uses."""
    found = {**document, "waiting": list(document["waiting"]), "allotted": list(document["allotted"])}
    touched: list[str] = []
    for operator, fields in changes.items():
        for name, value in fields.items():
            touched.append(name.partition(".")[0])
            match operator:
                case "$pull":
                    [(key, wanted)] = value.items()
                    found[name] = [one for one in found[name] if one[key] not in wanted["$in"]]
                case "$push":
                    at = value.get("$position", len(found[name]))
                    found[name] = [*found[name][:at], *value["$each"], *found[name][at:]]
                case "$set" if "." in name:
                    listed, _, place_ = name.partition(".")
                    found[listed][int(place_)] = value
                case "$set":
                    found[name] = value
    assert len(touched) == len(set(touched)), "one operator per field, or the datastore refuses"
    return found


numbers = st.integers(min_value=0, max_value=3)  # few, so that they meet
items = st.integers(min_value=0, max_value=2)
branches = st.sampled_from([LERUM, PARTILLE])
STEPS = st.one_of(
    st.tuples(st.just("place"), numbers, branches),
    st.tuples(st.just("scan"), items, branches),
    st.tuples(st.just("hand in"), items, numbers, branches),
    st.tuples(st.just("old scan"), items, branches),
    st.tuples(st.just("shelve"), items),
    st.tuples(st.just("refuse"), items),
    st.tuples(st.just("gone"), items),
    st.tuples(st.just("lend"), items, numbers, st.booleans()),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("freeze"), numbers, st.booleans()),
    st.tuples(st.just("move"), numbers, branches),
    st.tuples(st.just("expire"), numbers),
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=40))
def test_whatever_happens_one_item_serves_one_hold_and_the_order_stands(
    books: PolicyBooks, steps: list[tuple[Any, ...]]
) -> None:
    model = Model(books)
    for step in steps:
        _take(model, step)
        model.check()


@pytest.mark.parametrize("later", [1, 0])
def test_a_hold_that_is_allotted_again_in_the_decision_it_leaves_by_is_stored_where_it_stands(
    books: PolicyBooks, later: int
) -> None:
    """Stored by its new place alone, the entry that stood there would be lost, and its hold with it."""
    model = Model(books)
    for step in (("place", 1, LERUM), ("place", 2, LERUM), ("scan", 0, LERUM), ("scan", 1, LERUM)):
        _take(model, step)
    first, second = model.queue.allotted
    after = replace(model.queue, allotted=(second, replace(first, scan=first.scan + later)))
    stored = queue_of("t", _applied(row_of(model.queue), operators(model.queue, after)))
    assert stored.allotted == after.allotted


def _take(model: Model, step: tuple[Any, ...]) -> None:
    kind, *rest = step
    model.sequence += 1
    STORIES[kind](model, *rest)


def _places(model: Model, number: int, branch: str) -> None:
    hold = HoldId(f"h{model.sequence}")
    placing = Placing(
        hold=hold, patron=PatronId(f"p{number}"), title=TitleId("t"), channel="web", pickup=BranchId(branch)
    )
    outcome = model.take(place(model.queue, placing, facts(model.books)))
    if not isinstance(outcome, tuple):
        model.joined[hold] = f"p{number}"


def _scans(model: Model, number: int, branch: str) -> None:
    before = model.queue
    asked = scan(f"i{number}", model.sequence, branch)
    _check_served(model, before, model.take(route(before, asked, facts(model.books))))


def _hands_in(model: Model, number: int, patron: int, branch: str) -> None:
    """The item comes back before its loan was heard of."""
    before, borrower = model.queue, PatronId(f"p{patron}")
    scanned = scan(f"i{number}", model.sequence, branch)
    loan = ClosedLoan(
        loan="l", patron=borrower, patron_member="vast", branch=branch, borrowed_at=NOW + timedelta(days=1),
        due=date(2027, 1, 1), returned_at=NOW + timedelta(days=2),
    )  # fmt: skip
    verdict = hand_in(before, scanned, loan, facts(model.books))
    model.take(verdict)
    assert model.queue.wait_by(borrower) is None and model.queue.allotted_by(borrower) is None
    kept = {one.item for one in model.queue.allotted}
    routed = {one.item for one in verdict.events if isinstance(one, ItemRouted)}
    assert {one.item for one in before.allotted} - kept - {scanned.item} <= routed
    repeated = hand_in(model.queue, scanned, loan, facts(model.books))
    assert repeated.queue is None or isinstance(verdict.outcome, Unheld)


def _scans_again(model: Model, number: int, branch: str) -> None:
    before = model.queue
    if entry := before.allotted_item(ItemBarcode(f"i{number}")):
        model.take(route(before, scan(entry.item, entry.scan, branch), facts(model.books)))
        assert model.queue == before


def _shelves(model: Model, number: int) -> None:
    if entry := model.queue.allotted_item(ItemBarcode(f"i{number}")):
        known = facts(model.books)
        model.take(shelve(model.queue, entry.item, entry.hold, entry.pickup, NOW, model.sequence, known))


def _refuses(model: Model, number: int) -> None:
    if entry := model.queue.allotted_item(ItemBarcode(f"i{number}")):
        model.take(routing_refused(model.queue, entry.item, entry.hold, entry.scan))
        assert model.queue.wait_of(entry.hold) is not None


def _loses(model: Model, number: int) -> None:
    model.take(item_gone(model.queue, ItemBarcode(f"i{number}"), model.sequence))


def _lends(model: Model, number: int, patron: int, past: bool) -> None:
    item, borrower = ItemBarcode(f"i{number}"), PatronId(f"p{patron}")
    before = {one.item for one in model.queue.allotted}
    lending = Lending(
        item=item, patron=borrower, loan="l", borrowed_at=NOW + timedelta(days=1),
        sequence=0 if past else model.sequence, past=past, away=not past,
    )  # fmt: skip
    verdict = lend(model.queue, lending, facts(model.books))
    model.take(verdict)
    kept = {one.item for one in model.queue.allotted}
    routed = {one.item for one in verdict.events if isinstance(one, ItemRouted)}
    lent = set() if past else {item}
    assert before - kept - lent <= routed  # an item that serves nobody any more is sent on
    assert model.queue.wait_by(borrower) is None and model.queue.allotted_by(borrower) is None
    if not past:
        assert model.queue.allotted_item(item) is None


def _expires(model: Model, number: int) -> None:
    if entry := model.queue.allotted_by(PatronId(f"p{number}")):
        late = replace(facts(model.books), now=NOW + timedelta(days=30))
        ended = model.take(expire_uncollected(model.queue, entry.hold, entry.allotment, late))
        assert ended == (entry.state == "ready")


def _cancels(model: Model, number: int) -> None:
    outcome = _wishes(model, number, cancel=True)
    assert outcome is None or isinstance(outcome, Cancelled)


def _freezes(model: Model, number: int, frozen: bool) -> None:
    _wishes(model, number, frozen=frozen)


def _moves(model: Model, number: int, branch: str) -> None:
    _wishes(model, number, pickup=branch)


def _wishes(model: Model, number: int, **wish: Any) -> Any:
    patron = PatronId(f"p{number}")
    held = model.queue.wait_by(patron) or model.queue.allotted_by(patron)
    if held is None:
        return None
    return model.take(change(model.queue, Wish(hold=held.hold, **wish), facts(model.books)))


STORIES: dict[str, Any] = {
    "place": _places, "scan": _scans, "hand in": _hands_in, "old scan": _scans_again, "shelve": _shelves,
    "refuse": _refuses, "gone": _loses, "lend": _lends, "expire": _expires, "cancel": _cancels,
    "freeze": _freezes, "move": _moves,
}  # fmt: skip


def _check_served(model: Model, before: Queue, outcome: Any) -> None:
    """Nobody later in the queue got an item that an earlier hold could have had."""
    if isinstance(outcome, Routed) and outcome.entry.hold in {one.hold for one in before.waiting}:
        first = next(one for one in before.waiting if not one.frozen)
        assert outcome.entry.hold == first.hold
        passed = [one.hold for one in outcome.entry.decision.passed]
        assert passed == [one.hold for one in before.waiting if one.place < first.place]
