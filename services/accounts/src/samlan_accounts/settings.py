"""What accounts is told by its environment beyond what every service is."""

from __future__ import annotations

from pydantic import Field
from samlan_plumbing.settings import ServiceSettings


class AccountsSettings(ServiceSettings):
    """How fast imported PINs are hashed: their share of one core, left to log-ins otherwise."""

    pin_hashing_share: float = Field(default=0.1, gt=0, le=1)
