"""What falls due in library time: the stages of loans that are not returned."""

from __future__ import annotations

from samlan_plumbing.jobs import Job

from samlan_circulation.handlers.stages import Stages


def jobs(stages: Stages) -> tuple[Job, ...]:
    """Circulation's jobs."""
    return (Job(name="loan_stages", next_due=stages.next_due, run=stages.run, due=stages.is_due),)
