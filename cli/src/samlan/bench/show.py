"""The table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from samlan.bench.figures import Figure


def table(figures: Iterable[Figure], about: Mapping[str, Any]) -> Table:
    """One row for each figure; what misses its target is said to."""
    title = (
        f"{about['cores']} cores · {about['datastore']} · {about['items']:,} items"
        f" · storms of {about['returns']:,}"
    )
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in ("measure", "median", "low", "high", "target", ""):
        shown.add_column(name, justify="left" if name in ("measure", "") else "right")
    for one in figures:
        low, high = one.spread
        shown.add_row(
            one.name, f"{said(one.median)} {one.unit}", said(low), said(high),
            str(one.target) if one.target else "", _verdict(one),
        )  # fmt: skip
        if one.parts:
            shown.add_row(Text(_parts(one.parts), style="dim"))
    return shown


def said(value: float) -> str:
    """A figure in as many digits as mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _verdict(one: Figure) -> Text:
    if one.met is None:
        return Text(one.note, style="dim")
    word, style = ("met", "green") if one.met else ("not met", "red")
    return Text(f"{word}  {one.note}".rstrip(), style=style)


def _parts(parts: Mapping[str, Any]) -> str:
    return "  " + " · ".join(
        f"{name} {said(value) if isinstance(value, int | float) else value}" for name, value in parts.items()
    )
