"""Books for domain specifications."""

from __future__ import annotations

import pytest
from samlan_contracts.policy import PolicyBooks
from samlan_testkit.world import POLICIES


@pytest.fixture(scope="session")
def books() -> PolicyBooks:
    """The five members' books."""
    return PolicyBooks.load(POLICIES)
