"""What a device prints on a slip or a receipt: in the branch's language, no name and no title."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from samlan_contracts.forms import member_of
from samlan_contracts.policy import PolicyBooks, UnknownMember
from samlan_contracts.policy.texts import Language, first_written

from samlan_circulation.domain.outcomes import ROUTING_PENDING, Answer

LINES: Final[dict[Language, dict[str, str]]] = {
    "sv": {
        "shelf": "HÄMTHYLLA", "transit": "TRANSPORT", "home": "TILLBAKA PÅ HYLLAN",
        "exception": "LÄMNA TILL PERSONALEN", "borrower": "Låntagar-ID: {borrower_id}",
        "to": "Till: {branch}", "item": "Exemplar: {item}", "why": "Orsak: {why}",
        "loan": "LÅNEKVITTO", "due": "Lämnas tillbaka senast: {due}",
    },
    "da": {
        "shelf": "AFHENTNINGSHYLDE", "transit": "TRANSPORT", "home": "TILBAGE PÅ HYLDEN",
        "exception": "AFLEVER TIL PERSONALET", "borrower": "Låner-ID: {borrower_id}",
        "to": "Til: {branch}", "item": "Eksemplar: {item}", "why": "Årsag: {why}",
        "loan": "UDLÅNSKVITTERING", "due": "Afleveres senest: {due}",
    },
    "en": {
        "shelf": "PICKUP SHELF", "transit": "TRANSIT", "home": "BACK ON THE SHELF",
        "exception": "HAND TO STAFF", "borrower": "Borrower id: {borrower_id}",
        "to": "To: {branch}", "item": "Item: {item}", "why": "Why: {why}",
        "loan": "LOAN RECEIPT", "due": "To be returned by: {due}",
    },
}  # fmt: skip
WHY: Final[dict[Language, dict[str, str]]] = {
    "sv": {
        ROUTING_PENDING: "skanna igen om en stund",
        "not_accepted_here": "tas inte emot här",
        "unknown_item": "okänt exemplar",
        "withdrawn": "gallrat exemplar",
        "superseded": "har skannats senare på annan plats",
        "unknown_card": "okänt kort",
        "blocked_card": "spärrat kort",
        "in_the_future": "automatens klocka går fel",
        "too_old_to_place": "för gammal uppgift",
        "sequence_reused": "automatens löpnummer är redan använt",
        "id_reused": "automatens nummer är redan använt",
        "unknown_branch": "okänt bibliotek",
        "wrong_branch": "fel bibliotek",
        "unknown_device": "okänd automat",
        "forged_device": "fel automat",
        "unreadable": "oläslig uppgift",
        "too_large": "för stor uppgift",
        "unsupported_version": "okänd version",
        "unknown_type": "okänd uppgift",
        "missing_field": "ofullständig uppgift",
        "malformed_field": "felaktig uppgift",
    },
    "da": {
        ROUTING_PENDING: "scan igen om lidt",
        "not_accepted_here": "modtages ikke her",
        "unknown_item": "ukendt eksemplar",
        "withdrawn": "kasseret eksemplar",
        "superseded": "er scannet senere et andet sted",
        "unknown_card": "ukendt kort",
        "blocked_card": "spærret kort",
        "in_the_future": "automatens ur går forkert",
        "too_old_to_place": "for gammel oplysning",
        "sequence_reused": "automatens løbenummer er allerede brugt",
        "id_reused": "automatens nummer er allerede brugt",
        "unknown_branch": "ukendt bibliotek",
        "wrong_branch": "forkert bibliotek",
        "unknown_device": "ukendt automat",
        "forged_device": "forkert automat",
        "unreadable": "ulæselig oplysning",
        "too_large": "for stor oplysning",
        "unsupported_version": "ukendt version",
        "unknown_type": "ukendt oplysning",
        "missing_field": "ufuldstændig oplysning",
        "malformed_field": "forkert oplysning",
    },
    "en": {
        ROUTING_PENDING: "scan again in a moment",
        "not_accepted_here": "not accepted here",
        "unknown_item": "unknown item",
        "withdrawn": "withdrawn item",
        "superseded": "was scanned later elsewhere",
        "unknown_card": "unknown card",
        "blocked_card": "blocked card",
        "in_the_future": "the machine's clock is wrong",
        "too_old_to_place": "too old to tell",
        "sequence_reused": "the machine's running number was used before",
        "id_reused": "the machine's number was used before",
        "unknown_branch": "unknown branch",
        "wrong_branch": "wrong branch",
        "unknown_device": "unknown machine",
        "forged_device": "wrong machine",
        "unreadable": "cannot be read",
        "too_large": "too large",
        "unsupported_version": "unknown version",
        "unknown_type": "unknown kind",
        "missing_field": "incomplete",
        "malformed_field": "malformed",
    },
}


def reply(
    answer: Answer,
    *,
    fact: str,
    item: str | None,
    borrower_id: str | None,
    language: Language,
    branch_name: str | None,
) -> dict[str, Any]:
    """The answer a device gets, with the slip to print."""
    hold = {"borrower_id": borrower_id} if answer.hold and borrower_id else None
    return {
        "id": fact, "item": item, "bin": answer.bin, "branch": answer.branch, "hold": hold,
        "reason": answer.reason,
        "slip": slip(answer, item, borrower_id if hold else None, language, branch_name),
    }  # fmt: skip


def slip(
    answer: Answer, item: str | None, borrower_id: str | None, language: Language, branch_name: str | None
) -> list[str]:
    """The lines of the slip; none when there is no bin to put anything into."""
    if answer.bin is None:
        return []
    words = LINES[language]
    lines = [words[answer.bin]]
    if answer.bin == "shelf" and borrower_id:
        lines.append(words["borrower"].format(borrower_id=borrower_id))
    if answer.bin in ("transit", "exception") and answer.branch:
        lines.append(words["to"].format(branch=branch_name or answer.branch))
    if answer.reason:
        why = WHY[language].get(answer.reason, answer.reason)
        lines.append(words["why"].format(why=why))
    if item:
        lines.append(words["item"].format(item=item))
    return lines


def loan_receipt(item: str, due: date, language: Language) -> list[str]:
    """The lines of the receipt for a loan, with the day it is due (D11, K12)."""
    words = LINES[language]
    return [words["loan"], words["item"].format(item=item), words["due"].format(due=due.isoformat())]


def language_of(books: PolicyBooks, branch: str) -> Language:
    """The language that a branch's member speaks, where slips are written in it."""
    try:
        return first_written(books.book(member_of(branch)).language)
    except UnknownMember:
        return first_written()
