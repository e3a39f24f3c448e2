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
        items: Annotated[int, typer.Option(min=200, help="How large a sample consortium to make.")] = 12_000,
        data: Data = HERE,
    ) -> None:
        """Start everything, load the sample consortium, play kiosk returns and show what each sets off."""
        from samlan.ahead import head_start

        with head_start(data) as ahead:
            from samlan.demo.run import play_demo

            play_demo(returns, data, ahead, items=items, once=once, as_json=as_json)
