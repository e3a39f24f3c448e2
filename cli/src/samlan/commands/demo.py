"""`samlan demo`."""

from typing import Annotated

import typer

from samlan.commands.options import HERE, Data, Json


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command()
    def demo(
        returns: Annotated[int, typer.Option(min=1, help="How many returns to play.")] = 500,
        once: Annotated[bool, typer.Option("--once", help="End after the summary.")] = False,
        as_json: Json = False,
        data: Data = HERE,
    ) -> None:
        """Start everything, load the sample consortium, play kiosk returns and show what each sets off."""
        from samlan.demo.run import play_demo

        play_demo(returns, data, once=once, as_json=as_json)
