"""How long the sample's loans are, so that its due dates look like the members' own.

Only the sample's plausibility rests on these; what a loan made in the system gets, the policy books say.
"""

from __future__ import annotations

from datetime import date, timedelta

from samlan.sample.items import Item
from samlan.sample.places import GLADSAXE, KUNGSBACKA, OREBRO, Place, stops

USUAL_DAYS = 28
DAYS = {
    "periodical": 14,
    "feature_film": 7,
    "documentary_film": 14,
    "childrens_film": 7,
    "dvd": 7,
    "video_game": 14,
    "board_game": 14,
    "book_club_bag": 60,
    "theme_bag": 60,
    "quick_loan": 10,
}
OWN_DAYS = {
    (OREBRO, "childrens_film"): 5,
    (OREBRO, "board_game"): 5,
    (KUNGSBACKA, "childrens_film"): 28,
    (KUNGSBACKA, "documentary_film"): 28,
}
AT_A_TIME = {"video_game": 1, "childrens_film": 2, "documentary_film": 2, "board_game": 2}
"""How many of a material one patron has at a time in Örebro (O15-O18)."""

NOT_RENEWED = ("quick_loan",)
MOBILE_DAYS = 21
"""On the mobile library a loan runs to the first visit after so many days."""


def usual_days(item: Item, borrowed: date) -> int:
    """Return the number of days this item is usually lent for."""
    member = item.home.member
    if member is OREBRO and item.issued and item.issued.year < borrowed.year:
        return USUAL_DAYS
    return OWN_DAYS.get((member, item.material), DAYS.get(item.material, USUAL_DAYS))


def due_date(item: Item, at: Place, start: date, today: date) -> date:
    """Return the due date of an item borrowed or renewed on a day."""
    if at.kind == "mobile":
        return next(day for day in stops(today) if day >= start + timedelta(days=MOBILE_DAYS))
    days = usual_days(item, start)
    return (
        _a_month_later(start)
        if item.home.member is GLADSAXE and days == USUAL_DAYS
        else start + timedelta(days=days)
    )


def _a_month_later(day: date) -> date:
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
