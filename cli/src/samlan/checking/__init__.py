"""The invariants of the consortium, checked across all services."""

from samlan.checking.check import check, violations
from samlan.checking.state import Seen, gather

__all__ = ["Seen", "check", "gather", "violations"]
