"""The whole consortium in one process: every service with its doors mounted, mail and SMS caught.

Rows are those of `samlan import`, sent to their owners as the command line does; facts come from devices.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import importlib
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from samlan_embedded.catchers import Catching, catching
from samlan_embedded.ports import free_ports
from samlan_plumbing.runtime import Service

from samlan_testkit.world import Build, World

Row = dict[str, Any]
BEHIND_THE_GATEWAY: Final = ("accounts", "catalog", "circulation", "holds", "billing", "notify")
OWNERS: Final = {
    "branches": "catalog", "titles": "catalog", "items": "catalog", "patrons": "accounts",
    "loans": "circulation", "devices": "circulation", "holds": "holds", "fees": "billing",
}  # fmt: skip
SOON: Final = timedelta(seconds=90)  # what falls due by then belongs to what just happened


class RowsRefused(AssertionError):
    """A row of a test's own data was refused."""


class Consortium:
    """All services of one world, and the messages that left them."""

    def __init__(self, world: World, where: Catching) -> None:
        self.world = world
        self.where = where

    async def start(self, names: Iterable[str] = BEHIND_THE_GATEWAY) -> None:
        """Starts these services."""
        await asyncio.gather(*(self.start_one(name) for name in names))

    async def start_one(self, name: str) -> Service:
        """Starts one service, as after a crash."""
        return await self.world.start(builder(name))

    async def load(self, **files: Iterable[Row]) -> None:
        """Sends import rows to their owners, in order, and waits until everybody has heard of them."""
        for name in (one for one in OWNERS if one in files):
            numbered = [{"line": n, "row": row} for n, row in enumerate(files[name], start=1)]
            answer = await self.world.post(OWNERS[name], f"/import/{name}", {"rows": numbered})
            if answer.status_code != 200 or answer.json()["refused"]:
                raise RowsRefused(f"{name}: {answer.status_code} {answer.text}")
            await self.world.settle()

    async def settle(self) -> None:
        """Waits until all is quiet and every message that is due has gone out."""
        while True:
            await self.world.settle()
            due = [await one.jobs.next_due() for one in self.world.services.values()]
            soon = min((one for one in due if one is not None), default=None)
            if soon is None or soon > self.world.clock.now() + SOON:
                return
            self.world.clock.set(max(soon, self.world.clock.now()))
            await asyncio.gather(*(one.jobs.run_due() for one in self.world.services.values()))

    def mails(self, **headers: str) -> list[EmailMessage]:
        """The e-mails caught, narrowed to those with these headers (`x_samlan_kind="hold_ready"`)."""
        wanted = {name.replace("_", "-"): value for name, value in headers.items()}
        found = [_parsed(path) for path in sorted(self.where.mail.glob("*.eml"))]
        return [one for one in found if all(one[name] == value for name, value in wanted.items())]

    def texts(self) -> list[Row]:
        """The SMS messages caught."""
        if not self.where.sms.exists():
            return []
        return [json.loads(line) for line in self.where.sms.read_text(encoding="utf-8").splitlines()]


@asynccontextmanager
async def consortium(
    world: World, folder: Path, *, names: Iterable[str] = BEHIND_THE_GATEWAY
) -> AsyncIterator[Consortium]:
    """A consortium in this world while the block runs; the world stops the services."""
    smtp, sms = free_ports(2)
    where = Catching(mail=folder / "mail", sms=folder / "sms.jsonl", smtp_port=smtp, sms_port=sms)
    world.environment.update(SAMLAN_SMTP_PORT=str(smtp), SAMLAN_SMS_URL=where.sms_url)
    async with catching(where):
        made = Consortium(world, where)
        await made.start(names)
        try:
            yield made
        finally:
            for name in list(world.services):
                await world.stop(name)


def builder(name: str) -> Build:
    """A service's `app.build`."""
    return importlib.import_module(f"samlan_{name}.app").build  # type: ignore[no-any-return]


def branch(name: str, **more: Any) -> Row:
    """A branch row `<member>/<branch>`: open on weekdays from ten to seven, in the member's time zone."""
    member, _, short = name.partition("/")
    zone = "Europe/Copenhagen" if member == "gladsaxe" else "Europe/Stockholm"
    hours = {day: ["10:00", "19:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    return {"member": member, "branch": short, "name": f"{short} bibliotek", "timezone": zone,
            "opening": hours, **more}  # fmt: skip


def item(barcode: str, title: str, home: str, **more: Any) -> Row:
    """An item row: an adult book unless told otherwise."""
    return {"item": barcode, "title": title, "branch": home, "material": "book", "audience": "adult", **more}


def patron(key: str, member: str, **more: Any) -> Row:
    """A patron row: a grown-up with a card, a PIN and an e-mail address unless told otherwise."""
    return {
        "patron": key, "member": member, "name": f"Namn {key}", "born": "1980-02-29",
        "borrower_id": f"L{key}", "cards": [f"2{key}"], "pin": "1234",
        "email": f"{key}@example.org", "channels": ["email"], **more,
    }  # fmt: skip


def _parsed(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError(path.name)
    return message
