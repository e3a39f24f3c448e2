"""The words by which a title is found: folded, so that marks and capitals do not matter."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

WORD: Final = re.compile(r"\w+")
LONGEST: Final = 40
MOST: Final = 60  # words kept of one title
ASKED: Final = 10  # words used of one question
FOLDED: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)


def words_of(*texts: str | None) -> tuple[str, ...]:
    """The distinct words of some texts, in their order."""
    found = (word[:LONGEST] for text in texts if text for word in WORD.findall(_folded(text)))
    return tuple(dict.fromkeys(found))[:MOST]


def asked(question: str) -> tuple[str, ...]:
    """The words of a question, the rarest first as far as their length tells."""
    return tuple(sorted(words_of(question)[:ASKED], key=len, reverse=True))


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return bare.translate(FOLDED).replace("_", " ").replace("'", "").replace("’", "")
