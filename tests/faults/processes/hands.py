"""The hands that act in a story: each act is repeated, under the same id, until somebody answers for it."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from samlan_kiosk.domain.facts import Answer, item_returned

from .cast import MEMBERS, Row

if TYPE_CHECKING:
    from .telling import Telling

LOOK_EVERY_SECONDS: Final = 0.3
PATIENCE_SECONDS: Final = 300.0  # for one condition, after which a telling is stuck and says in what
DELIVERY: Final = "delivery"  # how many there are depends on which copy serves whom
DECIDED: Final = (200, 201, 403, 409)


class Stuck(AssertionError):
    """Something that had to come did not."""


class Hands:
    """What one story may do and wait for, in its telling's names."""

    def __init__(self, telling: Telling, story: int) -> None:
        self.story = story
        self._telling = telling
        self._cast = telling.cast
        self._peers = telling.town.peers
        self._commands = itertools.count(1)

    def own(self, name: str) -> str:
        """This telling's name for somebody or something."""
        return self._cast.own(self.story, name)

    def place(self, place: str) -> str:
        """This telling's branch."""
        return self._cast.place(place)

    async def together(self, *acts: Awaitable[Any]) -> None:
        """Does several things at once."""
        await asyncio.gather(*acts)

    # -- devices ----------------------------------------------------------------------------------------

    async def scan(self, item: str, place: str, *, told: str | None = None) -> str:
        """A kiosk takes an item in; on its disk when this returns, and heard of some time later."""
        event = item_returned(self.own(item), happened_at=self._now(f"{item} at {place}"), mode="kiosk")
        recorded = await self._telling.kiosks[place].record(event)
        self._note_fact(recorded.id, told or f"scan {item} at {place}")
        return recorded.id

    async def ask_for_bin(self, item: str, place: str) -> Answer:
        """A kiosk takes an item in and waits until it is told where it belongs."""
        event = item_returned(self.own(item), happened_at=self._now(f"{item} at {place}"), mode="kiosk")
        kiosk = self._telling.kiosks[place]
        return await kiosk.answer(await kiosk.record(event), limit_seconds=PATIENCE_SECONDS)

    def fact(self, item: str, place: str, *, minutes_ago: int = 0) -> Row:
        """What another device at a place would publish of an item taken in."""
        return self._fact("item_returned", item, place, minutes_ago)

    def borrowed(self, item: str, who: str, place: str, *, minutes_ago: int) -> Row:
        """What a device would publish of a loan made while nobody could be asked."""
        fact = self._fact("item_borrowed_offline", item, place, minutes_ago)
        return {**fact, "card": f"2{self.own(who)}", "due": "2026-12-21"}

    def _fact(self, kind: str, item: str, place: str, minutes_ago: int) -> Row:
        told = f"{kind} {item} at {place} {minutes_ago}"
        at = self._now(told) - timedelta(minutes=minutes_ago)
        self._telling.times[at] = f"{self.story} {told}"
        fact = self.own(told.replace(" ", "-"))
        self._note_fact(fact, told)
        return {
            "id": fact, "type": kind, "version": 1, "device": self._cast.device(place, 2),
            "branch": self.place(place), "sequence": next(self._telling.sequences), "item": self.own(item),
            "happened_at": at.isoformat(), "mode": "offline" if minutes_ago else "kiosk",
        }  # fmt: skip

    async def publish(self, fact: Mapping[str, Any]) -> None:
        """A device publishes a fact; the broker has it when this returns."""
        await self.say(fact, str(fact["branch"]).partition("/")[2].partition("-")[0])

    async def say(self, said: Mapping[str, Any] | bytes, place: str) -> None:
        """A device at a place publishes anything at all."""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        await self._telling.town.devices.publish(self.place(place), self._cast.device(place, 2), body)
        self._telling.steps += 1

    def _note_fact(self, fact: str, told: str) -> None:
        self._telling.facts[fact] = f"{self.story} {told}"

    def _now(self, told: str) -> Any:
        now = self._telling.town.tick()
        self._telling.times[now] = f"{self.story} {told}"
        return now

    # -- desks ------------------------------------------------------------------------------------------

    async def lend(self, item: str, who: str, place: str) -> None:
        """A desk lends an item."""
        self._telling.town.tick()
        await self._desk(place, "loans", {"item": self.own(item), "card": f"2{self.own(who)}"})

    async def give_back(self, item: str, place: str) -> None:
        """A desk takes an item in."""
        at = self._now(f"{item} at {place}")
        await self._desk(place, "returns", {"item": self.own(item), "happened_at": at.isoformat()})

    async def renew(self, who: str, item: str, place: str) -> None:
        """A desk renews a loan."""
        loans = await self._until(
            f"{who} has {item} on loan", "circulation", f"/patrons/{self.own(who)}/loans",
            lambda body: [one["id"] for one in body["items"] if one["item"] == self.own(item)],
        )  # fmt: skip
        await self._desk(place, "renewals", {"loans": loans})

    async def hold(self, title: str, who: str, pickup: str) -> str:
        """A desk places a hold; its id."""
        self._telling.town.tick()
        body = {"title": self.own(title), "card": f"2{self.own(who)}", "pickup": self.place(pickup)}
        return str((await self._desk(pickup, "holds", body))["id"])

    async def change_hold(self, hold: str, **change: Any) -> None:
        """Freezes, cancels or moves a hold, as its patron's page does."""
        self._telling.town.tick()
        body = {"patron": None, "changes": [{"hold": hold, **change}], "command": self._command()}
        self._answered("holds", await self._ask("holds", "PATCH", "/holds", body))

    async def pay(self, who: str, place: str) -> None:
        """A desk books a payment of everything owed."""
        fees = [one["id"] for one in await self.until_fee(who) if one["outstanding"]["amount"]]
        await self._desk(place, "payments", {"fees": fees})

    async def _desk(self, place: str, what: str, body: Row) -> Any:
        key = self._command()
        answer = await self._telling.town.desk(self.place(place), what, body, key)
        return self._answered(what, answer)

    def _answered(self, what: str, answer: Any) -> Any:
        status, body = answer
        self._telling.steps += 1
        if status not in DECIDED:
            raise Stuck(f"story {self.story}: {what} is answered {status} {body}")
        parts = [body, *(body.get("outcomes") or ())]
        reasons = sorted(one["reason"] for part in parts for one in part.get("reasons") or ())
        self._telling.said.append(f"{self.story} {what} {status} {','.join(reasons)}")
        return body

    def _command(self) -> str:
        return self.own(f"command-{next(self._commands)}")

    # -- waiting ----------------------------------------------------------------------------------------

    async def deliver(self, item: str, *, holder: str | None = None) -> None:
        """Scans the item wherever it is sent, until it stands somewhere, for `holder` on a pickup shelf."""
        while True:
            found = await self.until_state(item, "in_transit", "hold_shelf", "available")
            if found["goes_to"]:  # in transit, or on a shelf for somebody else than before
                place = found["goes_to"].partition("/")[2].partition("-")[0]
                fact = await self.scan(item, place, told=DELIVERY)
                await self.until_taken({"id": fact})
            elif holder is None or (await self._hold(holder) or {}).get("state") == "ready":
                return
            else:
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def until_state(self, item: str, *states: str) -> Row:
        """Waits until the item is in one of these states; the item."""
        found: Row = await self._until(
            f"{item} is {states}", "circulation", f"/items/{self.own(item)}",
            lambda body: body if body["state"] in states else None,
        )  # fmt: skip
        return found

    async def until_taken(self, fact: Mapping[str, Any]) -> None:
        """Waits until a fact has its end."""
        await self._until(
            f"{fact['id']} is taken", "circulation", f"/facts/{fact['id']}",
            lambda body: body.get("open") is False,
        )  # fmt: skip

    async def until_fee(self, who: str) -> list[Row]:
        """Waits until somebody was charged; the fees."""
        fees: list[Row] = await self._until(
            f"{who} has a fee", "billing", f"/patrons/{self.own(who)}/fees", lambda body: body["items"]
        )
        return fees

    async def until_waiting(self, title: str, count: int) -> None:
        """Waits until circulation knows how many wait for a title."""
        await self._until(
            f"{count} wait for {title}", "circulation", f"/titles/{self.own(title)}/availability",
            lambda body: body["waiting"] == count,
        )  # fmt: skip

    async def until_exceptions(self, place: str, item: str, count: int) -> None:
        """Waits until staff at a place are told of an item."""
        wanted = (self.place(place), self.own(item))
        await self._until(
            f"{place} hears of {item}", "circulation", "/exceptions",
            lambda body: [one for one in body["items"] if (one["branch"], one["item"]) == wanted][count - 1:],
        )  # fmt: skip

    async def until_hold(self, who: str, *states: str) -> Row:
        """Waits until somebody's hold is in one of these states; the hold."""
        found: Row = await self._until(
            f"the hold of {who} is {states}", "holds", f"/patrons/{self.own(who)}/holds",
            lambda body: next((one for one in body["items"] if one["state"] in states), None),
        )  # fmt: skip
        return found

    async def hold_of(self, who: str) -> str:
        """The id of somebody's hold, which came with the import."""
        return str((await self.until_hold(who, "waiting", "allotted", "in_transit", "ready"))["id"])

    async def where_held(self, who: str) -> str:
        """Where somebody fetches what is ready."""
        hold = await self.until_hold(who, "ready")
        return next(place for place in MEMBERS if self.place(place) == hold["pickup"])

    async def _hold(self, who: str) -> Row | None:
        status, body = await self._ask("holds", "GET", f"/patrons/{self.own(who)}/holds")
        return next(iter(body["items"]), None) if status == 200 else None

    async def _until(self, what: str, service: str, path: str, wanted: Callable[[Any], Any]) -> Any:
        began = time.monotonic()
        self._telling.waits[self.story] = what
        while True:
            status, body = await self._ask(service, "GET", path)
            if status == 200 and (found := wanted(body)):
                return found
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise Stuck(f"story {self.story}: not once {what}: {status} {body}")
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _ask(self, service: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return await self._telling.town.ask(service, method, path, body)
