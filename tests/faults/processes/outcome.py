"""What came of a telling, in words that all tellings of the same load share.

Compared exactly: the open loan, closing time and ledger of each loan, accepted facts, exceptions, what each
command was answered. As multisets per title or recipient: copies, holds, messages.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.message import Message
from pathlib import Path
from typing import Any

from samlan.checking import Seen

from .cast import Row
from .hands import DELIVERY
from .telling import Telling

Outcome = dict[str, Any]


async def outcome_of(telling: Telling, seen: Seen) -> Outcome:
    """Everything that must not depend on faults."""
    ledgers = _ledgers(telling, seen)
    return {
        "copies": _copies(telling, seen),
        "holds": _holds(telling, seen),
        "ledgers": ledgers,
        "patrons": await _patrons(telling),
        "facts": await _facts(telling),
        "exceptions": await _exceptions(telling),
        "said": Counter(telling.said),
        "messages": _messages(telling, ledgers),
    }


def differences(calm: Outcome, storm: Outcome) -> list[str]:
    """Every entry in which two outcomes differ, one to a line: the whole of either is too long to read."""
    return [
        f"{part} {key}: calm {calm[part].get(key)}, storm {storm[part].get(key)}"
        for part in calm
        for key in sorted({*calm[part], *storm[part]}, key=str)
        if calm[part].get(key) != storm[part].get(key)
    ]


def _copies(telling: Telling, seen: Seen) -> dict[str, Counter[Any]]:
    plain, found = telling.cast.plain, dict[str, Counter[Any]]()
    for row in seen.of("circulation", "item").values():
        if row["key"].endswith(telling.cast.name):
            reader = plain(row["loan"]["patron"]) if row["loan"] else None
            copy = (row["state"], plain(row["branch"]), plain(row["goes_to"]), reader, bool(row["hold"]))
            found.setdefault(plain(row["title"]) or "", Counter())[copy] += 1
    return found


def _holds(telling: Telling, seen: Seen) -> dict[str, Counter[Any]]:
    plain, found = telling.cast.plain, dict[str, Counter[Any]]()
    for title, row in seen.of("holds", "queue").items():
        if title.endswith(telling.cast.name):
            waiting = [
                (plain(one["patron"]), "frozen" if one["frozen"] else "waiting") for one in row["waiting"]
            ]
            served = [(plain(one["patron"]), one["state"], plain(one["pickup"])) for one in row["allotted"]]
            found[plain(title) or ""] = Counter([*waiting, *served])
    return found


def _ledgers(telling: Telling, seen: Seen) -> dict[str, list[Any]]:
    """Of each patron the fees by kind: what they came to, and what is still owed."""
    fees = {
        fee["fee"]: (ledger["key"], fee["kind"], fee["amount_minor"], fee["outstanding_minor"])
        for ledger in seen.of("billing", "ledger").values()
        for fee in ledger["fees"]
    }
    for row in seen.of("billing", "settled").values():
        fees[row["fee"]] = (row["patron"], row["says"], row["amount_minor"], row["outstanding_minor"])
    found: dict[str, list[Any]] = {}
    for patron, *fee in fees.values():
        if patron and patron.endswith(telling.cast.name):
            found.setdefault(telling.cast.plain(patron) or "", []).append(fee)
    return {patron: sorted(listed) for patron, listed in found.items()}


async def _patrons(telling: Telling) -> dict[str, Row]:
    """The open loans of each patron, what ended when, and the holds that ended."""
    names = [row["patron"] for story in telling.stories for row in story.rows(telling.cast).rows["patrons"]]
    found = await asyncio.gather(*(_patron(telling, name) for name in names))
    return {telling.cast.plain(name) or "": one for name, one in zip(names, found, strict=True)}


async def _patron(telling: Telling, name: str) -> Row:
    plain = telling.cast.plain
    loans = await _items(telling, "circulation", f"/patrons/{name}/loans")
    history = await _items(telling, "circulation", f"/patrons/{name}/history")
    ended = await _items(telling, "holds", f"/patrons/{name}/holds", finished="true")
    return {
        "loans": sorted((plain(one["item"]), one["due"], one["renewals"]) for one in loans),
        "ended": sorted((plain(one["item"]), _at(telling, one["returned_at"])) for one in history),
        "holds": sorted((plain(one["title"]), one["state"]) for one in ended),
    }


def _at(telling: Telling, instant: str) -> str:
    """An instant as the step that it was, for two tellings have different clocks."""
    return telling.times.get(datetime.fromisoformat(instant), f"no step's: {instant}")


async def _facts(telling: Telling) -> dict[str, Any]:
    """Every fact that was ever said: acknowledged, and so accepted, and with an end."""
    found = await asyncio.gather(*(_fact(telling, fact) for fact in telling.facts))
    ends = {end for told, end in found if told.endswith(DELIVERY)}
    assert ends <= {(False, None)}, ends
    return dict(sorted((told, end) for told, end in found if not told.endswith(DELIVERY)))


async def _fact(telling: Telling, fact: str) -> tuple[str, Any]:
    status, body = await telling.town.ask("circulation", "GET", f"/facts/{fact}")
    told = telling.facts[fact]
    if status != 200:
        return told, status
    if told.endswith(DELIVERY):
        return told, (body["open"], body["reason"])
    at = telling.times[datetime.fromisoformat(body["happened_at"])]
    return told, (body["type"], telling.cast.plain(body["item"]), at, body["open"], body["reason"])


async def _exceptions(telling: Telling) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for place in telling.cast.places:
        for one in await _items(telling, "circulation", "/exceptions", branch=place):
            found[telling.cast.plain(place), one["reason"], telling.cast.plain(one["item"])] += 1
    return found


async def _items(telling: Telling, service: str, path: str, **params: str) -> list[Row]:
    status, body = await telling.town.ask(service, "GET", path, **params)
    assert status == 200, path
    return list(body["items"])


# -- messages -----------------------------------------------------------------------------------------------


def _messages(telling: Telling, ledgers: Mapping[str, list[Any]]) -> Counter[Any]:
    """Of each kind and recipient how many causes were told of: how they were bundled may differ.

    A fee that was paid is told of only when its message left before, which is a matter of time."""
    found: Counter[Any] = Counter()
    for mail in mails(telling.town.mail):
        if f"{telling.cast.name}@" in str(mail["To"]):
            kind, to = str(mail["X-Samlan-Kind"]), telling.cast.plain(str(mail["To"]))
            if kind != "fee_charged" or _owes(ledgers, to):
                found[kind, to] += len(causes(mail))
    return found


def _owes(ledgers: Mapping[str, list[Any]], to: str | None) -> bool:
    patron = str(to).partition("@")[0]
    return any(outstanding for _, _, outstanding in ledgers.get(patron, ()))


def mails(folder: Path) -> list[Message]:
    """Every mail that was caught."""
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def causes(mail: Message) -> list[str]:
    """The events a mail tells of."""
    return str(mail["X-Samlan-Cause"]).replace("\n", "").replace(" ", "").split(",")


def told_twice(found: Iterable[Message]) -> list[Any]:
    """The causes that stand in more than one message of a kind to somebody."""
    told = Counter(
        (str(one["X-Samlan-Kind"]), str(one["To"]), cause) for one in found for cause in causes(one)
    )
    return [one for one, count in told.items() if count > 1]
