"""Circulation's private HTTP: what the gateway, the command line and the check of invariants ask."""

from samlan_circulation.api.desk import desk_routes
from samlan_circulation.api.records import record_routes

__all__ = ["desk_routes", "record_routes"]
