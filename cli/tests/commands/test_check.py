"""`samlan check` as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Samlan


def test_a_folder_without_a_consortium_is_not_called_clean(samlan: Samlan) -> None:
    said = samlan.refused("check")
    assert said.startswith(f"samlan: there is no consortium in {samlan.data}")
    assert not samlan.data.exists()
