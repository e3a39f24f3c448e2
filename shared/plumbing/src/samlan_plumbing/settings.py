"""What a service process is told by its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
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
    log: Path | None = None
    prefetch: int = Field(default=20, ge=1, le=200)
    delay_ms: int = Field(default=0, ge=0)  # the benchmark's: each message waits so long, one at a time
    counting: bool = False  # the benchmark's: what is asked of the datastore is counted in the metrics

    @property
    def database_name(self) -> str:
        """The service's own database."""
        return self.database or f"samlan_{self.service}"
