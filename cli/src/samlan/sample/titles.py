"""Titles: first the classics, then as many self-composed ones as asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random

from samlan.sample import words
from samlan.sample.classics import CLASSICS
from samlan.sample.streams import stream

MATERIALS: dict[str, float] = {
    "book": 52,
    "audiobook": 7,
    "daisy": 3,
    "music_cd": 6,
    "periodical": 5,
    "feature_film": 5,
    "documentary_film": 2.5,
    "childrens_film": 3,
    "factual_film": 1.5,
    "tv_series": 2.5,
    "dvd": 2,
    "video_game": 3,
    "board_game": 2,
    "book_club_bag": 1.5,
    "theme_bag": 1.5,
    "ebook": 2,
}
"""Share of the titles in percent; `quick_loan` is what some copies of new books are."""

FOR_CHILDREN = {
    "book": 0.38,
    "audiobook": 0.25,
    "daisy": 0.15,
    "music_cd": 0.1,
    "periodical": 0.2,
    "childrens_film": 1.0,
    "factual_film": 0.1,
    "theme_bag": 0.8,
    "ebook": 0.15,
}
AGE_RATINGS = {
    "feature_film": (0, 7, 11, 15, 15),
    "video_game": (3, 7, 12, 15, 18),
    "tv_series": (0, 0, 11, 15),
    "dvd": (0, 0, 11, 15),
    "childrens_film": (0, 0, 0, 7),
    "board_game": (0, 7, 10),
}
"""Ages from which a title of this material may be suitable; 0 is everyone."""

LANGUAGES, LANGUAGE_WEIGHTS = ("sv", "da", "en"), (72, 14, 14)
PATTERNS = {
    "childrens_film": words.CHILDREN,
    "theme_bag": words.FACTS,
    "documentary_film": words.FACTS,
    "factual_film": words.FACTS,
    "periodical": words.PERIODICALS,
}
_MATERIAL_NAMES, _MATERIAL_WEIGHTS = tuple(MATERIALS), tuple(MATERIALS.values())


@dataclass(frozen=True, slots=True)
class Title:
    """What patrons hold: a work in one material, without its copies."""

    number: int
    name: str
    author: str | None
    year: int
    language: str
    material: str
    audience: str
    rating: int = 0

    @property
    def id(self) -> str:
        """The control number."""
        return f"t{self.number:06d}"


def titles(seed: int, count: int, today: date) -> Iterator[Title]:
    """Yield the titles in the order of their numbers, one at a time."""
    rng = stream(seed, "titles")
    for number in range(1, count + 1):
        yield _classic(number) if number <= len(CLASSICS) else _composed(number, rng, today)


def _classic(number: int) -> Title:
    language, audience, author, year, name = CLASSICS[number - 1]
    return Title(number, name, author, year, language, "book", audience)


def _composed(number: int, rng: Random, today: date) -> Title:
    language = rng.choices(LANGUAGES, LANGUAGE_WEIGHTS)[0]
    material = rng.choices(_MATERIAL_NAMES, _MATERIAL_WEIGHTS)[0]
    audience = "child" if rng.random() < FOR_CHILDREN.get(material, 0) else "adult"
    return Title(
        number,
        _name(rng, material, audience, language),
        None if material == "periodical" else _author(rng, language),
        today.year - min(int(rng.expovariate(1 / 8)), 60),
        language,
        material,
        audience,
        rng.choice(AGE_RATINGS.get(material, (0,))),
    )


def _name(rng: Random, material: str, audience: str, language: str) -> str:
    noun, other = rng.sample(words.NOUNS[language], 2)
    name = rng.choice(_patterns(rng, material, audience)[language]).format(
        adjective=rng.choice(words.ADJECTIVES[language]),
        noun=noun,
        noun2=other,
        place=rng.choice(words.PLACES[language]),
        hero=rng.choice(words.HEROES[language]),
        subject=rng.choice(words.SUBJECTS[language]),
    )
    suffix = words.SUFFIX.get(material, {}).get(language, "")
    spaced = f"{name}{suffix}" if suffix.startswith(".") else f"{name} {suffix}".strip()
    return _capital(spaced.replace("_", " "))


def _patterns(rng: Random, material: str, audience: str) -> dict[str, tuple[str, ...]]:
    if material in PATTERNS:
        return PATTERNS[material]
    if audience == "child":
        return words.CHILDREN
    return words.FACTS if rng.random() < 0.25 else words.NOVEL


def _author(rng: Random, language: str) -> str:
    if language == "en":
        return f"{rng.choice(words.ENGLISH_LAST)}, {rng.choice(words.ENGLISH_FIRST)}"
    return f"{rng.choice(words.SURNAMES[language])}, {rng.choice(words.FIRST_NAMES[language])}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
