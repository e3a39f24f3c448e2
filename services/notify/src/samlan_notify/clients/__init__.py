"""The outside world: accounts' contacts, the mail server, the SMS provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from samlan_notify.domain.notice import Kind
from samlan_notify.domain.text import Text

Outcome = Literal["sent", "refused", "deferred", "unreachable", "unknown"]
"""What came of a hand-over: `deferred` is the recipient's server asking to come again; `unreachable` means
that nothing went out; `unknown` that it may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one address; `id` stays the same however often it is handed over."""

    id: str
    to: str
    kind: Kind
    language: str
    causes: tuple[str, ...]
    text: Text


class Unreachable(RuntimeError):
    """The provider does not answer; nothing was handed over."""


class Courier(Protocol):
    """Hands messages over by one channel."""

    async def open(self) -> None:
        """Makes ready to hand over; `Unreachable` when the provider does not answer."""

    async def hand_over(self, message: Message) -> Outcome:
        """Hands one message over and says what came of it; raises nothing."""

    async def close(self) -> None:
        """Ends what `open` began; the next batch opens again."""
