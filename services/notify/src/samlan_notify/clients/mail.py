"""E-mail over SMTP: one connection per batch, and a Message-ID that a repeat repeats."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import aiosmtplib
from samlan_plumbing.clocks import MachineClock

from samlan_notify.clients import Message, Outcome, Unreachable

LIMIT_SECONDS: Final = 15.0  # per command; a whole hand-over stays under the lease
HEADER_LINE: Final = 900  # RFC 5322 allows 998; within it a header is not folded
POLICY: Final = SMTP.clone(max_line_length=HEADER_LINE, cte_type="7bit")


class MailCourier:
    """Hands messages to one SMTP server."""

    def __init__(self, *, host: str, port: int, sender: str, clock: MachineClock) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._clock = clock
        self._client: aiosmtplib.SMTP | None = None

    async def open(self) -> None:
        """Connects unless a connection stands; `Unreachable` when the server does not answer."""
        if self._client is not None and self._client.is_connected:
            return
        client = aiosmtplib.SMTP(
            hostname=self._host, port=self._port, timeout=LIMIT_SECONDS, start_tls=None, use_tls=False
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as trouble:
            client.close()
            raise Unreachable("mail") from trouble
        self._client = client

    async def hand_over(self, message: Message) -> Outcome:
        """Hands one message over on the open connection."""
        if self._client is None:
            return "unreachable"
        try:
            await self._client.sendmail(
                self._sender, [message.to], mail_of(message, self._sender, self._clock.now())
            )
        except (aiosmtplib.SMTPException, OSError, TimeoutError, UnicodeError) as trouble:
            await self.close()
            return outcome_of(trouble)
        return "sent"

    async def close(self) -> None:
        """Says goodbye; a server that is gone already is no trouble."""
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit()
        client.close()


def mail_of(message: Message, sender: str, now: datetime) -> bytes:
    """The message as it travels; its Message-ID is derived from the notice."""
    mail = EmailMessage(policy=POLICY)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Date"] = format_datetime(now)
    mail["From"] = sender
    mail["To"] = message.to
    mail["Subject"] = message.text.subject
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Samlan-Kind"] = message.kind
    mail["X-Samlan-Cause"] = causes_of(message.causes)
    mail.set_content(message.text.body, cte="quoted-printable")
    mail["Content-Language"] = message.language
    return mail.as_bytes()


def causes_of(causes: tuple[str, ...]) -> str:
    """Event ids, comma-separated; with spaces to fold at where one line cannot hold them."""
    line = ",".join(causes)
    return line if len(line) < HEADER_LINE - len("X-Samlan-Cause: ") else ", ".join(causes)


def outcome_of(trouble: BaseException) -> Outcome:
    """What a failed hand-over means: the recipient refused, the server asks to wait, or nobody knows."""
    match trouble:
        case aiosmtplib.SMTPRecipientsRefused(recipients=[one, *_]):
            return "refused" if one.code >= 500 else "deferred"
        case aiosmtplib.SMTPRecipientRefused(code=code) | aiosmtplib.SMTPDataError(code=code):
            return "refused" if code >= 500 else "deferred"
        case aiosmtplib.SMTPNotSupported() | UnicodeError():
            return "refused"  # an address this server cannot take
        case aiosmtplib.SMTPSenderRefused() | aiosmtplib.SMTPHeloError() | aiosmtplib.SMTPConnectError():
            return "unreachable"  # ours to repair, nobody's message to lose
        case _:
            return "unknown"
