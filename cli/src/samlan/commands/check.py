"""`samlan check`: the invariants, across every service."""

import typer

from samlan.commands.options import HERE, Data, Json


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command()
    def check(data: Data = HERE, as_json: Json = False) -> None:
        """Ask every service for its state and check the invariants; exits 1 if any is violated."""
        from samlan.checking.command import run_check

        run_check(data, as_json=as_json)
