"""What the books decide in one case, act by act; the same functions decide in the services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final, TypedDict

from samlan_contracts.policy import (
    BookSilent,
    BranchCalendar,
    Decision,
    ItemFacts,
    PatronFacts,
    PolicyBooks,
    UnknownFee,
    accepts_return,
    acts_stopped,
    book_drop,
    creditor,
    fee,
    hold_terms,
    invoice_terms,
    loan_period,
    may_borrow_more,
    may_serve,
    notice_rules,
    old_enough,
    overdue_fee,
    overdue_stages,
    plainly,
    renewable_with_queue,
    renewals_left,
    replacement_price,
    shelf_deadline,
    temporary_may,
)
from samlan_contracts.policy.figures import FeeKind, NoticeKind
from samlan_contracts.policy.says import money
from samlan_contracts.shapes import Because

from samlan.policy.cases import Act, Case, Explained, Sentence, Stop
from samlan.policy.words import LANGUAGES, after, joined, listed, name, text

Refusal = tuple[str, Because]
STAGES: Final[dict[str, tuple[NoticeKind, FeeKind]]] = {
    "reminder_1": ("overdue_1", "reminder_1"),
    "reminder_2": ("overdue_2", "reminder_2"),
    "invoiced": ("invoice", "invoice"),
}


def explain(case: Case, books: PolicyBooks, acts: Iterable[Act]) -> list[Explained]:
    """Every decision about these acts, each with its sentence and its reasons."""
    return [decision for act in acts for decision in _ACTS[act](case, books)]


# -- refusals ------------------------------------------------------------------------------------------------


def refusals_to_borrow(case: Case, books: PolicyBooks) -> list[Refusal]:
    """Every reason why the item is not lent, in the order in which circulation asks."""
    asked = _asked(case)
    found: list[Refusal] = []
    if not case.loanable:
        found.append(("not_for_loan", plainly("not_for_loan")))
    if case.loan is not None:
        found.append(("already_on_loan", plainly("already_on_loan")))
    if case.kept_for_another:
        found.append(("reserved", plainly("reserved")))
    found += _temporary(case, books, "borrow") + _blocks(case, books, "borrow")
    found += _unless(old_enough(books, **asked), "age_limit")
    more = may_borrow_more(books, on_loan=case.on_loan, **asked)
    return found + _unless(more, "too_many_loans")


def refusals_to_renew(case: Case, books: PolicyBooks) -> list[Refusal]:
    """Every reason why the loan is not renewed, in the order in which circulation asks."""
    if case.loan is None:
        return [("not_on_loan", [])]
    asked = _asked(case)
    waiting = renewable_with_queue(books, queue_length=case.holds_waiting, **asked)
    left = renewals_left(books, renewals=case.loan.renewals, **asked)
    found: list[Refusal] = [] if case.loan.own else [("not_your_loan", plainly("not_your_loan"))]
    return [
        *found, *_unless(waiting, "others_are_waiting"), *_unless(left, "no_renewals_left"),
        *_blocks(case, books, "renew"),
    ]  # fmt: skip


def refusals_to_hold(case: Case, books: PolicyBooks) -> list[Refusal]:
    """Every reason why the title is not held for this patron."""
    found = _temporary(case, books, "hold") + _blocks(case, books, "hold")
    terms = hold_terms(books, member=case.patron.member, on=case.day)
    if case.hold_channel is not None and case.hold_channel not in terms.value.channels:
        found.append(("channel_not_offered", terms.because))
    if case.has_title:
        found.append(("has_it_on_loan", plainly("has_it_on_loan")))
    if case.holds_title:
        found.append(("already_held", plainly("already_held")))
    return found


def _temporary(case: Case, books: PolicyBooks, act: Act) -> list[Refusal]:
    if not case.patron.temporary or act not in ("borrow", "hold"):
        return []
    may = temporary_may(books, member=case.patron.member, act=act, on=case.day)
    return _unless(may, "temporary_account")


def _blocks(case: Case, books: PolicyBooks, act: Act) -> list[Refusal]:
    """Each cause that stops the act: recorded ones as they stand, debts by the books of the day."""
    found: list[Refusal] = [("blocked", one.because or _plain(one)) for one in case.stops if act in one.acts]
    found += [("blocked", one.because) for one in debts_that_stop(case, books) if act in one.value]
    return found


def _plain(stop: Stop) -> Because:
    return [{"cause": stop.cause, "says": text("blocked", cause=name(stop.cause))}]


def debts_that_stop(case: Case, books: PolicyBooks) -> list[Decision[frozenset[str]]]:
    """What each debt stops by the book of the patron's member, member by member (K28, O30, O31)."""
    age = case.patron.age_on(case.day)
    return [
        acts_stopped(
            books, member=case.patron.member, creditor=debt.member, cause="debt", balance=debt.balance,
            age=age, on=case.day,
        )
        for debt in case.debts
    ]  # fmt: skip


def _unless(decided: Decision[bool], reason: str) -> list[Refusal]:
    return [] if decided.value else [(reason, decided.because)]


def _allowed(act: Act, refusals: list[Refusal], because: Because) -> Explained:
    told = [_sentence(reason, why) for reason, why in refusals]
    says = after(f"{act}_no", told) if refusals else joined([text(f"{act}_yes"), *_said(because)])
    reasons = list(dict.fromkeys(reason for reason, _ in refusals))
    stated = [why for _, found in refusals for why in found if "rule" in why]
    return Explained(
        act=act, decision="allowed", value={"allowed": not refusals, "reasons": reasons}, says=says,
        because=stated if refusals else because,
    )  # fmt: skip


def _sentence(reason: str, because: Because) -> Sentence:
    said = _said(because)
    return joined(said) if said else text(reason)


def _said(because: Because) -> list[Sentence]:
    return [why["says"] for why in because if why.get("says")]


# -- acts ----------------------------------------------------------------------------------------------------


def _borrow(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    old = old_enough(books, item=case.item, patron=case.patron, branch=case.branch, at=case.at)
    yield _allowed("borrow", refusals_to_borrow(case, books), old.because)
    due = due_date(case, books)
    yield Explained(
        act="borrow", decision="due_date", value=due.value.isoformat(), says=joined(_said(due.because)),
        because=due.because,
    )  # fmt: skip
    yield from _afterwards("borrow", case, books, due.value)


def _renew(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    refusals = refusals_to_renew(case, books)
    asked = _asked(case)
    loan = case.loan
    left = renewals_left(books, renewals=loan.renewals, **asked) if loan else None
    yield _allowed("renew", refusals, left.because if left else [])
    if loan is None:
        return
    due = due_date(case, books)
    after = max(due.value, loan.due)
    yield Explained(
        act="renew", decision="due_date", value=after.isoformat(), says=joined(_said(due.because)),
        because=due.because,
    )  # fmt: skip
    if not refusals:
        yield from _afterwards("renew", case, books, after)


def _return(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    case = replace(case, at=case.returned_at or case.at)
    accepts = accepts_return(books, branch=case.branch, item_member=case.item.member, at=case.at)
    value = {"accepted": accepts.value.accepted, "loan_closes": accepts.value.closes}
    yield Explained(
        act="return", decision="accepted", value=value, says=joined(_said(accepts.because)),
        because=accepts.because,
    )  # fmt: skip
    counts = Decision(case.at)
    if case.dropped:
        counts = book_drop(books, branch=case.branch, item_member=case.item.member, at=case.at)
    yield Explained(
        act="return", decision="counts_as_returned", value=counts.value.isoformat(),
        says=joined(_said(counts.because)) if counts.because else text("counts_at_once"),
        because=counts.because,
    )  # fmt: skip
    if case.loan is None or not (case.loan.own and accepts.value.accepted):
        return
    charged = fee_if_returned(case, books, case.loan.due, counts.value)
    yield charged
    if charged.value["amount"]:
        yield _notice("return", case, books, "fee_charged", case.item.member)
    yield _notice("return", case, books, "receipt", case.patron.member)


def _hold(case: Case, books: PolicyBooks) -> Iterator[Explained]:
    terms = hold_terms(books, member=case.patron.member, on=case.day)
    yield _allowed("hold", refusals_to_hold(case, books), terms.because)
    serves = may_serve(books, item=case.item, patron=case.patron, pickup=case.branch, at=case.at)
    yield Explained(
        act="hold", decision="item_may_serve", value=serves.value, says=joined(_said(serves.because)),
        because=serves.because,
    )  # fmt: skip
    yield from _single_fee("hold", case, books, "hold", case.patron.member)
    shelf = shelf_deadline(books, pickup=case.branch, patron_member=case.patron.member, ready_at=case.at)
    yield Explained(
        act="hold", decision="pickup_shelf", value=shelf.value.isoformat(), says=joined(_said(shelf.because)),
        because=shelf.because,
    )  # fmt: skip
    yield _notice("hold", case, books, "hold_ready", case.branch.member)


_ACTS: Final[dict[Act, Callable[[Case, PolicyBooks], Iterator[Explained]]]] = {
    "borrow": _borrow, "renew": _renew, "return": _return, "hold": _hold,
}  # fmt: skip


class _Asked(TypedDict):
    item: ItemFacts
    patron: PatronFacts
    branch: BranchCalendar
    at: datetime


def _asked(case: Case) -> _Asked:
    return {"item": case.item, "patron": case.patron, "branch": case.branch, "at": case.at}


# -- figures -------------------------------------------------------------------------------------------------


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
        says=joined([said, *_said(decided.because)]), because=decided.because,
    )  # fmt: skip


def _afterwards(act: Act, case: Case, books: PolicyBooks, due: date) -> Iterator[Explained]:
    """What a loan with this due date leads to: a reminder, the stages of being late, a fee."""
    soon = notice_rules(books, member=case.patron.member, kind="due_soon", on=due).value
    ahead = due - timedelta(days=soon.days_before_due) if soon.days_before_due is not None else None
    yield _notice(act, case, books, "due_soon", case.patron.member, ahead)
    returned_at = case.returned_at or noon(case, due + timedelta(days=1))
    yield replace(fee_if_returned(case, books, due, returned_at), act=act)
    owed_to = creditor(books, item=case.item.member, patron=case.patron.member, branch=case.branch.member)
    stages = overdue_stages(books, member=owed_to, due=due)
    for stage, why in zip(stages.value, stages.because, strict=True):
        kind, charged = STAGES[stage.stage]
        told = _notice(act, case, books, kind, owed_to, stage.on)
        yield replace(told, says=joined([told.says, why["says"]]), because=[why, *told.because])
        yield from _single_fee(act, replace(case, at=noon(case, stage.on)), books, charged, owed_to)
        if stage.stage == "invoiced":
            yield from _invoice(act, case, books, stage.on, owed_to)


def _invoice(act: Act, case: Case, books: PolicyBooks, on: date, member: str) -> Iterator[Explained]:
    price = replacement_price(books, item=case.item, on=on)
    terms = invoice_terms(books, member=member, on=on)
    yield Explained(
        act=act, decision="replacement", value=price.value.as_json(), says=joined(_said(price.because)),
        because=price.because,
    )  # fmt: skip
    payable, collected = terms.value.payable_within.after(on), terms.value.collection_after
    yield Explained(
        act=act, decision="invoice_terms", says=joined(_said(terms.because)), because=terms.because,
        value={"payable": payable.isoformat(), "collection": collected.after(payable).isoformat()},
    )  # fmt: skip


def _single_fee(act: Act, case: Case, books: PolicyBooks, kind: FeeKind, member: str) -> Iterator[Explained]:
    try:
        decided = fee(books, member=member, kind=kind, patron=case.patron, on=case.day)
    except UnknownFee:
        return
    value = decided.value.as_json() if decided.value is not None else None
    yield Explained(
        act=act, decision=f"fee_{kind}", value=value, says=joined(_said(decided.because)),
        because=decided.because,
    )  # fmt: skip


def _notice(
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


def silent(act: Act) -> Explained:
    """A book that has no rule for the case."""
    return Explained(act=act, decision="no_rule", value=None, says=text("no_rule"))


def explain_what_can_be(case: Case, books: PolicyBooks, acts: Iterable[Act]) -> list[Explained]:
    """As `explain`, and an act about which a book is silent says so."""
    found: list[Explained] = []
    for act in acts:
        try:
            found += explain(case, books, (act,))
        except BookSilent:
            found.append(silent(act))
    return found
