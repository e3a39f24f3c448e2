"""The W3C trace context that travels with every event, request and reply."""

from __future__ import annotations

import secrets
from contextvars import ContextVar

_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current() -> str | None:
    """The traceparent of what is being worked on, if any."""
    return _traceparent.get()


def follow(traceparent: str | None) -> None:
    """Continues a trace that came with an event or request, in this task."""
    _traceparent.set(traceparent)


def begin() -> str:
    """Starts a trace, for what comes in from outside."""
    traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    _traceparent.set(traceparent)
    return traceparent
