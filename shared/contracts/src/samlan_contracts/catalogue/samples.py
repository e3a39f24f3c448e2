"""Two frozen samples of each event: complete, and only what is required. They must parse for ever.

A sample is made once, when its event is new, and never again: what is not here yet is added, what is here is
left alone. An event that no longer parses its samples has broken its promise and needs a new version.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from samlan_contracts.event import Envelope, Event, Shape

KINDS: Final = ("complete", "required")
WORDS: Final[Mapping[str, Any]] = {
    "amount_minor": 1500,
    "author": "Strindberg, August",
    "borrower_id": "L4711",
    "born": "1980-02-29",
    "branch": "vast/lerum",
    "cause": "0190f3a4-7c1e-7b6a-9d51-2f6a4c1b0e21",
    "channel": "email",
    "channels": ["email", "sms"],
    "closed": ["2026-12-24"],
    "currency": "SEK",
    "fact": "0190f3a4-7c1e-7b6a-9d51-2f6a4c1b0e21",
    "home": "vast/lerum",
    "id": "5f0c9a5e-7c0b-5a86-9a35-0f6d3d1c2b4a",
    "issued": "2026-05-01",
    "item": "35177001234567",
    "kind": "overdue",
    "language": "sv",
    "material": "book",
    "member": "vast",
    "min_age": 15,
    "name": "Röda rummet",
    "outstanding_minor": 12000,
    "patron_member": "vast",
    "pickup": "vast/partille",
    "price_minor": 24900,
    "reason": "nobody_to_tell",
    "sequence": 7,
    "subject": "item/35177001234567",
    "timezone": "Europe/Stockholm",
    "title": "t1",
    "trace": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "waiting": 3,
    "year": 1879,
}
OPENING: Final = {"mon": ["10:00", "19:00"], "sat": ["10:00", "15:00"]}
BECAUSE: Final = [
    {
        "rule": "orebro/adult_book_queue",
        "cites": ["O10"],
        "version": "1+1f2e3d4c",
        "in_force": ["2020-10-01", None],
        "inputs": {"holds": 1},
        "says": {"sv": "14 dagar", "da": "14 dage", "en": "14 days"},
    }
]
INSTANT: Final = "2026-11-22T09:15:03Z"
DAY: Final = "2026-12-01"


def freeze(events: Iterable[type[Event]], folder: Path) -> list[Path]:
    """Writes the samples that are missing and returns their paths; an existing one is never touched."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for event in events:
        for kind in KINDS:
            path = sample_path(event, kind, folder)
            if not path.exists():
                path.write_text(json.dumps(sample(event, kind), indent=2, ensure_ascii=False) + "\n", "utf-8")
                written.append(path)
    return written


def sample_path(event: type[Event], kind: str, folder: Path) -> Path:
    """Where a sample of an event stands."""
    return folder / f"{event.key()}.{kind}.json"


def sample(event: type[Event], kind: str) -> dict[str, Any]:
    """An envelope with this event as it may travel today."""
    complete = kind == "complete"
    envelope = _fields(Envelope, complete=complete)
    return {
        **envelope,
        "type": event.NAME,
        "version": event.VERSION,
        "data": _fields(event, complete=complete),
    }


def _fields(shape: type[Shape], *, complete: bool) -> dict[str, Any]:
    return {
        name: _value(name, info.annotation, complete=complete)
        for name, info in shape.model_fields.items()
        if complete or info.is_required()
    }


def _value(name: str, annotation: Any, *, complete: bool) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _value(name, next(one for one in arguments if one is not type(None)), complete=complete)
    if origin is Literal:
        return arguments[0]
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return _fields(annotation, complete=complete)
    if origin is tuple:
        return _several(name, arguments, complete=complete)
    if origin in (list, dict):
        return {"because": BECAUSE, "opening": OPENING}.get(name, {})
    return _plain(name, annotation)


def _several(name: str, arguments: tuple[Any, ...], *, complete: bool) -> list[Any]:
    """Two times for a span of hours, else one value of an open-ended list."""
    if Ellipsis not in arguments:
        return ["07:00", "22:00"]
    known = WORDS.get(name)
    return known if isinstance(known, list) else [_value(name, arguments[0], complete=complete)]


def _plain(name: str, kind: type) -> Any:
    if kind is bool:
        return True
    if kind is datetime:
        return INSTANT
    if kind is date:
        return WORDS.get(name, DAY)
    if kind is int:
        return WORDS.get(name, 1)
    return WORDS.get(name, f"{name}-1")
