"""What follows from an act: its due date, what it costs, what is told of it, and what being late leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from samlan_contracts.policy import (
    Decision,
    PolicyBooks,
    UnknownFee,
    creditor,
    fee,
    invoice_terms,
    loan_period,
    notice_rules,
    overdue_fee,
    overdue_stages,
    replacement_price,
)
from samlan_contracts.policy.figures import FeeKind, NoticeKind
from samlan_contracts.policy.says import money
from samlan_contracts.policy.texts import LANGUAGES
from samlan_contracts.shapes import Because

from samlan.policy.cases import Act, Case, Explained
from samlan.policy.words import joined, listed, name, sentences, text

STAGES: Final[dict[str, tuple[NoticeKind, FeeKind]]] = {
    "reminder_1": ("overdue_1", "reminder_1"),
    "reminder_2": ("overdue_2", "reminder_2"),
    "invoiced": ("invoice", "invoice"),
}


def by_rules(act: Act, decision: str, value: Any, because: Because) -> Explained:
    """A decision that the rules behind it put into words."""
    return Explained(
        act=act, decision=decision, value=value, says=joined(sentences(because)), because=because
    )


def due_date(case: Case, books: PolicyBooks) -> Decision[date]:
    """The due date of a loan made, or renewed, in this case."""
    return loan_period(
        books, item=case.item, patron=case.patron, branch=case.branch, queue_length=case.holds_waiting,
        at=case.at, service=case.service,
    )  # fmt: skip


def noon(case: Case, day: date) -> datetime:
    """Noon of a day at the branch."""
    return datetime.combine(day, time(12), case.branch.zone)


def fee_if_returned(case: Case, books: PolicyBooks, due: date, returned_at: datetime) -> Explained:
    """What a return at an instant costs."""
    decided = overdue_fee(
        books, item=case.item, patron=case.patron, due=due, returned_at=returned_at, branch=case.branch
    )
    total = decided.value.total
    returned = case.branch.local_date(returned_at).isoformat()
    amount: dict[str, str] = {language: money(total, language) for language in LANGUAGES}
    said = text("late", returned=returned, amount=amount)
    if not decided.value.days_late and not decided.because:
        said = text("in_time", returned=returned, due=due.isoformat())
    return Explained(
        act="return", decision="overdue_fee",
        value={**total.as_json(), "returned": returned, "days_late": decided.value.days_late},
        says=joined([said, *sentences(decided.because)]), because=decided.because,
    )  # fmt: skip


def afterwards(act: Act, case: Case, books: PolicyBooks, due: date) -> Iterator[Explained]:
    """What a loan with this due date leads to: a reminder, the stages of being late, a fee."""
    soon = notice_rules(books, member=case.patron.member, kind="due_soon", on=due).value
    ahead = due - timedelta(days=soon.days_before_due) if soon.days_before_due is not None else None
    yield notice(act, case, books, "due_soon", case.patron.member, ahead)
    returned_at = case.returned_at or noon(case, due + timedelta(days=1))
    yield replace(fee_if_returned(case, books, due, returned_at), act=act)
    owed_to = creditor(books, item=case.item.member, patron=case.patron.member, branch=case.branch.member)
    stages = overdue_stages(books, member=owed_to, due=due)
    for stage, why in zip(stages.value, stages.because, strict=True):
        kind, charged = STAGES[stage.stage]
        told = notice(act, case, books, kind, owed_to, stage.on)
        yield replace(told, says=joined([told.says, why["says"]]), because=[why, *told.because])
        yield from single_fee(act, replace(case, at=noon(case, stage.on)), books, charged, owed_to)
        if stage.stage == "invoiced":
            yield from _invoice(act, case, books, due, stage.on, owed_to)


def _invoice(
    act: Act, case: Case, books: PolicyBooks, due: date, on: date, member: str
) -> Iterator[Explained]:
    late = overdue_fee(
        books, item=case.item, patron=case.patron, due=due, returned_at=noon(case, on), branch=case.branch
    )
    yield by_rules(act, "late_days_invoiced", late.value.total.as_json(), late.because)
    price = replacement_price(books, item=case.item, on=on)
    terms = invoice_terms(books, member=member, on=on)
    yield by_rules(act, "replacement", price.value.as_json(), price.because)
    payable, collected = terms.value.payable_within.after(on), terms.value.collection_after
    days = {"payable": payable.isoformat(), "collection": collected.after(payable).isoformat()}
    yield by_rules(act, "invoice_terms", days, terms.because)


def single_fee(act: Act, case: Case, books: PolicyBooks, kind: FeeKind, member: str) -> Iterator[Explained]:
    """What a fee of this kind costs, where the member's book knows one."""
    try:
        decided = fee(books, member=member, kind=kind, patron=case.patron, on=case.day)
    except UnknownFee:
        return
    value = decided.value.as_json() if decided.value is not None else None
    yield by_rules(act, f"fee_{kind}", value, decided.because)


def notice(
    act: Act, case: Case, books: PolicyBooks, kind: NoticeKind, member: str, on: date | None = None
) -> Explained:
    """Whether and how this is told, to whom, and when."""
    day = on or case.day
    decided = notice_rules(books, member=member, kind=kind, on=day)
    terms = decided.value
    age = case.patron.age_on(day)
    child = terms.guardian_under is not None and age is not None and age < terms.guardian_under
    wanted = case.receipts if kind == "receipt" else case.wants_notices
    sent = terms.sent and bool(terms.channels)
    value = {
        "sent": sent, "on": on.isoformat() if on else None, "channels": list(terms.channels),
        "to": "guardian" if child else "patron", "only_if_asked_for": terms.opt_in,
    }  # fmt: skip
    if not sent:
        return Explained(
            act=act, decision=f"notice_{kind}", value=value, says=text("not_told", notice=name(kind)),
            because=decided.because,
        )  # fmt: skip
    said = text(
        "if_wanted" if terms.opt_in and not wanted else "told", notice=name(kind),
        when=f" {on.isoformat()}" if on else "", whom=name("guardian" if child else "patron"),
        channels=listed(terms.channels),
    )  # fmt: skip
    return Explained(act=act, decision=f"notice_{kind}", value=value, says=said, because=decided.because)
