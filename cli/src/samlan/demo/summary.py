"""The end of the play, as one object for programs and as a page for a person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from samlan.addresses import FILE, Addresses
from samlan.demo.tally import Tally
from samlan.demo.words import GOOD, KINDS, MEMBERS, MONEY, QUIET, WRONG, moneys, plain_table
from samlan.playing import Spread

SHOWN_VIOLATIONS: Final = 20
BINS: Final = (
    ("shelf", "onto the pickup shelf"), ("transit", "on to another branch"), ("home", "back on their shelf"),
    ("exceptions", "to the staff"),
)  # fmt: skip
READ_OPERATOR: Final = """sed -n 's/.*"operator": "\\(.*\\)",/\\1/p' {addresses}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a run came to."""

    tally: Tally
    seconds: float
    reply: Spread
    effect: Spread
    violations: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        counts = self.tally.counts
        return {
            **{
                name: counts[name]
                for name in ("returns", "shelf", "transit", "home", "holds_ready", "fees_charged")
            },
            "fees_minor": dict(sorted(self.tally.fees_minor.items())),
            "notices": counts["notices"],
            "exceptions": counts["exceptions"],
            "seconds": round(self.seconds, 2),
            "reply_ms": self.reply.as_json(),
            "effect_ms": self.effect.as_json(),
            "check": list(self.violations) or "clean",
        }

    def page(self) -> RenderableType:
        """The counts, the members, the messages, the latencies and the check."""
        return Group(
            Text(), self._headline(), Text(), self._bins(), Text(), self._members(), Text(),
            self._messages(), Text(), self._latencies(), Text(), self._check(),
        )  # fmt: skip

    def _headline(self) -> Text:
        returns = self.tally.counts["returns"]
        rate = returns / self.seconds if self.seconds else 0.0
        return Text.assemble(
            (f"{returns:,} returns", "bold"), f" in {self.seconds:.1f} s", (f"  ({rate:.0f} a second)", QUIET)
        )

    def _bins(self) -> Table:
        counts = self.tally.counts
        set_off = [
            ("holds ready", f"{counts['holds_ready']:,}"),
            ("fees charged", f"{counts['fees_charged']:,}"),
            ("", moneys(self.tally.fees_minor)),
            ("messages sent", f"{counts['notices']:,}"),
        ]
        table = plain_table()
        for justify in ("right", "left", "right", "left"):
            table.add_column(justify=justify)  # type: ignore[arg-type]
        for (name, words), (what, many) in zip(BINS, set_off, strict=True):
            style = WRONG if name == "exceptions" and counts[name] else ""
            table.add_row(Text(f"{counts[name]:,}", style), words, *_right(what, many))
        table.show_header = False
        return table

    def _members(self) -> Table:
        table = plain_table()
        table.add_column("handed in at")
        for name in ("returns", "shelf", "transit", "home", "holds ready", "fees", "messages"):
            table.add_column(name, justify="right")
        table.add_column("")
        for member, counts in sorted(self.tally.members.items(), key=lambda pair: -pair[1]["returns"]):
            names = ("returns", "shelf", "transit", "home", "holds_ready", "fees_charged", "notices")
            fees = moneys(self.tally.member_fees[member])
            table.add_row(
                MEMBERS.get(member, member), *(_count(counts[name]) for name in names), Text(fees, MONEY)
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
        table.add_column("usual (p50)", justify="right")
        table.add_column("slowest in a hundred (p99)", justify="right")
        table.add_row("the kiosk knows the bin", *_ms(self.reply))
        table.add_row("a notice is stored", *_ms(self.effect))
        return table

    def _check(self) -> RenderableType:
        if not self.violations:
            return Text.assemble("check: ", ("clean", f"bold {GOOD}"), (" across all services", QUIET))
        more = len(self.violations) - SHOWN_VIOLATIONS
        lines = [Text(f"check: {len(self.violations)} violations", f"bold {WRONG}")]
        lines += [Text(f"  {one}", WRONG) for one in self.violations[:SHOWN_VIOLATIONS]]
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


def _right(what: str, many: str) -> tuple[RenderableType, RenderableType]:
    return (Text(many, MONEY), "") if not what else (many, what)


def _count(many: int) -> Text:
    return Text(f"{many:,}", "" if many else QUIET)


def _ms(spread: Spread) -> tuple[str, str]:
    return tuple("–" if one is None else f"{one:.0f} ms" for one in (spread.p50, spread.p99))  # type: ignore[return-value]


def missing(planned: int, wanted: int) -> str:
    """Why fewer are played than asked for."""
    return (
        f"only {planned:,} of {wanted:,} returns can be played: the sample has nothing more to lend. "
        "Another data folder (--data) begins anew."
    )
