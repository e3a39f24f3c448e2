"""Debts of every size that matters: a few days late, just under a limit, on it, over it, and an invoice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from samlan.sample.items import Item
from samlan.sample.people import ADULT, Patron
from samlan.sample.rows import Row, stamp, without_absent
from samlan.sample.streams import Quota, stream

Charge = tuple[str, int]
"""A kind of fee and its amount in minor units of the member's currency."""

ADULT_DEBTS: tuple[tuple[Charge, ...], ...] = (
    (("overdue", 900),),
    (("overdue", 2100),),
    (("overdue", 4900),),
    (("overdue", 3000), ("reminder", 2000)),
    (("overdue", 6000), ("reminder", 2000), ("reminder", 2000)),
    (("overdue", 6300), ("reminder", 2000), ("reminder", 2000)),
    (("card", 2500),),
    (("print", 1500),),
    (("interlibrary", 2000),),
    (("overdue", 300), ("print", 600), ("other", 1000)),
    (("replacement", 25000), ("invoice", 4000)),
)
CHILD_DEBTS: tuple[tuple[Charge, ...], ...] = ((("card", 1000),), (("replacement", 12000), ("invoice", 4000)))
"""A child is charged for what is lost, never for being late (K25, O38)."""

ABOUT_AN_ITEM = ("overdue", "reminder", "replacement")
INVOICED = ("replacement", "invoice")
INVOICE_DAYS = 30
KEPT_ITEMS = 200
"""Items remembered per member for fees to be about; enough for debts to differ, few enough for any scale."""


@dataclass(slots=True)
class Debts:
    """Collects debtors and items while the sample is made, and yields their fees at the end."""

    seed: int
    today: date
    quota: Quota
    debtors: list[Patron] = field(default_factory=list)
    handed_in: dict[str, list[str]] = field(default_factory=dict)
    lost: dict[str, list[str]] = field(default_factory=dict)

    def consider(self, rng: Random, patron: Patron) -> None:
        """Let this patron be a debtor, perhaps."""
        if self.quota.due(rng) and patron.may_borrow:
            self.quota.took()
            self.debtors.append(patron)

    def remember(self, items: Iterable[Item], lent: Set[str]) -> None:
        """Let fees be about these items: those that are lost, and those now back on a shelf."""
        for item in items:
            if item.state == "lost" or (item.lendable and item.barcode not in lent):
                known = self.lost if item.state == "lost" else self.handed_in
                kept = known.setdefault(item.home.member.member, [])
                kept.extend([item.barcode] if len(kept) < KEPT_ITEMS else [])

    def rows(self) -> Iterator[Row]:
        """Yield the rows of `fees.jsonl`."""
        rng = stream(self.seed, "fees")
        number = 1
        for patron in self.debtors:
            for row in self._debt(rng, patron):
                yield {"fee": f"f{number:06d}", **row}
                number += 1

    def _debt(self, rng: Random, patron: Patron) -> Iterator[Row]:
        charges = rng.choice(ADULT_DEBTS if patron.age(self.today) >= ADULT + 1 else CHILD_DEBTS)
        day = max(self.today - timedelta(days=rng.randint(5, 140)), patron.registered + timedelta(days=1))
        item = self._item(rng, patron, lost=charges[0][0] == "replacement")
        for place, (kind, amount) in enumerate(charges):
            charged = min(
                day + timedelta(days=place * 7 if kind == "reminder" else 0), self.today - timedelta(days=1)
            )
            yield without_absent(
                {
                    "patron": patron.id,
                    "member": patron.member.member,
                    "kind": kind,
                    "amount": amount,
                    "currency": patron.member.currency,
                    "charged_at": stamp(
                        datetime.combine(charged, time(10, place), ZoneInfo(patron.member.timezone))
                    ),
                    "item": item if kind in ABOUT_AN_ITEM else None,
                    "invoice": f"i{patron.number:06d}" if kind in INVOICED else None,
                    "invoice_due": (charged + timedelta(days=INVOICE_DAYS)).isoformat()
                    if kind in INVOICED
                    else None,
                }
            )

    def _item(self, rng: Random, patron: Patron, *, lost: bool) -> str | None:
        """Return an item of the patron's member; a lost one is paid for by one patron only."""
        member = patron.member.member
        if lost and self.lost.get(member):
            return self.lost[member].pop()
        kept = self.handed_in.get(member)
        return rng.choice(kept) if kept else None
