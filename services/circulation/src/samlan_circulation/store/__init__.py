"""Circulation's own documents, its copies of what others own, and the log of facts."""

from samlan_circulation.store.store import Store

__all__ = ["Store"]
