"""`python -m samlan_contracts.catalogue`: writes the documents again and freezes samples of new events."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import samlan_contracts.events  # noqa: F401 (importing fills the registry)
from samlan_contracts.catalogue import asyncapi, listing, samples
from samlan_contracts.event import REGISTRY

DOCUMENTS = {"docs/catalogue/events.md": listing.rendered, "docs/catalogue/asyncapi.yaml": asyncapi.rendered}
SAMPLES = "shared/contracts/samples"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes what has changed below the root, or with `--check` only says what would."""
    parser = argparse.ArgumentParser(prog="python -m samlan_contracts.catalogue", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the repository (default: here)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something differs")
    wanted = parser.parse_args(arguments)
    if not (wanted.root / "shared" / "contracts").is_dir():
        parser.error(f"{wanted.root} is not the repository: name it with --root")
    stale = _stale(wanted.root)
    if not wanted.check:
        _write(wanted.root, stale)
    sys.stdout.writelines(f"{name}\n" for name in stale)
    return 1 if wanted.check and stale else 0


def _stale(root: Path) -> list[str]:
    """The documents that differ from what the contracts say."""
    return [
        name
        for name, render in DOCUMENTS.items()
        if not (root / name).exists() or (root / name).read_text("utf-8") != render(REGISTRY.values())
    ]


def _write(root: Path, stale: Sequence[str]) -> None:
    for name in stale:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(DOCUMENTS[name](REGISTRY.values()), "utf-8")
    samples.freeze(REGISTRY.values(), root / SAMPLES)


if __name__ == "__main__":
    sys.exit(main())
