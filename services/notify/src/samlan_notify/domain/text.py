"""What a message says: one template per kind and language, plain text, safe against what people type.

A template has three blocks: `subject`, `mail` and, where the kind goes by SMS, `sms`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from samlan_notify.domain.notice import Channel, Kind, Notice

TEMPLATES: Final = Path(__file__).with_name("templates")
LONGEST_TITLE: Final = 200
LONGEST_SMS_TITLE: Final = 60
NAMELESS: Final = {"sv": "(titel saknas)", "da": "(titel mangler)", "en": "(title missing)"}


@dataclass(frozen=True, slots=True)
class Text:
    """The words of one message, ready to send."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as people call it, and the zone its days are in."""

    name: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What ids are called: titles, branches, members, and children in a guardian's message.

    Of a shielded child's titles a guardian learns none (O37)."""

    titles: Mapping[str, str | None]
    branches: Mapping[str, Branch]
    members: Mapping[str, str]
    patrons: Mapping[str, str]
    shielded: frozenset[str] = frozenset()


def write(kind: Kind, *, language: str, channel: Channel, notices: Sequence[Notice], names: Names) -> Text:
    """The message for these notices in this language; it holds no card and no identity number."""
    template = _template(kind, language)
    longest = LONGEST_TITLE if channel == "email" else LONGEST_SMS_TITLE
    lines = [_line(one, language=language, names=names, longest=longest) for one in notices]
    values = {"lines": lines, "count": len(lines), "totals": _totals(notices, language)}
    return Text(
        subject=" ".join(_block(template, "subject", values).split()),
        body=_block(template, "mail" if channel == "email" else "sms", values).strip() + "\n",
    )


def clean(text: str, longest: int) -> str:
    """One line of printable text: no control, format or line-breaking characters, and not without end."""
    kept = "".join(one if not unicodedata.category(one).startswith(("C", "Z")) else " " for one in text)
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def money(amount_minor: int, currency: str, language: str) -> str:
    """An amount as the language writes it, the currency behind it, with plain spaces."""
    major = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    amount = format_currency(major, currency, format="#,##0.00 ¤", locale=language)
    return " ".join(amount.split())


def day(on: date, language: str) -> str:
    """A day with its weekday as the language writes it."""
    return format_date(on, "EEEE d MMMM y", locale=language)


def _local_day(instant: str, branch: Branch) -> date:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(branch.timezone)).date()


def _line(notice: Notice, *, language: str, names: Names, longest: int) -> dict[str, Any]:
    about = notice.about or {}
    hidden = notice.to == "guardian" and notice.patron in names.shielded
    title = None if hidden else about.get("title")
    name = names.titles.get(title) if title else None
    branch = names.branches[about["branch"]] if about.get("branch") else None
    amount = money(about["amount_minor"], about["currency"], language) if "amount_minor" in about else None
    return {
        "title": clean(name or NAMELESS[language], longest) if title else None,
        "branch": clean(branch.name, LONGEST_TITLE) if branch else None,
        "borrower_id": clean(about.get("borrower_id", ""), LONGEST_TITLE),
        "last_day": day(date.fromisoformat(about["last_day"]), language) if about.get("last_day") else None,
        "due": day(date.fromisoformat(about["due"]), language) if about.get("due") else None,
        "pay_by": day(date.fromisoformat(about["pay_by"]), language) if about.get("pay_by") else None,
        "returned_on": day(_local_day(about["returned_at"], branch), language)
        if branch and about.get("returned_at")
        else None,
        "amount": amount,
        "reasons": [
            clean(one[language], LONGEST_TITLE * 2) for one in about.get("says", ()) if language in one
        ],
        "why": about.get("why"),
        "member": clean(names.members.get(notice.member or "", ""), LONGEST_TITLE),
        "child": clean(names.patrons.get(notice.patron or "", ""), LONGEST_TITLE)
        if notice.to == "guardian"
        else "",
    }


def _totals(notices: Sequence[Notice], language: str) -> list[str]:
    sums: dict[str, int] = {}
    for about in (one.about or {} for one in notices):
        if "amount_minor" in about:
            sums[about["currency"]] = sums.get(about["currency"], 0) + int(about["amount_minor"])
    return [money(amount, currency, language) for currency, amount in sorted(sums.items())]


def _block(template: Template, name: str, values: Mapping[str, Any]) -> str:
    return "".join(template.blocks[name](template.new_context(dict(values))))


@cache
def _template(kind: Kind, language: str) -> Template:
    environment = Environment(  # plain text: nothing is markup, so nothing is escaped
        loader=FileSystemLoader(TEMPLATES), autoescape=False, undefined=StrictUndefined,  # noqa: S701
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(f"{kind}.{language}.txt")
