"""Ids that are derived from their cause, so that a repeated cause cannot act twice."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid4, uuid5

_NAMESPACE = uuid5(NAMESPACE_URL, "samlan")
_SEPARATOR = "\x1f"


def derive(*parts: str) -> str:
    """The same parts give the same id, on every replica and at every repeat."""
    return str(uuid5(_NAMESPACE, _SEPARATOR.join(parts)))


def fresh() -> str:
    """An id that nothing caused: for a command that brought no key of its own."""
    return str(uuid4())
