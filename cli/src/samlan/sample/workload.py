"""What is played on the sample: which items are handed in where, what is lent before the next run.

Pure planning from facts and a seed: the facts come from the sample's files (`facts_in`) or from the services
as they stand; nothing here reads a clock or talks to anybody.
"""

from samlan.sample.facts import Borrower, Facts, Kiosk, Lent, Shelved, Waiting, facts_in
from samlan.sample.next_run import lent_by, plan_holds_for_next_run, plan_loans_for_next_run
from samlan.sample.returns import (
    DEMO,
    STORM,
    Accepts,
    Mix,
    Outcome,
    PlannedReturn,
    plan_returns,
    same_member,
    servable,
)

__all__ = [
    "DEMO",
    "STORM",
    "Accepts",
    "Borrower",
    "Facts",
    "Kiosk",
    "Lent",
    "Mix",
    "Outcome",
    "PlannedReturn",
    "Shelved",
    "Waiting",
    "facts_in",
    "lent_by",
    "plan_holds_for_next_run",
    "plan_loans_for_next_run",
    "plan_returns",
    "same_member",
    "servable",
]
