"""Sending on the real datastore and a real mail server: each cause in one message, or a named reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from samlan_notify.domain import occasions
from samlan_notify.domain.notice import PATIENCE
from samlan_notify.handlers import sending
from samlan_notify.jobs import jobs
from samlan_plumbing.seams import install

from .cast import ANNA, CONTACTS, fee_charged, hold_expired, hold_ready, item_returned
from .conftest import Desk, FakeAccounts, PostOffice, introduce

pytestmark = pytest.mark.usefixtures("impatient")
READY = occasions.hold_ready(hold_ready())


def fee(patron: str = "anna", name: str = "f1", **more: Any) -> Any:
    return occasions.fee_charged(fee_charged(patron, fee=name, **more), 1)


@pytest.mark.clause("V14", "K39", "G05", "D18")
async def test_a_ready_hold_is_told_at_once_in_one_mail(desk: Desk, post: PostOffice) -> None:
    await desk.owe(READY, "e1")
    await desk.run(0)
    (mail,) = post.mails
    (key,) = await desk.all()
    assert mail["Message-ID"] == f"<{key}@samlan.invalid>"
    assert mail["To"] == "anna@example.org"
    assert mail["Subject"] == "Att hämta: Röda rummet"
    assert mail["Content-Language"] == "sv"
    assert (mail["X-Samlan-Kind"], mail["X-Samlan-Cause"]) == ("hold_ready", "e1")
    assert mail.get_content_type() == "text/plain"
    body = mail.get_content()
    assert {"Lerums bibliotek", "L4711", "lördag 5 december 2026"} <= _phrases(body)
    assert await desk.sending.next_due() is None


async def test_the_sender_is_behind_while_it_finds_as_much_as_it_can_take(
    desk: Desk, post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then its loop goes on at once; else newcomers wait for its next look, and go together."""
    monkeypatch.setattr(sending, "BATCH", 2)
    (job,) = jobs(desk.sending)
    assert job.behind is not None
    for name in ("h1", "h2", "h3"):
        await desk.owe(occasions.hold_ready(hold_ready(hold=name)), name)
    for behind, told in ((True, 2), (False, 3)):
        await job.run(desk.world.clock.now())
        assert (job.behind(), len(post.mails)) == (behind, told)


@pytest.mark.clause("K51")
async def test_a_sent_notice_keeps_kind_cause_channel_time_and_result_only(desk: Desk) -> None:
    await desk.owe(READY, "e1")
    await desk.run(0)
    (stored,) = await desk.notices.collection.find({}).to_list()
    assert {"about", "slot", "when", "unsent"}.isdisjoint(stored)
    assert (stored["kind"], stored["cause"], stored["channel"], stored["state"]) == (
        "hold_ready", "e1", "email", "sent",
    )  # fmt: skip
    assert stored["over_at"] == desk.world.clock.now()
    assert "Röda" not in str(stored)
    assert "L4711" not in str({name: one for name, one in stored.items() if name != "outbox"})


async def test_a_notice_says_by_which_rule_it_is_told(desk: Desk) -> None:
    await desk.owe(READY, "e1")
    await desk.run(0)
    (stored,) = await desk.notices.collection.find({}).to_list()
    (why,) = stored["because"]
    assert why["rule"].startswith("vast/")
    assert set(why["says"]) == {"sv", "da", "en"}
    assert why["in_force"]


async def test_a_repeated_event_owes_nothing_more(desk: Desk, post: PostOffice) -> None:
    for _ in range(3):
        await desk.owe(READY, "e1")
    await desk.run()
    await desk.owe(READY, "e1")
    await desk.run()
    assert len(post.mails) == 1


async def test_fees_that_fall_due_together_are_one_message_and_a_later_one_another(
    desk: Desk, post: PostOffice
) -> None:
    for number in range(3):
        await desk.owe(fee(name=f"f{number}"), f"e{number}")
        desk.world.clock.set(desk.world.clock.now() + timedelta(seconds=2))
    await desk.run(0)
    assert not post.mails or post.causes == {"e0": 1, "e1": 1, "e2": 1}
    await desk.owe(fee(name="late"), "e3")
    await desk.run()
    assert [str(one["X-Samlan-Cause"]) for one in post.mails] == ["e0,e1,e2", "e3"]
    assert "36,00 kr" in post.mails[0].get_content()


async def test_holds_that_expire_together_are_one_message(desk: Desk, post: PostOffice) -> None:
    for hold in ("h1", "h2", "h3"):
        await desk.owe(occasions.hold_expired(hold_expired(hold=hold)), hold)
        desk.world.clock.set(desk.world.clock.now() + timedelta(seconds=1))
        await desk.sending.run(desk.world.clock.now())
    await desk.run()
    assert [str(one["X-Samlan-Cause"]) for one in post.mails] == ["h1,h2,h3"]


async def test_nothing_is_sent_before_the_others_had_time_to_join(desk: Desk, post: PostOffice) -> None:
    await desk.owe(fee(), "e1")
    await desk.run(4)
    assert not post.mails
    assert await desk.sending.next_due() == desk.world.clock.now() + timedelta(seconds=1)


@pytest.mark.clause("K24")
async def test_two_childrens_fees_are_one_message_to_their_guardian(desk: Desk, post: PostOffice) -> None:
    await desk.owe(fee("mio", "f1"), "e1")
    await desk.owe(fee("lo", "f2"), "e2")
    await desk.owe(fee("anna", "f3"), "e3")
    await desk.run()
    (mail,) = post.mails
    assert mail["To"] == "anna@example.org"
    assert post.causes == {"e1": 1, "e2": 1, "e3": 1}
    body = mail.get_content()
    assert body.count("Gäller: Mio Ek") == 1
    assert body.count("Gäller: Lo Ek") == 1
    stored = await desk.by_cause()
    assert [stored[one].to for one in ("e1", "e2", "e3")] == ["guardian", "guardian", "patron"]


async def test_kinds_are_never_mixed(desk: Desk, post: PostOffice) -> None:
    await desk.owe(fee(), "e1")
    await desk.owe(occasions.receipt(item_returned()), "e2")
    await desk.owe(occasions.hold_expired(hold_expired()), "e3")
    await desk.run()
    assert sorted(str(one["X-Samlan-Kind"]) for one in post.mails) == [
        "fee_charged",
        "hold_expired",
        "receipt",
    ]


async def test_ready_holds_are_one_message_each(desk: Desk, post: PostOffice) -> None:
    for hold in ("h1", "h2"):
        await desk.owe(occasions.hold_ready(hold_ready(hold=hold)), hold)
    await desk.run()
    assert sorted(str(one["X-Samlan-Cause"]) for one in post.mails) == ["h1", "h2"]


async def test_a_hundred_fees_at_once_are_one_message_whose_causes_can_be_read(
    desk: Desk, post: PostOffice
) -> None:
    from uuid import uuid4

    causes = {str(uuid4()) for _ in range(100)}
    for cause in causes:
        await desk.owe(fee(name=cause), cause)
    await desk.run()
    assert len(post.mails) == 1
    assert post.causes == dict.fromkeys(causes, 1)


async def test_an_sms_goes_to_the_provider_with_the_notices_id(desk: Desk, post: PostOffice) -> None:
    await desk.owe(occasions.hold_ready(hold_ready("bo", borrower_id="L1975")), "e1")
    await desk.run()
    (text,) = post.texts
    (key,) = await desk.all()
    assert (text["id"], text["to"], text["language"], text["causes"]) == (key, "0707654321", "en", ["e1"])
    assert "L1975" in text["text"]
    assert not post.mails


async def test_a_danish_patron_reads_danish(desk: Desk, post: PostOffice) -> None:
    await desk.owe(occasions.hold_ready(hold_ready("mette", pickup="gladsaxe/hovedbiblioteket")), "e1")
    await desk.run()
    (mail,) = post.mails
    assert mail["Content-Language"] == "da"
    assert "Hovedbiblioteket" in mail.get_content()


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ({"email": None, "mobile": None}, "no_channel"),
        ({"email": "x\r\nBcc: y@z", "mobile": "?"}, "no_channel"),
    ],
)
async def test_who_cannot_be_reached_is_not_and_the_reason_is_named(
    desk: Desk, accounts: FakeAccounts, contact: dict[str, Any], reason: str
) -> None:
    accounts.contacts["anna"] = {**CONTACTS["anna"], **contact}
    await desk.owe(READY, "e1")
    await desk.run()
    notice = (await desk.by_cause())["e1"]
    assert (notice.state, notice.reason, notice.about) == ("failed", reason, None)


async def test_a_child_whose_guardian_is_gone_gets_no_bill(desk: Desk, post: PostOffice) -> None:
    await desk.copying.patron(ANNA.model_copy(update={"erased": True}), _envelope(9))
    await desk.owe(fee("mio"), "e1")
    await desk.run()
    assert (await desk.by_cause())["e1"].reason == "guardian_missing"
    assert not post.mails


async def test_while_accounts_names_another_guardian_nobody_is_told(
    desk: Desk, accounts: FakeAccounts, post: PostOffice
) -> None:
    accounts.contacts["mio"] = {**CONTACTS["mio"], "guardian": "bo"}
    await desk.owe(occasions.hold_ready(hold_ready("mio")), "e1")
    await desk.sending.run(desk.world.clock.now())
    assert not post.mails
    await desk.known.patrons.apply("mio", 2, {"guardian": "bo"})
    await desk.run()
    assert not post.mails
    assert [one["to"] for one in post.texts] == ["0707654321"]


# -- outages ------------------------------------------------------------------------------------------------


async def test_while_accounts_is_down_a_notice_stays_due(
    desk: Desk, accounts: FakeAccounts, post: PostOffice
) -> None:
    accounts.down = True
    await desk.owe(READY, "e1")
    assert await desk.sending.run(desk.world.clock.now()) == 0
    notice = (await desk.by_cause())["e1"]
    assert (notice.state, notice.attempts) == ("waiting", 0)
    accounts.down = False
    await desk.run()
    assert post.causes == {"e1": 1}


async def test_while_the_mail_server_is_down_mail_waits_sms_goes_and_nothing_is_doubled(
    desk: Desk, post: PostOffice
) -> None:
    await post.close()
    await desk.owe(fee(), "e1")
    await desk.owe(occasions.hold_ready(hold_ready("bo")), "e2")
    desk.world.clock.set(desk.world.clock.now() + timedelta(seconds=6))
    for _ in range(40):  # longer than anybody's patience with what is missing
        await desk.sending.run(desk.world.clock.now())
    assert [one["causes"] for one in post.texts] == [["e2"]]
    notice = (await desk.by_cause())["e1"]
    assert notice.state == "waiting"
    assert notice.attempts >= 40
    await desk.owe(fee(name="f2"), "e3")
    await post.open()
    await desk.run()
    assert len(post.mails) == 2
    assert post.causes == {"e1": 1, "e2": 1, "e3": 1}


async def test_a_mail_that_may_have_gone_out_goes_again_as_the_same_mail(
    desk: Desk, post: PostOffice, accounts: FakeAccounts
) -> None:
    post.data_answer = "drop"
    await desk.owe(READY, "e1")
    await desk.sending.run(desk.world.clock.now())
    assert len(post.mails) == 1
    accounts.contacts["anna"] = {**CONTACTS["anna"], "channels": ["sms"]}  # must not tell her twice
    post.data_answer = None
    await desk.run()
    assert (len(post.mails), len(post.by_id), post.texts) == (2, 1, [])


@pytest.mark.parametrize("answer", ["550 no such user", "553 no"])
async def test_what_the_server_refuses_is_named_and_not_tried_again(
    desk: Desk, post: PostOffice, answer: str
) -> None:
    post.recipient_answer = lambda _: answer
    for number in range(2):
        await desk.owe(fee(name=f"f{number}"), f"e{number}")
    await desk.run()
    stored = await desk.by_cause()
    assert {one.reason for one in stored.values()} == {"refused_by_server"}
    connections = post.connections
    await desk.run()
    assert post.connections == connections


async def test_a_refused_recipient_does_not_hold_up_the_next(desk: Desk, post: PostOffice) -> None:
    post.recipient_answer = lambda address: "550 no" if address.startswith("anna") else "250 OK"
    await desk.owe(READY, "e1")
    await desk.owe(occasions.hold_ready(hold_ready("mette", hold="h2")), "e2")
    await desk.run()
    assert post.causes == {"e2": 1}


async def test_a_server_that_asks_to_come_again_is_asked_again_but_not_for_ever(
    desk: Desk, post: PostOffice
) -> None:
    post.recipient_answer = lambda _: "451 greylisted"
    await desk.owe(READY, "e1")
    for _ in range(3):
        await desk.sending.run(desk.world.clock.now())
    assert (await desk.by_cause())["e1"].state == "waiting"
    await desk.run()
    notice = (await desk.by_cause())["e1"]
    assert (notice.reason, notice.attempts) == ("refused_by_server", PATIENCE)


async def test_one_connection_serves_a_batch(desk: Desk, post: PostOffice) -> None:
    for number in range(10):
        await desk.owe(occasions.hold_ready(hold_ready(hold=f"h{number}")), f"e{number}")
    await desk.run()
    assert (len(post.mails), post.connections) == (10, 1)


async def test_contacts_of_a_batch_are_one_question(desk: Desk, accounts: FakeAccounts) -> None:
    for number, patron in enumerate(("anna", "bo", "mio", "mette")):
        await desk.owe(occasions.hold_ready(hold_ready(patron, hold=f"h{number}")), f"e{number}")
    await desk.run()
    assert accounts.asked == [["anna", "bo", "mette", "mio"]]


# -- what has not arrived -----------------------------------------------------------------------------------


async def test_a_notice_waits_for_the_patron_to_become_known(
    make_desk: Callable[[], Awaitable[Desk]], post: PostOffice
) -> None:
    desk = await make_desk()
    await desk.owe(READY, "e1")
    for _ in range(3):
        await desk.sending.run(desk.world.clock.now())
    assert (await desk.by_cause())["e1"].misses == 3
    await introduce(desk.known)
    await desk.run()
    assert post.causes == {"e1": 1}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("patrons", "unknown_patron"), ("titles", "unknown_title"), ("branches", "unknown_branch")],
)
async def test_what_never_arrives_is_named_in_the_end(desk: Desk, kind: str, reason: str) -> None:
    await getattr(desk.known, kind).collection.delete_many({})
    await desk.owe(READY, "e1")
    await desk.run()
    assert (await desk.by_cause())["e1"].reason == reason


# -- erasure ------------------------------------------------------------------------------------------------


@pytest.mark.clause("K57")
async def test_an_erased_patron_is_told_nothing_more_and_stands_in_no_notice(
    desk: Desk, post: PostOffice
) -> None:
    await desk.owe(READY, "e1")
    await desk.run()
    await desk.owe(fee(), "e2")
    await desk.copying.patron(ANNA.model_copy(update={"erased": True}), _envelope(9))
    await desk.owe(fee(name="f2"), "e3")
    await desk.copying.patron(ANNA, _envelope(8))
    await desk.run()
    assert post.causes == {"e1": 1}
    stored = await desk.by_cause()
    assert [stored[one].reason for one in ("e1", "e2", "e3")] == [None, "erased", "erased"]
    assert "anna" not in str(await desk.notices.collection.find({}).to_list())


def _envelope(sequence: int) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(sequence=sequence)


def _phrases(body: str) -> set[str]:
    return {part.strip() for line in body.splitlines() for part in line.split(":")}


# -- replicas and kills -------------------------------------------------------------------------------------


async def test_two_replicas_at_once_send_each_message_once(
    desk: Desk, make_desk: Callable[[], Awaitable[Desk]], post: PostOffice
) -> None:
    replicas = [desk, await make_desk(), await make_desk()]
    causes = []
    for number in range(12):
        for patron in ("anna", "bo", "mio", "mette"):
            causes += [f"r{patron}{number}", f"f{patron}{number}"]
            await desk.owe(occasions.hold_ready(hold_ready(patron, hold=causes[-2])), causes[-2])
            await desk.owe(fee(patron, causes[-1]), causes[-1])
    desk.world.clock.set(desk.world.clock.now() + timedelta(seconds=6))
    now = desk.world.clock.now()
    while any(not one.over for one in (await desk.all()).values()):
        await asyncio.gather(*(one.sending.run(now) for one in replicas))
    assert post.causes == dict.fromkeys(causes, 1)
    assert len(post.mails) == len(post.by_id)
    fees = [one for one in post.by_id.values() if one["X-Samlan-Kind"] == "fee_charged"]
    assert len(fees) == 2  # Anna with her child, and Mette; Bo's is an SMS
    assert len([one for one in post.texts if one["kind"] == "fee_charged"]) == 1


class Killed(BaseException):
    """The process is gone between two lines."""


class Nemesis:
    """Kills at one of the points passed."""

    def __init__(self, at: int) -> None:
        self.left = at

    async def __call__(self, service: str, point: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed(point)


async def test_a_kill_between_any_two_steps_loses_nothing_and_doubles_nothing(
    make_desk: Callable[[], Awaitable[Desk]], post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samlan_notify.domain.notice.LEASE", timedelta(0))
    desk = await make_desk()
    await introduce(desk.known)
    kills, at = 0, 0
    while kills == at:
        at += 1
        causes = [f"{at}-{name}" for name in ("f1", "f2", "f3", "ready", "sms")]
        for cause in causes[:3]:
            await desk.owe(fee("mio" if cause.endswith("f2") else "anna", cause), cause)
        await desk.owe(occasions.hold_ready(hold_ready(hold=causes[3])), causes[3])
        await desk.owe(occasions.hold_ready(hold_ready("bo", hold=causes[4])), causes[4])
        install(Nemesis(at))
        try:
            await desk.run()
        except Killed:
            kills += 1
        finally:
            install(None)
        desk = desk.reborn()
        await desk.run()
        stored = await desk.by_cause()
        assert {stored[one].state for one in causes} == {"sent"}, at
        assert {post.causes[one] for one in causes} == {1}, at
        mails = [one for one in post.by_id.values() if f"{at}-f1" in str(one["X-Samlan-Cause"])]
        assert sorted(str(mails[0]["X-Samlan-Cause"]).split(",")) == causes[:3]
    assert kills > 20


async def test_replicas_that_met_at_every_step_still_send_each_message_once(
    make_desk: Callable[[], Awaitable[Desk]], post: PostOffice
) -> None:
    """One replica stops at a step while the other does all it can; then the first goes on."""
    desk, other = await make_desk(), await make_desk()
    await introduce(desk.known)
    met, at = True, 0
    while met:
        met, at = False, at + 1
        causes = [f"{at}-{name}" for name in ("f1", "f2", "f3")]
        for cause in causes:
            await desk.owe(fee("mio" if cause.endswith("f2") else "anna", cause), cause)
        desk.world.clock.set(desk.world.clock.now() + timedelta(seconds=6))
        now, left = desk.world.clock.now(), at

        async def meet(_: str, __: str) -> None:
            nonlocal left, met
            left -= 1
            if left == 0:
                met = True
                await other.sending.run(now)  # noqa: B023

        install(meet)
        try:
            await desk.sending.run(now)
        finally:
            install(None)
        await desk.run()
        assert {post.causes[one] for one in causes} == {1}, at
        assert len(post.mails) == len(post.by_id), at
    assert at > 10
