"""Notify is down and its queue grows past every alert: nobody else notices, and nothing is forgotten."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from samlan.playing import Watch
from samlan_contracts.events.circulation import ItemReturned
from samlan_contracts.shapes import Thing
from samlan_gateway.clients.broker import Counter as QueueCounter
from samlan_gateway.clients.broker import Queues
from samlan_gateway.domain.quiet import Round, busy
from samlan_plumbing.outbox import Tell, outgoing

from .cast import PLACES, Cast
from .hands import Hands
from .outcome import mails, outcome_of, told_twice
from .seeds import ASKED
from .stories import stories
from .telling import Telling, files
from .town import NOON, Town

ALERT: Final = 50_000  # architecture.md, State and events, 5
LEFT: Final = ALERT if ASKED else 2_000  # of the filling, for notify to work through: a minute or a second
AT_ONCE: Final = 500
SLOW_SHARE: Final = 0.1
NOTIFY: Final = "notify"
CASTS: Final = (Cast("calm0"), Cast("deaf0"))


async def test_returns_go_on_while_notify_is_down_and_all_is_told_afterwards(place: Town) -> None:
    told = stories(0, each=1)
    heard, unheard = (Telling(place, cast, told) for cast in CASTS)
    await place.load("notify", files((cast, told) for cast in CASTS))
    await heard.tell()
    await place.settle()
    expected = await outcome_of(heard, await place.check())

    before = mails(place.mail)
    await together(place.supervisor.end, notifiers(place))
    await fill(place)
    events: list[dict[str, Any]] = []
    put_back = await failures(place)
    async with Watch(place.addresses.amqp, events.append):
        await unheard.tell()
        await scanned_again(place, unheard)
        waiting = await quiet_but_for_notify(place)
    assert waiting > ALERT
    assert len(mails(place.mail)) == len(before)
    assert_told_once(events)
    assert await failures(place) == put_back

    await take_out(place, ALERT - LEFT)
    await together(place.supervisor.begin, notifiers(place))
    await place.heal()
    await place.settle()
    assert await outcome_of(unheard, await place.check()) == expected
    assert told_twice(mails(place.mail)) == []


def assert_told_once(events: list[dict[str, Any]]) -> None:
    """No event was told again: a queue that pushed back would have each one repeated, again and again.

    A machine too slow to confirm within two seconds repeats one now and then, whatever notify does."""
    counts = Counter(one["id"] for one in events)
    assert sum(counts.values()) - len(counts) <= len(counts) * SLOW_SHARE, counts.most_common(5)


def notifiers(place: Town) -> list[str]:
    """Every replica of notify."""
    return [name for name in place.replicas if name.startswith(NOTIFY)]


async def together(act: Callable[[str], Awaitable[None]], names: Iterable[str]) -> None:
    """Does the same to several processes at once."""
    await asyncio.gather(*(act(name) for name in names))


async def scanned_again(place: Town, telling: Telling) -> None:
    """Whoever hands an item in is told its bin; one that came too late is told with the next scan."""
    story = next(one for one in telling.stories if one.name == "lent_then_wanted")
    async with telling.open_kiosks():
        hands = Hands(telling, story.number)
        found = await hands.until_state("i", "hold_shelf")
        shelf = next(one for one in PLACES if hands.place(one) == found["branch"])
        while (await hands.ask_for_bin("i", shelf)).bin != "shelf":
            continue


async def failures(place: Town) -> dict[str, list[str]]:
    """How often each service that runs had to put something back, or gave it up."""
    found = {}
    for name, process in place.supervisor.processes.items():
        if process.service and name not in notifiers(place):
            answer = await place.gateway.get(f"{process.url}/private/v1/metrics")
            lines = answer.text.splitlines()
            found[name] = sorted(one for one in lines if 'end="retried"' in one or 'end="dead"' in one)
    return found


async def fill(place: Town) -> None:
    """Puts returns nobody asked a receipt for into the queue, up to the alert."""
    async with await aio_pika.connect(place.addresses.amqp) as connection:
        channel = await connection.channel(publisher_confirms=True)
        messages = fillers(ALERT)
        while part := list(islice(messages, AT_ONCE)):
            await asyncio.gather(*(channel.default_exchange.publish(one, f"{NOTIFY}.events") for one in part))


async def take_out(place: Town, count: int) -> None:
    """Takes so much of the filling, which came first, out of the queue again, a batch at a time."""
    taken, done = 0, asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        nonlocal taken
        taken += 1
        if taken <= count and taken % AT_ONCE == 0:
            assert str(message.headers["x-subject"]).startswith("item/filler-")
            await message.ack(multiple=True)
        if taken >= count:
            done.set()

    async with await aio_pika.connect(place.addresses.amqp) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=AT_ONCE)
        queue = await channel.get_queue(f"{NOTIFY}.events", ensure=False)
        await queue.consume(take)
        await done.wait()


def fillers(count: int) -> Iterator[aio_pika.Message]:
    """Events as circulation tells them."""
    for number in range(count):
        event = ItemReturned(
            fact=f"filler-{number}", thing=THING, branch="vast/lerum", mode="sorter", returned_at=NOON,
            was="available",
        )  # fmt: skip
        tell = Tell(event=event, subject=f"item/filler-{number}", cause=event.fact, happened_at=NOON)
        message = outgoing(tell, 1, NOON)
        yield aio_pika.Message(
            message.body, message_id=message.id, type=message.type, headers=dict(message.headers),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )  # fmt: skip


THING: Final = Thing(
    item="filler", title="filler", member="vast", home="vast/lerum", material="book", audience="adult"
)


async def quiet_but_for_notify(place: Town) -> int:
    """Waits until everybody else has nothing left to do; what waits for notify."""
    async with Queues(place.addresses.amqp).open() as counter:
        calm, now = None, await look(place, counter)
        while calm is None or busy(calm, now):
            calm = None if busy(None, now) else now
            await asyncio.sleep(0.1)
            now = await look(place, counter)
        return (await counter.counts())[f"{NOTIFY}.events"]


async def look(place: Town, counter: QueueCounter) -> Round:
    """What the others say, and their queues."""
    names = [name for name in place.replicas if name not in notifiers(place)]
    answers = [await place.every.ask(name, "GET", "/flow") for name in names]
    queues = {name: count for name, count in (await counter.counts()).items() if not name.startswith(NOTIFY)}
    return Round(
        services={name: dict(answer.body) for name, answer in zip(names, answers, strict=True)}, queues=queues
    )
