"""Numbers by which a patron is found: each belongs to one patron only.

A card opens one account in the whole consortium; an identity number and a borrower id are unique within a
member, because one person may be a patron of two.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from samlan_accounts.domain.patron import Patron

Kind = Literal["card", "identity", "borrower_id"]


class Handle(NamedTuple):
    """One number in the form in which it is kept; it stays inside the process."""

    kind: Kind
    number: str
    member: str = ""

    def __repr__(self) -> str:
        return f"Handle({self.kind}, …)"


def handles(patron: Patron) -> tuple[Handle, ...]:
    """Every number that leads to this patron; none leads to one who was erased."""
    if patron.status == "erased":
        return ()
    identity = patron.person.identity
    return (
        Handle("borrower_id", patron.borrower_id, patron.member),
        *(Handle("card", card.number) for card in patron.cards),
        *((Handle("identity", identity, patron.member),) if identity else ()),
    )
