"""Who stands at the door: a patron, the desk of a branch, or an operator, as their token says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

Role = Literal["patron", "desk", "operator"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody whose token was read. `subject` names the actor among all actors."""

    role: Role
    subject: str
    member: str = ""
    branch: str = ""
    session: str = ""
    ends_at: float = 0.0

    @property
    def patron(self) -> str:
        """The patron's id; only for a patron."""
        return self.subject.removeprefix("patron/")


def actor_of(claims: Mapping[str, Any]) -> Actor | None:
    """The actor whom a valid token names; None when it is no session token, or says too little."""
    role = next((one for one in ROLES if one == claims.get("role")), None)
    subject = claims.get("sub")
    if claims.get("use") != "session" or role is None or not isinstance(subject, str):
        return None
    member, branch, session = (str(claims.get(name) or "") for name in ("member", "branch", "jti"))
    complete = {"patron": bool(session), "desk": bool(branch), "operator": True}
    if not complete[role]:
        return None
    return Actor(
        role=role, subject=subject, member=member, branch=branch, session=session,
        ends_at=float(claims.get("exp", 0)),
    )  # fmt: skip
