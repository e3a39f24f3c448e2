"""Devices: kiosks at every branch, sorters at the largest, drops and doors where there are any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

from samlan.sample.places import PLACES, Place
from samlan.sample.rows import Row
from samlan.sample.streams import stream

KIOSKS = {"main": 3, "town": 2}
ENCODINGS = ("utf-8", "cp850", "iso-8859-1")
_SLUGS = Counter(place.slug for place in PLACES)


def device_rows(seed: int) -> Iterator[Row]:
    """Yield the rows of `devices.jsonl`; a branch's first kiosk is named `<branch>-1`, as in `lerum-1`."""
    rng = stream(seed, "devices")
    for place in PLACES:
        for name, kind in _devices(place):
            yield _row(rng, place, name, kind)


def _devices(place: Place) -> Iterator[tuple[str, str]]:
    prefix = place.slug if _SLUGS[place.slug] == 1 else f"{place.member.member}-{place.slug}"
    for number in range(1, KIOSKS.get(place.size, 1) + 1):
        yield f"{prefix}-{number}", "kiosk"
    if place.size == "main":
        yield f"{prefix}-sorter", "sorter"
    if place.drop:
        yield f"{prefix}-drop", "drop"
    if place.staffless:
        yield f"{prefix}-door", "door"


def _row(rng: Random, place: Place, name: str, kind: str) -> Row:
    row: Row = {"device": name, "branch": place.branch, "kind": kind}
    if kind in ("kiosk", "sorter"):
        row |= {
            "sip2_user": name,
            "sip2_password": f"{rng.getrandbits(64):016x}",
            "encoding": rng.choice(ENCODINGS),
        }
    return row
