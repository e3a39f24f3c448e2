"""Who and what one telling of the load is about.

Every telling has branches, devices, patrons and items of its own, whose names differ by the telling's name
alone: two tellings never meet, and what came of them can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from samlan_testkit.consortium import branch, item, patron

Row = dict[str, Any]
HOME: Final = "fyren"
PLACES: Final = (HOME, "asa", "onsala")
ABROAD: Final = "lerum"  # of another member, whose items the places above do not take (K40)
MEMBERS: Final = {**dict.fromkeys(PLACES, "kungsbacka"), ABROAD: "vast"}
LATE_SINCE: Final = "2026-10-01T12:00:00+02:00"


@dataclass(frozen=True, slots=True)
class Cast:
    """The names of one telling; no name may end with another telling's."""

    name: str

    def own(self, story: int, name: str) -> str:
        """This telling's name for somebody or something of a story."""
        return f"{name}.{story:02}.{self.name}"

    def place(self, place: str) -> str:
        """This telling's branch, `<member>/<branch>`."""
        return f"{MEMBERS[place]}/{place}-{self.name}"

    def device(self, place: str, number: int = 1) -> str:
        """A device at a place; the first is a kiosk with its own store, the second whatever a test plays."""
        return f"{place}-{self.name}-{number}"

    def plain(self, text: str | None) -> str | None:
        """A name as all tellings share it."""
        return text.replace(self.name, "") if text is not None else None

    @property
    def places(self) -> list[str]:
        """Every branch of this telling."""
        return [self.place(place) for place in MEMBERS]

    def surroundings(self) -> dict[str, list[Row]]:
        """The rows of branches and devices."""
        return {
            "branches": [branch(place) for place in self.places],
            "devices": [
                {"device": self.device(place, number), "branch": self.place(place), "kind": "kiosk"}
                for place in MEMBERS
                for number in (1, 2)
            ],
        }


class Props:
    """The rows a story needs, in its telling's names."""

    def __init__(self, cast: Cast, story: int) -> None:
        self._cast = cast
        self._story = story
        self.rows: dict[str, list[Row]] = {
            name: [] for name in ("titles", "items", "patrons", "loans", "holds")
        }

    def _own(self, name: str) -> str:
        return self._cast.own(self._story, name)

    def title(self, name: str, *copies: str, home: str = HOME) -> None:
        """A title with copies."""
        self.rows["titles"].append({"title": self._own(name), "name": f"Titel {self._own(name)}"})
        self.rows["items"] += [
            item(self._own(copy), self._own(name), self._cast.place(home)) for copy in copies
        ]

    def people(self, *names: str, place: str = HOME) -> None:
        """Patrons who want their history kept, so that a loan's closing time can be read."""
        member = MEMBERS[place]
        self.rows["patrons"] += [patron(self._own(name), member, history=True) for name in names]

    def lent(self, copy: str, to: str, *, due: str, place: str = HOME) -> None:
        """An open loan of long ago."""
        self.rows["loans"].append({
            "item": self._own(copy), "patron": self._own(to), "branch": self._cast.place(place),
            "borrowed_at": LATE_SINCE, "due": due, "renewals": 0,
        })  # fmt: skip

    def held(self, title: str, by: str, pickup: str, *, day: int) -> None:
        """A hold placed on that day of November."""
        self.rows["holds"].append({
            "title": self._own(title), "patron": self._own(by), "pickup": self._cast.place(pickup),
            "placed_at": f"2026-11-{day:02}T12:00:00+01:00",
        })  # fmt: skip
