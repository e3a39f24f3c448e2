"""The end of the play, as one object for programs and as a page for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from samlan.addresses import FILE, Addresses
from samlan.demo.tally import Tally
from samlan.demo.words import GOOD, KINDS, MEMBERS, MONEY, QUIET, WRONG, amount, moneys, plain_table
from samlan.playing import Spread

SHOWN_VIOLATIONS: Final = 20
BINS: Final = (
    ("shelf", "onto the pickup shelf"), ("transit", "on to another branch"), ("home", "back on their shelf"),
    ("exceptions", "to the staff"),
)  # fmt: skip
JUSTIFIED: Final[tuple[JustifyMethod, ...]] = ("right", "left", "right", "left")
COUNTED: Final = ("returns", "shelf", "transit", "home", "holds_ready", "fees_charged")
READ_OPERATOR: Final = """sed -n 's/.*"operator": "\\(.*\\)",/\\1/p' {addresses}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run came to."""

    tally: Tally
    seconds: float
    reply: Spread
    effect: Spread
    waited: int = 0
    """How many kiosks were told to wait for a bin that came later."""

    def as_json(self, violations: Sequence[str]) -> dict[str, Any]:
        """The object that `--json` prints."""
        counts = self.tally.counts
        return {
            **{name: counts[name] for name in COUNTED},
            "fees_minor": dict(sorted(self.tally.fees_minor.items())),
            "notices": counts["notices"],
            "exceptions": counts["exceptions"],
            "seconds": round(self.seconds, 2),
            "reply_ms": self.reply.as_json(),
            "effect_ms": self.effect.as_json(),
            "check": list(violations) or "clean",
        }

    def page(self) -> RenderableType:
        """The counts, the members, the messages and the latencies."""
        return Group(
            Text(), self._headline(), Text(), self._bins(), Text(), self._members(), Text(),
            self._messages(), Text(), self._latencies(), Text(),
        )  # fmt: skip

    def _headline(self) -> Text:
        returns = self.tally.counts["returns"]
        rate = returns / self.seconds if self.seconds else 0.0
        return Text.assemble(
            (f"{returns:,} returns", "bold"), f" in {self.seconds:.1f} s", (f"  ({rate:.0f} a second)", QUIET)
        )

    def _bins(self) -> Table:
        counts = self.tally.counts
        fees = moneys(self.tally.fees_minor)
        set_off = (
            (_count(counts["holds_ready"]), Text("holds ready")),
            (_count(counts["fees_charged"]), Text.assemble("fees charged  ", (fees, MONEY))),
            (_count(counts["notices"]), Text("messages sent")),
            (Text(), Text()),
        )
        table = plain_table()
        table.show_header = False
        for justify in JUSTIFIED:
            table.add_column(justify=justify)
        for (name, words), other in zip(BINS, set_off, strict=True):
            style = WRONG if name == "exceptions" and counts[name] else ""
            table.add_row(Text(f"{counts[name]:,}", style), words, *other)
        return table

    def _members(self) -> Table:
        currencies = sorted(self.tally.fees_minor)
        table = plain_table()
        table.add_column("handed in at")
        for name in ("returns", "shelf", "transit", "home", "ready", "fees", *currencies, "sent"):
            table.add_column(name, justify="right")
        for member, counts in sorted(self.tally.members.items(), key=lambda pair: -pair[1]["returns"]):
            fees = self.tally.member_fees[member]
            table.add_row(
                MEMBERS.get(member, member),
                *(_count(counts[name]) for name in COUNTED),
                *(
                    Text(amount(fees[currency]), MONEY if fees[currency] else QUIET)
                    for currency in currencies
                ),
                _count(counts["notices"]),
            )
        return table

    def _messages(self) -> RenderableType:
        languages = sorted({language for _, language in self.tally.messages})
        table = plain_table()
        table.add_column("messages")
        for language in languages:
            table.add_column(language, justify="right")
        for kind in sorted({kind for kind, _ in self.tally.messages}):
            told = (_count(self.tally.messages[kind, language]) for language in languages)
            table.add_row(KINDS.get(kind, kind), *told)
        unsent = [
            Text(f"{many} {KINDS.get(kind, kind)} not sent: {reason.replace('_', ' ')}", QUIET)
            for (kind, reason), many in sorted(self.tally.unsent.items())
        ]
        return Group(table, *unsent) if languages or unsent else Text("no messages", QUIET)

    def _latencies(self) -> Table:
        table = plain_table()
        table.add_column("")
        table.add_column("median", justify="right")
        table.add_column("99 of 100 within", justify="right")
        table.add_row("until the kiosk knows the bin", *_ms(self.reply))
        table.add_row("until the notice is stored", *_ms(self.effect))
        if self.waited:
            table.add_row("kiosks told to wait for their bin", f"{self.waited:,}", "")
        return table


def checked(violations: Sequence[str]) -> RenderableType:
    """What the check of all services found."""
    if not violations:
        return Text.assemble("check: ", ("clean", f"bold {GOOD}"), (" across all services", QUIET))
    more = len(violations) - SHOWN_VIOLATIONS
    lines = [Text(f"check: {len(violations)} violations", f"bold {WRONG}")]
    lines += [Text(f"  {one}", WRONG) for one in violations[:SHOWN_VIOLATIONS]]
    return Group(*lines, *([Text(f"  and {more} more", WRONG)] if more > 0 else []))


def where_to_look(here: Addresses, data: Path, fact: str | None) -> RenderableType:
    """What to open next."""
    table = plain_table()
    table.show_header = False
    table.add_row("gateway", f"{here.gateway}/v1")
    table.add_row("mail", here.mail)
    table.add_row("texts", here.sms)
    table.add_row("logs", here.logs)
    table.add_row("all addresses", str(data / FILE))
    if fact is None:
        return table
    token = READ_OPERATOR.format(addresses=data / FILE)
    command = f'curl -H "Authorization: Bearer $({token})" {here.gateway}/v1/ops/returns/{fact}'
    return Group(table, Text(), Text("one return, step by step:", QUIET), Text(command, overflow="fold"))


def _count(many: int) -> Text:
    return Text(f"{many:,}", "" if many else QUIET)


def _ms(spread: Spread) -> list[str]:
    return ["–" if one is None else f"{one:.0f} ms" for one in (spread.p50, spread.p99)]


def missing(planned: int, wanted: int) -> str:
    """Why fewer are played than asked for."""
    return (
        f"only {planned:,} of {wanted:,} returns can be played: the sample has nothing more to lend. "
        "Another data folder (--data) begins anew."
    )
