"""The command line `samlan`; every command imports what it needs when it runs, so that `--help` is quick."""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from samlan.commands import bench, check, dead_letters, demo, importing, policy
from samlan.trouble import Trouble

app = typer.Typer(
    name="samlan", help="An open library consortium.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip

Data = Annotated[Path, typer.Option(help="The folder that holds everything of this consortium.")]
HERE = Path(".samlan")


@app.callback()
def commands() -> None:
    """An open library consortium on events."""


@app.command()
def up(
    data: Data = HERE,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The gateway's port.")] = None,
    clock: Annotated[
        Path | None, typer.Option(help="A file whose one RFC 3339 line is the library's time.")
    ] = None,
) -> None:
    """Start broker, datastore and every service on this machine, until Ctrl-C."""
    from samlan.up import run_until_interrupted

    run_until_interrupted(data, port, clock)


for command in (importing, demo, check, dead_letters, policy, bench):
    command.register(app)


def main() -> None:
    """Runs the command; what the person who called can mend is one line, not a traceback."""
    try:
        app()
    except Trouble as trouble:
        _give_up(str(trouble))
    except OSError as error:
        _give_up(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))


def _give_up(why: str) -> NoReturn:
    sys.stderr.write(f"samlan: {why}\n")
    sys.exit(1)
