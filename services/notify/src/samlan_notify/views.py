"""What notify answers about notices: kind, cause, channel, time and result; no text, no title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import DESCENDING
from samlan_plumbing.pages import copied, page_of

from samlan_notify.store import Known, Notices

PAGE: Final = 100
STATE_PAGE: Final = 1000
CAUSES_AT_ONCE: Final = 100  # a request's line stays under 8 KB
FIELDS: Final = (
    "kind",
    "cause",
    "patron",
    "channel",
    "state",
    "reason",
    "due_at",
    "over_at",
    "to",
    "rides",
    "attempts",
    "because",
)
Page = dict[str, Any]


async def of_patron(notices: Notices, patron: str, *, behind: str | None, limit: int) -> Page:
    """A patron's notices, the newest first, behind the one that a cursor names."""
    query: dict[str, Any] = {"patron": patron}
    if behind is not None:
        at, notice = place_of(behind)
        query["$or"] = [{"due_at": {"$lt": at}}, {"due_at": at, "_id": {"$lt": notice}}]
    order = [("due_at", DESCENDING), ("_id", DESCENDING)]
    found = await notices.collection.find(query).sort(order).limit(limit).to_list()
    last = f"{found[-1]['due_at'].isoformat()}/{found[-1]['_id']}" if len(found) == limit else None
    return {"items": [shape(one) for one in found], "next": last}


def place_of(cursor: str) -> tuple[datetime, str]:
    """The instant and the notice of a cursor `<instant>/<notice>`; `ValueError` where it names none."""
    at, _, notice = cursor.partition("/")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), notice
    except OverflowError:  # at the ends of time
        raise ValueError("no instant of ours") from None


async def of_causes(notices: Notices, causes: Sequence[str]) -> Page:
    """The notices that these events set off."""
    found = await notices.collection.find({"cause": {"$in": [*causes]}}).limit(PAGE * len(causes)).to_list()
    return {"items": [shape(one) for one in found], "next": None}


async def state(notices: Notices, known: Known, *, now: datetime, after: str | None, limit: int) -> Page:
    """What a check across services reads: every notice, then every copy with its sequence."""
    parts = {"notice": notices.collection} | {name: one.collection for name, one in known.all.items()}
    page = await page_of(parts, after, limit)
    items = [_notice_row(one, now) if page.part == "notice" else copied(page.part, one) for one in page.found]
    return {"items": items, "next": page.following}


def shape(document: Mapping[str, Any]) -> dict[str, Any]:
    """A notice as others see it; `at` is when it was over."""
    row = {"id": document["_id"], **{name: document.get(name) for name in FIELDS}}
    row["because"] = row["because"] or []
    row["at"] = row.pop("over_at")
    return row


def _notice_row(document: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A row for the check; `early` says that others still have time to join the message."""
    names = ("cause", "state", "reason", "channel", "rides")
    own = {"kind": "notice", "key": document["_id"], "says": document["kind"]}
    early = document.get("slot") == "due" and document["when"] > now
    return {**own, **{name: document.get(name) for name in names}, "early": early}
