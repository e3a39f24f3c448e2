"""Accounts: from which age a card, when a guardian consents, and what patrons do without staff."""

from __future__ import annotations

from datetime import date

from samlan_contracts.policy.because import Decision, reason
from samlan_contracts.policy.books import PolicyBooks
from samlan_contracts.policy.facts import Case
from samlan_contracts.policy.rules import Account


def old_enough_for_a_card(books: PolicyBooks, *, member: str, age: int, on: date) -> Decision[bool]:
    """Whether somebody of this age may have a card (K07); yes where the book says nothing."""
    rule = _rule(books, member, on)
    if rule is None or rule.card_from is None:
        return Decision(True)
    allowed = age >= rule.card_from
    sentence = "card_from" if allowed else "too_young_for_a_card"
    return Decision(allowed, [reason(books.book(member), rule, sentence, card_from=rule.card_from, age=age)])


def guardian_consents(books: PolicyBooks, *, member: str, age: int, on: date) -> Decision[bool]:
    """Whether a patron of this age needs a guardian's consent (K07, O34, O35); no where it is silent."""
    rule = _rule(books, member, on)
    if rule is None or rule.guardian_under is None:
        return Decision(False)
    needed = age < rule.guardian_under
    sentence = "guardian_consents" if needed else "own_identification"
    why = reason(books.book(member), rule, sentence, guardian_under=rule.guardian_under, age=age)
    return Decision(needed, [why])


def may_change_contact_alone(books: PolicyBooks, *, member: str, age: int, on: date) -> Decision[bool]:
    """Whether a patron of this age changes contact details alone (G03); yes where it is silent."""
    rule = _rule(books, member, on)
    if rule is None or rule.contact_alone_from is None:
        return Decision(True)
    allowed = age >= rule.contact_alone_from
    sentence = "contact_alone" if allowed else "contact_at_the_desk"
    why = reason(books.book(member), rule, sentence, contact_alone_from=rule.contact_alone_from, age=age)
    return Decision(allowed, [why])


def may_block_own_card(books: PolicyBooks, *, member: str, on: date) -> Decision[bool]:
    """Whether patrons block a lost card alone (K09, O04, V15; not D08); yes where it is silent."""
    rule = _rule(books, member, on)
    if rule is None:
        return Decision(True)
    sentence = "card_blocked_alone" if rule.patrons_block_cards else "card_blocked_at_the_desk"
    why = reason(books.book(member), rule, sentence, patrons_block_cards=rule.patrons_block_cards)
    return Decision(rule.patrons_block_cards, [why])


def pin_digits(books: PolicyBooks, *, member: str, on: date) -> Decision[int | None]:
    """How many digits a PIN has (K08, V09); None where the book is silent."""
    rule = _rule(books, member, on)
    if rule is None:
        return Decision(None)
    why = reason(books.book(member), rule, "pin_digits", pin_digits=rule.pin_digits)
    return Decision(rule.pin_digits, [why])


def _rule(books: PolicyBooks, member: str, on: date) -> Account | None:
    return books.book(member).subject(Account).first(Case(day=on))
