"""Named people, titles and branches, kept in one place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from samlan_contracts.events.accounts import PatronDescribed
from samlan_contracts.events.billing import FeeCharged, InvoicedFee, InvoiceIssued
from samlan_contracts.events.catalog import BranchDescribed, TitleDescribed
from samlan_contracts.events.circulation import ItemReturned, LoanStageReached
from samlan_contracts.events.holds import HoldExpired, HoldReady
from samlan_contracts.shapes import ClosedLoan, Thing

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)

ANNA = PatronDescribed(
    patron="anna", member="vast", born=date(1980, 2, 29), borrower_id="L4711", receipts=True
)
BO = PatronDescribed(patron="bo", member="kungsbacka", born=date(1975, 5, 5), borrower_id="L1975")
MIO = PatronDescribed(
    patron="mio", member="vast", born=date(2014, 3, 1), borrower_id="L2014", guardian="anna"
)
LO = PatronDescribed(patron="lo", member="vast", born=date(2016, 3, 1), borrower_id="L2016", guardian="anna")
METTE = PatronDescribed(patron="mette", member="gladsaxe", born=date(1990, 1, 1), borrower_id="L45")
PEOPLE = (ANNA, BO, MIO, LO, METTE)

CONTACTS: dict[str, dict[str, Any]] = {
    "anna": {"name": "Anna Ek", "email": "anna@example.org", "mobile": "+46701234567", "language": "sv",
             "channels": ["email"], "member": "vast", "born": "1980-02-29", "guardian": None},
    "bo": {"name": "Bo Alm", "email": None, "mobile": "070-765 43 21", "language": "en",
           "channels": ["sms"], "member": "kungsbacka", "born": "1975-05-05", "guardian": None},
    "mio": {"name": "Mio Ek", "email": "mio@example.org", "mobile": None, "language": None,
            "channels": [], "member": "vast", "born": "2014-03-01", "guardian": "anna"},
    "lo": {"name": "Lo Ek", "email": None, "mobile": None, "language": None,
           "channels": [], "member": "vast", "born": "2016-03-01", "guardian": "anna"},
    "mette": {"name": "Mette Holm", "email": "mette@example.dk", "mobile": None, "language": None,
              "channels": ["sms", "email"], "member": "gladsaxe", "born": "1990-01-01", "guardian": None},
}  # fmt: skip

RODA_RUMMET = TitleDescribed(title="t1", name="Röda rummet", author="Strindberg, August")
MIO_MIN_MIO = TitleDescribed(title="t2", name="Mio min Mio", author="Lindgren, Astrid")
TITLES = (RODA_RUMMET, MIO_MIN_MIO)

LERUM = BranchDescribed(
    branch="vast/lerum", member="vast", name="Lerums bibliotek", timezone="Europe/Stockholm",
    opening={"mon": ("10:00", "19:00")},
)  # fmt: skip
GLADSAXE = BranchDescribed(
    branch="gladsaxe/hovedbiblioteket", member="gladsaxe", name="Hovedbiblioteket",
    timezone="Europe/Copenhagen", opening={"mon": ("10:00", "19:00")},
)  # fmt: skip
BRANCHES = (LERUM, GLADSAXE)

KINDS = ("invoice", "replacement")
STAGE_SAYS = {
    "sv": "Första påminnelsen: 7 dagar efter.", "da": "Første rykker: 7 dage efter.",
    "en": "First reminder: 7 days after.",
}  # fmt: skip
SAYS = {
    "sv": "4 dagar för sent à 3,00 kr.", "da": "4 dage for sent à 3,00 kr.", "en": "4 days late at 3.00 SEK.",
}  # fmt: skip


def hold_ready(patron: str = "anna", *, hold: str = "h1", allotment: int = 1, **more: Any) -> HoldReady:
    fields = {
        "title": "t1", "item": "35177", "pickup": "vast/lerum", "borrower_id": "L4711",
        "ready_until": date(2026, 12, 5),
    }  # fmt: skip
    return HoldReady(hold=hold, allotment=allotment, patron=patron, **{**fields, **more})


def fee_charged(patron: str = "anna", *, fee: str = "f1", minor: int = 1200, **more: Any) -> FeeCharged:
    fields = {
        "member": "vast", "kind": "overdue", "currency": "SEK", "charged_at": NOON, "item": "35177",
        "title": "t1", "because": [{"rule": "vast/overdue", "cites": [], "says": SAYS}],
    }  # fmt: skip
    return FeeCharged(fee=fee, patron=patron, amount_minor=minor, **{**fields, **more})


def stage_reached(
    patron: str = "anna",
    stage: Any = "due_soon",
    *,
    loan: str = "l1",
    due: date = date(2026, 11, 25),
    **more: Any,
) -> LoanStageReached:
    fields = {
        "thing": Thing(item="35177", title="t1", member="vast", home="vast/lerum", material="book"),
        "patron_member": next(one.member for one in PEOPLE if one.patron == patron), "branch": "vast/lerum",
        "reached_on": due, "because": [{"rule": "vast/reminder_1_sent", "cites": [], "says": STAGE_SAYS}],
    }  # fmt: skip
    return LoanStageReached(stage=stage, loan=loan, patron=patron, due=due, **{**fields, **more})


def invoice_issued(
    patron: str = "anna", *, loan: str = "l1", minor: int = 29000, **more: Any
) -> InvoiceIssued:
    fields = {
        "invoice": f"invoice-{loan}", "member": "vast", "item": "35177", "title": "t1",
        "loan_due": date(2026, 10, 12), "currency": "SEK", "issued_on": date(2026, 11, 23),
        "fees": [InvoicedFee(fee=f"{loan}-{kind}", kind=kind, amount_minor=minor // 2) for kind in KINDS],
        "due": date(2026, 12, 23), "because": [{"rule": "vast/invoice_terms", "says": SAYS}] * 2,
    }  # fmt: skip
    return InvoiceIssued(patron=patron, loan=loan, amount_minor=minor, **{**fields, **more})


def hold_expired(patron: str = "anna", *, hold: str = "h1", why: Any = "not_collected") -> HoldExpired:
    return HoldExpired(hold=hold, patron=patron, title="t1", why=why, expired_at=NOON)


def item_returned(
    patron: str = "anna", *, loan: str = "l1", receipt: bool = True, title: str = "t1", **more: Any
) -> ItemReturned:
    closed = ClosedLoan(
        loan=loan, patron=patron, patron_member="vast", branch="vast/lerum", borrowed_at=NOON,
        due=date(2026, 12, 1), returned_at=NOON, receipt=receipt, **more,
    )  # fmt: skip
    return ItemReturned(
        fact="fact", branch="vast/lerum", mode="kiosk", returned_at=NOON, was="on_loan", loan=closed,
        thing=Thing(item="35177", title=title, member="vast", home="vast/lerum", material="book"),
    )  # fmt: skip
