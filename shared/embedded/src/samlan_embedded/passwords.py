"""Passwords of every broker and datastore user of one data folder, from one secret."""

import hashlib
import hmac
import secrets
from pathlib import Path

from samlan_embedded.processes import write_private


class Passwords:
    """Gives each user of each server a password that nobody without the folder's secret can tell.

    Nothing is listed: a device's user that an import adds later has its password already.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = folder / "passwords.secret"
        if not file.exists():
            write_private(file, secrets.token_hex(32))
        self._secret = bytes.fromhex(file.read_text())

    def of(self, server: str, user: str) -> str:
        """The password of this user at this server, 32 hexadecimal digits."""
        return hmac.digest(self._secret, f"{server}/{user}".encode(), hashlib.sha256).hex()[:32]
