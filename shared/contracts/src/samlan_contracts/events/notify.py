"""What notify tells: what was said, or why not."""

from __future__ import annotations

from datetime import datetime

from samlan_contracts.event import Event, Reading


class NoticeSent(Event, name="notify.notice_sent", version=1, reading=Reading.OCCURRENCE, readers=()):
    """A message went out. Subject: the notice."""

    notice: str
    kind: str
    channel: str
    causes: tuple[str, ...]
    sent_at: datetime


class NoticeFailed(Event, name="notify.notice_failed", version=1, reading=Reading.OCCURRENCE, readers=()):
    """A message could not or must not be sent, for a named reason. Subject: the notice."""

    notice: str
    kind: str
    causes: tuple[str, ...]
    reason: str
