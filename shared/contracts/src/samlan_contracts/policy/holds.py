"""Holds: which items may serve which hold, how long a held item waits, where holds are placed."""

from __future__ import annotations

from datetime import date, datetime

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.books import PolicyBooks, rule_for
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.policy.facts import Case, Item, Parties, PatronFacts
from samlan_contracts.policy.figures import HoldChannel
from samlan_contracts.policy.rules import HoldItems, HoldTerms, PickupShelf
from samlan_contracts.shapes import Because


def may_serve(
    books: PolicyBooks, *, item: Item, patron: PatronFacts, pickup: BranchCalendar, at: datetime
) -> Decision[bool]:
    """Whether this item may serve this patron's hold at that pickup branch (K37, K40, O23, V01).

    Both the patron's member and the pickup branch's must take it; a refusal names each that does not.
    """
    allowed: Because = []
    refused: Because = []
    for member in dict.fromkeys((patron.member, pickup.member)):
        book = books.book(member)
        case = Case(
            day=pickup.local_date(at), material=item.material, audience=item.audience, home=item.home,
            items="own" if item.member == member else "foreign",
        )  # fmt: skip
        rule = rule_for(book, HoldItems, case)
        sentence = "may_serve" if rule.may_serve else "may_not_serve"
        why = reason(
            book,
            rule,
            sentence,
            item_member=books.named(item.member),
            member=books.named(member),
            pickup=pickup.branch,
        )
        (allowed if rule.may_serve else refused).append(why)
    return Decision(not refused, refused or allowed)


def shelf_deadline(
    books: PolicyBooks, *, pickup: BranchCalendar, patron_member: str, ready_at: datetime
) -> Decision[date]:
    """The last day, inclusive, on which a held item waits; it runs out when the branch closes that day."""
    book = books.answering("pickup_shelf", Parties(patron=patron_member, branch=pickup.member))
    ready_day = pickup.local_date(ready_at)
    rule = rule_for(book, PickupShelf, Case(day=ready_day))
    if rule.counts == "opening_days":
        last = pickup.opening_days_after(ready_day, (rule.shelf_time.after(ready_day) - ready_day).days)
    else:
        last = rule.shelf_time.after(ready_day)
    if rule.ends_on == "opening_day":
        last = pickup.opening_day_from(last)
    why = reason(
        book, rule, "shelf_deadline", last_day=last, shelf_time=rule.shelf_time, ready_day=ready_day,
        counts=rule.counts, pickup=pickup.branch,
    )  # fmt: skip
    return Decision(last, [why])


def hold_channels(books: PolicyBooks, *, member: str, on: date) -> Decision[frozenset[HoldChannel]]:
    """Where a member's patrons place holds (D17)."""
    book = books.book(member)
    rule = rule_for(book, HoldTerms, Case(day=on))
    return Decision(rule.channels, [reason(book, rule, "hold_terms", channels=rule.channels)])


def local_first(books: PolicyBooks, *, item_member: str, on: date) -> Decision[int]:
    """Within how many places a hold for the branch where an item is goes first (0: strict order)."""
    book = books.book(item_member)
    rule = rule_for(book, HoldTerms, Case(day=on))
    places = rule.local_first_places
    why = reason(book, rule, "local_first", local_first_places=places)
    return Decision(places, [why] if places else [])
