"""What a service process is told by its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, IPvAnyNetwork, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """The `SAMLAN_*` variables every service reads; a service adds its own in a subclass."""

    model_config = SettingsConfigDict(env_prefix="SAMLAN_", extra="ignore", frozen=True)

    service: str
    mongodb_url: str
    database: str = ""
    rabbitmq_url: str
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65535)
    keys: Path
    policies: Path
    clock: Path | None = None
    peers: dict[str, str] = {}
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()  # who may say, in X-Forwarded-For, for whom it asks
    log: Path | None = None
    prefetch: int = Field(default=20, ge=1, le=200)
    delay_ms: int = Field(default=0, ge=0)  # the benchmark's: each message waits so long, one at a time
    counting: bool = False  # the benchmark's: what is asked of the datastore is counted in the metrics

    @field_validator("trusted_proxies")
    @classmethod
    def names_its_proxies(cls, value: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
        """Refuses to trust everybody: each caller could then choose the source it is throttled by."""
        if any(one.prefixlen == 0 for one in value):
            raise ValueError("trusted_proxies must name proxies, not every address")
        return value

    @property
    def database_name(self) -> str:
        """The service's own database."""
        return self.database or f"samlan_{self.service}"
