"""`python -m samlan_gateway.api`: writes docs/catalogue/openapi.yaml again from the routes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from samlan_gateway.api import catalogue, desk, operator, patron
from samlan_gateway.api.documents import document
from samlan_gateway.api.door import Door

DOCUMENT: Final = "docs/catalogue/openapi.yaml"
HEADING: Final = "# Written by `python -m samlan_gateway.api`; a test compares it with the routes.\n"


@cache
def rendered() -> str:
    """The public routes as an OpenAPI document; nobody is needed behind them to describe them."""
    nobody: Any = None
    door = Door(nobody, nobody, nobody)
    routers = [
        *patron.routes(door, patron.PatronRooms(nobody, nobody, nobody)),
        catalogue.routes(door, nobody),
        *desk.routes(door, desk.DeskRooms(nobody, nobody, nobody)),
        operator.routes(door, operator.OperatorRooms(nobody, nobody, nobody)),
    ]
    return HEADING + yaml.safe_dump(document(routers), sort_keys=False, allow_unicode=True, width=110)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the document below the root, or with `--check` only says whether it would change."""
    parser = argparse.ArgumentParser(prog="python -m samlan_gateway.api", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the repository (default: here)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when it differs")
    wanted = parser.parse_args(arguments)
    place, text = wanted.root / DOCUMENT, rendered()
    if place.exists() and place.read_text("utf-8") == text:
        return 0
    sys.stdout.write(f"{DOCUMENT}\n")
    if wanted.check:
        return 1
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
