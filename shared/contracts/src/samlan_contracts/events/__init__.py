"""Every event of the consortium; importing this package fills the registry."""

from samlan_contracts.events import accounts, billing, catalog, circulation, holds, notify

__all__ = ["accounts", "billing", "catalog", "circulation", "holds", "notify"]
