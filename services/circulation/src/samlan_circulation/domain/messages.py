"""Reading what devices publish: every defect has a name, and the next message is not its concern.

The routing key says which device may speak and for which branch; the broker vouches for `user_id`. A body is
believed only as far as it agrees with both; of one that does not, staff see which item it spoke of and where.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, get_args

from samlan_contracts.forms import whole_ms
from samlan_contracts.shapes import Mode

from samlan_circulation.domain.outcomes import ExceptionReason

MAX_BODY_BYTES: Final = 16_384  # a fact has some 300 bytes
MAX_TEXT: Final = 200  # an id, a barcode, a card: none is half as long
MAX_SEQUENCE: Final = 2**63 - 1  # what the datastore holds
AHEAD: Final = timedelta(minutes=2)  # how wrong a device's clock may be (surface.md)
VERSION: Final = 1
KEY: Final = re.compile(r"kiosk\.(?P<member>[^.]+)\.(?P<branch>[^.]+)\.(?P<device>.+)", re.DOTALL)

FactType = Literal["item_returned", "item_borrowed_offline", "door_entered", "device_seen"]
WITH_ITEM: Final = ("item_returned", "item_borrowed_offline")
WITH_CARD: Final = ("item_borrowed_offline", "door_entered")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFact:
    """A fact that can be believed; the card is used and never stored, and `digest` leaves it out."""

    id: str
    type: FactType
    device: str
    branch: str
    sequence: int
    happened_at: datetime
    mode: Mode
    digest: str
    item: str | None = None
    card: str | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A message that is no fact: why, whose branch it concerns, and what else could be read.

    `device` is set when the broker vouches for it; only then may it be answered."""

    reason: ExceptionReason
    branch: str
    key: str
    device: str | None = None
    fact: str | None = None
    item: str | None = None
    happened_at: datetime | None = None
    detail: str | None = None


class _Defect(Exception):
    """A field cannot be used."""

    def __init__(self, reason: ExceptionReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: ExceptionReason = reason


def read_message(
    body: bytes, *, routing_key: str, user_id: str | None, now: datetime
) -> DeviceFact | Unusable:
    """Reads one message of a device, or names what is wrong with it."""
    who = KEY.fullmatch(routing_key)
    branch = f"{who['member']}/{who['branch']}" if who else ""
    fields: dict[str, Any] = {}
    try:
        if who is None or user_id != who["device"]:
            fields = _claimed(body)
            branch = branch or _text_or_none(fields.get("branch")) or ""
            raise _Defect("forged_device", "user_id")
        fields = _fields(body)
        return _fact(fields, device=who["device"], branch=branch, now=now)
    except _Defect as defect:
        return Unusable(
            reason=defect.reason, branch=branch, key=_key(body, routing_key), detail=str(defect),
            device=user_id if who and user_id == who["device"] else None,
            fact=_text_or_none(fields.get("id")), item=_text_or_none(fields.get("item")),
            happened_at=_time_or_none(fields.get("happened_at")),
        )  # fmt: skip


def _claimed(body: bytes) -> dict[str, Any]:
    """What a body claims that nobody vouches for; nothing where it cannot be read."""
    try:
        return _fields(body)
    except _Defect:
        return {}


def _fields(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY_BYTES:
        raise _Defect("too_large", f"{len(body)} bytes")
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise _Defect("unreadable", "no JSON") from None
    if not isinstance(fields, dict):
        raise _Defect("unreadable", "no object")
    return fields


def _fact(fields: dict[str, Any], *, device: str, branch: str, now: datetime) -> DeviceFact:
    kind = _choice(fields, "type", get_args(FactType), "unknown_type")
    _choice(fields, "version", (VERSION,), "unsupported_version")
    if _text(fields, "device") != device:
        raise _Defect("forged_device", "device")
    if _text(fields, "branch") != branch:
        raise _Defect("wrong_branch", "branch")
    happened_at = _time(fields, "happened_at")
    item = _text(fields, "item") if kind in WITH_ITEM else None
    mode: Mode = _choice(fields, "mode", get_args(Mode), "malformed_field") if item else "kiosk"
    due = _date(fields, "due") if kind == "item_borrowed_offline" else None
    fact = DeviceFact(
        id=_text(fields, "id"), type=kind, device=device, branch=branch, sequence=_sequence(fields),
        happened_at=happened_at, mode=mode, item=item, due=due,
        card=_text(fields, "card") if kind in WITH_CARD else None,
        digest=digest_of(kind, branch, happened_at, item, mode, due),
    )  # fmt: skip
    if happened_at > now + AHEAD:
        raise _Defect("in_the_future", "happened_at")
    return fact


def _needed(fields: dict[str, Any], name: str) -> Any:
    if fields.get(name) is None:
        raise _Defect("missing_field", name)
    return fields[name]


def _text(fields: dict[str, Any], name: str) -> str:
    value = _text_or_none(_needed(fields, name))
    if value is None:
        raise _Defect("malformed_field", name)
    return value


def _text_or_none(value: Any) -> str | None:
    usable = isinstance(value, str) and 0 < len(value.strip()) <= MAX_TEXT and value.isprintable()
    return value.strip() if usable else None


def _choice(fields: dict[str, Any], name: str, allowed: tuple[Any, ...], reason: ExceptionReason) -> Any:
    value = _needed(fields, name)
    if isinstance(value, bool) or value not in allowed:
        raise _Defect(reason, name)
    return value


def _sequence(fields: dict[str, Any]) -> int:
    value = _needed(fields, "sequence")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEQUENCE:
        raise _Defect("malformed_field", "sequence")
    return value


def _time(fields: dict[str, Any], name: str) -> datetime:
    value = _time_or_none(_needed(fields, name))
    if value is None:
        raise _Defect("malformed_field", name)
    return value


def _time_or_none(value: Any) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value)
        return None if instant.tzinfo is None else whole_ms(instant.astimezone(UTC))
    except (TypeError, ValueError, OverflowError):
        return None


def _date(fields: dict[str, Any], name: str) -> date:
    value = _needed(fields, name)
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Defect("malformed_field", name) from None


def digest_of(*contents: object) -> str:
    """Stands for contents, so that a reused id shows. A card could be guessed from it, so it is left out."""
    return hashlib.sha256(repr(contents).encode()).hexdigest()


def _key(body: bytes, routing_key: str) -> str:
    """The same bytes from the same device are the same defect."""
    return hashlib.sha256(routing_key.encode() + b"\0" + body).hexdigest()
