"""Logs as JSON lines that carry ids and words, never a body, a name or a number of a person."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TextIO

import structlog

Log = structlog.stdlib.BoundLogger


def open_log(service: str, path: Path | None) -> Log:
    """A logger of this service, appending to `path` or writing to standard error."""
    stream: TextIO = path.open("a", encoding="utf-8", buffering=1) if path else sys.stderr
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return logger.bind(service=service)  # type: ignore[no-any-return]


def words_of(error: BaseException) -> str:
    """What a log may say of an error: its class, since its text may quote what somebody sent."""
    return type(error).__name__
