"""What notify is told by its environment beyond what every service is."""

from __future__ import annotations

from pydantic import Field
from samlan_plumbing.settings import ServiceSettings


class NotifySettings(ServiceSettings):
    """Where messages are handed over, and who they are from."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    sms_url: str = ""
    mail_from: str = "biblioteket@samlan.invalid"
