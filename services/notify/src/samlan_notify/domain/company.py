"""Which notices go in one message: one kind, one recipient, falling due while the first one waited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from samlan_notify.domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Company:
    """One message: the notice that gives it its id, and those that ride in it."""

    leader: str
    riders: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every notice in the message, the leader first."""
        return (self.leader, *self.riders)


def company_of(notices: Mapping[str, Notice]) -> Company | None:
    """The next message of one kind to one recipient, out of all that this person is still owed.

    The leader is the one looked at first; whatever fell due until then rides along. None while another
    replica is choosing riders: two choices at once could split what belongs together."""
    spoken_for = _spoken_for(notices)
    if any(one.state == "sending" and _is_choosing(one, notices) for one in notices.values()):
        return None
    free = {key: one for key, one in notices.items() if one.alone and key not in spoken_for}
    if not free:
        return None
    leader = min(free, key=lambda one: (free[one].closes_at, free[one].due_at, one))
    riders = [key for key, one in free.items() if key != leader and one.due_at <= free[leader].closes_at]
    return Company(leader, tuple(sorted(riders, key=lambda one: (free[one].due_at, one))))


def _spoken_for(notices: Mapping[str, Notice]) -> Collection[str]:
    return {key for one in notices.values() for key in one.carries}


def _is_choosing(leader: Notice, notices: Mapping[str, Notice]) -> bool:
    return any(key in notices and notices[key].state == "waiting" for key in leader.carries)
