"""Which devices may join in, and what is said of those that may not."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console
from samlan.consortium import namesakes
from samlan.importing.report import Report
from samlan.importing.run import Outcome, shown
from samlan_plumbing.topology import SERVICES


def test_no_device_takes_the_broker_user_of_a_part_of_the_system() -> None:
    devices = ["lerum-1", "rabbit-keeper", "operator", *SERVICES, "holds-1"]
    assert namesakes(devices, administrator="rabbit-keeper") == sorted(
        ["rabbit-keeper", "operator", *SERVICES]
    )
    assert namesakes(devices, administrator="administrator") == sorted(["operator", *SERVICES])


def test_an_import_says_which_devices_may_not_join_and_why() -> None:
    outcome = Outcome(Report(), Path("refused.jsonl"), devices=1, branches=2, kept_out=("rabbit-keeper",))
    told = StringIO()
    Console(file=told, width=120).print(shown(outcome))
    assert "rabbit-keeper may not join in: a user of the broker has this name" in told.getvalue()
    assert outcome.as_json()["kept_out"] == ["rabbit-keeper"]
