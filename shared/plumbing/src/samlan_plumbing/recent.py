"""Documents that this process wrote a moment ago, so that the next change need not read them first.

Only a guarded write may rest on one: whoever decides on it and then writes nothing decides again on what
stands, and a write whose guard fails does as well. So a document that others changed meanwhile costs a round
trip and never a wrong decision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions

Doc = dict[str, Any]

KEPT_SECONDS: Final = 5.0  # machine time; what follows from a write follows sooner, or waits for people
KEPT_MOST: Final = 2_000  # some megabytes of items; more are not written in so many seconds


class Recent:
    """The documents of one collection that were written last, as the datastore would give them back."""

    def __init__(self, monotonic: Callable[[], float], codec: CodecOptions[Doc]) -> None:
        self._monotonic = monotonic
        self._codec = codec
        self._kept: dict[str, tuple[float, bytes]] = {}  # the oldest first

    def keep(self, key: str, document: Doc) -> None:
        """Remembers a document just written, in its stored form: instants lose their microseconds."""
        now = self._monotonic()
        self._kept.pop(key, None)
        while self._kept:
            oldest = next(iter(self._kept))
            if len(self._kept) < KEPT_MOST and now - self._kept[oldest][0] < KEPT_SECONDS:
                break
            del self._kept[oldest]
        self._kept[key] = (now, bson.encode(document, codec_options=self._codec))

    def take(self, key: str) -> Doc | None:
        """The document, once: whoever takes it writes it anew, or reads what stands."""
        at, document = self._kept.pop(key, (0.0, None))
        if document is None or self._monotonic() - at >= KEPT_SECONDS:
            return None
        return bson.decode(document, self._codec)
