"""`samlan dead-letters`: what a service could not process, listed, read, replayed, discarded."""

from typing import Annotated

import typer

from samlan.commands.options import HERE, Data, Json

Id = Annotated[str, typer.Argument(help="The letter's id.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    letters = typer.Typer(help="Repair what could not be processed.", no_args_is_help=True)
    app.add_typer(letters, name="dead-letters")

    @letters.command("list")
    def list_(data: Data = HERE, as_json: Json = False) -> None:
        """List the letters that wait for a decision, without what they say."""
        from samlan.letters import list_letters

        list_letters(data, as_json=as_json)

    @letters.command()
    def show(letter: Id, data: Data = HERE, as_json: Json = False) -> None:
        """Show one letter with the outside of its envelope."""
        from samlan.letters import show_letter

        show_letter(letter, data, as_json=as_json)

    @letters.command()
    def replay(letter: Id, data: Data = HERE) -> None:
        """Put a letter back into the queue it came from."""
        from samlan.letters import replay_letter

        replay_letter(letter, data)

    @letters.command()
    def discard(
        letter: Id,
        why: Annotated[str, typer.Option(help="Why it is given up; kept with the letter.")],
        data: Data = HERE,
    ) -> None:
        """Give a letter up."""
        from samlan.letters import discard_letter

        discard_letter(letter, why, data)
