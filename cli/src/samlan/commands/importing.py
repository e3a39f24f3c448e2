"""`samlan import`."""

from pathlib import Path
from typing import Annotated

import typer

from samlan.commands.options import HERE, Data, Json


def register(app: typer.Typer) -> None:
    """Adds the command."""

    @app.command("import")
    def import_(
        folder: Annotated[Path, typer.Argument(help="The folder with the files.")],
        data: Data = HERE,
        as_json: Json = False,
    ) -> None:
        """Load a library's data from files; a run that was stopped goes on where it was.

        Rows that cannot be used are listed with their file, line and reason, and the rest goes on: that is
        no failure (exit 0). Exits 1 when the folder is not there or holds no file of an import, or when the
        services do not answer.
        """
        from samlan.importing.run import import_folder

        import_folder(folder, data, as_json=as_json)
