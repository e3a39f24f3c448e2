"""`samlan bench`."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command()
    def bench(
        only: Annotated[list[str] | None, typer.Option(help="A measure; may be repeated.")] = None,
        rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds of each measure.")] = 3,
        returns: Annotated[int, typer.Option(min=10, help="Returns in a storm.")] = 3_000,
        items: Annotated[int, typer.Option(min=1_000, help="Items of the consortium.")] = 20_000,
        full: Annotated[bool, typer.Option("--full", help="Growth up to 1,000,000 items.")] = False,
        written: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
    ) -> None:
        """Measure what a return costs, beside the bare broker and datastore in the same run."""
        from samlan.bench.measures import Wish
        from samlan.bench.run import bench as run_bench

        wish = Wish(
            rounds=rounds, returns=returns, items=items, grown=1_000_000 if full else 40_000,
            only=frozenset(only or ()),
        )  # fmt: skip
        run_bench(wish, written)
