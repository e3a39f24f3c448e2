"""A post office for tests: an SMTP server that can be told to misbehave, an SMS provider, and accounts."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx2
import orjson
import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope, Session
from samlan_notify import app
from samlan_notify.clients.accounts import Accounts
from samlan_notify.clients.mail import MailCourier
from samlan_notify.clients.sms import SmsCourier
from samlan_notify.domain.notice import Notice
from samlan_notify.handlers.copying import Copying
from samlan_notify.handlers.delivering import Delivery
from samlan_notify.handlers.following import Following
from samlan_notify.handlers.recording import Recording
from samlan_notify.handlers.sending import Sending
from samlan_notify.handlers.survey import Survey
from samlan_notify.settings import NotifySettings
from samlan_notify.store import Known, Notices
from samlan_plumbing.peers import Peers
from samlan_plumbing.resources import Resources
from samlan_plumbing.runtime import Service
from samlan_testkit.world import World

from .cast import BRANCHES, CONTACTS, PEOPLE, TITLES

SMS_URL = "http://sms.example/messages"


@dataclass
class PostOffice:
    """What was handed over, and how the providers behave."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    recipient_answer: Callable[[str], str] = lambda address: "250 OK"
    data_answer: str | None = None
    sms_status: int = 200
    sms_down: bool = False
    connections: int = 0
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listens, on the port it had before if any."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._smtp, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuses connections from now on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def by_id(self) -> dict[str, EmailMessage]:
        """The mails as a catcher keeps them: a repeat replaces the one before it."""
        return {str(one["Message-ID"]): one for one in self.mails}

    @property
    def causes(self) -> Counter[str]:
        """How many messages each cause is in."""
        mails = [c for one in self.by_id.values() for c in str(one["X-Samlan-Cause"]).split(",")]
        return Counter([c.strip() for c in mails] + [c for one in self.texts for c in one["causes"]])

    def _smtp(self) -> SMTP:
        self.connections += 1
        return SMTP(self, hostname="localhost")

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: N802
        """Answers as told."""
        answer = self.recipient_answer(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps the message, unless told otherwise."""
        if self.data_answer == "drop":  # taken, and the connection dies before it is said
            self._keep(envelope)
            server.transport.abort()
            return "421 gone"
        if self.data_answer is not None:
            return self.data_answer
        self._keep(envelope)
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        mail = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert envelope.rcpt_tos == [str(mail["To"])]
        self.mails.append(mail)

    async def sms(self, request: httpx2.Request) -> httpx2.Response:
        """The provider: an id it has seen costs and sends nothing."""
        if self.sms_down:
            raise httpx2.ConnectError("down", request=request)
        body = orjson.loads(request.content)
        assert request.headers["idempotency-key"] == body["id"]
        if self.sms_status == 200 and body["id"] not in {one["id"] for one in self.texts}:
            self.texts.append(body)
        return httpx2.Response(self.sms_status)


@dataclass
class FakeAccounts:
    """Accounts' contacts, with the wire in between."""

    contacts: dict[str, Any] = field(default_factory=lambda: dict(CONTACTS))
    down: bool = False
    asked: list[list[str]] = field(default_factory=list)

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        """`POST /private/v1/contacts`."""
        if self.down:
            raise httpx2.ConnectError("down", request=request)
        assert request.url.path == "/private/v1/contacts"
        wanted = orjson.loads(request.content)["patrons"]
        self.asked.append(wanted)
        found = {one: self.contacts[one] for one in wanted if one in self.contacts}
        return httpx2.Response(200, json={"contacts": found})


@dataclass
class Desk:
    """Notify's rooms on the real datastore, without a broker: one replica, to be killed and rebuilt."""

    world: World
    resources: Resources
    notices: Notices
    known: Known
    recording: Recording
    copying: Copying
    following: Following
    make_sending: Callable[[], Sending]
    sending: Sending

    def reborn(self) -> Desk:
        """The replica after a kill: what it held in memory is gone."""
        return replace(self, sending=self.make_sending())

    async def owe(self, occasion: Any, cause: str) -> None:
        """An event came."""
        await self.recording.owe(occasion, cause=cause)

    async def run(self, seconds: float = 6) -> None:
        """Time passes, and everything due is looked at until nothing moves."""
        self.world.clock.set(self.world.clock.now() + _seconds(seconds))
        while (due := await self.sending.next_due()) and due <= self.world.clock.now():
            await self.sending.run(self.world.clock.now())

    async def all(self) -> dict[str, Notice]:
        """Every notice as stored."""
        ids = [one["_id"] async for one in self.notices.collection.find({}, {"kind": 1})]
        return {key: one.state for key, one in (await self.notices.by_ids(ids)).items()}

    async def by_cause(self) -> dict[str, Notice]:
        """Every notice as stored, by its cause."""
        return {one.cause: one for one in (await self.all()).values()}


def _seconds(count: float) -> Any:
    from datetime import timedelta

    return timedelta(seconds=count)


@pytest_asyncio.fixture
async def post() -> AsyncIterator[PostOffice]:
    """The mail server and the SMS provider of one test."""
    office = PostOffice()
    await office.open()
    yield office
    await office.close()


@pytest.fixture
def accounts() -> FakeAccounts:
    """Accounts of one test."""
    return FakeAccounts()


@pytest.fixture
def make_resources(world: World, post: PostOffice, accounts: FakeAccounts) -> Callable[[], Resources]:
    """Makes resources of one replica."""

    def make() -> Resources:
        fields = {
            key.removeprefix("SAMLAN_").lower(): value for key, value in world.settings("notify").items()
        }
        fields |= {"smtp_port": post.port, "sms_url": SMS_URL, "peers": {"accounts": "http://accounts"}}
        peers = Peers(
            caller="notify", urls={"accounts": "http://accounts"}, signer=world.resources("notify")._signer(),
            transports={"accounts": httpx2.MockTransport(accounts.answer)},
        )  # fmt: skip
        return Resources(NotifySettings.model_validate(fields), library_clock=world.clock, peers=peers)

    return make


@pytest_asyncio.fixture
async def make_desk(
    world: World, post: PostOffice, make_resources: Callable[[], Resources]
) -> AsyncIterator[Callable[[], Awaitable[Desk]]]:
    """Makes replicas of notify's rooms that share this world's database."""
    made: list[Resources] = []

    async def make() -> Desk:
        resources = make_resources()
        made.append(resources)
        notices, known = Notices(resources), Known(resources)

        survey = Survey(copies=known, books=resources.books)
        clocks = {"library_clock": world.clock, "machine_clock": resources.machine_clock}

        def make_sending() -> Sending:
            couriers = {
                "email": MailCourier(
                    host="127.0.0.1", port=post.port, sender="biblioteket@samlan.invalid",
                    clock=resources.machine_clock,
                ),
                "sms": SmsCourier(url=SMS_URL, transport=httpx2.MockTransport(post.sms)),
            }  # fmt: skip
            delivery = Delivery(notices=notices, survey=survey, couriers=couriers, **clocks)
            accounts = Accounts(resources.peers)
            return Sending(notices=notices, survey=survey, accounts=accounts, delivery=delivery, **clocks)

        await resources.prepare()
        await notices.prepare()
        await known.prepare()
        return Desk(
            world,
            resources,
            notices,
            known,
            Recording(
                notices=notices,
                known=known,
                books=resources.books,
                clock=world.clock,
                machine_clock=resources.machine_clock,
            ),
            Copying(known=known, notices=notices, clock=world.clock),
            Following(known=known, books=resources.books, machine_clock=resources.machine_clock),
            make_sending,
            make_sending(),
        )

    yield make
    for one in made:
        await one.close()


@pytest_asyncio.fixture
async def desk(make_desk: Callable[[], Awaitable[Desk]]) -> Desk:
    """One replica that knows the cast."""
    made = await make_desk()
    await introduce(made.known)
    return made


async def introduce(known: Known) -> None:
    """Copies of the whole cast."""
    await known.patrons.apply_many([
        (one.patron, 1, {"member": one.member, "born": one.born.isoformat() if one.born else None,
                         "guardian": one.guardian, "shielded": one.shielded})
        for one in PEOPLE
    ])  # fmt: skip
    await known.titles.apply_many([(one.title, 1, {"name": one.name}) for one in TITLES])
    await known.branches.apply_many(
        [(one.branch, 1, {"name": one.name, "timezone": one.timezone}) for one in BRANCHES]
    )


@pytest.fixture
def start(world: World, make_resources: Callable[[], Resources]) -> Callable[..., Awaitable[Service]]:
    """Starts the whole service on the real broker; a second start is a replica."""

    async def begin(name: str = "notify") -> Service:
        resources = make_resources()
        service = app.build(resources.settings, resources=resources)  # type: ignore[arg-type]
        world.services[name] = service
        await service.start()
        return service

    return begin


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts are as long as it takes to look again."""
    monkeypatch.setattr("samlan_notify.domain.notice.DELAYS_SECONDS", (0,))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
