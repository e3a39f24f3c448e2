"""To whom a notice goes and by which channel, from the patron's copy, the contact and the member's book."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from samlan_contracts.policy.texts import first_written

from samlan_notify.domain.notice import Channel, Kind, Reason, Role

MONEY: Final[frozenset[Kind]] = frozenset({"fee_charged", "invoice"})  # the guardian's to pay (K25, O36)
TO_GUARDIANS: Final = MONEY | {"overdue_1", "overdue_2"}  # addressed to them, a shield or not (K24)
MAIL_ONLY: Final[frozenset[Kind]] = frozenset({"receipt"})
CHANNELS: Final[tuple[Channel, ...]] = ("email", "sms")
ADDRESS: Final = re.compile(
    r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,189}"
)
MOBILE: Final = re.compile(r"\+?[0-9]{5,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patron:
    """What notify's copy knows of a patron: enough to decide to whom a message goes."""

    member: str = ""
    guardian: str | None = None
    shielded: bool = False
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person's contact as accounts answered when sending; an address that cannot be one is none."""

    name: str = ""
    email: str | None = None
    mobile: str | None = None
    language: str | None = None
    channels: tuple[str, ...] = ()
    member: str = ""
    guardian: str | None = None

    def address(self, channel: Channel) -> str | None:
        """Where this person is reached by a channel, if at all."""
        return self.email if channel == "email" else self.mobile


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the message: the patron, or a guardian on the patron's behalf."""

    patron: str
    role: Role


def recipient_of(
    kind: Kind,
    *,
    patron: str,
    known: Patron,
    age: int | None,
    guardian_under: int | None,
    guardian_known: bool,
) -> Recipient | Reason:
    """Under the book's age everything goes to the guardian (K24, issue of the return).

    A shield (O37) keeps a child's loans and holds from the guardian, so a shielded child is told itself; and
    so is a child without a guardian. Money is the guardian's to pay (O36) and goes to nobody else; under a
    shield its message names no title. A reminder is addressed to the guardian as well (K24), and to the child
    itself where there is none."""
    child = guardian_under is not None and age is not None and age < guardian_under
    if not child or (known.shielded and kind not in TO_GUARDIANS):
        return Recipient(patron, "patron")
    if known.guardian is not None and guardian_known:
        return Recipient(known.guardian, "guardian")
    return "guardian_missing" if kind in MONEY else Recipient(patron, "patron")


def channel_of(
    kind: Kind, contact: Contact, *, book: Collection[str], asked_only: bool = False
) -> Channel | None:
    """The first channel the person prefers among those that exist, suit the kind and stand in the book.

    Who named no channel that exists is told by one that does: a notice is owed, a preference is a wish. But
    what is told on request only (D15) goes by the channels that the person named, and by no other."""
    suiting = [
        one for one in CHANNELS if contact.address(one) and (one == "email" or kind not in MAIL_ONLY)
    ]  # fmt: skip
    wished = contact.channels if asked_only else (*contact.channels, *book)
    return next((one for wish in wished for one in suiting if one == wish and wish in book), None)


def language_of(contact: Contact, *, member_language: str) -> str:
    """The language the person chose, else the member's, else English."""
    return first_written(contact.language, member_language)


def contact_of(row: Mapping[str, Any]) -> Contact:
    """A contact from accounts' answer; what could break a header or a number is left out."""
    return Contact(
        name=str(row.get("name") or ""),
        email=_matching(ADDRESS, row.get("email"), strip=""),
        mobile=_matching(MOBILE, row.get("mobile"), strip=" -()/"),
        language=row.get("language"),
        channels=tuple(row.get("channels") or ()),
        member=str(row.get("member") or ""),
        guardian=row.get("guardian"),
    )


def _matching(pattern: re.Pattern[str], value: object, *, strip: str) -> str | None:
    text = "".join(one for one in str(value or "").strip() if one not in strip)
    return text if pattern.fullmatch(text) else None
