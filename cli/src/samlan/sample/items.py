"""Items: the copies of each title, with home branch, audience, age limit, price and issue date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from samlan.sample.places import GLADSAXE, KUNGSBACKA, MEMBERS, OREBRO, PLACES, WEIGHT, Member, Place
from samlan.sample.rows import Row, without_absent
from samlan.sample.streams import luhn
from samlan.sample.titles import Title

AGE_LIMITS = {
    (KUNGSBACKA, "video_game"): 15,
    (KUNGSBACKA, "feature_film"): 15,
    (OREBRO, "board_game"): 15,
}
"""What members lend from an age up, whatever the title's own rating (K14, K15, O18)."""

PRICES = {
    "book": (14900, 39900),
    "audiobook": (17900, 34900),
    "daisy": (20000, 30000),
    "music_cd": (12900, 22900),
    "periodical": (5900, 14900),
    "video_game": (39900, 79900),
    "board_game": (24900, 69900),
    "book_club_bag": (120000, 250000),
    "theme_bag": (40000, 90000),
    "ebook": (9900, 24900),
}
FILM_PRICE = (9900, 44900)
STATES = ("lost", "missing", "in_repair", "withdrawn", "claimed_returned")
NOT_ON_THE_SHELF = 0.012
REFERENCE = 0.015
NOT_ON_SALE = 0.3

_SWEDISH = tuple(member for member in MEMBERS if member is not GLADSAXE)
_PLACES_OF = {member: tuple(place for place in PLACES if place.member is member) for member in MEMBERS}
_WEIGHTS_OF = {
    member: tuple(accumulate(WEIGHT[place.size] for place in places)) for member, places in _PLACES_OF.items()
}


@dataclass(frozen=True, slots=True)
class Item:
    """One physical copy."""

    barcode: str
    title: Title
    home: Place
    material: str
    issued: date | None
    min_age: int
    price_minor: int | None
    loanable: bool
    state: str

    @property
    def lendable(self) -> bool:
        """Whether a patron can carry it out and hand it in at a kiosk."""
        return self.loanable and self.state == "available" and self.material != "ebook"


def copies(rng: Random, title: Title, first: int, count: int, today: date) -> Iterator[Item]:
    """Yield `count` copies of a title, numbered from `first` on."""
    owner = _owner(rng, title)
    for number in range(first, first + count):
        member = owner if rng.random() < 0.7 else any_member(rng)
        yield _copy(rng, title, number, place_of(rng, member), today)


def any_member(rng: Random) -> Member:
    """Return a member, larger ones more often."""
    return rng.choices(MEMBERS, [member.weight for member in MEMBERS])[0]


def place_of(rng: Random, member: Member) -> Place:
    """Return a branch of the member, larger ones more often."""
    return rng.choices(_PLACES_OF[member], cum_weights=_WEIGHTS_OF[member])[0]


def item_row(item: Item) -> Row:
    """Return the item as a row of `items.jsonl`."""
    return without_absent(
        {
            "item": item.barcode,
            "title": item.title.id,
            "branch": item.home.branch,
            "material": item.material,
            "audience": item.title.audience,
            "issued": item.issued.isoformat() if item.issued else None,
            "min_age": item.min_age or None,
            "price": item.price_minor,
            "loanable": None if item.loanable else False,
            "state": None if item.state == "available" else item.state,
        }
    )


def _copy(rng: Random, title: Title, number: int, home: Place, today: date) -> Item:
    digits = f"3{home.member.code}{number:08d}"
    material = _material(rng, title, home, today)
    return Item(
        barcode=digits + luhn(digits),
        title=title,
        home=home,
        material=material,
        issued=_issued(rng, today) if material == "periodical" else None,
        min_age=max(title.rating, AGE_LIMITS.get((home.member, material), 0)),
        price_minor=None if rng.random() < NOT_ON_SALE else _price(rng, material),
        loanable=rng.random() >= REFERENCE,
        state=rng.choice(STATES) if rng.random() < NOT_ON_THE_SHELF else "available",
    )


def _owner(rng: Random, title: Title) -> Member:
    danish = {"sv": 0.04, "da": 0.85, "en": 0.15}[title.language]
    if rng.random() < danish:
        return GLADSAXE
    return rng.choices(_SWEDISH, [member.weight for member in _SWEDISH])[0]


def _material(rng: Random, title: Title, home: Place, today: date) -> str:
    new = title.material == "book" and title.audience == "adult" and title.year >= today.year - 2
    return "quick_loan" if new and home.member is not GLADSAXE and rng.random() < 0.15 else title.material


def _issued(rng: Random, today: date) -> date:
    return (today - timedelta(days=30 * rng.randrange(1, 30))).replace(day=1)


def _price(rng: Random, material: str) -> int:
    low, high = PRICES.get("book" if material == "quick_loan" else material, FILM_PRICE)
    return rng.randrange(low, high + 1, 1000)
