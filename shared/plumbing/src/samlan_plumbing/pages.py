"""Pages through a service's collections, one after the other, for the check across services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from pymongo.asynchronous.collection import AsyncCollection

Document = dict[str, Any]
Collection = AsyncCollection[Document]
EVERYTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Page:
    """Documents of one part in the order of their keys, and the cursor of what follows; None at the end."""

    part: str
    found: list[Document]
    following: str | None


async def page_of(
    parts: Mapping[str, Collection],
    after: str | None,
    limit: int,
    *,
    fields: Mapping[str, Any] = EVERYTHING,
) -> Page:
    """The documents behind a cursor `<part>:<last key>`; none behind one that names no part.

    `fields` says what is read of a part's documents, where that is not everything."""
    names = list(parts)
    part, _, key = (after or f"{names[0]}:").partition(":")
    if part not in parts:
        return Page(part, [], None)
    found = parts[part].find({"_id": {"$gt": key}}, fields.get(part)).sort("_id", 1).limit(limit)
    documents = await found.to_list()
    if len(documents) == limit:
        return Page(part, documents, f"{part}:{documents[-1]['_id']}")
    rest = names[names.index(part) + 1 :]
    return Page(part, documents, f"{rest[0]}:" if rest else None)


def copied(of: str, document: Mapping[str, Any]) -> Document:
    """A copy of another service's fact, as the check holds it against its owner's."""
    return {
        "kind": "copy", "of": of, "key": document["_id"], "sequence": document["sequence"],
        "removed": bool(document.get("removed")),
    }  # fmt: skip
