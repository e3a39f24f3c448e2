"""Asking the owners over private HTTP: what they refuse is refused in their words, all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from samlan_plumbing.http import Problem
from samlan_plumbing.peers import Answer, PeerDown, Peers

NAMES_AT_ONCE: Final = 1000  # catalog's limit for one request
REASON_FIELDS: Final = ("reason", "because", "says", "fee")
PLACE_FIELDS: Final = ("place", "says")
SAID_NO: Final = (403, 404, 409, 413, 422, 429)
DOTS: Final = (".", "..")
Row = dict[str, Any]


class Owners:
    """The services that own the facts, by name."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    async def get(self, service: str, *path: str, **params: Any) -> Any:
        """Reads; a refusal is raised as the owner worded it."""
        return _answered(service, await self._peers.ask(service, "GET", path_of(*path), params=params))

    async def send(self, service: str, method: str, *path: str, body: Mapping[str, Any]) -> Any:
        """Writes; a refusal is raised as the owner worded it."""
        return _answered(service, await self._peers.ask(service, method, path_of(*path), json=dict(body)))

    async def found(self, service: str, *path: str, **params: Any) -> Any | None:
        """Reads what may be missing: None when the owner does not know it."""
        answer = await self._peers.ask(service, "GET", path_of(*path), params=params)
        return None if answer.status == 404 else _answered(service, answer)

    async def names(self, titles: Iterable[str]) -> dict[str, Row]:
        """Name and author of titles in one request; none when the catalogue does not answer.

        A list without names still serves its reader, so this never fails."""
        wanted = sorted({one for one in titles if one})[:NAMES_AT_ONCE]
        if not wanted:
            return {}
        try:
            answer = await self._peers.ask("catalog", "POST", "/titles/names", json={"titles": wanted})
        except PeerDown:
            return {}
        return dict(answer.body["names"]) if answer.ok else {}


def path_of(*segments: str) -> str:
    """A path below `/private/v1` in which no id can be anything but one segment."""
    if any(one in DOTS for one in segments):
        raise Problem(404, "There is no such thing")
    return "".join(f"/{quote(one, safe='')}" for one in segments)


def _answered(service: str, answer: Answer) -> Any:
    if answer.ok:
        return answer.body
    said = answer.body if isinstance(answer.body, dict) else {}
    if answer.status not in SAID_NO or (answer.status == 403 and not said.get("reasons")):
        raise PeerDown(service)  # its own trouble, or ours with its door: nothing the asker can mend
    wait = {"retry-after": answer.retry_after} if answer.retry_after else None
    errors = [{name: one[name] for name in PLACE_FIELDS if name in one} for one in said.get("errors", [])]
    reasons = [{name: one[name] for name in REASON_FIELDS if name in one} for one in said.get("reasons", [])]
    places = {"errors": errors} if errors else {}
    raise Problem(answer.status, str(said.get("title", "Refused")), reasons, headers=wait, **places)
