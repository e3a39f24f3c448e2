"""The W3C trace context that travels with every event, request and reply."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import Final

WELL_FORMED: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current() -> str | None:
    """The traceparent of what is being worked on, if any."""
    return _traceparent.get()


def follow(traceparent: str | None) -> None:
    """Continues a trace that came with an event or request, in this task."""
    _traceparent.set(traceparent)


def enter(traceparent: str | None) -> None:
    """Continues the trace that came with a request, or begins one where there is none that can be read."""
    if traceparent is not None and WELL_FORMED.fullmatch(traceparent):
        follow(traceparent)
    else:
        begin()


def begin() -> str:
    """Starts a trace, for what comes in from outside."""
    traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    _traceparent.set(traceparent)
    return traceparent
