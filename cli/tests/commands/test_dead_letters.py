"""`samlan dead-letters` as a process, through the gateway."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aio_pika
import httpx2
from samlan_plumbing.ids import fresh

if TYPE_CHECKING:
    from conftest import Samlan

KEY = "billing.fee_charged.v1"


async def publish_poison(town: Samlan) -> str:
    """A message nobody can read, in notify's queue; its id."""
    message = aio_pika.Message(b"{poison", message_id=fresh(), type=KEY)
    async with await aio_pika.connect(town.addresses["amqp"]) as connection:
        channel = await connection.channel()
        await (await channel.get_exchange("events", ensure=False)).publish(message, KEY)
    return str(message.message_id)


async def letters(town: Samlan) -> list[dict[str, Any]]:
    """What the gateway lists."""
    known = town.addresses
    operator = {"authorization": f"Bearer {known['tokens']['operator']}"}
    async with httpx2.AsyncClient(trust_env=False, headers=operator) as client:
        answer = await client.get(f"{known['gateway']}/v1/ops/dead-letters")
    return answer.json()["items"]  # type: ignore[no-any-return]


async def new_letter(town: Samlan) -> dict[str, Any]:
    known = {one["id"] for one in await letters(town)}
    await publish_poison(town)
    while not (new := [one for one in await letters(town) if one["id"] not in known]):
        await asyncio.sleep(0)
    return new[0]


async def test_a_letter_is_listed_read_and_given_up(town: Samlan) -> None:
    letter = await new_letter(town)
    assert letter["service"] == "notify"
    listed = await asyncio.to_thread(town.run, "dead-letters", "list", "--json")
    assert letter["id"] in {one["id"] for one in json.loads(listed.stdout)["items"]}
    shown = await asyncio.to_thread(town.run, "dead-letters", "show", letter["id"])
    assert letter["reason"] in " ".join(shown.stdout.split())
    assert "poison" not in shown.stdout

    given_up = await asyncio.to_thread(
        town.run, "dead-letters", "discard", letter["id"], "--why", "sent by a test"
    )
    assert given_up.stdout == f"{letter['id']} is given up\n"
    assert letter["id"] not in {one["id"] for one in await letters(town)}


async def test_a_replayed_letter_is_read_again_and_dies_again(town: Samlan) -> None:
    letter = await new_letter(town)
    replayed = await asyncio.to_thread(town.run, "dead-letters", "replay", letter["id"])
    assert replayed.stdout == f"{letter['id']} is back in its queue\n"
    while letter["id"] not in {one["id"] for one in await letters(town)}:
        await asyncio.sleep(0)
    await asyncio.to_thread(town.run, "dead-letters", "discard", letter["id"], "--why", "sent by a test")


def test_a_letter_that_is_not_there_is_one_line(town: Samlan) -> None:
    assert town.refused("dead-letters", "show", "nothing") == "samlan: there is no dead letter nothing\n"


def test_a_letter_is_not_given_up_without_a_reason(town: Samlan) -> None:
    assert "--why" in town.refused("dead-letters", "discard", "nothing", "--why", " ")


def test_without_a_consortium_a_line_says_how_to_start_one(samlan: Samlan) -> None:
    assert "start it with `samlan up" in samlan.refused("dead-letters", "list")
