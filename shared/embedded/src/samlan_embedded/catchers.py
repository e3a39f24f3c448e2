"""Stands in for the outside world: keeps every mail as one file, every text message as one line.

A repeat is not a second message: a mail's file is named by its Message-ID, and a text's id is written once.
"""

import asyncio
import hashlib
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope
from fastapi import FastAPI, Header
from pydantic import BaseModel

from samlan_embedded.ports import LOOPBACK

MAIL_BYTES = 1 * 2**20  # a notice has a few kilobytes
POLL_SECONDS = 0.01


class MailFolder:
    """Keeps mails as `.eml` files; aiosmtpd hands them to `handle_DATA`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Keeps one mail, whole or not at all, and answers the SMTP client."""
        content = envelope.original_content or b""
        name = mail_file_name(content)
        draft = self._folder / f".{name}.{os.getpid()}"
        draft.write_bytes(content)
        draft.replace(self._folder / name)
        return "250 kept"


def mail_file_name(content: bytes) -> str:
    """The file name of a mail: its Message-ID, or without one the digest of its content."""
    message_id = str(message_from_bytes(content).get("Message-ID", "")).strip().strip("<>")
    if not message_id:
        return f"{hashlib.sha256(content).hexdigest()[:32]}.eml"
    plain = re.sub(r"[^\w@.+-]", "_", message_id, flags=re.ASCII).lstrip(".")[:150]
    digest = hashlib.sha256(message_id.encode()).hexdigest()[:12]
    return f"{plain}.eml" if plain == message_id else f"{plain}.{digest}.eml"


class TextFile:
    """Keeps text messages as lines of JSON, each id once, also across a kill and a new start."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._ids = set(_ids(file))
        self._file = file.open("ab", buffering=0)
        if self._file.tell() and not file.read_bytes().endswith(b"\n"):
            self._file.write(b"\n")  # a kill cut the last line short

    def keep(self, key: str, message: dict[str, Any]) -> bool:
        """Writes the message as one line; False when a message with this id stands already."""
        if key in self._ids:
            return False
        line = {**message, "id": key, "at": datetime.now(UTC).isoformat()}
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._ids.add(key)
        return True

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _ids(file: Path) -> Iterator[str]:
    with suppress(FileNotFoundError):
        for line in file.read_bytes().splitlines():
            with suppress(ValueError, KeyError, TypeError):
                yield json.loads(line)["id"]


class Text(BaseModel, extra="allow"):
    """A text message; what else the sender adds is kept beside it."""

    to: str
    text: str


Key = Annotated[str, Header(min_length=1, max_length=200)]


def text_provider(texts: TextFile) -> FastAPI:
    """The provider's HTTP: `POST /messages {"to", "text", …}` with the notice's id as `Idempotency-Key`."""
    app = FastAPI(openapi_url=None)

    @app.post("/messages")
    async def send(message: Text, idempotency_key: Key) -> dict[str, Any]:
        kept = texts.keep(idempotency_key, message.model_dump())
        return {"id": idempotency_key, "repeated": not kept}

    return app


@dataclass(frozen=True, kw_only=True, slots=True)
class Catching:
    """Where mails and texts are taken, and where they are kept."""

    mail: Path
    sms: Path
    smtp_port: int
    sms_port: int

    @property
    def sms_url(self) -> str:
        """The URL that texts are posted to."""
        return f"http://{LOOPBACK}:{self.sms_port}/messages"


class _Server(uvicorn.Server):
    """Leaves signals to the process it is part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def catching(where: Catching) -> AsyncIterator[Catching]:
    """Takes mails and texts while the block runs."""
    loop = asyncio.get_running_loop()
    folder = MailFolder(where.mail)
    mails = await loop.create_server(
        lambda: SMTP(folder, data_size_limit=MAIL_BYTES, enable_SMTPUTF8=True, hostname="localhost"),
        LOOPBACK, where.smtp_port,
    )  # fmt: skip
    texts = TextFile(where.sms)
    config = uvicorn.Config(
        text_provider(texts), host=LOOPBACK, port=where.sms_port, log_config=None, access_log=False,
        lifespan="off",
    )  # fmt: skip
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(POLL_SECONDS)
        yield where
    finally:
        server.should_exit = True
        await serving
        mails.close()
        texts.close()
