"""Whom a client of an address trusts: made once, since reading every authority's certificate takes 30 ms."""

from __future__ import annotations

import ssl
from functools import cache

import httpx2


def trust(url: str) -> ssl.SSLContext:
    """The well-known authorities for an address that speaks TLS; nobody for plain HTTP, which never asks."""
    return _authorities() if url.startswith("https:") else _nobody()


@cache
def _authorities() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


@cache
def _nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
