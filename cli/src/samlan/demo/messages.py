"""In which language each message went out, read where the catchers keep them."""

from __future__ import annotations

import json
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Final

UNKNOWN: Final = "?"
NAMES: Final = {"sv": "Swedish", "da": "Danish", "en": "English"}


class Languages:
    """The language of a message by its notice's id; the text file is read on from where it was."""

    def __init__(self, mail: Path, sms: Path) -> None:
        self._mail = mail
        self._sms = sms
        self._read_to = 0
        self._mails: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._suffix: str | None = None

    def of(self, notice: str, channel: str) -> str:
        """The language's name, or a question mark where the message is not found."""
        if channel == "sms":
            return self._of_text(notice)
        if notice not in self._mails:
            self._mails[notice] = self._of_mail(notice)
        return self._mails[notice]

    def _of_mail(self, notice: str) -> str:
        try:
            with (self._mail / f"{notice}{self._file_suffix(notice)}").open("rb") as file:
                code = BytesHeaderParser().parse(file).get("Content-Language", "")
        except OSError:
            return UNKNOWN
        return NAMES.get(str(code), str(code) or UNKNOWN)

    def _file_suffix(self, notice: str) -> str:
        """What follows the id in a file's name: the sender's domain, the same for all."""
        if self._suffix is None:
            found = next(self._mail.glob(f"{notice}@*.eml"), None)
            if found is None:
                return ""
            self._suffix = found.name.removeprefix(notice)
        return self._suffix

    def _of_text(self, notice: str) -> str:
        if notice not in self._texts:
            self._read_on()
        return self._texts.get(notice, UNKNOWN)

    def _read_on(self) -> None:
        try:
            with self._sms.open("rb") as file:
                file.seek(self._read_to)
                *whole, rest = file.read().split(b"\n")
                self._read_to = file.tell() - len(rest)
        except OSError:
            return
        for line in whole:
            text = json.loads(line)
            self._texts[text["id"]] = NAMES.get(text.get("language", ""), UNKNOWN)
