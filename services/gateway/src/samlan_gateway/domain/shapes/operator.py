"""What an operator sees."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class DeadLetter(BaseModel):
    """A message a service could not process: what kind it is and why it failed, never what it says."""

    id: str
    service: str
    type: str
    queue: str
    reason: str
    attempts: int
    dead_at: datetime
    state: str
    envelope: dict[str, Any] | None = None


class PolicyBook(BaseModel):
    """A policy book that is loaded."""

    member: str
    name: str
    version: str
    language: str
    currency: str
    timezone: str


class ServiceHealth(BaseModel):
    """Whether a service is ready, and what it has in hand."""

    ready: bool
    told: int | None = None
    consumed: int | None = None
    in_hand: int | None = None
    outbox: int | None = None
    dead: int | None = None


class Health(BaseModel):
    """The services one by one; `ready` when all of them are."""

    ready: bool
    services: dict[str, ServiceHealth]


class Step(BaseModel):
    """One thing that a return set off, where and when; more fields say what."""

    service: str
    step: str
    at: datetime | None = None


class Chain(BaseModel):
    """What one return set off, in the order of cause and effect; `incomplete` names who did not answer.

    Of a fact that could not be taken, the one step says for which reason; `happened_at` may be unreadable."""

    fact: str
    item: str | None = None
    branch: str
    happened_at: datetime | None = None
    steps: list[Step]
    incomplete: list[str] = []


class ClockMoved(BaseModel):
    """Library time after a move: over how many due times it went, and how much fell due."""

    now: datetime
    steps: int
    ran: int
