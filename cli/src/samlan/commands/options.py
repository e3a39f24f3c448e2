"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option(help="The folder that holds everything of this consortium.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line, for programs.")]
HERE = Path(".samlan")
