"""Patrons of all ages: households with children, contacts of every kind, none of them a person who exists.

Fictional by construction. Swedish identity numbers carry a birth number from 980 to 999, which the tax
agency keeps for test persons; Danish ones a day of birth from 61 to 91, which no register issues to a
resident. Swedish mobile numbers extend the series 070-174 06 05 to 99, set aside for fiction; Danish ones
begin with 00, which no subscriber has. Postal codes lie beyond the last one in use, e-mail addresses under
example.org.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from samlan.sample import words
from samlan.sample.items import any_member, place_of
from samlan.sample.places import GLADSAXE, KUNGSBACKA, OREBRO, VAST, Member, Place
from samlan.sample.rows import Row, stamp, without_absent
from samlan.sample.streams import luhn, stream

ADULT = 18
YOUNGEST = 5
"""Children may have a card from their fifth birthday (K07)."""

FIRST_TEST_BIRTH_NUMBER, TEST_BIRTH_NUMBERS = 980, 20
FICTIONAL_MOBILE, FICTIONAL_MOBILES = 46701740605, 95
REPLACEMENT_DAY = 60
TEMPORARY, LOST_CARD, STOPPED, SHIELDED = 0.04, 0.015, 0.008, 0.04
CONTACTS = (("email",), ("sms",), ("email", "sms"), ())
CONTACT_WEIGHTS = {"adult": (35, 18, 32, 15), "child": (12, 10, 3, 75)}
LANGUAGES = {"se": (("sv", "en", "da"), (90, 8, 2)), "dk": (("da", "en", "sv"), (88, 7, 5))}
LANGUAGE_UNKNOWN = 0.04
_ASCII = str.maketrans("åäöæøéÅÄÖÆØ", "aaoaoeAAOAO")


@dataclass(frozen=True, slots=True)
class Patron:
    """What lending needs to know of a patron; names and contacts go straight to the file."""

    number: int
    member: Member
    born: date
    registered: date
    may_borrow: bool
    pickup: Place | None

    @property
    def id(self) -> str:
        """The patron's id in every file."""
        return f"p{self.number:06d}"

    def age(self, day: date) -> int:
        """Return the age in whole years on a day."""
        return age_on(self.born, day)


def age_on(born: date, day: date) -> int:
    """Return the age in whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(slots=True)
class _Register:
    """Hands out birth dates whose fictional identity numbers are still free."""

    taken: Counter[tuple[str, date]] = field(default_factory=Counter)

    def enter(self, country: str, born: date) -> tuple[date, str]:
        while self.taken[country, born] >= TEST_BIRTH_NUMBERS:
            born += timedelta(days=1)
        serial = self.taken[country, born]
        self.taken[country, born] += 1
        return born, _swedish(born, serial) if country == "se" else _danish(born, serial)


@dataclass(slots=True)
class _Household:
    member: Member
    surname: str
    street: str
    adult: Patron | None = None


def patrons(seed: int, count: int, today: date) -> Iterator[tuple[Patron, Row]]:
    """Yield each patron with its row of `patrons.jsonl`; a guardian comes before its children."""
    rng, register, number = stream(seed, "patrons"), _Register(), 1
    while number <= count:
        household = _household(rng)
        for age in _ages(rng)[: count - number + 1]:
            born, identity = register.enter(household.member.country, _birthday(rng, age, today))
            patron = _patron(rng, number, household.member, born, today)
            yield patron, _row(rng, patron, household, identity, today)
            household.adult = household.adult or patron
            number += 1


def _household(rng: Random) -> _Household:
    member = any_member(rng)
    speech = _speech(member)
    street = f"{rng.choice(words.STREETS[speech])} {rng.randint(1, 90)}"
    return _Household(member, rng.choice(words.SURNAMES[speech]), street)


def _ages(rng: Random) -> list[int]:
    adult = rng.randint(18, 70) if rng.random() < 0.85 else rng.randint(70, 99)
    children = rng.choice((0, 0, 1, 1, 2)) if 26 <= adult <= 58 else 0
    oldest = min(adult - 20, ADULT - 1)
    return [adult, *(rng.randint(YOUNGEST, oldest) for _ in range(children))]


def _birthday(rng: Random, age: int, today: date) -> date:
    """Return a birth date that gives this age; whoever was born late in a leap year's February is 29."""
    born = today.replace(day=1) - timedelta(days=int(age * 365.25) + rng.randrange(2, 330))
    return born.replace(day=29) if born.month == 2 and born.day > 25 and born.year % 4 == 0 else born


def _patron(rng: Random, number: int, member: Member, born: date, today: date) -> Patron:
    temporary = member is VAST and age_on(born, today) >= ADULT and rng.random() < TEMPORARY
    days = rng.randint(1, 5) if temporary else rng.randint(150, 3000)
    earliest = born + timedelta(days=int(YOUNGEST * 365.25) + 1)
    return Patron(
        number=number,
        member=member,
        born=born,
        registered=min(max(today - timedelta(days=days), earliest), today - timedelta(days=1)),
        may_borrow=not temporary,
        pickup=_pickup(rng, member) if rng.random() < 0.7 else None,
    )


def _pickup(rng: Random, member: Member) -> Place:
    return next(place for place in iter(lambda: place_of(rng, member), None) if place.kind == "library")


def _row(rng: Random, patron: Patron, household: _Household, identity: str, today: date) -> Row:
    child = patron.age(today) < ADULT
    first = rng.choice(words.FIRST_NAMES[_speech(patron.member)])
    registered = datetime.combine(
        patron.registered, time(rng.randint(10, 15)), ZoneInfo(patron.member.timezone)
    )
    row: Row = {
        "patron": patron.id,
        "member": patron.member.member,
        "name": f"{first} {household.surname}",
        "born": patron.born.isoformat(),
        "identity": identity if rng.random() < 0.92 or not patron.may_borrow else None,
        "borrower_id": f"{patron.member.letter}{1000 + patron.number}",
        "cards": [_card(patron, 1)] if patron.may_borrow else [],
        "pin": f"{rng.randrange(10000):04d}",
        "receipts": rng.random() < (0.3 if patron.member is GLADSAXE else 0.12),
        "status": "full" if patron.may_borrow else "temporary",
        "registered_at": stamp(registered),
        "address": _address(rng, patron, household),
        "pickup": patron.pickup.branch if patron.pickup else None,
        "history": True if rng.random() < 0.15 else None,
        # returns without staff are theirs who registered (K41), and the sample's patrons return at any hour
        "staffless": True
        if patron.member is KUNGSBACKA or (not child and patron.member is GLADSAXE and rng.random() < 0.3)
        else None,
    }
    row |= _contact(rng, patron, f"{first} {household.surname}", child=child)
    row |= _guardian(rng, patron, household, today) if child else {}
    row |= _blocks(rng, patron) if patron.may_borrow else {}
    return without_absent(row)


def _contact(rng: Random, patron: Patron, name: str, *, child: bool) -> Row:
    channels = rng.choices(CONTACTS, CONTACT_WEIGHTS["child" if child else "adult"])[0]
    languages, weights = LANGUAGES[patron.member.country]
    return {
        "email": _email(name, patron.number) if "email" in channels else None,
        "mobile": _mobile(patron) if "sms" in channels else None,
        "channels": list(channels),
        "language": rng.choices(languages, weights)[0] if rng.random() >= LANGUAGE_UNKNOWN else None,
    }


def _guardian(rng: Random, patron: Patron, household: _Household, today: date) -> Row:
    own_identification = patron.member is OREBRO and patron.age(today) >= 15 and rng.random() < 0.3
    if household.adult is None or own_identification:
        return {}
    return {"guardian": household.adult.id, "shielded": True if rng.random() < SHIELDED else None}


def _blocks(rng: Random, patron: Patron) -> Row:
    chance = rng.random()
    if chance < LOST_CARD:
        lost = {
            "cause": "lost_card",
            "card": _card(patron, 1),
            "stops": ["borrow", "renew", "hold", "staffless"],
        }
        return {"cards": [_card(patron, 1), _card(patron, 2)], "blocks": [lost]}
    if chance < LOST_CARD + STOPPED:
        return {"blocks": [{"cause": "staff", "stops": ["borrow", "hold"]}]}
    return {"cards": [_card(patron, 1), _card(patron, 2)]} if chance > 0.97 else {}


def _address(rng: Random, patron: Patron, household: _Household) -> Row:
    postal_code = "999 99" if patron.member.country == "se" else "9999"
    return {"street": household.street, "postal_code": postal_code, "city": rng.choice(patron.member.cities)}


def _speech(member: Member) -> str:
    return "sv" if member.country == "se" else "da"


def _email(name: str, number: int) -> str:
    return f"{name.translate(_ASCII).lower().replace(' ', '.')}.{number}@example.org"


def _mobile(patron: Patron) -> str:
    if patron.member.country == "dk":
        return f"+4500{patron.number:06d}"
    return f"+{FICTIONAL_MOBILE + patron.number % FICTIONAL_MOBILES}{patron.number // FICTIONAL_MOBILES:04d}"


def _card(patron: Patron, copy: int) -> str:
    """Return a card's barcode; a patron's second card differs in the last two digits only (K09)."""
    digits = f"2{patron.member.code}{patron.number:07d}{copy}"
    return digits + luhn(digits)


def _swedish(born: date, serial: int) -> str:
    birth_number = FIRST_TEST_BIRTH_NUMBER + serial
    return f"{born:%Y%m%d}-{birth_number}{luhn(f'{born:%y%m%d}{birth_number}')}"


def _danish(born: date, serial: int) -> str:
    return f"{born.day + REPLACEMENT_DAY:02d}{born:%m%y}-{4000 + serial * 37:04d}"
