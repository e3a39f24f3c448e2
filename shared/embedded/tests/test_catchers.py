"""The catchers behind real SMTP and HTTP: a repeat is not a second message, not even after a kill."""

import json
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx2
import pytest
from samlan_embedded import free_ports
from samlan_embedded.catchers import Catching, TextFile, catching, mail_file_name


@pytest.fixture
async def catcher(tmp_path: Path) -> AsyncIterator[Catching]:
    smtp, sms = free_ports(2)
    where = Catching(mail=tmp_path / "mail", sms=tmp_path / "sms.jsonl", smtp_port=smtp, sms_port=sms)
    async with catching(where) as running:
        yield running


def mail(message_id: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = message_id
    message["From"], message["To"] = "bibliotek@example.org", "mio@example.org"
    message["X-Samlan-Kind"] = "hold_ready"
    message.set_content(text)
    return message


async def test_a_mail_is_one_file_and_its_repeat_replaces_it(catcher: Catching) -> None:
    for text in ("Din bok väntar", "Din bok väntar"):
        await aiosmtplib.send(mail("<n1@samlan>", text), hostname="127.0.0.1", port=catcher.smtp_port)
    await aiosmtplib.send(mail("<n2@samlan>", "Två"), hostname="127.0.0.1", port=catcher.smtp_port)
    assert sorted(path.name for path in catcher.mail.iterdir()) == ["n1@samlan.eml", "n2@samlan.eml"]
    assert b"X-Samlan-Kind: hold_ready" in (catcher.mail / "n1@samlan.eml").read_bytes()


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "/absolute", "a" * 5000, ".hidden", "x\x00y", "ö"])
def test_a_hostile_message_id_names_a_file_of_the_folder(hostile: str) -> None:
    name = mail_file_name(f"Message-ID: <{hostile}>\r\n\r\nbody".encode())
    assert Path(name).name == name
    assert len(name) < 200
    assert not name.startswith(".")


def test_two_message_ids_that_look_alike_are_two_files() -> None:
    names = {mail_file_name(f"Message-ID: <{one}>\r\n\r\n".encode()) for one in ("a/b", "a:b", "a_b")}
    assert len(names) == 3


def test_a_mail_without_an_id_is_named_by_its_content() -> None:
    assert mail_file_name(b"Subject: x\r\n\r\ny") == mail_file_name(b"Subject: x\r\n\r\ny")
    assert mail_file_name(b"Subject: x\r\n\r\ny") != mail_file_name(b"Subject: x\r\n\r\nz")


async def post(catcher: Catching, key: str | None, body: object) -> int:
    headers = {"Idempotency-Key": key} if key else {}
    async with httpx2.AsyncClient() as client:
        return (await client.post(catcher.sms_url, json=body, headers=headers)).status_code


def lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


async def test_a_text_is_one_line_with_what_its_sender_adds(catcher: Catching) -> None:
    for _ in range(2):
        assert await post(catcher, "n1", {"to": "+46700000001", "text": "Hämta", "kind": "hold_ready"}) == 200
    (line,) = lines(catcher.sms)
    assert line.pop("at")
    assert line == {"id": "n1", "to": "+46700000001", "text": "Hämta", "kind": "hold_ready"}


@pytest.mark.parametrize(("key", "body"), [(None, {"to": "1", "text": "x"}), ("n", {"to": "1"}), ("n", [])])
async def test_a_text_that_cannot_be_used_is_refused_and_not_kept(
    catcher: Catching, key: str | None, body: object
) -> None:
    assert await post(catcher, key, body) == 422
    assert lines(catcher.sms) == []


def test_ids_are_known_after_a_kill_that_cut_a_line_short(tmp_path: Path) -> None:
    file = tmp_path / "sms.jsonl"
    file.write_text('{"id": "n1", "to": "1", "text": "x"}\n{"id": "n2", "to')
    texts = TextFile(file)
    assert not texts.keep("n1", {"to": "1", "text": "x"})
    assert texts.keep("n2", {"to": "2", "text": "y"})
    texts.close()
    assert json.loads(file.read_text().splitlines()[-1])["id"] == "n2"
