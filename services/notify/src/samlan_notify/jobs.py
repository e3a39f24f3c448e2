"""What falls due by the clock: sending."""

from __future__ import annotations

from samlan_plumbing.jobs import Job

from samlan_notify.handlers.sending import Sending


def jobs(sending: Sending) -> tuple[Job, ...]:
    """Notify's jobs."""
    return (
        Job(name="send", next_due=sending.next_due, run=sending.run, due=sending.due, behind=sending.behind),
    )
