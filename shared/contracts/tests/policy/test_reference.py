"""The page about policy books says what the classes say."""

from __future__ import annotations

from pathlib import Path

from samlan_contracts.policy.reference import reference


def test_the_page_is_made_from_the_classes(policies: Path) -> None:
    """Out of date? python -m samlan_contracts.policy.reference policies/README.md."""
    assert (policies / "README.md").read_text(encoding="utf-8") == reference()
