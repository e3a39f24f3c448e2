"""The servers tests run on, in this order: those the environment names, or the embedded default."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

MANAGEMENT: Final = "RABBITMQ_MANAGEMENT_URL"


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the broker and the datastore answer, and as whom tests speak to them."""

    mongodb_url: str
    rabbitmq_url: str
    management_url: str

    @property
    def user(self) -> str:
        """The administrator's name."""
        return urlsplit(self.rabbitmq_url).username or "guest"

    @property
    def password(self) -> str:
        """The administrator's password."""
        return urlsplit(self.rabbitmq_url).password or "guest"

    def amqp_url(self, vhost: str) -> str:
        """The broker's address for a virtual host."""
        parts = urlsplit(self.rabbitmq_url)
        return f"{parts.scheme}://{parts.netloc}/{quote(vhost, safe='')}"


@contextmanager
def servers_for(factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of this session."""
    yield from _named()


def _named() -> Iterator[Servers]:
    yield Servers(os.environ["MONGODB_URL"], os.environ["RABBITMQ_URL"], os.environ[MANAGEMENT])
