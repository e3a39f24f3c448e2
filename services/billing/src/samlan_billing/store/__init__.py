"""Billing's documents: ledgers, settled fees, and what it keeps of others' facts."""

from samlan_billing.store.store import Store

__all__ = ["Store"]
