"""How things are said to a person who watches: returns as lines, money, members, languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.style import Style
from rich.table import Table
from rich.text import Text

from samlan.demo.messages import Languages
from samlan.playing.effects import Return

MEMBERS: Final = {
    "gothenburg": "Göteborg", "vast": "Bibliotek Väst", "gladsaxe": "Gladsaxe",
    "kungsbacka": "Kungsbacka", "orebro": "Örebro",
}  # fmt: skip
KINDS: Final = {
    "hold_ready": "hold ready", "fee_charged": "fee charged", "receipt": "return receipt",
    "hold_expired": "hold expired",
}  # fmt: skip
CHANNELS: Final = {"email": "e-mail", "sms": "SMS"}
BRANCH_WIDTH: Final = 26
MATERIAL_WIDTH: Final = 16
QUIET, GOOD, MOVING, MONEY, WRONG = "dim", "green", "cyan", "yellow", "red"


def line(one: Return, names: Mapping[str, str], languages: Languages) -> Text:
    """One return as one line: what, where, where to, and what else it set off."""
    here = names.get(one.planned.branch, one.planned.branch)
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(_fitted(here, BRANCH_WIDTH))
    text.append(_fitted(one.material.replace("_", " "), MATERIAL_WIDTH), QUIET)
    text.append_text(_where(one, names))
    for part in (*_money(one), *_told(one, languages)):
        text.append(" · ", QUIET)
        text.append_text(part)
    return text


def _where(one: Return, names: Mapping[str, str]) -> Text:
    there = names.get(one.goes_to or "", one.goes_to or "")
    match one.bin:
        case "shelf":
            return Text(f"pickup shelf, hold ready for {one.borrower_id}", GOOD)
        case "transit" if one.for_hold:
            return Text(f"to {there}, held for {one.borrower_id}", MOVING)
        case "transit":
            return Text(f"home to {there}", MOVING)
        case "home":
            return Text("back on its shelf")
        case "exception":
            return Text(f"to the staff: {(one.refused or '').replace('_', ' ')}", WRONG)
        case _:
            return Text("waits to be routed", WRONG)


def _money(one: Return) -> list[Text]:
    return [Text(f"{late(one)}fee {money(fee.amount_minor, fee.currency)}", MONEY) for fee in one.fees]


def late(one: Return) -> str:
    """How late the item came, where a fee says that it did."""
    days = (one.at.astimezone().date() - one.due).days if one.due else 0
    return f"{days} {'day' if days == 1 else 'days'} late, " if days > 0 else ""


def _told(one: Return, languages: Languages) -> list[Text]:
    return [
        Text(f"told in {languages.of(notice.id, notice.channel)} by {CHANNELS[notice.channel]}", QUIET)
        if notice.channel
        else Text(f"not told: {(notice.reason or '').replace('_', ' ')}", QUIET)
        for notice in one.notices
    ]


def money(amount_minor: int, currency: str) -> str:
    """An amount with its currency, thousands apart."""
    whole, cents = divmod(amount_minor, 100)
    return f"{whole:,}.{cents:02d} {currency}".replace(",", "\u202f")


def moneys(amounts: Mapping[str, int]) -> str:
    """Amounts of several currencies."""
    return " + ".join(money(amount, currency) for currency, amount in sorted(amounts.items()))


def _fitted(text: str, width: int) -> str:
    """Text cut or filled to a column's width, with a gap behind it."""
    return f"{text if len(text) < width else text[: width - 2] + '…':<{width}}"


def plain_table(title: str = "") -> Table:
    """A table without lines."""
    return Table(
        box=None, pad_edge=False, padding=(0, 3, 0, 0), title=title or None, title_justify="left",
        title_style="bold", header_style=Style(dim=True),
    )  # fmt: skip
