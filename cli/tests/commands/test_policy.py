"""`samlan policy` as a process, beside a consortium that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Samlan

POLICIES = Path(__file__).parents[3] / "policies"
AT = ("--branch", "vast/lerum", "--on", "2026-11-20")


def test_a_draft_is_tried_out_where_nothing_is_recorded_yet(town: Samlan) -> None:
    draft = str(POLICIES / "vast.yaml")
    told = json.loads(town.run("policy", "simulate", draft, "--since", "2026-01-01", "--json").stdout)
    assert (told["compared"], told["differences"]) == ({}, [])
    shown = town.run("policy", "simulate", draft, "--since", "2026-01-01")
    assert shown.returncode == 0
    assert "compared: nothing" in shown.stdout


def test_what_nobody_knows_is_one_line(town: Samlan, tmp_path: Path) -> None:
    assert town.refused("policy", "explain", *AT, "--patron", "nobody", "--material", "book") == (
        "samlan: there is no patron nobody\n"
    )
    assert town.refused("policy", "explain", *AT, "--item", "nothing") == "samlan: there is no item nothing\n"
    odd = tmp_path / "odd.yaml"
    odd.write_text("member: vast\n", encoding="utf-8")
    assert "samlan policy check" in town.refused("policy", "simulate", str(odd), "--since", "2026-01-01")
    draft = str(POLICIES / "vast.yaml")
    assert "--since is a day" in town.refused("policy", "simulate", draft, "--since", "lately")


def test_without_a_consortium_a_line_says_how_to_start_one(samlan: Samlan) -> None:
    asked = ("policy", "simulate", str(POLICIES / "vast.yaml"), "--since", "2026-01-01")
    assert "start it with `samlan up" in samlan.refused(*asked)
