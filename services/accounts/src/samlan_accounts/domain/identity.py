"""Numbers that identify a person, brought to one form so that a keyed hash finds them again.

A Swedish number is written with or without its century, and with `+` from the year one turns 100; a Danish
one has its day first. What the century is follows from the birth date when it is known; at log-in, where it
is not, every century that could be meant is looked up.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

SEPARATORS: Final = re.compile(r"[\s.\-–]")
IDENTITY: Final = re.compile(r"[0-9A-Z]{6,20}")
CARD: Final = re.compile(r"[0-9A-Z]{3,40}")
SHORT: Final = 10
CENTURIES: Final = ("20", "19")
OLD_CENTURIES: Final = ("19", "18")  # a `+` says: a hundred years or older


def canonical_identity(written: str, born: date) -> str | None:
    """The number as it is kept, or None when it is none."""
    bare = _bare(written).replace("+", "")
    if not IDENTITY.fullmatch(bare):
        return None
    if len(bare) == SHORT and bare[:6] == born.strftime("%y%m%d"):
        return f"{born.year // 100:02}{bare}"
    return bare


def identity_candidates(written: str) -> tuple[str, ...]:
    """The kept forms that somebody who writes this at log-in may mean."""
    bare = _bare(written)
    centuries = OLD_CENTURIES if "+" in bare else CENTURIES
    bare = bare.replace("+", "")
    if not IDENTITY.fullmatch(bare):
        return ()
    if len(bare) != SHORT:
        return (bare,)
    return (bare, *(century + bare for century in centuries))


def canonical_card(written: str) -> str | None:
    """The card number as it is kept, or None when it is none."""
    bare = _bare(written)
    return bare if CARD.fullmatch(bare) else None


def _bare(written: str) -> str:
    return SEPARATORS.sub("", written).upper()
