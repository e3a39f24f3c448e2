"""The command: waits until all is quiet, checks, and shows what it found."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from samlan_plumbing.peers import PeerDown

from samlan.checking.check import INVARIANTS, Violation, violations
from samlan.checking.state import Seen, gather
from samlan.consortium import Consortium, consortium
from samlan.interrupting import Interrupted, Interruption
from samlan.trouble import Trouble

LOOKS: Final = 5  # a message on its way is no violation: only what stays is
PATIENT_LOOKS: Final = (
    150  # a sender that was killed keeps its message back for its lease, its riders for two
)
PAUSE_SECONDS: Final = 2.0
SHOWN: Final = 50


def run_check(data: Path, *, as_json: bool) -> None:
    """Prints what is violated; exits 1 if anything is."""
    if not (data / "keys").is_dir():
        raise Trouble(f"there is no consortium in {data}: start one with `samlan up --data {data}`")
    found, seen = asyncio.run(_checked(data))
    if as_json:
        listed = [{"invariant": one.invariant, "subject": one.subject, "says": one.says} for one in found]
        sys.stdout.write(json.dumps({"check": listed or "clean", "seen": counts(seen)}) + "\n")
    else:
        _show(found, seen)
    if found:
        sys.exit(1)


async def _checked(data: Path) -> tuple[list[Violation], Seen]:
    interruption = Interruption()
    interruption.listen()
    try:
        async with consortium(data, interruption) as here:
            return await interruption.unless(_lasting(here))
    except Interrupted:
        raise Trouble("interrupted") from None
    except PeerDown as down:
        raise Trouble(f"{down}; nothing can be said before all services answer") from None


async def _lasting(here: Consortium) -> tuple[list[Violation], Seen]:
    """The violations that stay: what is on its way gets a few moments to arrive."""
    await here.settle()
    seen = await gather(here.peers)
    found = violations(seen)
    for look in range(PATIENT_LOOKS):
        if not found or (look >= LOOKS and not all(one.passing for one in found)):
            break
        await asyncio.sleep(PAUSE_SECONDS)
        seen = await gather(here.peers)
        found = violations(seen)
    return found, seen


def counts(seen: Seen) -> dict[str, int]:
    """How much was looked at, by kind; what several services keep is counted once."""
    totals: dict[str, int] = {}
    for kind, found in ((kind, found) for kinds in seen.rows.values() for kind, found in kinds.items()):
        totals[kind] = max(totals.get(kind, 0), len(found))
    copies = sum(len(found) for kinds in seen.copies.values() for found in kinds.values())
    return {**dict(sorted(totals.items())), "copies": copies}


def _show(found: list[Violation], seen: Seen) -> None:
    console = Console(highlight=False)
    looked = ", ".join(f"{count:,} {kind}" for kind, count in counts(seen).items())
    console.print(f"[dim]{len(INVARIANTS)} rules over {looked}[/dim]")
    if not found:
        console.print("[bold green]clean[/bold green]: no invariant is violated")
        return
    table = Table(
        "invariant", "about", "what is wrong", title=f"{len(found)} violations", title_style="bold red"
    )
    for one in found[:SHOWN]:
        table.add_row(str(one.invariant), one.subject, one.says)
    console.print(table)
    if len(found) > SHOWN:
        console.print(f"… and {len(found) - SHOWN} more; --json lists them all")
