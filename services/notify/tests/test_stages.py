"""Warnings, reminders and invoices: told once for a due date, to the right person, and only while true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from samlan_contracts.event import Envelope
from samlan_contracts.events.billing import FeeCorrected, FeePaid
from samlan_contracts.events.circulation import ItemReturned, LoanRenewed
from samlan_contracts.shapes import ClosedLoan
from samlan_notify.domain import occasions
from samlan_testkit.world import World

from .cast import fee_charged, invoice_issued, item_returned, stage_reached
from .conftest import Desk, FakeAccounts, PostOffice

pytestmark = pytest.mark.usefixtures("impatient")
A_MINUTE = 61
DUE = date(2026, 11, 25)


def told(sequence: int, at: datetime) -> Envelope:
    return Envelope(
        id=f"e{sequence}", type="t", version=1, happened_at=at, recorded_at=at, cause="c",
        subject="item/35177", sequence=sequence, data={},
    )  # fmt: skip


async def reaches(
    desk: Desk, stage: str = "due_soon", patron: str = "anna", *, n: int = 4, **more: Any
) -> None:
    event = stage_reached(patron, stage, **more)
    await desk.following.stage_reached(event, told(n, desk.world.clock.now()))
    occasion = occasions.stage(event, n)
    assert occasion is not None
    await desk.owe(occasion, f"{event.loan}-{stage}-{event.due}")


async def comes_back(desk: Desk, *, n: int, loan: str = "l1", due: date = DUE, member: str = "vast") -> None:
    at = desk.world.clock.now()
    closed = ClosedLoan(
        loan=loan, patron="anna", patron_member=member, branch="vast/lerum", due=due, returned_at=at,
        borrowed_at=at - timedelta(days=20),
    )  # fmt: skip
    event: ItemReturned = item_returned().model_copy(update={"loan": closed})
    await desk.following.returned(event, told(n, at))


async def renewed(desk: Desk, *, n: int, due: date, loan: str = "l1") -> None:
    event = LoanRenewed(loan=loan, item="35177", patron="anna", due=due, renewals=1)
    await desk.following.renewed(event, told(n, desk.world.clock.now()))


async def ends(desk: Desk) -> list[str]:
    """How the notices ended, the kinds in order."""
    stored = await desk.all()
    return sorted(f"{one.kind}: {one.reason or one.state}" for one in stored.values())


@pytest.mark.clause("G04", "K45")
async def test_a_warning_says_what_is_due_and_when(desk: Desk, post: PostOffice) -> None:
    await reaches(desk)
    await desk.run(59)
    assert post.mails == []
    await desk.run(2)
    [mail] = post.mails
    assert (mail["To"], mail["X-Samlan-Kind"], mail["X-Samlan-Cause"]) == (
        "anna@example.org", "due_soon", "l1-due_soon-2026-11-25",
    )  # fmt: skip
    assert mail["Subject"] == "Lämna tillbaka senast onsdag 25 november 2026: Röda rummet"
    assert "- Röda rummet, lämnas tillbaka senast onsdag 25 november 2026" in mail.get_content()


@pytest.mark.clause("K45")
async def test_kungsbacka_warns_by_mail_only(desk: Desk, post: PostOffice, accounts: FakeAccounts) -> None:
    await reaches(desk, patron="bo")  # who has a mobile and no e-mail
    await desk.run(A_MINUTE)
    assert (await ends(desk), post.texts) == (["due_soon: no_channel"], [])
    accounts.contacts["bo"] = {**accounts.contacts["bo"], "email": "bo@example.org"}
    await reaches(desk, patron="bo", loan="l2")
    await desk.run(A_MINUTE)
    assert [one["To"] for one in post.mails] == ["bo@example.org"]


@pytest.mark.clause("D15")
@pytest.mark.parametrize(
    ("channels", "mobile", "told_by"),
    [
        ([], "+4520000000", None),
        (["sms"], "+4520000000", "sms"),
        (["email"], None, "email"),
        (["sms"], None, None),
    ],
)
async def test_gladsaxe_reminds_only_who_asked_for_it_and_how(
    desk: Desk, post: PostOffice, accounts: FakeAccounts, channels: list[str], mobile: Any, told_by: Any
) -> None:
    accounts.contacts["mette"] = {**accounts.contacts["mette"], "channels": channels, "mobile": mobile}
    await reaches(desk, patron="mette")
    await reaches(desk, "reminder_1", patron="mette", loan="l2")  # a reminder is owed all the same
    await desk.run(A_MINUTE)
    reason = "not_asked_for" if not channels else "no_channel"
    assert (await ends(desk))[0] == f"due_soon: {'sent' if told_by else reason}"
    assert (await ends(desk))[1] == "overdue_1: sent"
    if told_by == "sms":
        assert "skal afleveres senest onsdag den 25. november 2026" in post.texts[0]["text"] or post.texts


@pytest.mark.clause("G04")
async def test_several_loans_due_soon_are_one_message(desk: Desk, post: PostOffice) -> None:
    for number in range(3):
        await reaches(desk, loan=f"l{number}")
    await desk.run(A_MINUTE)
    [mail] = post.mails
    assert mail["Subject"] == "3 lån ska snart lämnas tillbaka"
    assert len(str(mail["X-Samlan-Cause"]).split(",")) == 3


@pytest.mark.clause("G04", "K45")
async def test_a_due_date_is_warned_of_once_and_the_next_one_again(desk: Desk, post: PostOffice) -> None:
    for _ in range(3):
        await reaches(desk)
    await desk.run(A_MINUTE)
    await reaches(desk)
    await desk.run(A_MINUTE)
    assert len(post.mails) == 1
    later = DUE + timedelta(days=28)
    await renewed(desk, n=5, due=later)
    await reaches(desk, n=6, due=later)
    await desk.run(A_MINUTE)
    assert len(post.mails) == 2


@pytest.mark.parametrize("stage", ["due_soon", "reminder_1", "reminder_2"])
@pytest.mark.parametrize("news_first", [True, False])
async def test_nobody_is_reminded_of_what_came_back_or_was_renewed_meanwhile(
    desk: Desk, post: PostOffice, stage: str, news_first: bool
) -> None:
    async def happens() -> None:
        await comes_back(desk, n=5)
        await renewed(desk, n=5, due=DUE + timedelta(days=28), loan="l2")

    if news_first:
        await happens()
    await reaches(desk, stage)
    await reaches(desk, stage, loan="l2")
    if not news_first:
        await happens()
    await desk.run(A_MINUTE)
    kind = {"due_soon": "due_soon", "reminder_1": "overdue_1", "reminder_2": "overdue_2"}[stage]
    assert (await ends(desk), post.mails) == ([f"{kind}: renewed", f"{kind}: returned"], [])


async def test_a_renewal_that_moved_no_date_keeps_the_warning(desk: Desk, post: PostOffice) -> None:
    await reaches(desk)
    await renewed(desk, n=5, due=DUE)
    await desk.run(A_MINUTE)
    assert len(post.mails) == 1


async def test_a_return_long_before_the_due_date_is_not_even_noted(desk: Desk) -> None:
    await comes_back(desk, n=5, due=DUE + timedelta(days=2))
    assert await desk.known.loans.read("l1") is None
    await comes_back(desk, n=5, due=DUE + timedelta(days=1))  # its warning may fall due tomorrow, somewhere
    noted = await desk.known.loans.read("l1")
    assert noted is not None and "patron" not in noted


async def test_who_was_down_tells_the_last_reminder_only_and_no_warning_of_a_past_day(
    desk: Desk, post: PostOffice
) -> None:
    await reaches(desk, "reminder_1", n=5)
    await reaches(desk, "reminder_2", n=6)
    await reaches(desk, loan="late", due=date(2026, 11, 22))
    await reaches(desk, loan="today", due=date(2026, 11, 23))
    await desk.run(A_MINUTE)
    assert await ends(desk) == [
        "due_soon: past_due", "due_soon: sent", "overdue_1: superseded", "overdue_2: sent",
    ]  # fmt: skip
    assert sorted(str(one["X-Samlan-Kind"]) for one in post.mails) == ["due_soon", "overdue_2"]


# -- for whom ------------------------------------------------------------------------------------------------


@pytest.mark.clause("K24")
async def test_a_childs_reminders_and_invoices_are_addressed_to_the_guardian(
    desk: Desk, post: PostOffice
) -> None:
    for n, stage in enumerate(("reminder_1", "reminder_2")):
        await reaches(desk, stage, "mio", loan=f"l{n}")
    await desk.owe(occasions.invoice(invoice_issued("mio"), 1), "i1")
    await desk.run(A_MINUTE)
    assert {(str(one["X-Samlan-Kind"]), str(one["To"])) for one in post.mails} == {
        (kind, "anna@example.org") for kind in ("overdue_1", "overdue_2", "invoice")
    }
    assert all("Gäller: Mio Ek" in one.get_content() for one in post.mails)


@pytest.mark.clause("K24")
@pytest.mark.parametrize(
    ("born", "to"), [("2008-11-23", "mio@example.org"), ("2008-11-24", "anna@example.org")]
)
async def test_who_is_eighteen_today_is_reminded_in_person(
    desk: Desk, post: PostOffice, born: str, to: str
) -> None:
    copy = {"member": "vast", "born": born, "guardian": "anna", "shielded": False}
    await desk.known.patrons.apply("mio", 2, copy)
    await reaches(desk, "reminder_1", "mio")
    await desk.run(A_MINUTE)
    assert [one["To"] for one in post.mails] == [to]


@pytest.mark.clause("K24")
async def test_of_a_shielded_child_the_guardian_is_reminded_without_a_title(
    desk: Desk, post: PostOffice
) -> None:
    copy = {"member": "vast", "born": "2014-03-01", "guardian": "anna", "shielded": True}
    await desk.known.patrons.apply("mio", 2, copy)
    await reaches(desk, "reminder_1", "mio")
    await desk.run(A_MINUTE)
    [mail] = post.mails
    assert mail["To"] == "anna@example.org"
    assert "Röda rummet" not in mail.get_content() + mail["Subject"]


async def test_a_child_without_a_guardian_is_reminded_itself(desk: Desk, post: PostOffice) -> None:
    copy = {"member": "vast", "born": "2014-03-01", "guardian": None, "shielded": False}
    await desk.known.patrons.apply("mio", 2, copy)
    await reaches(desk, "reminder_1", "mio")
    await desk.owe(occasions.invoice(invoice_issued("mio"), 1), "i1")
    await desk.run(A_MINUTE)
    assert [(one["X-Samlan-Kind"], one["To"]) for one in post.mails] == [("overdue_1", "mio@example.org")]
    assert await ends(desk) == ["invoice: guardian_missing", "overdue_1: sent"]


# -- invoices ------------------------------------------------------------------------------------------------


async def paid(desk: Desk, *fees: str) -> None:
    event = FeePaid(payment="p1", patron="anna", fees=fees, amount_minor=1, currency="SEK")
    await desk.following.paid(event, told(9, desk.world.clock.now()))


@pytest.mark.clause("K23")
async def test_an_invoice_says_its_amount_the_day_it_is_to_be_paid_and_why(
    desk: Desk, post: PostOffice
) -> None:
    for _ in range(2):
        await desk.owe(occasions.invoice(invoice_issued(), 1), "i1")
    await desk.run(A_MINUTE)
    [mail] = post.mails
    assert mail["Subject"] == "Räkning: 290,00 kr"
    body = mail.get_content()
    assert "- 290,00 kr: Röda rummet, skulle ha lämnats tillbaka måndag 12 oktober 2026" in body
    assert "Betalas senast: onsdag 23 december 2026" in body
    assert body.count("4 dagar för sent à 3,00 kr.") == 1


async def test_a_fee_is_told_only_while_something_of_it_is_owed(desk: Desk, post: PostOffice) -> None:
    """Paid, forgiven and lowered to nothing; forgiven in part; and late days added to one that was paid."""
    fees = ("paid", "forgiven", "lowered", "halved", "added")
    for fee in fees:
        sequence = 12 if fee == "added" else 3
        await desk.owe(occasions.fee_charged(fee_charged(fee=fee), sequence), fee)
    at = desk.world.clock.now()
    await paid(desk, "paid", "added")
    for fee, left in (("forgiven", 0), ("halved", 600)):
        waived = FeePaid(
            payment=f"w-{fee}", patron="anna", fees=(fee,), amount_minor=600, currency="SEK", kind="waiver",
            left_minor=left,
        )  # fmt: skip
        await desk.following.paid(waived, told(10, at))
    lowered = FeeCorrected(
        fee="lowered", correction="c1", corrects="lowered", patron="anna", amount_minor=1200, currency="SEK",
        left_minor=0,
    )  # fmt: skip
    await desk.following.corrected(lowered, told(11, at))
    await desk.run(A_MINUTE)
    stored = await desk.by_cause()
    assert {one: stored[one].reason or stored[one].state for one in fees} == {
        "paid": "paid", "forgiven": "no_longer_owed", "lowered": "no_longer_owed", "halved": "sent",
        "added": "sent",
    }  # fmt: skip


async def test_an_invoice_that_was_paid_or_whose_item_came_back_is_not_sent(
    desk: Desk, post: PostOffice
) -> None:
    for loan in ("l1", "l2", "l3"):
        await desk.owe(occasions.invoice(invoice_issued(loan=loan), 1), loan)
    await paid(desk, "l1-invoice", "l1-replacement", "l2-invoice")
    await comes_back(desk, n=9, loan="l3")
    await desk.run(A_MINUTE)
    assert await ends(desk) == ["invoice: paid", "invoice: returned", "invoice: sent"]
    assert [str(one["X-Samlan-Cause"]) for one in post.mails] == ["l2"]


# -- the running service -------------------------------------------------------------------------------------


async def test_the_service_hears_of_stages_renewals_returns_and_invoices(
    world: World, post: PostOffice, start: Callable[..., Awaitable[Any]], desk: Desk
) -> None:
    service = await start()
    for n, loan in enumerate(("stays", "renewed", "returned"), start=1):
        await world.tell(stage_reached(stage="reminder_1", loan=loan), subject=f"item/{loan}", sequence=n)
    await world.tell(invoice_issued(), subject="ledger/anna", sequence=1, times=3)
    await world.tell(
        LoanRenewed(loan="renewed", item="35177", patron="anna", due=date(2026, 12, 24), renewals=1),
        subject="item/renewed", sequence=3,
    )  # fmt: skip
    closed = ClosedLoan(
        loan="returned", patron="anna", patron_member="vast", branch="vast/lerum", due=DUE,
        returned_at=world.clock.now(), borrowed_at=datetime(2026, 10, 1, tzinfo=UTC),
    )  # fmt: skip
    await world.tell(item_returned().model_copy(update={"loan": closed}), subject="item/returned", sequence=9)
    await world.settle()
    world.clock.set(world.clock.now() + timedelta(seconds=A_MINUTE))
    while await service.jobs.run_due():
        pass
    await world.settle()
    assert sorted(str(one["X-Samlan-Kind"]) for one in post.by_id.values()) == ["invoice", "overdue_1"]
    assert await ends(desk) == [
        "invoice: sent", "overdue_1: renewed", "overdue_1: returned", "overdue_1: sent",
    ]  # fmt: skip
