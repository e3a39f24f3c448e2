"""The five members and their branches: those the sources name, and the well-known ones beside them.

The source of Bibliotek i Väst does not name its seven municipalities; the seven here are the sample's choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from samlan.sample.rows import Row

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CALENDAR_DAYS = 400
"""How far before and after today a branch's closed days are listed."""

STOP_DAYS = 150
"""How far before and after today the mobile library's visits are listed."""

HOURS: dict[str, dict[str, tuple[str, str]]] = {
    "main": {
        **dict.fromkeys(DAYS[:4], ("09:00", "20:00")),
        "fri": ("09:00", "18:00"),
        "sat": ("10:00", "16:00"),
        "sun": ("11:00", "16:00"),
    },
    "town": {
        **dict.fromkeys(DAYS[:4], ("10:00", "19:00")),
        "fri": ("10:00", "17:00"),
        "sat": ("10:00", "14:00"),
    },
    "village": {
        "mon": ("14:00", "19:00"),
        "tue": ("10:00", "17:00"),
        "wed": ("10:00", "17:00"),
        "thu": ("13:00", "19:00"),
    },
    "ward": dict.fromkeys(DAYS[:5], ("10:00", "15:00")),
    "bus": dict.fromkeys(DAYS[:4], ("13:00", "19:00")),
}
WEIGHT = {"main": 12, "town": 4, "village": 2, "ward": 1, "bus": 1}
"""How much of a member's stock and lending a branch of this size has."""

STAFFLESS = ("07:00", "22:00")
CLOSED = {
    "se": ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31)),
    "dk": ((1, 1), (6, 5), (12, 24), (12, 25), (12, 26), (12, 31)),
}
STOP_TIMES = {1: ("14:00", "16:30"), 3: ("13:30", "17:00")}
"""The mobile library is out every second Tuesday and Thursday."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the sample needs it: where it is, how it counts money, how large it is."""

    member: str
    country: str
    timezone: str
    currency: str
    code: str
    """Four digits in every barcode of this member."""
    letter: str
    """What its borrower ids begin with."""
    weight: int
    cities: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A branch, with its hours and what stands in it."""

    member: Member
    slug: str
    name: str
    size: str = "town"
    kind: str = "library"
    drop: str | None = None
    staffless: bool = False

    @cached_property
    def branch(self) -> str:
        """The branch's name everywhere but in its own row."""
        return f"{self.member.member}/{self.slug}"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The branch's time zone."""
        return ZoneInfo(self.member.timezone)

    @cached_property
    def hours(self) -> dict[int, tuple[str, str]]:
        """Opening hours by weekday, Monday is 0."""
        return {DAYS.index(day): span for day, span in HOURS[self.size].items()}

    def is_open(self, day: date) -> bool:
        """Say whether staff are there on this day."""
        return day.weekday() in self.hours and (day.month, day.day) not in CLOSED[self.member.country]

    def last_open(self, day: date) -> date:
        """Return the day itself when open, else the last open day before it."""
        while not self.is_open(day):
            day -= timedelta(days=1)
        return day

    def next_open(self, day: date) -> date:
        """Return the day itself when open, else the next open day."""
        while not self.is_open(day):
            day += timedelta(days=1)
        return day


MEMBERS = (
    Member(
        "gothenburg",
        "se",
        "Europe/Stockholm",
        "SEK",
        "5170",
        "G",
        30,
        ("Göteborg", "Angered", "Västra Frölunda"),
    ),
    Member(
        "vast",
        "se",
        "Europe/Stockholm",
        "SEK",
        "5177",
        "L",
        25,
        ("Lerum", "Partille", "Alingsås", "Nödinge", "Kungälv"),
    ),
    Member("gladsaxe", "dk", "Europe/Copenhagen", "DKK", "5145", "D", 13, ("Søborg", "Bagsværd")),
    Member("kungsbacka", "se", "Europe/Stockholm", "SEK", "5130", "K", 15, ("Kungsbacka", "Onsala", "Åsa")),
    Member(
        "orebro", "se", "Europe/Stockholm", "SEK", "5119", "O", 17, ("Örebro", "Odensbacken", "Garphyttan")
    ),
)
GOTHENBURG, VAST, GLADSAXE, KUNGSBACKA, OREBRO = MEMBERS
NEXT, AT_ONCE = "next_opening_day", "immediate"

PLACES = (
    Place(GOTHENBURG, "stadsbiblioteket", "Stadsbiblioteket Göteborg", "main", drop=NEXT),
    Place(GOTHENBURG, "angered", "Angereds bibliotek", drop=NEXT),
    Place(GOTHENBURG, "askim", "Askims bibliotek"),
    Place(GOTHENBURG, "bergsjon", "Bergsjöns bibliotek"),
    Place(GOTHENBURG, "biskopsgarden", "Biskopsgårdens bibliotek"),
    Place(GOTHENBURG, "dalheimers", "Dalheimers hus bibliotek", "village"),
    Place(GOTHENBURG, "frolunda", "Frölunda kulturhus bibliotek", drop=NEXT),
    Place(GOTHENBURG, "gamlestaden", "Gamlestadens bibliotek"),
    Place(GOTHENBURG, "hammarkullen", "Hammarkullens bibliotek", "village"),
    Place(GOTHENBURG, "hisingen", "Hisingens bibliotek", drop=NEXT),
    Place(GOTHENBURG, "hjallbo", "Hjällbo bibliotek", "village"),
    Place(GOTHENBURG, "kortedala", "Kortedala bibliotek", "village"),
    Place(GOTHENBURG, "linnestaden", "Linnéstadens bibliotek", drop=NEXT),
    Place(GOTHENBURG, "lundby", "Lundby bibliotek"),
    Place(GOTHENBURG, "majorna", "Majornas bibliotek"),
    Place(GOTHENBURG, "styrso", "Styrsö bibliotek", "village"),
    Place(GOTHENBURG, "torslanda", "Torslanda bibliotek"),
    Place(GOTHENBURG, "orgryte", "Örgryte bibliotek"),
    Place(VAST, "lerum", "Lerums bibliotek", "main", drop=NEXT, staffless=True),
    Place(VAST, "floda", "Floda bibliotek", "village", staffless=True),
    Place(VAST, "grabo", "Gråbo bibliotek", "village"),
    Place(VAST, "partille", "Partille bibliotek", "main", drop=NEXT),
    Place(VAST, "savedalen", "Sävedalens bibliotek"),
    Place(VAST, "ojersjo", "Öjersjö bibliotek", "village"),
    Place(VAST, "ale", "Ale bibliotek", drop=NEXT),
    Place(VAST, "surte", "Surte bibliotek", "village", staffless=True),
    Place(VAST, "skepplanda", "Skepplanda bibliotek", "village"),
    Place(VAST, "alingsas", "Alingsås bibliotek", "main", drop=NEXT),
    Place(VAST, "sollebrunn", "Sollebrunns bibliotek", "village", staffless=True),
    Place(VAST, "harryda", "Mölnlycke bibliotek, Härryda"),
    Place(VAST, "landvetter", "Landvetters bibliotek"),
    Place(VAST, "kungalv", "Kungälvs stadsbibliotek", drop=NEXT),
    Place(VAST, "marstrand", "Marstrands bibliotek", "village", staffless=True),
    Place(VAST, "ockero", "Öckerö bibliotek"),
    Place(GLADSAXE, "hovedbiblioteket", "Gladsaxe Hovedbibliotek", "main", drop=NEXT, staffless=True),
    Place(GLADSAXE, "bagsvaerd", "Bagsværd Bibliotek", staffless=True),
    Place(GLADSAXE, "moerkhoej", "Mørkhøj Bibliotek", "village", staffless=True),
    Place(GLADSAXE, "hoeje-gladsaxe", "Høje Gladsaxe Bibliotek", "village", staffless=True),
    Place(GLADSAXE, "vaerebro", "Værebro Bibliotek", "village", staffless=True),
    Place(KUNGSBACKA, "fyren", "Fyrens bibliotek", "main"),
    Place(KUNGSBACKA, "anneberg", "Annebergs bibliotek", "village", staffless=True),
    Place(KUNGSBACKA, "fjaras", "Fjärås bibliotek", "village", staffless=True),
    Place(KUNGSBACKA, "frillesas", "Frillesås bibliotek", "village", staffless=True),
    Place(KUNGSBACKA, "kullavik", "Kullaviks bibliotek", staffless=True),
    Place(KUNGSBACKA, "onsala", "Onsala bibliotek", staffless=True),
    Place(KUNGSBACKA, "saro", "Särö bibliotek", "village", staffless=True),
    Place(KUNGSBACKA, "vallda", "Vallda bibliotek", "village", staffless=True),
    Place(KUNGSBACKA, "asa", "Åsa bibliotek", staffless=True),
    Place(KUNGSBACKA, "biblioteksbussen", "Biblioteksbussen", "bus", kind="mobile"),
    Place(OREBRO, "stadsbiblioteket", "Örebro stadsbibliotek", "main", drop=AT_ONCE),
    Place(OREBRO, "adolfsberg", "Adolfsbergs bibliotek", drop=NEXT),
    Place(OREBRO, "brickebacken", "Brickebackens bibliotek", drop=NEXT),
    Place(OREBRO, "garphyttan", "Garphyttans bibliotek", "village", drop=NEXT),
    Place(OREBRO, "glanshammar", "Glanshammars bibliotek", "village", drop=NEXT),
    Place(OREBRO, "hovsta", "Hovsta bibliotek", "village", drop=NEXT),
    Place(OREBRO, "odensbacken", "Odensbackens bibliotek", "village", drop=NEXT),
    Place(OREBRO, "vivalla", "Vivalla bibliotek", drop=NEXT),
    Place(OREBRO, "tegelbruket", "Tegelbrukets bibliotek", kind="partner", drop=NEXT),
    Place(OREBRO, "patientbiblioteket", "Patientbiblioteket", "ward", kind="partner"),
)


def branch_rows(today: date) -> Iterator[Row]:
    """Yield the rows of `branches.jsonl`, with closed days and visits around today."""
    return (_branch_row(place, today) for place in PLACES)


def stops(today: date) -> tuple[date, ...]:
    """Return the days the mobile library is out, around today, in order."""
    days = (today + timedelta(days=offset) for offset in range(-STOP_DAYS, STOP_DAYS))
    return tuple(day for day in days if day.weekday() in STOP_TIMES and day.isocalendar().week % 2)


def _branch_row(place: Place, today: date) -> Row:
    row: Row = {
        "member": place.member.member,
        "branch": place.slug,
        "name": place.name,
        "timezone": place.member.timezone,
        "opening": {day: list(span) for day, span in HOURS[place.size].items()},
        "closed": _closed_days(place.member.country, today),
        "kind": place.kind,
        "drop": place.drop,
    }
    if place.staffless:
        row["staffless"] = list(STAFFLESS)
    if place.kind == "mobile":
        row["stops"] = [f"{day}T{time}" for day in stops(today) for time in STOP_TIMES[day.weekday()]]
    return row


def _closed_days(country: str, today: date) -> list[str]:
    days = (today + timedelta(days=offset) for offset in range(-CALENDAR_DAYS, CALENDAR_DAYS))
    return [day.isoformat() for day in days if (day.month, day.day) in CLOSED[country]]
