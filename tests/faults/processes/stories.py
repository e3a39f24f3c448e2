"""The load: short stories of returns, loans, renewals, holds and payments, told at the same time.

A story is a list of steps that may each be repeated until it is answered; it waits for what it needs,
never for a time, so that it ends the same way whatever happens to the services meanwhile. Which stories are
told, and what happens where in them, follows from the seed alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from .cast import ABROAD, HOME, PLACES, Cast, Props

if TYPE_CHECKING:
    from .hands import Hands

IN_TIME: Final = "2026-12-01"


@dataclass(frozen=True, slots=True)
class Tale:
    """How a story is prepared and how it goes; both may roll the same dice."""

    props: Callable[[Props, Random], None]
    act: Callable[[Hands, Random], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Story:
    """One story of a load: its tale, and a seed of its own."""

    number: int
    name: str
    seed: str

    def rows(self, cast: Cast) -> Props:
        """What must be there before it is told."""
        props = Props(cast, self.number)
        TALES[self.name].props(props, Random(self.seed))
        return props

    async def tell(self, hands: Hands) -> None:
        """Tells it."""
        await TALES[self.name].act(hands, Random(self.seed))


def stories(seed: int, each: int = 2) -> list[Story]:
    """The stories of a seed, `each` of every tale, in the order in which they begin."""
    names = [name for name in TALES for _ in range(each)]
    Random(f"order {seed}").shuffle(names)
    return [Story(number, name, f"{seed} {number} {name}") for number, name in enumerate(names)]


# -- returns and money --------------------------------------------------------------------------------------


def _late(props: Props, dice: Random) -> None:
    props.title("t", "i")
    props.people("late")
    props.lent("i", "late", due=f"2026-11-{dice.randint(10, 20)}")


async def late_and_paid(hands: Hands, dice: Random) -> None:
    """An overdue item comes back at a kiosk; its fee is paid at a desk."""
    await hands.scan("i", dice.choice(PLACES))
    await hands.until_fee("late")
    await hands.pay("late", PLACES[0])


async def late_and_reported_twice(hands: Hands, dice: Random) -> None:
    """The same scan comes three times; its id and its sequence are used for something else as well."""
    place = dice.choice(PLACES)
    fact = hands.fact("i", place)
    for _ in range(3):
        await hands.publish(fact)
    await hands.until_taken(fact)
    await hands.publish({**fact, "item": hands.own("never-heard-of")})
    await hands.publish({**fact, "id": hands.own("another-id")})
    await hands.publish(fact)
    await hands.until_fee("late")


async def settled_by_hand(hands: Hands, dice: Random) -> None:
    """A desk takes the item in and the money at once, then the item goes to another branch."""
    place = dice.choice(PLACES)
    await hands.give_back("i", place)
    await hands.until_fee("late")
    await hands.pay("late", place)
    await hands.deliver("i")


# -- holds --------------------------------------------------------------------------------------------------


def _wanted(props: Props, dice: Random) -> None:
    props.title("t", "i")
    props.people("first", "second", "third", "reader")
    props.lent("i", "reader", due=IN_TIME)
    props.held("t", "first", dice.choice(PLACES), day=1)


async def fetched_and_renewed(hands: Hands, dice: Random) -> None:
    """A hold is served, wherever its pickup is; its patron fetches the item, renews, and brings it back."""
    await hands.scan("i", dice.choice(PLACES))
    await hands.deliver("i", holder="first")
    place = await hands.where_held("first")
    await hands.lend("i", "first", place)
    await hands.renew("first", "i", HOME)
    await hands.give_back("i", place)
    await hands.deliver("i")


async def frozen_cancelled_moved(hands: Hands, dice: Random) -> None:
    """Of three holds the first is frozen, the second cancelled, the third moved: it gets the item."""
    second = await hands.hold("t", "second", PLACES[1])
    third = await hands.hold("t", "third", PLACES[1])
    await hands.change_hold(await hands.hold_of("first"), frozen=True)
    await hands.change_hold(third, pickup=hands.place(PLACES[2]))
    await hands.change_hold(second, cancel=True)
    await hands.scan("i", dice.choice(PLACES))
    await hands.deliver("i", holder="third")


async def given_up_on_the_way(hands: Hands, dice: Random) -> None:
    """The hold is cancelled as soon as the item is on its way; whoever is next gets it, wherever it is."""
    second = await hands.hold("t", "second", dice.choice(PLACES))
    await hands.scan("i", dice.choice(PLACES))
    await hands.until_hold("first", "in_transit", "ready")
    await hands.change_hold(await hands.hold_of("first"), cancel=True)
    await hands.deliver("i", holder="second")
    await hands.change_hold(second, frozen=True)  # too late: it is ready


def _contested(props: Props, dice: Random) -> None:
    props.title("t", "i", "j")
    props.people("first", "second", "third", "reader")
    props.lent("i", "reader", due=IN_TIME)
    props.lent("j", "reader", due=IN_TIME)
    for day, who in enumerate(("first", "second", "third"), start=1):
        props.held("t", who, dice.choice(PLACES), day=day)


async def contested(hands: Hands, dice: Random) -> None:
    """Two copies come back at once at two branches, and three wait: which copy serves whom may differ."""
    await hands.together(hands.scan("i", dice.choice(PLACES)), hands.scan("j", dice.choice(PLACES)))
    await hands.together(hands.deliver("i"), hands.deliver("j"))
    await hands.until_hold("first", "ready")
    await hands.until_hold("second", "ready")


# -- desks --------------------------------------------------------------------------------------------------


def _at_hand(props: Props, dice: Random) -> None:
    props.title("t", "i")
    props.people("reader", "other")


async def lent_then_wanted(hands: Hands, dice: Random) -> None:
    """A loan is renewed; somebody asks for the title; it is renewed no more, comes back and is shelved."""
    await hands.lend("i", "reader", HOME)
    await hands.renew("reader", "i", HOME)
    await hands.hold("t", "other", dice.choice(PLACES))
    await hands.until_waiting("t", 1)
    await hands.renew("reader", "i", HOME)
    await hands.give_back("i", dice.choice(PLACES))
    await hands.deliver("i", holder="other")


# -- devices ------------------------------------------------------------------------------------------------

CUT_OFF: Final = 4


def _cut_off(props: Props, dice: Random) -> None:
    for number in range(CUT_OFF):
        props.title(f"t{number}", f"i{number}")
        props.people(f"before{number}", f"between{number}", f"after{number}")
        props.lent(f"i{number}", f"before{number}", due=dice.choice((IN_TIME, "2026-11-19", "2026-11-21")))


async def cut_off_for_an_hour(hands: Hands, dice: Random) -> None:
    """A kiosk takes in and lends items while nobody hears it, and uploads it all shuffled, some twice."""
    place = dice.choice(PLACES)
    facts = []
    for number in range(CUT_OFF):
        item = f"i{number}"
        facts.append(hands.fact(item, place, minutes_ago=60 - number))
        facts.append(hands.borrowed(item, f"between{number}", place, minutes_ago=50 - number))
        facts.append(hands.fact(item, place, minutes_ago=30 - number))
        if number % 2:
            facts.append(hands.borrowed(item, f"after{number}", place, minutes_ago=10 - number))
    repeated = dice.sample(facts, len(facts) // 3)
    upload = [*facts, *repeated]
    dice.shuffle(upload)
    for fact in upload:
        await hands.publish(fact)
    await hands.together(*(hands.until_taken(fact) for fact in facts))


def _nothing(props: Props, dice: Random) -> None:
    props.people("nobody")


async def nonsense(hands: Hands, dice: Random) -> None:
    """Everything a broken device may say; each is a named exception of its branch, and the next is served."""
    place = dice.choice(PLACES)
    good = hands.fact("never-heard-of", place)
    bad: list[dict[str, object] | bytes] = [
        b"{", f"[1, 2, {hands.story}]".encode(), good,
        {**good, "id": hands.own("n1"), "version": 2},
        {**good, "id": hands.own("n2"), "type": "item_eaten"},
        {**good, "id": hands.own("n3"), "item": None},
        {**good, "id": hands.own("n4"), "happened_at": "2027-11-23T12:00:00Z"},
        {**good, "id": hands.own("n5"), "branch": hands.place(ABROAD)},
        {**good, "id": hands.own("n6"), "slip": "x" * 20_000},
    ]  # fmt: skip
    dice.shuffle(bad)
    for one in bad:
        await hands.say(one, place)
    await hands.until_exceptions(place, "never-heard-of", 1)


def _foreign(props: Props, dice: Random) -> None:
    props.title("t", "i", home=ABROAD)
    props.people("guest", place=ABROAD)
    props.lent("i", "guest", due=IN_TIME, place=ABROAD)


async def not_taken_here(hands: Hands, dice: Random) -> None:
    """An item of another municipality is handed in where it is not taken, and then where it is (K40)."""
    place = dice.choice(PLACES)
    await hands.scan("i", place)
    await hands.until_exceptions(place, "i", 1)
    await hands.scan("i", ABROAD)
    await hands.until_state("i", "available")


TALES: Final = {
    "late_and_paid": Tale(_late, late_and_paid),
    "late_and_reported_twice": Tale(_late, late_and_reported_twice),
    "settled_by_hand": Tale(_late, settled_by_hand),
    "fetched_and_renewed": Tale(_wanted, fetched_and_renewed),
    "frozen_cancelled_moved": Tale(_wanted, frozen_cancelled_moved),
    "given_up_on_the_way": Tale(_wanted, given_up_on_the_way),
    "contested": Tale(_contested, contested),
    "lent_then_wanted": Tale(_at_hand, lent_then_wanted),
    "cut_off_for_an_hour": Tale(_cut_off, cut_off_for_an_hour),
    "nonsense": Tale(_nothing, nonsense),
    "not_taken_here": Tale(_foreign, not_taken_here),
}
