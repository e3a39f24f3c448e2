"""How things are said to a person who watches: returns as lines, money, members, languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from rich.table import Table
from rich.text import Text

from samlan.demo.messages import Languages
from samlan.playing.effects import Notice, Return

MEMBERS: Final = {
    "gothenburg": "Göteborg", "vast": "Bibliotek Väst", "gladsaxe": "Gladsaxe",
    "kungsbacka": "Kungsbacka", "orebro": "Örebro",
}  # fmt: skip
KINDS: Final = {
    "hold_ready": "hold ready", "fee_charged": "fee charged", "receipt": "receipt",
    "hold_expired": "hold expired", "due_soon": "due soon", "overdue_1": "reminder 1",
    "overdue_2": "reminder 2", "invoice": "invoice",
}  # fmt: skip
CHANNELS: Final = {"email": "e-mail", "sms": "SMS"}
MATERIALS: Final = {
    "feature_film": "film", "documentary_film": "documentary", "childrens_film": "children's film",
    "tv_series": "TV series", "dvd": "DVD", "music_cd": "music CD", "daisy": "DAISY book",
}  # fmt: skip
WIDE: Final = 110
QUIET, GOOD, MOVING, MONEY, WRONG = "dim", "green", "cyan", "yellow", "red"


@dataclass(frozen=True, slots=True)
class Columns:
    """How wide branch and material may be; the rest of a line is for what happened."""

    branch: int
    material: int

    @classmethod
    def of(cls, width: int) -> Columns:
        """Narrow columns for a narrow terminal."""
        return cls(26, 18) if width >= WIDE else cls(21, 12)


def return_line(one: Return, names: Mapping[str, str], languages: Languages, columns: Columns) -> Text:
    """One return as one line: what, where, where to, and what else it set off."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(_fitted(names.get(one.planned.branch, one.planned.branch), columns.branch))
    text.append(_fitted(MATERIALS.get(one.material, one.material.replace("_", " ")), columns.material), QUIET)
    for place, part in enumerate(_parts(one, names, languages)):
        text.append(" · " if place else "", QUIET).append_text(part)
    return text


def _parts(one: Return, names: Mapping[str, str], languages: Languages) -> Iterator[Text]:
    """What happened, each thing with the message that told it."""
    told = {notice.kind: _told(notice, languages) for notice in one.notices}
    yield _where(one, names).append_text(told.pop("hold_ready", Text()))
    for fee in one.fees:
        amount = Text(f"{late(one)}fee {money(fee.amount_minor, fee.currency)}", MONEY)
        yield amount.append_text(told.pop("fee_charged", Text()))
    for kind, words in told.items():
        yield Text(KINDS.get(kind, kind), QUIET).append_text(words)


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


def late(one: Return) -> str:
    """How late the item came, where a fee says that it did."""
    days = (one.at.astimezone().date() - one.due).days if one.due else 0
    return f"{days} {'day' if days == 1 else 'days'} late, " if days > 0 else ""


def _told(notice: Notice, languages: Languages) -> Text:
    if notice.channel is None:
        return Text(f", not told: {(notice.reason or '').replace('_', ' ')}", QUIET)
    language = languages.of(notice.id, notice.channel)
    return Text(f", told in {language} by {CHANNELS.get(notice.channel, notice.channel)}", QUIET)


def money(amount_minor: int, currency: str) -> str:
    """An amount with its currency."""
    return f"{amount(amount_minor)} {currency}"


def amount(amount_minor: int) -> str:
    """An amount of a currency with two decimals, thousands apart."""
    whole, cents = divmod(amount_minor, 100)
    return f"{whole:,}.{cents:02d}".replace(",", "\u202f")


def moneys(amounts: Mapping[str, int]) -> str:
    """Amounts of several currencies."""
    return " + ".join(money(amount, currency) for currency, amount in sorted(amounts.items()))


def _fitted(text: str, width: int) -> str:
    """Text cut or filled to a column's width, with a gap behind it."""
    return f"{text if len(text) < width else text[: width - 2] + '…':<{width}}"


def plain_table(title: str = "") -> Table:
    """A table without lines."""
    return Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), title=title or None, title_justify="left",
        title_style="bold", header_style=Style(dim=True),
    )  # fmt: skip
