"""The envelope of every event, and the registry in which each event class stands once per version.

An event class declares where it belongs and how it may be read::

    class ItemShelved(Event, name="circulation.item_shelved", version=1,
                      reading=Reading.OCCURRENCE, readers=("holds",)): ...

*State* carries all of its subject that others may hold and is applied when its sequence is greater than
the copy's. *Occurrence* carries all that its effect needs and is stored under its natural key, once, in
any order.
*Answer* names the subject and the sequence it answers, and is refused as stale when the subject has moved on.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Reading(StrEnum):
    """How a reader treats an event, and so what its order means."""

    STATE = "state"
    OCCURRENCE = "occurrence"
    ANSWER = "answer"


class UnknownEvent(LookupError):
    """No class is registered for this type and version."""


class Shape(BaseModel):
    """A part of an event: immutable, and blind to fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Shape):
    """The data of one fact of one version, registered under its name for as long as anybody may send it."""

    NAME: ClassVar[str]
    VERSION: ClassVar[int]
    READING: ClassVar[Reading]
    READERS: ClassVar[tuple[str, ...]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Registers the class; two classes under one key are a programming error."""
        cls.NAME = kwargs["name"]
        cls.VERSION = kwargs["version"]
        cls.READING = kwargs["reading"]
        cls.READERS = tuple(kwargs["readers"])
        if REGISTRY.setdefault((cls.NAME, cls.VERSION), cls) is not cls:
            raise TypeError(f"{cls.key()} is registered twice")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Takes the class arguments; pydantic hands them on once the model is built."""
        super().__init_subclass__()

    @classmethod
    def key(cls) -> str:
        """The routing key, `<owner>.<noun>_<past verb>.v<version>`."""
        return f"{cls.NAME}.v{cls.VERSION}"

    @classmethod
    def owner(cls) -> str:
        """The service that alone may tell this event."""
        return cls.NAME.partition(".")[0]


REGISTRY: dict[tuple[str, int], type[Event]] = {}


class Envelope(Shape):
    """What travels: who was told what about which subject, when, and because of what."""

    id: str
    type: str
    version: int = Field(ge=1)
    happened_at: datetime
    recorded_at: datetime
    cause: str
    trace: str | None = None
    subject: str
    sequence: int = Field(ge=0)
    data: dict[str, Any]

    def key(self) -> str:
        """The routing key of the event inside."""
        return f"{self.type}.v{self.version}"


def event_class(name: str, version: int) -> type[Event]:
    """The class registered for a name and version, or `UnknownEvent`."""
    try:
        return REGISTRY[name, version]
    except KeyError:
        raise UnknownEvent(f"{name}.v{version} is not registered") from None
