"""Policy books: what each member has decided, in a file a librarian reads, and answers with reasons.

    books = PolicyBooks.load(folder)
    due = loan_period(books, item=thing, patron=patron, branch=calendar, queue_length=1, at=now)
    due.value, due.because

Everything but `load` is pure: instants are arguments, and nothing here knows a figure or a member.
"""

from samlan_contracts.policy.accounts import (
    guardian_consents,
    may_block_own_card,
    may_change_contact_alone,
    old_enough_for_a_card,
    pin_digits,
)
from samlan_contracts.policy.because import Decision, Stop, plainly, stated
from samlan_contracts.policy.book import Book
from samlan_contracts.policy.books import BookSilent, PolicyBooks, UnknownMember
from samlan_contracts.policy.calendar import BranchCalendar
from samlan_contracts.policy.facts import Item, ItemFacts, PatronFacts, Service
from samlan_contracts.policy.fees import (
    FeePart,
    InvoiceTerms,
    Kept,
    Overdue,
    StageDue,
    UnknownFee,
    added_since_invoice,
    creditor,
    fee,
    invoice_terms,
    overdue_fee,
    overdue_stages,
    replacement_price,
    retention,
    stage_time,
    waiver_limit,
)
from samlan_contracts.policy.figures import FeeKind, Hours, NoticeKind, Threshold
from samlan_contracts.policy.holds import hold_channels, local_first, may_serve, shelf_deadline
from samlan_contracts.policy.loans import (
    loan_period,
    may_borrow_more,
    old_enough,
    renewable_with_queue,
    renewals_left,
)
from samlan_contracts.policy.money import Money
from samlan_contracts.policy.notices import NoticeTerms, notice_rules
from samlan_contracts.policy.period import Period, age_on, reaches_age
from samlan_contracts.policy.reading import Mistake, PolicyError, check_book, read_book
from samlan_contracts.policy.returns import (
    Acceptance,
    accepts_return,
    asks_who_is_registered,
    book_drop,
)
from samlan_contracts.policy.standing import (
    Lapse,
    acts_stopped,
    debt_threshold,
    lapsed,
    lifted_by,
    staffless_hours,
    temporary_expires,
    temporary_may,
)

__all__ = [
    "Acceptance",
    "Book",
    "BookSilent",
    "BranchCalendar",
    "Decision",
    "FeeKind",
    "FeePart",
    "Hours",
    "InvoiceTerms",
    "Item",
    "ItemFacts",
    "Kept",
    "Lapse",
    "Mistake",
    "Money",
    "NoticeKind",
    "NoticeTerms",
    "Overdue",
    "PatronFacts",
    "Period",
    "PolicyBooks",
    "PolicyError",
    "Service",
    "StageDue",
    "Stop",
    "Threshold",
    "UnknownFee",
    "UnknownMember",
    "accepts_return",
    "acts_stopped",
    "added_since_invoice",
    "age_on",
    "asks_who_is_registered",
    "book_drop",
    "check_book",
    "creditor",
    "debt_threshold",
    "fee",
    "guardian_consents",
    "hold_channels",
    "invoice_terms",
    "lapsed",
    "lifted_by",
    "loan_period",
    "local_first",
    "may_block_own_card",
    "may_borrow_more",
    "may_change_contact_alone",
    "may_serve",
    "notice_rules",
    "old_enough",
    "old_enough_for_a_card",
    "overdue_fee",
    "overdue_stages",
    "pin_digits",
    "plainly",
    "reaches_age",
    "read_book",
    "renewable_with_queue",
    "renewals_left",
    "replacement_price",
    "retention",
    "shelf_deadline",
    "staffless_hours",
    "stage_time",
    "stated",
    "temporary_expires",
    "temporary_may",
    "waiver_limit",
]
